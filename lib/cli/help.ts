/**
 * Help, made from the tables of commands and options.
 *
 * @module
 */

import { wrap } from "../terminal/wrap.ts";
import type { Command } from "./command.ts";
import { OPTION_LIST, optionName, type OptionSpec } from "./options.ts";

/** Widest line, so that a terminal of 80 columns does not wrap. */
const WIDTH = 79;
/** Where the second column begins, at most. */
const COLUMN = 26;

/**
 * The help of the whole program.
 *
 * @param commands The table.
 * @returns Text of several lines.
 */
export function programHelp(commands: readonly Command[]): string {
  return [
    "udpchat: chat from a terminal, over UDP",
    "",
    "Usage: udpchat [COMMAND] [OPTIONS]",
    "  without a command it chats with everybody on this network",
    "",
    "Commands:",
    ...rows(commands.map((each) => [`${each.name} ${each.usage}`.trim(), each.summary])),
    "",
    "Options that every command understands (before or after it):",
    ...optionRows(OPTION_LIST.map(([, spec]) => spec).filter((spec) => !spec.special)),
    "",
    "Exit status: 0 all done, 1 could not run, 2 wrong command line, 3 nobody",
    "answered, 4 some messages not delivered, 129, 130, 143 ended by a signal.",
    "",
    "Examples:",
    "  udpchat plain --port 5000",
    "  echo hello | udpchat plain 192.168.1.20:5000",
    "",
    "More: udpchat help COMMAND",
    "",
  ].join("\n");
}

/**
 * The help of one command.
 *
 * @param command The command.
 * @returns Text of several lines.
 */
export function commandHelp(command: Command): string {
  const own = OPTION_LIST.filter(([key]) => command.options.includes(key))
    .map(([key, spec]) => ({ ...spec, help: command.optionHelp?.[key] ?? spec.help }));
  const common = OPTION_LIST.map(([, spec]) => spec).filter((spec) => !spec.special);
  return [
    ...wrap(`udpchat ${command.name}: ${command.summary}`, (line) => line.length <= WIDTH),
    "",
    `Usage: udpchat ${command.name} ${command.usage}`.trimEnd() + " [OPTIONS]",
    "",
    ...command.details,
    "",
    ...(own.length > 0 ? ["Options:", ...optionRows(own), ""] : []),
    "Options that every command understands:",
    ...optionRows(common),
    "",
    "Examples:",
    ...command.examples.map((example) => `  udpchat ${example}`),
    "",
  ].join("\n");
}

function optionRows(specs: readonly OptionSpec[]): string[] {
  return rows(specs.map((spec) => {
    const short = spec.short ? `-${spec.short}, ` : "";
    return [`${short}${optionName(spec)}${spec.value ? ` ${spec.value}` : ""}`, spec.help];
  }));
}

function rows(table: readonly (readonly [string, string] | string[])[]): string[] {
  return table.flatMap(([left = "", right = ""]) => {
    const [first = "", ...more] = wrap(right, (line) => line.length <= WIDTH - COLUMN);
    const head = left.length + 4 > COLUMN
      ? [`  ${left}`, `${" ".repeat(COLUMN)}${first}`]
      : [`  ${left}`.padEnd(COLUMN) + first];
    return [...head, ...more.map((line) => " ".repeat(COLUMN) + line)];
  });
}
