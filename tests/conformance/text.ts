/**
 * Identities and secrets as text (PROTOCOL.md §16).
 *
 * @module
 */

import { join, Malformed, utf8 } from "./bytes.ts";
import { expand, sha512 } from "./hash.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Base32 in upper case without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let [value, bits] = [0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31] ?? "";
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + (ALPHABET[(value << (5 - bits)) & 31] ?? "") : text;
}

/** Reads base32 in upper or lower case. */
export function decodeBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let [value, bits] = [0, 0];
  for (const letter of text.toUpperCase()) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) throw new Malformed(`not base32: ${letter}`);
    value = (value << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(value >> bits);
    value &= (1 << bits) - 1;
  }
  if (value !== 0 || bits >= 5) throw new Malformed("bits left over");
  return Uint8Array.from(bytes);
}

/** The key text of an identity. */
export function keyText(identity: Uint8Array): string {
  return encodeBase32(identity).toLowerCase();
}

/** The key tag of an identity. */
export function keyTag(identity: Uint8Array): string {
  return keyText(identity).slice(0, 8);
}

function safetyHalf(key: Uint8Array): string {
  let hash = join(utf8("udpchat/1 safety number"), key);
  for (let round = 0; round < 5200; round++) hash = sha512(hash, key);
  return [0, 1, 2, 3, 4, 5].map((group) => {
    const part = hash.slice(5 * group, 5 * group + 5);
    const number = part.reduce((value, byte) => value * 256 + byte, 0);
    return String(number % 100_000).padStart(5, "0");
  }).join(" ");
}

/** The safety number of two identities. */
export function safetyNumber(one: Uint8Array, other: Uint8Array): string {
  return [safetyHalf(one), safetyHalf(other)].sort().join(" ");
}

/** A secret as people pass it on. */
export function secretText(random: Uint8Array): string {
  return encodeBase32(random).replaceAll(/(.{4})(?=.)/g, "$1-");
}

function isRepeated(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

function mostFrequentStep(text: string): number {
  const counts = new Map<number, number>();
  for (let at = 1; at < text.length; at++) {
    const step = ALPHABET.indexOf(text[at] ?? "") - ALPHABET.indexOf(text[at - 1] ?? "");
    counts.set((step + 32) % 32, (counts.get((step + 32) % 32) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

/** The pre-shared key of a secret's text. */
export function pskOf(text: string): Uint8Array {
  const plain = text.replaceAll(/[\s-]/g, "").toUpperCase();
  if (plain.length < 26) throw new Malformed("too short");
  const bytes = decodeBase32(plain);
  const steps = mostFrequentStep(plain);
  if (new Set(plain).size < 8 || isRepeated(plain) || steps > (plain.length - 1) / 2) {
    throw new Malformed("not random");
  }
  return expand(bytes, "udpchat/1 psk");
}
