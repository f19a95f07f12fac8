/**
 * SHA-256 and what is built of it: HMAC, key derivation, comparison in constant time.
 *
 * Nothing here is for passphrases: whoever can try them all is not slowed down.
 *
 * @module
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Length of a hash in bytes (RFC 6234, SHA-256). */
export const HASH_BYTES = 32;

/** Most that can be derived in one go, in bytes (RFC 5869 §2.3: 255 blocks). */
const MAX_EXPANDED = 255 * HASH_BYTES;

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * The SHA-256 of some bytes.
 *
 * Source: RFC 6234.
 *
 * @param parts The bytes; several parts count as one, joined without a mark between them.
 * @returns 32 bytes.
 *
 * @example
 * ```ts
 * import { sha256 } from "./hash.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sha256(Uint8Array.of(1), Uint8Array.of(2)), sha256(Uint8Array.of(1, 2)));
 * ```
 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/**
 * HMAC-SHA256: a hash that only holders of the key can make.
 *
 * Source: RFC 2104, RFC 4231.
 *
 * @param key Any number of bytes.
 * @param parts The bytes; several parts count as one, joined without a mark between them.
 * @returns 32 bytes. Compare them with {@linkcode equal}.
 */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

/**
 * Derives the next keys of a chain.
 *
 * Source: Noise rev 34 §4.3; the same as RFC 5869 with the chaining key as salt and no info.
 *
 * @param chainingKey 32 bytes: what is known so far.
 * @param input What is new: a Diffie-Hellman result, a shared secret, or nothing.
 * @param outputs How many keys.
 * @returns As many keys of 32 bytes.
 *
 * @example
 * ```ts
 * import { hkdf } from "./hash.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const chainingKey = new Uint8Array(32), shared = Uint8Array.of(1, 2, 3);
 * const [root, send, receive] = hkdf(chainingKey, shared, 3);
 * assertEquals([root?.length, send?.length, receive?.length], [32, 32, 32]);
 * ```
 */
export function hkdf(chainingKey: Uint8Array, input: Uint8Array, outputs: 1 | 2 | 3): Uint8Array[] {
  return blocks(hmac(chainingKey, input), EMPTY, outputs);
}

/**
 * Derives a key for one purpose from a secret.
 *
 * Source: RFC 5869, HKDF-SHA256 with an empty salt.
 *
 * @param secret A secret that cannot be guessed.
 * @param label The purpose; its UTF-8 is the info. Different labels give unrelated keys.
 * @param length How many bytes, 0–8160.
 * @returns The key.
 * @throws {RangeError} If the length is out of range.
 *
 * @example
 * ```ts
 * import { expand } from "./hash.ts";
 * import { assertNotEquals } from "@std/assert";
 *
 * const secret = new Uint8Array(32);
 * assertNotEquals(expand(secret, "udpchat/1 a", 32), expand(secret, "udpchat/1 b", 32));
 * ```
 */
export function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > MAX_EXPANDED) {
    throw new RangeError(`Cannot derive ${length} bytes: wanted 0-${MAX_EXPANDED}`);
  }
  const key = hmac(EMPTY, secret), expanded = new Uint8Array(length);
  const made = blocks(key, encoder.encode(label), Math.ceil(length / HASH_BYTES));
  made.forEach((block, index) => {
    const at = index * HASH_BYTES;
    expanded.set(block.subarray(0, length - at), at);
  });
  return expanded;
}

/** RFC 5869 §2.3: each block is the HMAC of the one before, the info and its own number. */
function blocks(key: Uint8Array, info: Uint8Array, count: number): Uint8Array[] {
  const made: Uint8Array[] = [];
  let last: Uint8Array = EMPTY;
  for (let number = 1; number <= count; number++) {
    last = hmac(key, last, info, Uint8Array.of(number));
    made.push(last);
  }
  return made;
}

/**
 * Compares bytes in a time that does not tell where they differ.
 *
 * @param a Some bytes, such as a tag that came with a packet.
 * @param b Other bytes, such as the tag it should be.
 * @returns Whether they are the same; false at once where the lengths differ.
 *
 * @example
 * ```ts
 * import { equal } from "./hash.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
 * assertFalse(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3)));
 * ```
 */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
