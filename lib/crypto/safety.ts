/**
 * The safety number of two identities: both sides see the same 60 digits and read them to each
 * other, by voice or side by side. If they are the same, nobody sits in between.
 *
 * After Signal's numeric fingerprint (libsignal, `NumericFingerprintGenerator`), with our own label:
 *
 * ```text
 *   h       = UTF-8 "udpchat/1 safety number" || public key            (23 + 32 bytes)
 *   5,200 × : h = SHA-512(h || public key)
 *   half    = for i in 0..5: the 5 bytes at 5 i of h as a big-endian number, modulo 100,000,
 *             written as 5 digits with leading zeros                   (30 digits)
 *   number  = the lower half, then the higher, as groups of 5 with single spaces
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";

/**
 * Rounds of hashing per key (Signal's number). They make the search for a key with the same 30
 * digits (2^99 tries) 5,200 times as dear.
 */
const ROUNDS = 5_200;

/** Groups of digits per key (Signal's number). */
const GROUPS = 6;

/** Bytes of the hash that become one group, and digits in it (Signal's numbers). */
const GROUP = 5;

const LABEL = new TextEncoder().encode("udpchat/1 safety number");

/** Length of an identity's public key in bytes. */
const KEY = 32;

/**
 * The safety number of two identities. Takes 17 ms: for a person who asks, not for a packet.
 *
 * @param a One public key, 32 bytes.
 * @param b The other's.
 * @returns 60 digits in 12 groups of 5; the same whichever key comes first.
 * @throws {RangeError} If a key has another length.
 *
 * @example
 * ```ts
 * import { safetyNumber } from "./safety.ts";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * const ann = new Uint8Array(32).fill(1), bob = new Uint8Array(32).fill(2);
 * assertMatch(safetyNumber(ann, bob), /^\d{5}( \d{5}){11}$/);
 * assertEquals(safetyNumber(ann, bob), safetyNumber(bob, ann));
 * ```
 */
export function safetyNumber(a: Uint8Array, b: Uint8Array): string {
  return [safetyHalf(a), safetyHalf(b)].sort().join(" ");
}

/**
 * One identity's part of its safety numbers: it is in each of them.
 *
 * @param key The public key, 32 bytes.
 * @returns 30 digits in 6 groups of 5.
 * @throws {RangeError} If the key has another length.
 */
export function safetyHalf(key: Uint8Array): string {
  if (key.length !== KEY) {
    throw new RangeError(`Cannot number a key of ${key.length} bytes: wanted ${KEY}`);
  }
  let hash = createHash("sha512").update(LABEL).update(key).update(key).digest();
  for (let round = 1; round < ROUNDS; round++) {
    hash = createHash("sha512").update(hash).update(key).digest();
  }
  const groups = Array.from(
    { length: GROUPS },
    (_, index) => hash.readUIntBE(index * GROUP, GROUP) % 10 ** GROUP,
  );
  return groups.map((group) => String(group).padStart(GROUP, "0")).join(" ");
}
