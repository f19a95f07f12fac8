/**
 * What an option is, and what all of them can be.
 *
 * @module
 */

import type { ImpairmentSpec } from "../net/impairment.ts";

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
  /** History: only of this room. LAN: the room. */
  readonly room?: string;
  /** LAN: whom to call in any case, as they were typed. */
  readonly peer?: readonly string[];
  /** LAN, doctor: the only interface. */
  readonly interface?: string;
  /** History: only of somebody with this name. */
  readonly from?: string;
  /** History: not before, as a date, a time, or how long ago. */
  readonly since?: string;
  /** History: before. */
  readonly until?: string;
  /** History: all as JSON Lines, oldest first. */
  readonly export?: boolean;
  /** History: takes messages that were exported, from a file. */
  readonly import?: string;
  /** Serve: how long entries are kept, in seconds. */
  readonly keep?: number;
  /** Serve: how many bytes of bodies a room keeps. */
  readonly keepBytes?: number;
  /** Serve: keys that are let in. */
  readonly allow?: readonly Uint8Array[];
  /** Serve: a file with keys that are let in, one a line. */
  readonly allowFile?: string;
  /** Serve: members of a room at once. */
  readonly maxMembers?: number;
  /** Join: ask for the passphrase of the room. */
  readonly passphrase?: boolean;
  /** Join: a file with the passphrase of the room. */
  readonly passphraseFile?: string;
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
