/**
 * The options: one table that makes parsing, help and completion.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../chat/nearest.ts";
import { toName } from "../chat/name.ts";
import { type ImpairmentSpec, parseImpairment } from "../net/impairment.ts";
import { TextFormat } from "../plain/text.ts";
import { graphemes } from "../wire/graphemes.ts";
import { family, MAX_PORT, parsePort } from "../wire/address.ts";
import { UsageError } from "./exit.ts";

/** What can be set, parsed. */
export interface Options {
  /** What others see. */
  readonly name?: string;
  /** Local address to bind. */
  readonly host?: string;
  /** IPv4 only. */
  readonly ipv4?: boolean;
  /** IPv6 only. */
  readonly ipv6?: boolean;
  /** Local UDP port. */
  readonly port?: number;
  /** Where keys, contacts and history are. */
  readonly home?: string;
  /** Write nothing to disk. */
  readonly ephemeral?: boolean;
  /** Events as JSON. */
  readonly json?: boolean;
  /** Slash commands also from a pipe. */
  readonly commands?: boolean;
  /** Go on after the end of input. */
  readonly stay?: boolean;
  /** How long to wait, in seconds. */
  readonly timeout?: number;
  /** Fewer notices. */
  readonly quiet?: boolean;
  /** More notices. */
  readonly verbose?: boolean;
  /** Colours; false where they are turned off. */
  readonly color?: boolean;
  /** How bad the network is to be. */
  readonly sim?: ImpairmentSpec;
  /** Print the version. */
  readonly version?: boolean;
  /** Print the help. */
  readonly help?: boolean;
  /** Plain mode: what is sent for a line. */
  readonly format?: string;
  /** Plain mode: group by broadcast. */
  readonly broadcast?: boolean;
  /** Plain mode: the broadcast address. */
  readonly to?: string;
  /** Plain mode: over TCP. */
  readonly tcp?: boolean;
  /** Plain mode: stay until each line has had an answer. */
  readonly expectReply?: boolean;
  /** Plain mode: `quit` and `bye` are only words. */
  readonly literal?: boolean;
  /** The letter that `service count` counts. */
  readonly letter?: string;
  /** Talk: the shared secret, or `-` to be asked for it. */
  readonly secret?: string;
  /** Talk: a file with the shared secret. */
  readonly secretFile?: string;
  /** Talk: make a shared secret. */
  readonly newSecret?: boolean;
  /** Go on though an address answers with another key than before. */
  readonly acceptNewKey?: boolean;
  /** Ping: how many. */
  readonly count?: number;
  /** Ping: seconds between two. */
  readonly interval?: number;
  /** Id: with whom to compare. */
  readonly with?: string;
}

/** The name of an option in the program. */
export type OptionKey = keyof Options;

/** One option. */
export interface OptionSpec {
  /** How it is written, without `--`. */
  readonly flag: string;
  /** One letter for the same. */
  readonly short?: string;
  /** What its value stands for in the help; an option without is on or off. */
  readonly value?: string;
  /** Written `--no-FLAG`. */
  readonly negative?: boolean;
  /** What it means. */
  readonly help: string;
  /** Reads the value; throws an error whose message says what was wanted. */
  readonly read?: (text: string) => unknown;
  /** Only of the commands that name it. */
  readonly special?: boolean;
}

/** Shortest time between two pings, in seconds (our choice: a thousandth would be a flood). */
const MIN_INTERVAL = 0.01;

/** Longest time that can be waited for, in seconds: a day. */
const MAX_TIMEOUT = 86_400;

/** The table, in the order of the help. */
export const OPTIONS: Readonly<Record<OptionKey, OptionSpec>> = {
  format: {
    flag: "format",
    value: "TEMPLATE",
    help: "what is sent for a line: {text} (default), '{name}: {text}', with \\n, \\r",
    special: true,
    read: (text) => (new TextFormat(text), text),
  },
  broadcast: {
    flag: "broadcast",
    help: "by broadcast: a client shares the server's port, a server tells all at once",
    special: true,
  },
  to: {
    flag: "to",
    value: "ADDR",
    help: "the broadcast address (default 255.255.255.255)",
    special: true,
    read: readIPv4,
  },
  tcp: { flag: "tcp", help: "over TCP instead of UDP", special: true },
  expectReply: {
    flag: "expect-reply",
    help: "at the end of input wait for an answer to each line, else exit 3",
    special: true,
  },
  literal: {
    flag: "literal",
    help: "'quit' and 'bye' are only words",
    special: true,
  },
  letter: {
    flag: "letter",
    value: "X",
    help: "what 'count' counts (default s)",
    special: true,
    read: readLetter,
  },
  secret: {
    flag: "secret",
    value: "TEXT",
    help: "only who knows it gets an answer; - asks for it (made by --new-secret)",
    special: true,
    read: readText,
  },
  secretFile: {
    flag: "secret-file",
    value: "FILE",
    help: "the same from a file, where nobody sees it in the list of processes",
    special: true,
    read: readText,
  },
  newSecret: { flag: "new-secret", help: "make a secret, print it and leave", special: true },
  acceptNewKey: {
    flag: "accept-new-key",
    help: "go on though the address answers with another key than before",
    special: true,
  },
  count: {
    flag: "count",
    short: "c",
    value: "N",
    help: "leave after so many (default: until Ctrl-C)",
    special: true,
    read: readCount,
  },
  interval: {
    flag: "interval",
    value: "SECONDS",
    help: "time between two (default 1)",
    special: true,
    read: readInterval,
  },
  with: {
    flag: "with",
    value: "NAME",
    help: "the safety number with a contact",
    special: true,
    read: readText,
  },
  name: {
    flag: "name",
    value: "NAME",
    help: "what others see (default: your login)",
    read: toName,
  },
  host: {
    flag: "host",
    value: "ADDR",
    help: "local address to bind (default: all)",
    read: readHost,
  },
  ipv4: { flag: "4", help: "IPv4 only" },
  ipv6: { flag: "6", help: "IPv6 only" },
  port: {
    flag: "port",
    short: "p",
    value: "N",
    help: `local port, 0-${MAX_PORT}; 0 for any`,
    read: readPort,
  },
  home: { flag: "home", value: "DIR", help: "where this program keeps its files", read: readText },
  ephemeral: { flag: "ephemeral", help: "write nothing to disk" },
  json: { flag: "json", help: "events as JSON on standard output, one object a line" },
  commands: { flag: "commands", help: "lines that start with / are commands also from a pipe" },
  stay: { flag: "stay", help: "go on after standard input ends" },
  timeout: {
    flag: "timeout",
    value: "SECONDS",
    help: "how long to wait for an answer or for delivery (default 10)",
    read: readSeconds,
  },
  quiet: { flag: "quiet", short: "q", help: "fewer notices" },
  verbose: { flag: "verbose", short: "v", help: "more notices, and stack traces" },
  color: { flag: "color", negative: true, help: "no colours (also NO_COLOR)" },
  sim: {
    flag: "sim",
    value: "SPEC",
    help: "a bad network: loss=10,delay=50,jitter=10,dup=1,reorder=2,seed=7",
    read: parseImpairment,
  },
  version: { flag: "version", short: "V", help: "print the version" },
  help: { flag: "help", short: "h", help: "print this help" },
};

/** All options with their keys, in the order of the help. */
export const OPTION_LIST: readonly (readonly [OptionKey, OptionSpec])[] = Object.entries(
  OPTIONS,
) as unknown as [OptionKey, OptionSpec][];

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

/**
 * How an option is written.
 *
 * @param spec The option.
 * @returns `--port`, `-4`, `--no-color`.
 */
export function optionName(spec: OptionSpec): string {
  if (spec.negative) return `--no-${spec.flag}`;
  return spec.flag.length === 1 ? `-${spec.flag}` : `--${spec.flag}`;
}

function readPort(text: string): number {
  const port = parsePort(text);
  if (port === undefined) {
    throw new RangeError(`Cannot use port "${text}": wanted a number in 0-${MAX_PORT}`);
  }
  return port;
}

function readSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(seconds <= MAX_TIMEOUT)) {
    throw new RangeError(`Cannot wait "${text}" seconds: wanted a number in 0-${MAX_TIMEOUT}`);
  }
  return seconds;
}

function readCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new RangeError(`Cannot count to "${text}": wanted a number from 1`);
  return count;
}

function readInterval(text: string): number {
  const seconds = readSeconds(text);
  if (seconds < MIN_INTERVAL) {
    throw new RangeError(`Cannot ask every "${text}" seconds: wanted at least ${MIN_INTERVAL}`);
  }
  return seconds;
}

function readLetter(text: string): string {
  if ([...graphemes(text)].length !== 1) {
    throw new RangeError(`Cannot count "${text}": wanted one letter`);
  }
  return text;
}

function readIPv4(text: string): string {
  if (family(text) !== 4) {
    throw new RangeError(`Cannot broadcast to "${text}": wanted an IPv4 address`);
  }
  return text;
}

function readHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (/[\s/#@]/.test(host) || (host.includes(":") && family(host.split("%")[0] ?? "") !== 6)) {
    throw new RangeError(`Cannot bind "${text}": wanted an address without a port`);
  }
  return host;
}

function readText(text: string): string {
  return text;
}
