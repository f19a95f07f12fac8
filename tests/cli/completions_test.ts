import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { completionScript, SHELLS } from "../../lib/cli/completions.ts";
import { OPTION_LIST, optionName, OPTIONS } from "../../lib/cli/options.ts";
import { has } from "../support/program.ts";

const shells = new Set<string>();
for (const shell of SHELLS) if (await has(shell)) shells.add(shell);

/** Runs a shell with a script on standard input. */
async function shell(
  name: string,
  args: readonly string[],
  script: string,
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(name, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What bash offers at the end of some words; `=` and `:` are words of their own there. */
async function bashOffers(...words: readonly string[]): Promise<string[]> {
  const { code, out, err } = await shell(
    "bash",
    ["--norc", "--noprofile", "-s"],
    `${completionScript("bash", COMMANDS)}
COMP_WORDS=(udpchat ${words.map(quoted).join(" ")})
COMP_CWORD=${words.length}
_udpchat udpchat ${quoted(words.at(-1) ?? "")} ${quoted(words.at(-2) ?? "udpchat")}
[[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );
  assertEquals([code, err], [0, ""]);
  return out.split("\n").filter((line) => line !== "");
}

Deno.test("completionScript() mentions every command and every option for every shell", () => {
  for (const name of SHELLS) {
    const script = completionScript(name, COMMANDS);
    for (const command of COMMANDS) {
      for (const word of [...command.name.split(" "), ...command.choices ?? []]) {
        assertStringIncludes(script, word, name);
      }
    }
    for (const [, spec] of OPTION_LIST) {
      const long = optionName(spec), [flag = ""] = /[^-].*$/.exec(long) ?? [];
      const written = name !== "fish" ? long : flag.length === 1 ? `-s ${flag} ` : `-l ${flag} `;
      assertStringIncludes(script, written, name);
      if (spec.short) assertStringIncludes(script, `-${name === "fish" ? "s " : ""}${spec.short}`);
    }
  }
});

Deno.test("completionScript() has no control characters, and a line end at its end", () => {
  for (const name of SHELLS) {
    const script = completionScript(name, COMMANDS);
    assertEquals(/[^\x20-\x7e\n]/.exec(script), null, name);
    assert(script.endsWith("\n") && !script.endsWith("\n\n"), name);
    assertStringIncludes(script.split("\n").slice(0, 2).join("\n"), `udpchat completions ${name}`);
  }
});

for (const name of SHELLS) {
  Deno.test({
    name: `completionScript() is good ${name}`,
    ignore: !shells.has(name),
    fn: async () => {
      const args = name === "fish" ? ["--no-execute"] : ["-n"];
      const { code, err } = await shell(name, args, completionScript(name, COMMANDS));
      assertEquals([code, err], [0, ""]);
    },
  });
}

Deno.test({
  name: "completionScript() completes commands in bash",
  ignore: !shells.has("bash"),
  fn: async () => {
    const first = [...new Set(COMMANDS.map((each) => each.name.split(" ")[0] ?? ""))];
    assertEquals((await bashOffers("")).sort(), first.sort());
    assertEquals(await bashOffers("pl"), ["plain"]);
    assertEquals(await bashOffers("plain", "s"), ["serve"]);
    assertEquals(await bashOffers("service", ""), ["echo", "upper", "count", "hello"]);
    assertEquals(await bashOffers("service", "c"), ["count"]);
    assertEquals(await bashOffers("completions", ""), [...SHELLS]);
    assertEquals(await bashOffers("xyzzy", ""), []);
  },
});

Deno.test({
  name: "completionScript() completes options in bash, those of the command alone",
  ignore: !shells.has("bash"),
  fn: async () => {
    assertEquals(await bashOffers("--po"), ["--port"]);
    assertEquals(await bashOffers("plain", "--f"), ["--format"]);
    assertEquals(await bashOffers("--f"), []);
    assertEquals(await bashOffers("service", "--f"), []);
    assertEquals(await bashOffers("service", "echo", "--le"), ["--letter"]);
    const common = OPTION_LIST.filter(([, spec]) => !spec.special).map(([, spec]) => spec);
    const wanted = common.flatMap((spec) =>
      spec.short ? [optionName(spec), `-${spec.short}`] : [optionName(spec)]
    );
    assertEquals((await bashOffers("-")).sort(), wanted.sort());
  },
});

Deno.test({
  name: "completionScript() passes over options and their values in bash",
  ignore: !shells.has("bash"),
  fn: async () => {
    assertEquals(await bashOffers("--json", "-q", "pl"), ["plain"]);
    assertEquals(await bashOffers("--port", "5000", "pl"), ["plain"]);
    assertEquals(await bashOffers("-p", "5000", "plain", "s"), ["serve"]);
    assertEquals(await bashOffers("--name", "plain", "serv"), ["serve", "service"]);
    assertEquals(await bashOffers("--port", ""), [], "a value is nothing that is known");
    assertEquals(await bashOffers("plain", "--name", "s"), []);
  },
});

Deno.test({
  name: "completionScript() passes over --option=value in bash, where = is a word of its own",
  ignore: !shells.has("bash"),
  fn: async () => {
    assertEquals(await bashOffers("--port", "=", "5000", "pl"), ["plain"]);
    assertEquals(await bashOffers("--name", "=", "ann", "plain", "s"), ["serve"]);
    assertEquals(await bashOffers("plain", "--name", "=", "s"), []);
  },
});

Deno.test({
  name: "completionScript() completes directories after --home in bash",
  ignore: !shells.has("bash"),
  fn: async () => {
    const here = new URL("../", import.meta.url).pathname;
    assertEquals(await bashOffers("--home", `${here}cl`), [`${here}cli`]);
    assertEquals(await bashOffers("--home", "=", `${here}cl`), [`${here}cli`]);
  },
});

Deno.test("completionScript() for fish offers options only with their commands", () => {
  const lines = completionScript("fish", COMMANDS).split("\n");
  for (const [key, spec] of OPTION_LIST) {
    const names = optionName(spec).replace(/^--/, "-l ").replace(/^-(\d)$/, "-s $1");
    const line = lines.find((each) => each.includes(` ${names} `)) ?? "";
    const condition = /-n '__fish_seen_subcommand_from ([^']*)'/.exec(line)?.[1];
    const users = COMMANDS.filter((each) => each.options.includes(key))
      .map((each) => each.name.split(" ")[0]);
    assertEquals(condition, spec.special ? [...new Set(users)].join(" ") : undefined, line);
    assertEquals(/ -r /.test(line), OPTIONS[key].value !== undefined, line);
  }
});
