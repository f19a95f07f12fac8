/**
 * Records cut from a stream, and the echo datagrams (PROTOCOL.md §15.1, §15.2).
 *
 * @module
 */

import { join, Malformed, Reader } from "./bytes.ts";
import { encodeVarint, readVarint } from "./varint.ts";

/** A datagram that measures the way there and back. */
export interface Echo {
  readonly type: "ask" | "answer";
  readonly number: number;
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
