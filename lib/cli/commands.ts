/**
 * The table of commands. Parsing, help and completion are made from it.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { completionScript, SHELLS } from "./completions.ts";
import { printOut } from "./print.ts";
import { UsageError } from "./exit.ts";
import { commandHelp, programHelp } from "./help.ts";
import { nearest } from "../chat/nearest.ts";
import { plain } from "./plain.ts";
import { plainServe } from "./plain_serve.ts";
import { service } from "./service.ts";
import { doctor, history, id, invite, join, lan, ping, serve, talk } from "./session_commands.ts";

const completions: Command = {
  name: "completions",
  usage: SHELLS.join("|"),
  words: [1, 1],
  choices: SHELLS,
  summary: "shell completion",
  options: [],
  details: ["Prints a script that makes Tab complete commands and options in that shell."],
  examples: [
    "completions bash >> ~/.bashrc",
    "completions fish > ~/.config/fish/completions/udpchat.fish",
  ],
  run: async ({ host, words }) => {
    const shell = SHELLS.find((each) => each === words[0]);
    if (shell === undefined) {
      throw new UsageError(`Unknown shell "${words[0]}": wanted ${SHELLS.join(", ")}`);
    }
    return await printOut(host, completionScript(shell, COMMANDS));
  },
};

const help: Command = {
  name: "help",
  usage: "[COMMAND]",
  words: [0, 2],
  summary: "help for the program or for a command",
  options: [],
  details: ["The same as --help after the command."],
  examples: ["help", "help plain serve"],
  run: async ({ host, words }) => {
    const command = words.length === 0 ? undefined : findCommand(words).command;
    return await printOut(host, command ? commandHelp(command) : programHelp(COMMANDS));
  },
};

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  lan,
  talk,
  serve,
  join,
  invite,
  history,
  ping,
  doctor,
  id,
  plain,
  plainServe,
  service,
  completions,
  help,
];

/**
 * Finds the command that words begin with.
 *
 * @param words The words of the command line, at least one.
 * @returns The command and the words after its name.
 * @throws {UsageError} If there is none; the message names the nearest.
 */
export function findCommand(
  words: readonly string[],
): { command: Command; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const command = COMMANDS.find((each) => each.name === words.slice(0, length).join(" "));
    if (command !== undefined) return { command, rest: words.slice(length) };
  }
  const near = nearest(words[0] ?? "", [...new Set(COMMANDS.map((each) => each.name))]);
  throw new UsageError(
    `Unknown command "${words[0]}"${
      near ? `: did you mean ${near}?` : ""
    } (udpchat help lists them)`,
  );
}
