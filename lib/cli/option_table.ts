/**
 * The table of options: parsing, help and completion are made from it.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { parseImpairment } from "../net/impairment.ts";
import { TextFormat } from "../plain/text.ts";
import { MAX_PORT } from "../wire/address.ts";
import type { OptionKey, OptionSpec } from "./option_spec.ts";
import {
  readCount,
  readDuration,
  readHost,
  readInterval,
  readIPv4,
  readKeys,
  readLetter,
  readPort,
  readSeconds,
  readSize,
  readTargets,
  readText,
  readWhen,
} from "./option_values.ts";

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
    help: "how many",
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
  room: {
    flag: "room",
    value: "NAME",
    help: "the name of a room",
    special: true,
    read: readText,
  },
  from: {
    flag: "from",
    value: "NAME",
    help: "only of somebody with this name",
    special: true,
    read: readText,
  },
  since: {
    flag: "since",
    value: "WHEN",
    help: "not before: 2026-01-31, 2026-01-31T14:00, or how long ago: 2d, 12h",
    special: true,
    read: readWhen,
  },
  until: {
    flag: "until",
    value: "WHEN",
    help: "before that",
    special: true,
    read: readWhen,
  },
  export: {
    flag: "export",
    help: "all of it as JSON Lines, oldest first",
    special: true,
  },
  import: {
    flag: "import",
    value: "FILE",
    help: "take messages that were exported",
    special: true,
    read: readText,
  },
  keep: {
    flag: "keep",
    value: "TIME",
    help: "how long entries are kept, as 30d, 12h, 90m (default 30d); 0 for ever",
    special: true,
    read: readDuration,
  },
  keepBytes: {
    flag: "keep-bytes",
    value: "SIZE",
    help: "how much of a room is kept, as 1G, 500M, 10k (default 1G)",
    special: true,
    read: readSize,
  },
  allow: {
    flag: "allow",
    value: "KEY,KEY",
    help: "only who has one of these keys comes in (udpchat id shows one's own)",
    special: true,
    read: readKeys,
  },
  allowFile: {
    flag: "allow-file",
    value: "FILE",
    help: "the same from a file: a key a line, # for remarks",
    special: true,
    read: readText,
  },
  maxMembers: {
    flag: "max-members",
    value: "N",
    help: "members of one room at once (default 5000)",
    special: true,
    read: readCount,
  },
  passphrase: {
    flag: "passphrase",
    help: "ask for the passphrase of the room, with which it is encrypted",
    special: true,
  },
  passphraseFile: {
    flag: "passphrase-file",
    value: "FILE",
    help: "the same from a file: its first line",
    special: true,
    read: readText,
  },
  peer: {
    flag: "peer",
    value: "HOST[:PORT]",
    help: "call somebody there as well, where a network blocks multicast (with commas: several)",
    special: true,
    read: readTargets,
  },
  interface: {
    flag: "interface",
    value: "NAME",
    help: "only this network interface, such as eth0",
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
