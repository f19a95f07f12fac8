/**
 * The variable-length integer (PROTOCOL.md §1, RFC 9000 §16).
 *
 * @module
 */

import { Malformed, type Reader } from "./bytes.ts";

/** The largest value, 2^53 - 1. */
export const LARGEST: number = Number.MAX_SAFE_INTEGER;

/** The shortest form of a number. */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`no varint: ${value}`);
  const view = new DataView(new ArrayBuffer(8));
  if (value < 2 ** 6) {
    view.setUint8(0, value);
    return new Uint8Array(view.buffer, 0, 1);
  }
  if (value < 2 ** 14) {
    view.setUint16(0, 0x4000 + value);
    return new Uint8Array(view.buffer, 0, 2);
  }
  if (value < 2 ** 30) {
    view.setUint32(0, 0x80000000 + value);
    return new Uint8Array(view.buffer, 0, 4);
  }
  view.setBigUint64(0, 0xc000000000000000n + BigInt(value));
  return new Uint8Array(view.buffer);
}

/** Reads a number in whatever form. */
export function readVarint(reader: Reader): number {
  const first = reader.number(1);
  const more = (1 << (first >> 6)) - 1;
  let value = BigInt(first & 0x3f);
  for (const byte of reader.take(more)) value = value * 256n + BigInt(byte);
  if (value > BigInt(LARGEST)) throw new Malformed(`number too large: ${value}`);
  return Number(value);
}
