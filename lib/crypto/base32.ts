/**
 * Bytes as letters and digits that people can read out and type: base32 (RFC 4648 §6), without
 * padding. Reads strictly: each value has one spelling, upper and lower case aside.
 *
 * @module
 */

/** The 32 characters, by value (RFC 4648 §6, table 3), in lower case. No 0, 1, 8 or 9. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Bits in a character. */
const BITS = 5;

/**
 * Writes bytes as base32.
 *
 * @param bytes Any bytes.
 * @returns Lower-case text of ⌈8 n / 5⌉ characters, without padding.
 *
 * @example
 * ```ts
 * import { decodeBase32, encodeBase32 } from "./base32.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeBase32(new TextEncoder().encode("foobar")), "mzxw6ytboi");
 * assertEquals(decodeBase32("MZXW6"), new TextEncoder().encode("foo"));
 * ```
 */
export function encodeBase32(bytes: Uint8Array): string {
  let text = "", held = 0, bits = 0;
  for (const byte of bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= BITS;) {
      bits -= BITS;
      text += ALPHABET.charAt(held >> bits & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt(held << (BITS - bits) & 31) : text;
}

/**
 * Reads base32.
 *
 * @param text Base32 in upper or lower case, without padding.
 * @returns The bytes; undefined where a character is none of the 32, where no number of bytes has
 *   that length, or where the bits left over at the end are not zero (RFC 4648 §3.5).
 */
export function decodeBase32(text: string): Uint8Array | undefined {
  // Before the case is folded: there are other letters whose lower case is among ours (U+212A).
  if (!/^[A-Za-z2-7]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(Math.floor(text.length * BITS / 8));
  let at = 0, held = 0, bits = 0;
  for (const letter of text.toLowerCase()) {
    held = held << BITS | ALPHABET.indexOf(letter);
    bits += BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return bits >= BITS || held !== 0 ? undefined : bytes;
}
