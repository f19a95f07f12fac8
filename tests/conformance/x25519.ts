/**
 * X25519 with raw keys. A low-order public key is refused (PROTOCOL.md §4.1).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import { fromHex, isZero, join, Malformed } from "./bytes.ts";

const PRIVATE = fromHex("302e020100300506032b656e04220420");
const PUBLIC = fromHex("302a300506032b656e032100");

/** A pair of raw keys. */
export interface DhPair {
  readonly private: Uint8Array;
  readonly public: Uint8Array;
}

function privateKey(raw: Uint8Array): KeyObject {
  const key = Buffer.from(join(PRIVATE, raw));
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** The pair of a private key. */
export function dhPair(raw: Uint8Array): DhPair {
  const der = createPublicKey(privateKey(raw)).export({ format: "der", type: "spki" });
  return { private: raw, public: new Uint8Array(der).slice(PUBLIC.length) };
}

/** A fresh pair. */
export function freshDhPair(): DhPair {
  return dhPair(crypto.getRandomValues(new Uint8Array(32)));
}

/** What the two have in common. */
export function dh(mine: DhPair, theirs: Uint8Array): Uint8Array {
  const key = Buffer.from(join(PUBLIC, theirs));
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  let shared: Uint8Array;
  try {
    shared = new Uint8Array(diffieHellman({ privateKey: privateKey(mine.private), publicKey }));
  } catch (cause) {
    throw new Malformed("no shared key", { cause });
  }
  if (isZero(shared)) throw new Malformed("low-order key");
  return shared;
}
