/**
 * Slash commands: one table that makes parsing, help and completion. Which of them work in a
 * conversation is for the conversation to say. Pure.
 *
 * @module
 */

import { nearest } from "./nearest.ts";

/** A slash command. */
export interface SlashCommand {
  /** Its name without the slash. */
  readonly name: string;
  /** What follows it: nothing, a word in capitals, or one in brackets if it may be left out. */
  readonly argument?: string;
  /** What it does, for the help. */
  readonly help: string;
}

/** All of them, in the order of the help. */
export const SLASH_COMMANDS: readonly SlashCommand[] = [
  { name: "help", help: "this list" },
  { name: "who", help: "who is there" },
  { name: "nick", argument: "NAME", help: "change your name" },
  { name: "me", argument: "ACTION", help: "say what you do: /me waves" },
  { name: "quit", help: "leave" },
];

/** Those of every chat that is remembered. */
const EVERYWHERE: readonly SlashCommand[] = [
  { name: "away", argument: "[TEXT]", help: "tell the others that you are away" },
  { name: "back", help: "tell them that you are back" },
  { name: "last", argument: "[N]", help: "what was said last, 20 messages or N" },
  { name: "search", argument: "WORDS", help: "what was said with these words in it" },
];

/** Those of a line for two. */
export const TALK_COMMANDS: readonly SlashCommand[] = [
  ...SLASH_COMMANDS.filter(({ name }) => name !== "quit"),
  { name: "msg", argument: "NAME TEXT", help: "the same as TEXT alone: there are only two here" },
  { name: "reply", argument: "TEXT", help: "the same" },
  ...EVERYWHERE,
  {
    name: "verify",
    argument: "[yes|no]",
    help: "the safety number; yes once you have compared it",
  },
  { name: "link", help: "round trip, loss, MTU, address, age of the keys" },
  { name: "accept", help: "go on with a key that has changed" },
  ...SLASH_COMMANDS.filter(({ name }) => name === "quit"),
];

/** Those of a room. */
export const JOIN_COMMANDS: readonly SlashCommand[] = [
  ...SLASH_COMMANDS.filter(({ name }) => name !== "quit"),
  { name: "msg", argument: "NAME TEXT", help: "say something to one person alone" },
  { name: "reply", argument: "TEXT", help: "answer whom you last spoke to alone" },
  ...EVERYWHERE,
  { name: "verify", argument: "NAME", help: "the safety number; /verify NAME yes once compared" },
  { name: "ignore", argument: "NAME [FOR]", help: "show nothing of somebody, for ever or for 2h" },
  { name: "unignore", argument: "NAME", help: "show it again" },
  { name: "link", help: "round trip, loss, MTU, address of the relay" },
  { name: "accept", help: "go on with a relay whose key has changed" },
  ...SLASH_COMMANDS.filter(({ name }) => name === "quit"),
];

/** Those of a room without a relay. */
export const LAN_COMMANDS: readonly SlashCommand[] = JOIN_COMMANDS.filter(({ name }) =>
  name !== "accept"
).map((each) =>
  each.name === "link"
    ? { name: "link", argument: "[NAME]", help: "round trip, loss, MTU, address of somebody" }
    : each
);

/** What a line turned out to be. */
export type Line =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "command"; readonly name: string; readonly argument: string }
  | { readonly kind: "error"; readonly message: string };

/**
 * Tells commands from text. `//` sends a leading slash.
 *
 * @param line What was typed.
 * @param commands Those that work here.
 * @returns A text, a command with its argument, or what is wrong.
 *
 * @example
 * ```ts
 * import { parseLine } from "./slash.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseLine("/nick bob"), { kind: "command", name: "nick", argument: "bob" });
 * assertEquals(parseLine("//etc"), { kind: "text", text: "/etc" });
 * ```
 */
export function parseLine(
  line: string,
  commands: readonly SlashCommand[] = SLASH_COMMANDS,
): Line {
  if (!line.startsWith("/")) return { kind: "text", text: line };
  if (line.startsWith("//")) return { kind: "text", text: line.slice(1) };
  const [, name = "", argument = ""] = /^\/(\S*)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  const command = commands.find((each) => each.name === name.toLowerCase());
  if (command === undefined) {
    const near = nearest(name, commands.map((each) => each.name));
    return {
      kind: "error",
      message: `no command /${name}${near === undefined ? "" : `: did you mean /${near}?`}` +
        " (/help lists them, // sends a slash)",
    };
  }
  const wanted = command.argument;
  if (argument === "" && wanted !== undefined && !wanted.startsWith("[")) {
    return { kind: "error", message: `/${command.name} wants ${wanted}` };
  }
  if (argument !== "" && wanted === undefined) {
    return { kind: "error", message: `/${command.name} takes nothing after it` };
  }
  return { kind: "command", name: command.name, argument };
}

/**
 * The help for the commands.
 *
 * @param commands Those that work here.
 * @returns One line each.
 */
export function slashHelp(commands: readonly SlashCommand[] = SLASH_COMMANDS): string[] {
  const usage = commands.map(({ name, argument }) => `/${name}${argument ? ` ${argument}` : ""}`);
  const width = Math.max(...usage.map((each) => each.length));
  return commands.map(({ help }, at) => `${(usage[at] ?? "").padEnd(width)}  ${help}`);
}

/**
 * What Tab offers: commands at the start of a line, names anywhere.
 *
 * @param line The line up to the cursor.
 * @param names Names of people that are known.
 * @param commands Those that work here.
 * @returns The candidates, and the part of the line that they stand for.
 */
export function complete(
  line: string,
  names: readonly string[],
  commands: readonly SlashCommand[] = SLASH_COMMANDS,
): [candidates: string[], stem: string] {
  if (/^\/[^\s/]*$/.test(line)) {
    const all = commands.map((each) => `/${each.name}${each.argument ? " " : ""}`);
    return [all.filter((each) => each.startsWith(line.toLowerCase())), line];
  }
  const stem = /\S*$/.exec(line)?.[0] ?? "";
  if (stem === "") return [[], ""];
  const folded = stem.toLowerCase();
  const after = stem.length === line.length ? ": " : " ";
  const found = names.filter((each) => each.toLowerCase().startsWith(folded));
  return [found.map((each) => each + after), stem];
}
