/**
 * Hashes and what is derived with them (PROTOCOL.md §1).
 *
 * @module
 */

import { createHash, createHmac } from "node:crypto";
import { join, utf8 } from "./bytes.ts";

/** SHA-256. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash("sha256").update(join(...parts)).digest());
}

/** SHA-512. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash("sha512").update(join(...parts)).digest());
}

/** HMAC-SHA256. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(join(...parts)).digest());
}

/** The first 16 bytes of HMAC-SHA256. */
export function hmac16(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(key, ...parts).slice(0, 16);
}

/** Three keys of 32 bytes. */
export type ThreeKeys = readonly [Uint8Array, Uint8Array, Uint8Array];

/** The HKDF of Noise §4.3; whoever wants two outputs takes the first two. */
export function hkdf(chain: Uint8Array, input: Uint8Array): ThreeKeys {
  const temporary = hmac(chain, input);
  const one = hmac(temporary, Uint8Array.of(1));
  const two = hmac(temporary, one, Uint8Array.of(2));
  return [one, two, hmac(temporary, two, Uint8Array.of(3))];
}

/** One key of 32 bytes, with the label as info. */
export function expand(secret: Uint8Array, label: string): Uint8Array {
  return hmac(hmac(new Uint8Array(32), secret), utf8(label), Uint8Array.of(1));
}
