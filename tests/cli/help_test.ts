import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { COMMANDS, findCommand } from "../../lib/cli/commands.ts";
import { UsageError } from "../../lib/cli/exit.ts";
import { commandHelp, programHelp } from "../../lib/cli/help.ts";
import { OPTION_LIST, optionName, parse } from "../../lib/cli/options.ts";

/** Splits an example as a shell would, up to a redirection. */
function shellWords(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  const end = words.findIndex((word) => /^[<>|&]/.test(word));
  return end < 0 ? words : words.slice(0, end);
}

const TEXTS = [programHelp(COMMANDS), ...COMMANDS.map(commandHelp)];

Deno.test("every command has two examples that parse, find it and fit its table", () => {
  for (const command of COMMANDS) {
    assertEquals(new Set(command.examples).size, 2, command.name);
    for (const example of command.examples) {
      const { words, options } = parse(shellWords(example)), found = findCommand(words);
      assertEquals(found.command.name, command.name, example);
      const [least, most] = command.words;
      assert(found.rest.length >= least && found.rest.length <= most, example);
      if (command.choices) assert(command.choices.includes(found.rest[0] ?? ""), example);
      for (const key of Object.keys(options)) {
        const special = OPTION_LIST.find(([each]) => each === key)?.[1].special;
        const own: readonly string[] = command.options;
        assert(!special || own.includes(key), `${example}: ${key}`);
      }
    }
  }
});

Deno.test("commandHelp() shows the examples, the details, and each option of the command", () => {
  for (const command of COMMANDS) {
    const help = commandHelp(command);
    for (const example of command.examples) assertStringIncludes(help, `\n  udpchat ${example}\n`);
    for (const line of command.details) assertStringIncludes(help, `\n${line}\n`);
    assertStringIncludes(help, `Usage: udpchat ${command.name}`);
    assertStringIncludes(help.replace(/\s+/g, " "), command.summary);
    for (const [key, spec] of OPTION_LIST) {
      const listed = help.split("\n").some((line) =>
        line.trim().replace(/^-\w, /, "").split(" ")[0] === optionName(spec)
      );
      assertEquals(
        listed,
        !spec.special || command.options.includes(key),
        `${command.name} ${key}`,
      );
    }
  }
});

Deno.test("programHelp() lists every command with its summary, and every common option", () => {
  const help = programHelp(COMMANDS), unwrapped = help.replace(/\s+/g, " ");
  for (const { name, usage, summary } of COMMANDS) {
    assertStringIncludes(help, `\n  ${`${name} ${usage}`.trim()}`);
    assertStringIncludes(unwrapped, summary);
  }
  for (const [, spec] of OPTION_LIST) {
    if (spec.special) continue;
    assertStringIncludes(help, optionName(spec));
    assertStringIncludes(unwrapped, spec.help);
    if (spec.short) assertStringIncludes(help, `-${spec.short}, `);
  }
});

Deno.test("commandHelp() says of an option what it means there", () => {
  const helpOf = (name: string) => commandHelp(findCommand([name]).command).replace(/\s+/g, " ");
  assertStringIncludes(helpOf("history"), "-c, --count N show so many at most (default 20)");
  assertStringIncludes(helpOf("ping"), "-c, --count N leave after so many (default: until Ctrl-C)");
  assertStringIncludes(helpOf("history"), "--room NAME only of this room");
  assertStringIncludes(helpOf("lan"), "--room NAME this room (default lobby)");
  assertStringIncludes(helpOf("lan"), "as --secret, with words of your own");
  for (const { name, options, optionHelp = {} } of COMMANDS) {
    const own: readonly string[] = options;
    for (const key of Object.keys(optionHelp)) assert(own.includes(key), `${name}: ${key}`);
  }
});

Deno.test("every option is in the help of some command", () => {
  const all = COMMANDS.map(commandHelp).join("\n");
  for (const [, spec] of OPTION_LIST) assertStringIncludes(all, `${optionName(spec)} `);
});

Deno.test("programHelp() has examples that work, and the exit statuses", () => {
  const help = programHelp(COMMANDS);
  const examples = [...help.matchAll(/^ {2}(?:echo hello \| )?udpchat (.+)$/gm)].map((m) => m[1]);
  assertEquals(examples.length, 2);
  for (const example of examples) findCommand(parse(shellWords(example ?? "")).words);
  for (const status of ["0", "1", "2", "3", "4", "130", "143"]) {
    assertStringIncludes(help.replace(/\n/g, " "), status);
  }
});

Deno.test("no line of any help is wider than 100 columns, or ends in a space", () => {
  const lines = new Set(TEXTS.flatMap((text) => text.split("\n")));
  assertEquals([...lines].filter((line) => line.length > 100 || line !== line.trimEnd()), []);
  for (const text of TEXTS) assert(text.endsWith("\n") && !text.endsWith("\n\n"));
});

Deno.test("findCommand() finds commands of two words before those of one", () => {
  const table: readonly (readonly [words: string[], name: string, rest: string[]])[] = [
    [["plain"], "plain", []],
    [["plain", "x:1"], "plain", ["x:1"]],
    [["plain", "serve"], "plain serve", []],
    [["plain", "serve", "x"], "plain serve", ["x"]],
    [["service", "echo"], "service", ["echo"]],
    [["help", "plain", "serve"], "help", ["plain", "serve"]],
  ];
  for (const [words, name, rest] of table) {
    const found = findCommand(words);
    assertEquals([found.command.name, found.rest], [name, rest]);
  }
});

Deno.test("findCommand() names the nearest command where there is none", () => {
  const table: readonly (readonly [word: string, message: string])[] = [
    ["plian", 'Unknown command "plian": did you mean plain?'],
    ["srevice", "did you mean service?"],
    ["hlep", "did you mean help?"],
    ["xyzzyxyzzy", 'Unknown command "xyzzyxyzzy" (udpchat help lists them)'],
    ["constructor", 'Unknown command "constructor"'],
    ["", 'Unknown command ""'],
  ];
  for (const [word, message] of table) {
    assertThrows(() => findCommand([word]), UsageError, message);
  }
});

Deno.test("COMMANDS has no name twice, and a summary of one line for each", () => {
  const names = COMMANDS.map((each) => each.name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, summary, words: [least, most] } of COMMANDS) {
    assert(/^[a-z]+( [a-z]+)?$/.test(name), name);
    assert(summary !== "" && !summary.endsWith("."), name);
    assert(least <= most, name);
  }
});
