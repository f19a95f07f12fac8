/**
 * ChaCha20-Poly1305 and its nonce (PROTOCOL.md §1, §6).
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { join, Malformed } from "./bytes.ts";

const TAG = 16;
const ALGORITHM = "chacha20-poly1305";

/** 4 zero bytes, then the number, lowest byte first. */
export function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(number), true);
  return nonce;
}

/** The ciphertext, then the tag, under a nonce of 12 bytes. */
export function sealWith(
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  clear: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
  cipher.setAAD(additional, { plaintextLength: clear.length });
  const text = cipher.update(clear);
  cipher.final();
  return join(new Uint8Array(text), new Uint8Array(cipher.getAuthTag()));
}

/** What was sealed under a nonce of 12 bytes; throws if it is not authentic. */
export function openWith(
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const size = sealed.length - TAG;
  if (size < 0) throw new Malformed("shorter than a tag");
  const cipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
  cipher.setAAD(additional, { plaintextLength: size });
  cipher.setAuthTag(sealed.slice(size));
  const text = cipher.update(sealed.slice(0, size));
  try {
    cipher.final();
  } catch (cause) {
    throw new Malformed("not authentic", { cause });
  }
  return new Uint8Array(text);
}

/** The ciphertext of a packet of that number, then the tag. */
export function seal(
  key: Uint8Array,
  number: number,
  additional: Uint8Array,
  clear: Uint8Array,
): Uint8Array {
  return sealWith(key, nonceOf(number), additional, clear);
}

/** What was sealed in a packet of that number; throws if it is not authentic. */
export function open(
  key: Uint8Array,
  number: number,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  return openWith(key, nonceOf(number), additional, sealed);
}
