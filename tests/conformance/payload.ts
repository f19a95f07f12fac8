/**
 * The payloads of Noise messages 2 and 3: who I am (PROTOCOL.md §4.2, §4.3).
 *
 * @module
 */

import { fixed, join, Malformed, Reader } from "./bytes.ts";
import { isCertified } from "./certificate.ts";

/** Who one side is. */
export interface Payload {
  /** The responder's session index, in message 2 only. */
  readonly index?: number;
  readonly instance: Uint8Array;
  readonly replaces: boolean;
  readonly identity: Uint8Array;
  readonly certificate: Uint8Array;
}

/** A payload as bytes: 109 with an index, 105 without. */
export function encodePayload(payload: Payload): Uint8Array {
  const { index, instance, replaces, identity, certificate } = payload;
  const front = index === undefined ? new Uint8Array() : fixed(index, 4);
  return join(front, instance, Uint8Array.of(replaces ? 1 : 0), identity, certificate);
}

/** Reads a payload and checks its certificate against the static key of the handshake. */
export function readPayload(bytes: Uint8Array, message: 2 | 3, staticKey: Uint8Array): Payload {
  const reader = new Reader(bytes);
  const index = message === 2 ? { index: reader.number(4) } : {};
  const [instance, flags] = [reader.take(8), reader.number(1)];
  const [identity, certificate] = [reader.take(32), reader.take(64)];
  reader.end();
  if (index.index === 0) throw new Malformed("session index 0");
  if (!isCertified(identity, staticKey, certificate)) throw new Malformed("bad certificate");
  const replaces = message === 3 && (flags & 1) === 1;
  return { ...index, instance, replaces, identity, certificate };
}
