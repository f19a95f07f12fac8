/**
 * Identities and the certificates of their static keys (PROTOCOL.md §4.3).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { fromHex, join, toHex, utf8 } from "./bytes.ts";

const PRIVATE = fromHex("302e020100300506032b657004220420");
const PUBLIC = fromHex("302a300506032b6570032100");
const CONTEXT = utf8("udpchat/1 static key");

/** The y of each point of low order, lowest byte first and the sign of x taken off. */
const LOW_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

function privateKey(seed: Uint8Array): KeyObject {
  const key = Buffer.from(join(PRIVATE, seed));
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** The public key of an identity. */
export function identityOf(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
  return new Uint8Array(der).slice(PUBLIC.length);
}

/** The signature of an identity over a message. */
export function signBy(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKey(seed)));
}

/** The certificate of a static key. */
export function certify(seed: Uint8Array, staticKey: Uint8Array): Uint8Array {
  return signBy(seed, join(CONTEXT, staticKey));
}

/** Whether an identity is a point of low order. */
export function isLowOrder(identity: Uint8Array): boolean {
  const y = identity.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return LOW_ORDER.has(toHex(y));
}

/** Whether the signature is good; one of an identity of low order never is. */
export function isSignedBy(
  identity: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (isLowOrder(identity)) return false;
  try {
    const der = Buffer.from(join(PUBLIC, identity));
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** Whether the certificate is good. */
export function isCertified(
  identity: Uint8Array,
  staticKey: Uint8Array,
  certificate: Uint8Array,
): boolean {
  return isSignedBy(identity, join(CONTEXT, staticKey), certificate);
}
