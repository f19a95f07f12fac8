/**
 * What a side proves in a handshake, and the payloads that carry it. Pure.
 *
 * ```text
 *   message 2: session index(4) instance(8) flags(1) identity(32) certificate(64)
 *   message 3:                  instance(8) flags(1) identity(32) certificate(64)
 * ```
 *
 * @module
 */

import { hmac } from "../crypto/hash.ts";
import { certified, certify, type Identity } from "../crypto/identity.ts";
import type { KeyPair } from "../crypto/x25519.ts";
import { Reader, Writer } from "../wire/bytes.ts";
import { MAC_BYTES } from "../wire/packet.ts";

/** Bytes of the number of a program's run. */
export const INSTANCE_BYTES = 8;

/** What a program may be: a relay is for members, and the others are for their like. */
export const KIND = { any: 0, relay: 1, member: 2, talk: 3, lan: 4 } as const;

/** One of these, or one that we do not know. */
export type Kind = number;

/** What a program is towards others. */
export interface Credentials {
  /** Who one is: the Ed25519 key made on the first run. */
  readonly identity: Identity;
  /** The X25519 key of the handshakes, certified by the identity. */
  readonly staticKey: KeyPair;
  /** A random number of this run: whoever restarted has forgotten what was before. */
  readonly instance: Uint8Array;
  /** What it is for; `any` where it is left out. */
  readonly kind?: Kind;
}

/** The other side, as it has proved itself. */
export interface Remote {
  /** Its Ed25519 key. */
  readonly identity: Uint8Array;
  /** The number of its run. */
  readonly instance: Uint8Array;
  /** It begins anew, beside a session that seems dead. */
  readonly replaces: boolean;
  /** What it is for. */
  readonly kind: Kind;
}

/** Bits of the flags. */
const REPLACES = 1, KIND_SHIFT = 1, KIND_MASK = 7;

/**
 * The payload of message 2, or of message 3.
 *
 * @param credentials Who we are.
 * @param replaces Whether the session is to take another one's place.
 * @param index Our session index, in message 2.
 * @returns 109 bytes with an index, 105 without.
 */
export function encodeCredentials(
  credentials: Credentials,
  replaces: boolean,
  index?: number,
): Uint8Array {
  const writer = new Writer(109), kind = (credentials.kind ?? KIND.any) << KIND_SHIFT;
  if (index !== undefined) writer.u32(index);
  return writer.bytes(credentials.instance).u8((replaces ? REPLACES : 0) | kind)
    .bytes(credentials.identity.publicKey)
    .bytes(certify(credentials.identity, credentials.staticKey.publicKey)).finish();
}

/**
 * Reads and checks such a payload.
 *
 * @param payload What came, authentic.
 * @param staticKey The other side's X25519 key in this handshake.
 * @param withIndex Whether it begins with a session index.
 * @returns The other side, or undefined where its certificate is not good.
 */
export function decodeCredentials(
  payload: Uint8Array,
  staticKey: Uint8Array | undefined,
  withIndex: boolean,
): { remote: Remote; index: number } | undefined {
  const reader = new Reader(payload);
  const index = withIndex ? reader.u32() : 0;
  const instance = reader.bytes(INSTANCE_BYTES).slice(), flags = reader.u8();
  const identity = reader.bytes(32).slice(), certificate = reader.bytes(64);
  if (!reader.done || staticKey === undefined) return undefined;
  if (!certified(identity, staticKey, certificate)) return undefined;
  const replaces = (flags & REPLACES) !== 0, kind = flags >> KIND_SHIFT & KIND_MASK;
  return { remote: { identity, instance, replaces, kind }, index };
}

/**
 * The mac that shows knowledge of the shared secret before anything is answered.
 *
 * @param key The mac key, or undefined without a secret.
 * @param parts The handshake so far.
 * @returns 16 bytes; zero without a secret.
 */
export function handshakeMac(key: Uint8Array | undefined, ...parts: Uint8Array[]): Uint8Array {
  return key === undefined ? new Uint8Array(MAC_BYTES) : hmac(key, ...parts).slice(0, MAC_BYTES);
}
