/**
 * Somebody is away, or back: an unreliable datagram beside the records, never stored. Pure.
 *
 * ```text
 *   3 | room (32) | author (32) | signature (64) | body: state (1) time text, sealed in a sealed room
 * ```
 *
 * @module
 */

import { cutText, Reader, Writer } from "./bytes.ts";
import { AUTHOR_BYTES, ROOM_BYTES, SIGNATURE_BYTES } from "./entry.ts";

/** The type of the payload; 1 and 2 are echoes. */
const PRESENCE = 3;
/** The longest text, in bytes of UTF-8 (our choice). */
export const MAX_AWAY_BYTES = 200;
/** The longest body: a state, a time, a text and a seal. */
const MAX_BODY_BYTES = 1 + 8 + MAX_AWAY_BYTES + 64;

/** What somebody can be while connected. */
export const PRESENT = { here: 0, away: 1 } as const;

/** What somebody said about where they are. */
export interface Presence {
  /** The number of the room. */
  readonly room: Uint8Array;
  /** Their Ed25519 key. */
  readonly author: Uint8Array;
  /** Over room, author and body. */
  readonly signature: Uint8Array;
  /** A {@linkcode PresenceBody}; sealed in a room with a secret. */
  readonly body: Uint8Array;
}

/** Where somebody is. */
export interface PresenceBody {
  /** One of `PRESENT`. */
  readonly state: number;
  /** Wall time in ms since 1970: the latest counts. */
  readonly time: number;
  /** Why. */
  readonly text: string;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes the payload of a datagram.
 *
 * @param presence What is said.
 * @returns Its bytes.
 */
export function encodePresence({ room, author, signature, body }: Presence): Uint8Array {
  return new Writer(1 + ROOM_BYTES + AUTHOR_BYTES + SIGNATURE_BYTES + body.length).u8(PRESENCE)
    .bytes(room).bytes(author).bytes(signature).bytes(body).finish();
}

/**
 * Reads the payload of a datagram.
 *
 * @param bytes What came.
 * @returns What was said; undefined where it is something else.
 */
export function decodePresence(bytes: Uint8Array): Presence | undefined {
  const reader = new Reader(bytes);
  if (reader.u8() !== PRESENCE) return undefined;
  const room = reader.bytes(ROOM_BYTES).slice(), author = reader.bytes(AUTHOR_BYTES).slice();
  const signature = reader.bytes(SIGNATURE_BYTES).slice();
  if (reader.failed || reader.left > MAX_BODY_BYTES) return undefined;
  return { room, author, signature, body: reader.rest().slice() };
}

/**
 * Writes a body.
 *
 * @param body What is said; the text is cut to `MAX_AWAY_BYTES`.
 * @returns Its bytes.
 */
export function encodePresenceBody({ state, time, text }: PresenceBody): Uint8Array {
  const cut = cutText(text, MAX_AWAY_BYTES);
  return new Writer(1 + 8 + cut.length).u8(state).varint(time).bytes(cut).finish();
}

/**
 * Reads a body.
 *
 * @param bytes Any bytes.
 * @returns What was said; undefined for nonsense.
 */
export function decodePresenceBody(bytes: Uint8Array): PresenceBody | undefined {
  const reader = new Reader(bytes), state = reader.u8(), time = reader.varint();
  if (reader.failed || reader.left > MAX_AWAY_BYTES) return undefined;
  return { state, time, text: decoder.decode(reader.rest()) };
}
