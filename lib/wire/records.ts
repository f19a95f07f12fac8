/**
 * Records on a stream: each with its length in front. Pure.
 *
 * ```text
 *   record:  length (varint) | type (1) | body
 * ```
 *
 * @module
 */

import { Reader, varintLength, Writer } from "./bytes.ts";

/**
 * Writes a record.
 *
 * @param type Its type.
 * @param body What follows.
 * @returns Its bytes, with their length in front.
 */
export function encodeRecord(type: number, body: Uint8Array): Uint8Array {
  const size = body.length + 1;
  return new Writer(varintLength(size) + size).varint(size).u8(type).bytes(body).finish();
}

/**
 * Reads the body of a record. Byte strings that are kept are copied.
 *
 * @typeParam R What records are.
 * @param type The type.
 * @param body Its body, and nothing else.
 * @returns The record; `malformed` ends the stream; undefined for a type that is not known: a newer
 *   program may say more.
 */
export type Decode<R> = (type: number, body: Reader) => R | "malformed" | undefined;

/**
 * Takes the bytes of a stream and gives records. Bounded: a record that is too long ends it.
 *
 * @typeParam R What records are.
 */
export class RecordReader<R> {
  readonly #decode: Decode<R>;
  readonly #most: number;
  #held: Uint8Array = new Uint8Array(0);
  #broken = false;

  /**
   * Starts at the begin of a stream.
   *
   * @param decode Reads a body.
   * @param most The longest record, in bytes.
   */
  constructor(decode: Decode<R>, most: number) {
    this.#decode = decode;
    this.#most = most;
  }

  /** The other side sent what is no record; nothing after it can be read. */
  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Takes what came on the stream.
   *
   * @param bytes The bytes, in order.
   * @returns The records that are complete now.
   */
  push(bytes: Uint8Array): R[] {
    const records: R[] = [];
    let rest = this.#held.length === 0 ? bytes : joined(this.#held, bytes);
    while (!this.#broken) {
      const reader = new Reader(rest), size = reader.varint();
      if (reader.failed) {
        // Eight bytes are enough for any length: what is no length now never will be.
        this.#broken = rest.length >= 8;
        break;
      }
      if (size === 0 || size > this.#most) this.#broken = true;
      if (this.#broken || reader.left < size) break;
      const body = new Reader(reader.bytes(size)), record = this.#decode(body.u8(), body);
      if (record === "malformed") this.#broken = true;
      else if (record !== undefined) records.push(record);
      rest = reader.rest();
    }
    this.#held = this.#broken ? new Uint8Array(0) : rest.slice();
    return records;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
