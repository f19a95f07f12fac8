/**
 * The records of talk on stream 0, and the echo datagrams (PROTOCOL.md §15).
 *
 * @module
 */

import { join, Malformed, Reader, utf8 } from "./bytes.ts";
import { encodeVarint, readVarint } from "./varint.ts";

/** A name. */
export interface Hello {
  readonly type: "hello";
  readonly name: string;
}

/** A text and its name for ever. */
export interface Message {
  readonly type: "message";
  readonly log: Uint8Array;
  readonly number: number;
  readonly time: number;
  readonly text: string;
}

/** All of that log up to that number is held. */
export interface Have {
  readonly type: "have";
  readonly log: Uint8Array;
  readonly number: number;
}

/** A record of a type that is passed over. */
export interface OtherRecord {
  readonly type: "other";
}

/** Any record. */
export type TalkRecord = Hello | Message | Have | OtherRecord;

/** A datagram that measures the way there and back. */
export interface Echo {
  readonly type: "ask" | "answer";
  readonly number: number;
}

function body(record: TalkRecord): Uint8Array {
  if (record.type === "hello") return join(Uint8Array.of(1), utf8(record.name));
  if (record.type === "other") return Uint8Array.of(99);
  const name = join(record.log, encodeVarint(record.number));
  if (record.type === "have") return join(Uint8Array.of(3), name);
  return join(Uint8Array.of(2), name, encodeVarint(record.time), utf8(record.text));
}

/** A record with its length in front. */
export function encodeRecord(record: TalkRecord): Uint8Array {
  const bytes = body(record);
  return join(encodeVarint(bytes.length), bytes);
}

function decodeBody(bytes: Uint8Array): TalkRecord {
  const reader = new Reader(bytes);
  const type = reader.number(1);
  if (type === 1) {
    if (reader.left > 1024) throw new Malformed("name too long");
    return { type: "hello", name: new TextDecoder().decode(reader.rest()) };
  }
  if (type !== 2 && type !== 3) return { type: "other" };
  const [log, number] = [reader.take(8), readVarint(reader)];
  if (type === 3) {
    reader.end();
    return { type: "have", log, number };
  }
  const time = readVarint(reader);
  if (reader.left > 65_536) throw new Malformed("text too long");
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(reader.rest());
  return { type: "message", log, number, time, text };
}

/** Cuts a stream of bytes into records: type and body, without the length. */
export class RecordCutter {
  readonly #longest: number;
  #bytes: Uint8Array = new Uint8Array();

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The records that are complete with these bytes. */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#bytes = join(this.#bytes, bytes);
    const records: Uint8Array[] = [];
    while (this.#bytes.length > 0) {
      const prefix = 1 << ((this.#bytes[0] ?? 0) >> 6);
      if (this.#bytes.length < prefix) break;
      const reader = new Reader(this.#bytes);
      const length = readVarint(reader);
      if (length < 1 || length > this.#longest) throw new Malformed(`record of ${length} bytes`);
      if (reader.left < length) break;
      records.push(reader.take(length));
      this.#bytes = reader.rest();
    }
    return records;
  }
}

/** Reads a stream of bytes as records of talk. */
export class RecordReader {
  readonly #cutter: RecordCutter = new RecordCutter(65_568);

  /** The records that are complete with these bytes. */
  push(bytes: Uint8Array): TalkRecord[] {
    return this.#cutter.push(bytes).map(decodeBody);
  }
}

/** An echo datagram as bytes. */
export function encodeEcho(echo: Echo): Uint8Array {
  return join(Uint8Array.of(echo.type === "ask" ? 1 : 2), encodeVarint(echo.number));
}

/** Reads a datagram's payload; what is no echo is ignored. */
export function decodeEcho(bytes: Uint8Array): Echo | undefined {
  try {
    const reader = new Reader(bytes);
    const type = reader.number(1);
    const number = readVarint(reader);
    reader.end();
    if (type !== 1 && type !== 2) return undefined;
    return { type: type === 1 ? "ask" : "answer", number };
  } catch {
    return undefined;
  }
}
