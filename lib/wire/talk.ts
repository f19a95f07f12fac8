/**
 * What two people say to each other on stream 0 of a session, and the unreliable datagrams beside it.
 * Pure.
 *
 * ```text
 *   record:  length (varint) | type (1) | body
 *   HELLO    name in UTF-8
 *   MESSAGE  log (8) | number (varint) | time in ms since 1970 (varint) | text in UTF-8
 *   HAVE     log (8) | number (varint): all up to this one are held
 * ```
 *
 * @module
 */

import { Reader, Writer } from "./bytes.ts";
import { LOG_BYTES } from "./entry.ts";
import { encodeRecord, RecordReader } from "./records.ts";

/** Record types. */
export const RECORD = { hello: 1, message: 2, have: 3 } as const;
/** Datagram types: a question for a round trip, and its answer. */
export const ECHO = { ask: 1, answer: 2 } as const;

/** Longest text of a message, in bytes of UTF-8 (the contract: 64 KiB). */
export const MAX_MESSAGE_BYTES = 65_536;
/** Longest name in a HELLO, in bytes: 32 grapheme clusters fit (our choice). */
export const MAX_NAME_BYTES = 1_024;
/** Longest record: a message and what is around it. */
const MAX_RECORD_BYTES = MAX_MESSAGE_BYTES + 32;

/** One record. */
export type TalkRecord =
  | { readonly type: "hello"; readonly name: string }
  | {
    readonly type: "message";
    readonly log: Uint8Array;
    readonly number: number;
    /** Wall time of the author in ms since 1970. */
    readonly time: number;
    readonly text: string;
  }
  | { readonly type: "have"; readonly log: Uint8Array; readonly number: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes a record.
 *
 * @param record The record.
 * @returns Its bytes, with their length in front.
 */
export function encodeTalk(record: TalkRecord): Uint8Array {
  return encodeRecord(RECORD[record.type], encodeBody(record));
}

function encodeBody(record: TalkRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encoder.encode(record.name);
    case "message": {
      const text = encoder.encode(record.text);
      return new Writer(LOG_BYTES + 16 + text.length).bytes(record.log).varint(record.number)
        .varint(record.time).bytes(text).finish();
    }
    case "have":
      return new Writer(LOG_BYTES + 8).bytes(record.log).varint(record.number).finish();
  }
}

/** Reads the records of a line for two. */
export function talkReader(): RecordReader<TalkRecord> {
  return new RecordReader(decodeTalk, MAX_RECORD_BYTES);
}

function decodeTalk(type: number, reader: Reader): TalkRecord | "malformed" | undefined {
  switch (type) {
    case RECORD.hello:
      return reader.left <= MAX_NAME_BYTES
        ? { type: "hello", name: decoder.decode(reader.rest()) }
        : "malformed";
    case RECORD.message: {
      const log = reader.bytes(LOG_BYTES).slice(), number = reader.varint(), time = reader.varint();
      if (reader.failed || reader.left > MAX_MESSAGE_BYTES) return "malformed";
      return { type: "message", log, number, time, text: decoder.decode(reader.rest()) };
    }
    case RECORD.have: {
      const log = reader.bytes(LOG_BYTES).slice(), number = reader.varint();
      return reader.done ? { type: "have", log, number } : "malformed";
    }
    default:
      return undefined;
  }
}

/**
 * A question or an answer for a round trip.
 *
 * @param type One of `ECHO`.
 * @param number Which question.
 * @returns The datagram's payload.
 */
export function encodeEcho(type: number, number: number): Uint8Array {
  return new Writer(9).u8(type).varint(number).finish();
}

/**
 * Reads such a payload.
 *
 * @param bytes What came.
 * @returns Type and number, or undefined.
 */
export function decodeEcho(bytes: Uint8Array): { type: number; number: number } | undefined {
  const reader = new Reader(bytes), type = reader.u8(), number = reader.varint();
  const known = type === ECHO.ask || type === ECHO.answer;
  return reader.done && known ? { type, number } : undefined;
}
