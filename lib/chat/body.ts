/**
 * What an entry says, once its body is open. Pure.
 *
 * ```text
 *   TEXT     text in UTF-8
 *   PROFILE  static key (32) | certificate (64) | name in UTF-8: the first entry of each log
 * ```
 *
 * @module
 */

import { certified } from "../crypto/identity.ts";
import { cutText, Reader, Writer } from "../wire/bytes.ts";

/** Longest text of a message, in bytes of UTF-8 (the contract: 64 KiB). */
export const MAX_MESSAGE_BYTES = 65_536;
/** Longest name, in bytes of UTF-8: 32 grapheme clusters fit (our choice). */
export const MAX_NAME_BYTES = 1_024;

const KIND = { text: 1, profile: 2 } as const;
const STATIC_BYTES = 32, CERTIFICATE_BYTES = 64;

/** What is said. */
export type Body =
  | { readonly kind: "text"; readonly text: string }
  | {
    readonly kind: "profile";
    readonly name: string;
    /** The X25519 key to which others can seal, 32 bytes. */
    readonly staticKey: Uint8Array;
    /** The author's signature of it, 64 bytes. */
    readonly certificate: Uint8Array;
  };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes a body.
 *
 * @param body What is said.
 * @returns Its bytes.
 * @throws {RangeError} If a text is longer than 65,536 bytes.
 */
export function encodeBody(body: Body): Uint8Array {
  if (body.kind === "profile") {
    const name = cutText(body.name, MAX_NAME_BYTES);
    return new Writer(1 + STATIC_BYTES + CERTIFICATE_BYTES + name.length).u8(KIND.profile)
      .bytes(body.staticKey).bytes(body.certificate).bytes(name).finish();
  }
  checkText(body.text);
  const text = encoder.encode(body.text);
  return new Writer(1 + text.length).u8(KIND.text).bytes(text).finish();
}

/**
 * Checks whether a text can be said.
 *
 * @param text What somebody wants to say.
 * @throws {RangeError} If it is longer than 65,536 bytes.
 */
export function checkText(text: string): void {
  if (text.length * 3 <= MAX_MESSAGE_BYTES) return;
  const size = encoder.encode(text).length;
  if (size <= MAX_MESSAGE_BYTES) return;
  throw new RangeError(
    `Cannot send a message of ${size} bytes: wanted at most ${MAX_MESSAGE_BYTES}`,
  );
}

/**
 * Reads a body.
 *
 * @param author Whose it is: a profile must be certified by them.
 * @param bytes Any bytes.
 * @returns What is said; undefined for nonsense and for what a newer program may say.
 */
export function decodeBody(author: Uint8Array, bytes: Uint8Array): Body | undefined {
  const reader = new Reader(bytes);
  switch (reader.u8()) {
    case KIND.text:
      return reader.left <= MAX_MESSAGE_BYTES
        ? { kind: "text", text: decoder.decode(reader.rest()) }
        : undefined;
    case KIND.profile: {
      const staticKey = reader.bytes(STATIC_BYTES).slice();
      const certificate = reader.bytes(CERTIFICATE_BYTES).slice();
      if (reader.failed || reader.left > MAX_NAME_BYTES) return undefined;
      if (!certified(author, staticKey, certificate)) return undefined;
      return { kind: "profile", name: decoder.decode(reader.rest()), staticKey, certificate };
    }
    default:
      return undefined;
  }
}
