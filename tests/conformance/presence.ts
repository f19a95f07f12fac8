/**
 * Who is away: datagrams that are never stored (PROTOCOL.md §20.8).
 *
 * @module
 */

import { join, Malformed, Reader, same, utf8 } from "./bytes.ts";
import { identityOf, isSignedBy, signBy } from "./certificate.ts";
import type { Place } from "./rooms.ts";
import { encodeVarint, readVarint } from "./varint.ts";

const TYPE = 3;
const LONGEST_TEXT = 200;
/** The log of a sealed body, which is in none. */
const NO_LOG = new Uint8Array(8);

/** What somebody says of themselves. */
export interface Presence {
  readonly author: Uint8Array;
  readonly away: boolean;
  /** The author's wall time in ms; of each author the latest counts. */
  readonly time: number;
  readonly text: string;
}

function toSign(room: Uint8Array, author: Uint8Array, body: Uint8Array): Uint8Array {
  return join(utf8("udpchat/1 presence"), room, author, body);
}

/** The payload of a datagram that says so in a room. */
export function encodePresence(
  { room, seal }: Place,
  seed: Uint8Array,
  { away, time, text }: Omit<Presence, "author">,
): Uint8Array {
  const author = identityOf(seed);
  const plain = join(Uint8Array.of(away ? 1 : 0), encodeVarint(time), utf8(text));
  const body = seal({ author, log: NO_LOG }, plain);
  const signature = signBy(seed, toSign(room, author, body));
  return join(Uint8Array.of(TYPE), room, author, signature, body);
}

/** The room that a datagram is about; nothing if it is of another type. */
export function roomOfPresence(data: Uint8Array): Uint8Array | undefined {
  return data[0] === TYPE && data.length >= 33 ? data.slice(1, 33) : undefined;
}

/** Reads a payload of this room; throws if it is malformed, forged or does not open. */
export function decodePresence(place: Place, data: Uint8Array): Presence {
  const reader = new Reader(data);
  if (reader.number(1) !== TYPE) throw new Malformed("another type");
  const [room, author, signature] = [reader.take(32), reader.take(32), reader.take(64)];
  const sealed = reader.rest();
  if (!same(room, place.room)) throw new Malformed("of another room");
  if (!isSignedBy(author, toSign(room, author, sealed), signature)) throw new Malformed("forged");
  const body = new Reader(place.open({ author, log: NO_LOG }, sealed));
  const [state, time] = [body.number(1), readVarint(body)];
  if (state > 1) throw new Malformed(`no state: ${state}`);
  if (body.left > LONGEST_TEXT) throw new Malformed("text too long");
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body.rest());
  return { author, away: state === 1, time, text };
}
