/**
 * The test vectors of rooms, as data (PROTOCOL.md §19, §20), and what their records say.
 *
 * @module
 */

import { fromHex, toHex } from "./bytes.ts";
import { type RoomKeys, secretRoom } from "./rooms.ts";
import { runOf, type SignedEntry } from "./rooms_entries.ts";
import type { RoomRecord } from "./rooms_records.ts";
import type { Named } from "./vectors.ts";

/** An entry with all that is derived. */
export interface EntryVector {
  readonly number: number;
  readonly previous: string;
  readonly clock: number;
  readonly time: number;
  readonly plain: string;
  readonly body: string;
  readonly fields: string;
  readonly id: string;
  readonly signature: string;
}

interface RoomVectors {
  readonly author: { readonly seed: string; readonly identity: string; readonly log: string };
  readonly relay: { readonly identity: string; readonly hash: string };
  readonly open_room: {
    readonly name: string;
    readonly room: string;
    readonly entries: readonly EntryVector[];
  };
  readonly secret_room: {
    readonly secret: string;
    readonly room: string;
    readonly entries: readonly EntryVector[];
  };
  readonly two: {
    readonly other: { readonly identity: string; readonly static_private: string };
    readonly talk_room: string;
    readonly private_room: string;
    readonly ephemeral_private: string;
    readonly plain: string;
    readonly body: string;
    readonly away_open: string;
    readonly away_sealed: string;
    readonly beacon: { readonly tag: string; readonly sum: string; readonly bytes: string };
  };
  readonly link: string;
  readonly records: readonly Named[];
}

/** The vectors of tests/vectors/rooms.json. */
export const ROOMS: RoomVectors = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/rooms.json", import.meta.url)),
);

/** The author of all entries, and its log. */
export const NAME = { author: fromHex(ROOMS.author.identity), log: fromHex(ROOMS.author.log) };

/** An entry of the vectors, not derived from `fields`. */
export function entryOf(room: string, vector: EntryVector): SignedEntry {
  const { number, previous, clock, time, body, signature } = vector;
  const bytes = { previous: fromHex(previous), body: fromHex(body), signature: fromHex(signature) };
  return { ...NAME, room: fromHex(room), number, clock, time, ...bytes };
}

/** The entries of the open room. */
export const OPEN_ENTRIES: readonly SignedEntry[] = ROOMS.open_room.entries.map((vector) =>
  entryOf(ROOMS.open_room.room, vector)
);

/** Both rooms: their number, entries, and keys if there is a secret. */
export const BOTH_ROOMS: readonly {
  readonly title: string;
  readonly room: string;
  readonly entries: readonly EntryVector[];
  readonly keys: RoomKeys | undefined;
}[] = [
  { title: "open room", keys: undefined, ...ROOMS.open_room },
  {
    ...{ title: "room with a secret", room: ROOMS.secret_room.room },
    ...{ entries: ROOMS.secret_room.entries, keys: secretRoom(fromHex(ROOMS.secret_room.secret)) },
  },
];

/** What each record of the vectors says, read from the document by hand. */
export const SAID: Readonly<Record<string, RoomRecord>> = {
  "room": { type: "room", room: fromHex(ROOMS.open_room.room) },
  "join lobby": { type: "join", name: "lobby" },
  "join": { type: "join", name: "" },
  "hold nothing": { type: "hold", last: true, logs: [] },
  "hold": {
    type: "hold",
    last: false,
    logs: [{
      ...{ ...NAME, floor: 1, ranges: [{ first: 3, last: 3 }, { first: 7, last: 300 }] },
      last: fromHex(ROOMS.open_room.entries[2]?.id ?? ""),
    }],
  },
  "want": { type: "want", ...NAME, first: 4, last: 6 },
  "entries": runOf(OPEN_ENTRIES.slice(1), false),
  "entries history": runOf(OPEN_ENTRIES.slice(0, 1), true),
  "have": { type: "have", stream: 1, count: 300 },
  "delivered": {
    ...{ type: "delivered", log: NAME.log, members: 4 },
    entries: [{ number: 2, holders: 4 }, { number: 3, holders: 1 }],
  },
  "member here": { type: "member", here: true, author: NAME.author },
  "missed": { type: "missed", count: 214 },
  "floor": { type: "floor", ...NAME, floor: 1000 },
  "refused": { type: "refused", code: 1, text: "no" },
  "notice": { type: "notice", code: 3, text: "slower, please" },
  "leave": { type: "leave" },
  "private": { type: "private", parent: fromHex(ROOMS.open_room.room), author: NAME.author },
  "privates": {
    type: "privates",
    authors: [NAME.author, fromHex(ROOMS.open_room.entries[2]?.id ?? "")],
  },
  "peers": {
    type: "peers",
    peers: [
      { tag: NAME.log, host: "192.0.2.1", port: 2410 },
      { tag: NAME.log, host: "2001:db8::7", port: 40_000 },
    ],
  },
};

/** The bytes of a record of the vectors. */
export function recordBytes(name: string): Uint8Array {
  const record = ROOMS.records.find((each) => each.name === name);
  if (!record) throw new Error(`no record ${name} in the vectors`);
  return fromHex(record.bytes);
}

/** Each copy of some bytes with one bit turned. */
export function* flips(bytes: Uint8Array, from = 0): Generator<Uint8Array> {
  for (let at = from; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) yield bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit));
  }
}

/** Bytes as hexadecimal, or nothing. */
export function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toHex(bytes);
}
