/**
 * From arguments to an exit status.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { NetError } from "../net/endpoint.ts";
import { printable, printableJson } from "../chat/printable.ts";
import { makeTheme } from "../terminal/theme.ts";
import { nearest } from "../chat/nearest.ts";
import type { Command } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { printOut } from "./print.ts";
import { EXIT, Interrupted, UsageError } from "./exit.ts";
import { wantsColour } from "./front.ts";
import { commandHelp, programHelp } from "./help.ts";
import type { Host } from "./host.ts";
import { OPTION_LIST, optionName, type Options, parse, type Parsed } from "./options.ts";

/** Errors of the network that mean "nobody answered". */
const UNANSWERED: readonly string[] = ["REFUSED", "TIMEOUT", "UNREACHABLE"];

/**
 * Runs the program.
 *
 * @param args The arguments after the program's name.
 * @param host The world.
 * @returns The exit status. Never rejects for anything that a person or the network can cause.
 */
export async function run(args: readonly string[], host: Host): Promise<number> {
  try {
    return await dispatch(parse(args), host);
  } catch (error) {
    return await fail(error, args, host);
  }
}

async function dispatch({ words, options }: Parsed, host: Host): Promise<number> {
  if (options.version) return await printOut(host, `udpchat ${config.version}\n`);
  if (words.length === 0 && options.help) return await printOut(host, programHelp(COMMANDS));
  const { command, rest } = findCommand(words.length > 0 ? words : ["lan"]);
  if (options.help) return await printOut(host, commandHelp(command));
  refuseStrangers(options, command);
  refuseMistyped(command, rest);
  const [least, most] = command.words;
  if (rest.length < least || rest.length > most) {
    const found = rest.length > most ? `found "${rest[most]}" as well` : "found nothing";
    throw new UsageError(
      `Cannot run ${command.name} so: wanted udpchat ${command.name} ${command.usage}`.trimEnd() +
        `, ${found}`,
    );
  }
  return await command.run({ host, words: rest, options });
}

/** `plain serv` is no address: most likely a command of two words was meant. */
function refuseMistyped(command: Command, rest: readonly string[]): void {
  const [word = ""] = rest;
  if (rest.length !== 1 || !/^[a-z]+$/.test(word) || command.choices) return;
  const below = COMMANDS.filter((each) => each.name.startsWith(`${command.name} `));
  const near = nearest(`${command.name} ${word}`, below.map((each) => each.name));
  if (near) {
    throw new UsageError(`Unknown command "${command.name} ${word}": did you mean ${near}?`);
  }
}

function refuseStrangers(options: Options, command: Pick<Command, "name" | "options">): void {
  for (const [key, spec] of OPTION_LIST) {
    if (!spec.special || options[key] === undefined || command.options.includes(key)) continue;
    const users = COMMANDS.filter((each) => each.options.includes(key)).map((each) => each.name);
    throw new UsageError(
      `${optionName(spec)} is no option of ${command.name}: it belongs to ${users.join(", ")}`,
    );
  }
}

async function fail(error: unknown, args: readonly string[], host: Host): Promise<number> {
  if (error instanceof Interrupted) return EXIT.interrupted;
  const ours = error instanceof UsageError || error instanceof NetError;
  const exit = error instanceof UsageError
    ? EXIT.usage
    : error instanceof NetError && UNANSWERED.includes(error.code)
    ? EXIT.unanswered
    : EXIT.failed;
  const verbose = args.some((arg) => /^(?:--verbose|-[a-z46]*v)/.test(arg));
  const text = error instanceof Error ? error.message : String(error);
  const { console } = host;
  console.restore();
  const theme = makeTheme(wantsColour(host, {}, console.error.isTerminal));
  const line = ours ? text : `It broke, and that is our fault: ${text} (--verbose says where)`;
  console.error.push(`${theme.error(printable(`udpchat: ${line}`))}\n`);
  if (verbose && error instanceof Error) {
    console.error.push(
      (error.stack ?? "").split("\n").map((each) => `${printable(each)}\n`).join(""),
    );
  }
  if (args.includes("--json") && !(error instanceof UsageError)) {
    const time = new Date(host.clock.wall()).toISOString();
    const code = error instanceof NetError ? error.code.toLowerCase() : "broken";
    console.output.push(
      `${printableJson({ event: "notice", time, level: "error", code, text })}\n` +
        `${printableJson({ event: "end", time, reason: code, exit })}\n`,
    );
  }
  await console.output.drain();
  await console.error.drain();
  return exit;
}
