/**
 * Parsing of command lines by the table of options.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../chat/nearest.ts";
import { UsageError } from "./exit.ts";
import type { Options, OptionSpec } from "./option_spec.ts";
import { OPTION_LIST, optionName } from "./option_table.ts";

export type { OptionKey, Options, OptionSpec } from "./option_spec.ts";
export { OPTION_LIST, optionName, OPTIONS } from "./option_table.ts";

/** A parsed command line. */
export interface Parsed {
  /** Words that are no options. */
  readonly words: readonly string[];
  /** The options that were given. */
  readonly options: Options;
}

/**
 * Parses a command line. Options may stand anywhere; `--` ends them.
 *
 * @param args The arguments after the program's name.
 * @returns Words and options.
 * @throws {UsageError} If an option is unknown, or a value is missing or bad.
 */
export function parse(args: readonly string[]): Parsed {
  const withValue = OPTION_LIST.filter(([, spec]) => spec.value !== undefined);
  const switches = OPTION_LIST.filter(([, spec]) => spec.value === undefined);
  const parsed = parseArgs(plainArgs(args), {
    string: ["_", ...withValue.map(([, spec]) => spec.flag)],
    boolean: switches.map(([, spec]) => spec.flag),
    negatable: switches.filter(([, spec]) => spec.negative).map(([, spec]) => spec.flag),
    default: Object.fromEntries(
      switches.flatMap(([, spec]) => spec.negative ? [[spec.flag, true]] : []),
    ),
  });
  const options: Record<string, unknown> = {};
  for (const [key, spec] of OPTION_LIST) {
    const value = parsed[spec.flag];
    if (spec.value === undefined) {
      if (value === !spec.negative) options[key] = value;
    } else if (value !== undefined) {
      options[key] = readValue(spec, String(value));
    }
  }
  if (options["ipv4"] && options["ipv6"]) {
    throw new UsageError("Cannot use -4 and -6 together: each means that family alone");
  }
  return { words: parsed._, options };
}

/**
 * Where the options say to bind, but for the port.
 *
 * @param options The options.
 * @returns Host and family; undefined where all are meant.
 */
export function bindingOf(
  options: Options,
): { host: string | undefined; family: 4 | 6 | undefined } {
  return { host: options.host, family: options.ipv4 ? 4 : options.ipv6 ? 6 : undefined };
}

function readValue(spec: OptionSpec, value: string): unknown {
  if (value === "") {
    throw new UsageError(
      `Cannot use --${spec.flag} without a value: wanted --${spec.flag} ${spec.value} ` +
        `(${spec.help}); write --${spec.flag}=VALUE for one that starts with -`,
    );
  }
  try {
    return spec.read?.(value) ?? value;
  } catch (error) {
    throw new UsageError(`--${spec.flag}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes every option out, one word each, and the other words behind them: `a -qp5` becomes
 * `--quiet --port=5 -- a`. parseArgs guesses where letters stand together, where a value begins
 * with `-`, and where a switch is followed by a word.
 */
function plainArgs(args: readonly string[]): string[] {
  const plain: string[] = [], words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      words.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    for (const { name, spec, value } of optionsIn(arg)) {
      if (spec.value === undefined) {
        plain.push(name);
        continue;
      }
      // A number may follow with its sign: it is then refused as a number, not as an option.
      const next = args[at + 1] ?? "--";
      const follows = value === undefined && /^(?!-)|^-$|^-\d/.test(next);
      plain.push(`${name}=${value ?? (follows ? args[++at] : "")}`);
    }
  }
  return [...plain, "--", ...words];
}

interface Given {
  /** In its long form, where it has one. */
  readonly name: string;
  readonly spec: OptionSpec;
  readonly value: string | undefined;
}

/** `--port=5`, or letters together: `-qp5`. */
function optionsIn(arg: string): Given[] {
  if (arg.startsWith("--")) {
    const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    return [given(arg, name, value)];
  }
  const all: Given[] = [];
  for (let rest = arg.slice(1); rest !== "";) {
    const [letter = ""] = rest;
    rest = rest.slice(letter.length);
    const takes = given(arg, `-${letter}`, undefined).spec.value !== undefined;
    const value = rest !== "" && (takes || rest.startsWith("="))
      ? rest.replace(/^=/, "")
      : undefined;
    all.push(given(arg, `-${letter}`, value));
    if (value !== undefined) break;
  }
  return all;
}

function given(arg: string, name: string, value: string | undefined): Given {
  const spec = OPTION_LIST.map(([, each]) => each).find((each) =>
    optionName(each) === name || (each.short !== undefined && name === `-${each.short}`)
  );
  if (spec === undefined) throw unknownOption(arg);
  if (value !== undefined && spec.value === undefined) {
    throw new UsageError(`Cannot give ${name} a value: it is on when it is written`);
  }
  return { name: optionName(spec), spec, value };
}

function unknownOption(arg: string): UsageError {
  const word = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  const near = nearest(word, OPTION_LIST.map(([, spec]) => optionName(spec).replace(/^-+/, "")));
  const spec = OPTION_LIST.map(([, each]) => each)
    .find((each) => optionName(each).replace(/^-+/, "") === near);
  const hint = spec === undefined ? "" : `: did you mean ${optionName(spec)}?`;
  return new UsageError(`Unknown option ${arg.replace(/=.*$/s, "")}${hint}`);
}
