/**
 * Who somebody is: an Ed25519 key (RFC 8032), what it signs, and how it is written down.
 *
 * Knows nothing of names, contacts and files. What is signed elsewhere must begin with a label of
 * its own, as the certificate here does, so that no signature can be passed off as another's.
 * Measured: to sign 28 µs, to verify 53 µs.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify as check,
} from "node:crypto";
import { decodeBase32, encodeBase32 } from "./base32.ts";

/** Length of a public key, and of the seed of a private one, in bytes (RFC 8032 §5.1.5). */
export const IDENTITY_BYTES = 32;

/** Length of a signature in bytes (RFC 8032 §5.1.6). */
export const SIGNATURE_BYTES = 64;

/** Characters of a key that serve as its short label: 40 bits (our choice). No proof of anything. */
const TAG_CHARACTERS = 8;

/** What stands before the 32 bytes of a key in DER: PKCS #8 and SPKI (RFC 8410 §7 and §4). */
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** What a certificate's signature begins with. */
const CERTIFICATE_LABEL = new TextEncoder().encode("udpchat/1 static key");

/**
 * The y of the points of low order: 0, 1, -1 and the two of order 8; the sign bit cleared. As a
 * public key they make signatures that fit any data, so whoever uses one is nobody in particular.
 * Spellings that are not reduced (RFC 8032 §5.1.3) the platform refuses itself.
 */
const LOW_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** Somebody who can sign. The private key is inside and does not come out. */
export interface Identity {
  /** 32 bytes for everybody to know. */
  readonly publicKey: Uint8Array;
  /**
   * Signs data.
   *
   * @param data Any bytes, beginning with a label that says what they are.
   * @returns 64 bytes, always the same for the same data.
   */
  sign(data: Uint8Array): Uint8Array;
}

/**
 * Makes an identity.
 *
 * Source: RFC 8032 §5.1.5.
 *
 * @param seed 32 random bytes: the private key.
 * @returns The identity; the same for the same seed.
 * @throws {RangeError} If the seed has another length.
 *
 * @example
 * ```ts
 * import { makeIdentity, verify } from "./identity.ts";
 * import { assert } from "@std/assert";
 *
 * const ann = makeIdentity(crypto.getRandomValues(new Uint8Array(32)));
 * const data = new TextEncoder().encode("example: hello");
 * assert(verify(ann.publicKey, data, ann.sign(data)));
 * ```
 */
export function makeIdentity(seed: Uint8Array): Identity {
  if (seed.length !== IDENTITY_BYTES) {
    throw new RangeError(
      `Cannot make an identity of ${seed.length} bytes: wanted ${IDENTITY_BYTES}`,
    );
  }
  const der = Buffer.concat([PRIVATE_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(-IDENTITY_BYTES)),
    sign: (data) => new Uint8Array(sign(null, data, key)),
  };
}

/**
 * Checks a signature. Any bytes may be given; nonsense is only false.
 *
 * Source: RFC 8032 §5.1.7. Stricter: keys of low order are refused.
 *
 * @param publicKey Who is said to have signed.
 * @param data What is said to be signed.
 * @param signature What is said to be the signature.
 * @returns Whether it is true.
 */
export function verify(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const key = importPublic(publicKey);
  return key !== undefined && check(null, data, key, signature);
}

/**
 * Certifies one's own X25519 key: the identity signs the UTF-8 of `udpchat/1 static key`, followed
 * by the key.
 *
 * @param identity Who certifies.
 * @param staticKey The X25519 public key, 32 bytes.
 * @returns The certificate, a signature of 64 bytes.
 * @throws {RangeError} If the key has another length.
 *
 * @example
 * ```ts
 * import { certified, certify, makeIdentity } from "./identity.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const ann = makeIdentity(new Uint8Array(32).fill(1)), staticKey = new Uint8Array(32).fill(2);
 * const certificate = certify(ann, staticKey);
 * assert(certified(ann.publicKey, staticKey, certificate));
 * assertFalse(certified(ann.publicKey, new Uint8Array(32).fill(3), certificate));
 * ```
 */
export function certify(identity: Identity, staticKey: Uint8Array): Uint8Array {
  if (staticKey.length !== IDENTITY_BYTES) {
    throw new RangeError(
      `Cannot certify a key of ${staticKey.length} bytes: wanted ${IDENTITY_BYTES}`,
    );
  }
  return identity.sign(certificateData(staticKey));
}

/**
 * Checks a certificate that {@linkcode certify} made. Any bytes may be given.
 *
 * @param publicKey The identity that is said to have certified.
 * @param staticKey The X25519 public key.
 * @param certificate The certificate.
 * @returns Whether it is true.
 */
export function certified(
  publicKey: Uint8Array,
  staticKey: Uint8Array,
  certificate: Uint8Array,
): boolean {
  return staticKey.length === IDENTITY_BYTES &&
    verify(publicKey, certificateData(staticKey), certificate);
}

/**
 * Writes a public key for people and files: base32 in lower case without padding (RFC 4648 §6).
 *
 * @param publicKey 32 bytes.
 * @returns 52 characters.
 *
 * @example
 * ```ts
 * import { keyTag, keyText, parseKeyText } from "./identity.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const publicKey = new Uint8Array(32).fill(0xab);
 * assertEquals(keyText(publicKey), "vov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvovq");
 * assertEquals(keyTag(publicKey), "vov2xk5l");
 * assertEquals(parseKeyText(keyText(publicKey)), publicKey);
 * ```
 */
export function keyText(publicKey: Uint8Array): string {
  return encodeBase32(publicKey);
}

/**
 * Reads a public key as {@linkcode keyText} writes it, in upper or lower case.
 *
 * @param text What was written.
 * @returns The 32 bytes, or undefined where it is not such a text. That somebody holds the key, and
 *   that it is one at all, only a signature shows.
 */
export function parseKeyText(text: string): Uint8Array | undefined {
  const bytes = decodeBase32(text);
  return bytes?.length === IDENTITY_BYTES ? bytes : undefined;
}

/**
 * A short label that tells two people of one name apart on the screen. Too short to prove anything:
 * for that there is the safety number.
 *
 * @param publicKey 32 bytes.
 * @returns The first 8 characters of {@linkcode keyText}.
 */
export function keyTag(publicKey: Uint8Array): string {
  return keyText(publicKey).slice(0, TAG_CHARACTERS);
}

function certificateData(staticKey: Uint8Array): Uint8Array {
  return Buffer.concat([CERTIFICATE_LABEL, staticKey]);
}

/** Keys that were imported last, by their bytes: most signatures are by few people. */
const imported = new Map<string, KeyObject>();
/** How many (our choice: 1 kB each). */
const MAX_IMPORTED = 1_024;

function importPublic(bytes: Uint8Array): KeyObject | undefined {
  const text = bytes.subarray(0, IDENTITY_BYTES + 1).toHex();
  const known = imported.get(text), key = known ?? importNew(bytes);
  if (key === undefined || known !== undefined) return key;
  imported.set(text, key);
  if (imported.size > MAX_IMPORTED) {
    for (const oldest of imported.keys()) {
      imported.delete(oldest);
      break;
    }
  }
  return key;
}

function importNew(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== IDENTITY_BYTES) return undefined;
  const point = Buffer.from(bytes);
  point[IDENTITY_BYTES - 1] = (point[IDENTITY_BYTES - 1] ?? 0) & 0x7f;
  if (LOW_ORDER.has(point.toString("hex"))) return undefined;
  try {
    const key = Buffer.concat([PUBLIC_PREFIX, bytes]);
    return createPublicKey({ key, format: "der", type: "spki" });
  } catch {
    return undefined; // Not a point of the curve.
  }
}
