/**
 * Bytes for the tests of `lib/crypto/`: from hexadecimal, repeatable random ones, damaged ones.
 *
 * @module
 */

import type { Random } from "../../lib/net/random.ts";

/** The bytes of a hexadecimal text; spaces do not matter. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
}

/** The hexadecimal text of bytes. */
export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As many bytes as wanted. */
export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** A copy with one bit changed, for every bit. */
export function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ 1 << (bit & 7);
    yield flipped;
  }
}

/** Every proper beginning, from the empty one. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length);
}

/** With one more byte at the end. */
export function lengthened(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, 0);
}
