/**
 * An entry of a log: what somebody said in a room, byte for byte. Pure; who signed it is known to
 * `lib/chat`.
 *
 * ```text
 *   identified by the SHA-256 of:
 *     room (32) | author (32) | log (8) | number | hash of the entry before (32) | clock | time | body
 *   in a run of entries, where room, author, log, first number and the hash before it are said once:
 *     clock | time, as the difference to the clock's ms | length | body | signature (64)
 * ```
 *
 * @module
 */

import { type Reader, varintLength, Writer } from "./bytes.ts";

/** Bytes of a room's number. */
export const ROOM_BYTES = 32;
/** Bytes of an author's Ed25519 key. */
export const AUTHOR_BYTES = 32;
/** Bytes of the random number of a log, made with the store. */
export const LOG_BYTES = 8;
/** Bytes of an entry's hash. */
export const ENTRY_ID_BYTES = 32;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** The longest body: 64 KiB of text, its kind, and what sealing adds. */
export const MAX_BODY_BYTES = 65_536 + 64;
/** Steps of the clock within a ms (our choice: 2^53 steps last until the year 2248). */
export const CLOCK_STEPS = 1_024;

/** Which log: everything in a room is by somebody, in a log that was made with a store. */
export interface LogName {
  /** The author's key, 32 bytes. */
  readonly author: Uint8Array;
  /** The random number of the log, 8 bytes. */
  readonly log: Uint8Array;
}

/** What is signed. */
export interface EntryFields extends LogName {
  /** The room, 32 bytes. */
  readonly room: Uint8Array;
  /** From 1. */
  readonly number: number;
  /** The hash of the entry before; zeros for the first. */
  readonly previous: Uint8Array;
  /** A hybrid logical clock in 1/1024 ms since 1970: it sorts. */
  readonly clock: number;
  /** Wall time of the author in ms since 1970: it is shown. */
  readonly time: number;
  /** What was said; sealed in a room with a secret. */
  readonly body: Uint8Array;
}

/** An entry. */
export interface Entry extends EntryFields {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * The bytes whose hash names an entry.
 *
 * @param entry The entry.
 * @returns Bytes without any ambiguity.
 */
export function encodeFields(entry: EntryFields): Uint8Array {
  const { room, author, log, number, previous, clock, time, body } = entry;
  const size = room.length + author.length + log.length + previous.length + body.length +
    varintLength(number) + varintLength(clock) + varintLength(time);
  return new Writer(size).bytes(room).bytes(author).bytes(log).varint(number).bytes(previous)
    .varint(clock).varint(time).bytes(body).finish();
}

/** An entry's own part in a run. */
export type RunPart = Pick<Entry, "clock" | "time" | "body" | "signature">;

/** The most that a part takes beside its body, in bytes. */
export const PART_OVERHEAD_BYTES = 8 + 8 + 4 + SIGNATURE_BYTES;

/**
 * Writes an entry's own part of a run.
 *
 * @param writer Where to.
 * @param part The entry.
 */
export function encodePart(writer: Writer, { clock, time, body, signature }: RunPart): void {
  writer.varint(clock).varint(zigzag(time - Math.floor(clock / CLOCK_STEPS))).varint(body.length)
    .bytes(body).bytes(signature);
}

/**
 * Reads one.
 *
 * @param reader Where from; failed afterwards where there is none.
 * @returns The part, copied; undefined where it cannot be one.
 */
export function decodePart(reader: Reader): RunPart | undefined {
  const clock = reader.varint(), time = Math.floor(clock / CLOCK_STEPS) + unzigzag(reader.varint());
  const length = reader.varint();
  if (length > MAX_BODY_BYTES) return undefined;
  const body = reader.bytes(length).slice(), signature = reader.bytes(SIGNATURE_BYTES).slice();
  const good = !reader.failed && time >= 0 && time <= Number.MAX_SAFE_INTEGER;
  return good ? { clock, time, body, signature } : undefined;
}

/** Small numbers of both signs are small numbers (as in Protocol Buffers). */
function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
