/**
 * The vectors of docs/PROTOCOL.md §20: entries, rooms and records. Run it to write `rooms.json` anew; a
 * test makes them again and compares.
 *
 * @module
 */

import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { digestOf, roomTag } from "../../lib/chat/digest.ts";
import { formatLink, relayHash } from "../../lib/chat/link.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import { certify, type Identity, makeIdentity } from "../../lib/crypto/identity.ts";
import { PrivateKey } from "../../lib/crypto/private_key.ts";
import {
  openRoomNumber,
  privateRoomNumber,
  RoomKey,
  talkRoomNumber,
} from "../../lib/crypto/room_key.ts";
import { Away } from "../../lib/peer/away.ts";
import { encodeBeacon } from "../../lib/wire/beacon.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { CLOCK_STEPS, encodeFields, type Entry } from "../../lib/wire/entry.ts";
import { encodeRoom, type RoomRecord } from "../../lib/wire/room.ts";
import { toHex } from "../crypto/bytes.ts";

const TIME = 1_767_225_600_000;
const LOG = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** 32 bytes that stand for random ones. */
function seed(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(`udpchat/1 vector ${label}`));
}

function profileOf(identity: Identity, name: string): Uint8Array {
  const { publicKey: staticKey } = keyPair(seed(`${name} static`));
  return encodeBody({
    kind: "profile",
    name,
    staticKey,
    certificate: certify(identity, staticKey),
  });
}

/** An entry with its hash and what it says in the clear. */
interface Said {
  readonly entry: Entry;
  readonly id: Uint8Array;
  readonly plain: Uint8Array;
}

/** A log of three entries: who it is, two texts, the second with a clock ahead of its time. */
function log(identity: Identity, room: Uint8Array, key: RoomKey | undefined): Said[] {
  const bodies = [
    profileOf(identity, "ann"),
    encodeBody({ kind: "text", text: "hi" }),
    encodeBody({ kind: "text", text: "Grüße 🌍" }),
  ];
  let previous = NO_ENTRY;
  return bodies.map((plain, at) => {
    const nonce = seed(`nonce ${at}`).slice(0, 12);
    const body = key ? key.seal(identity.publicKey, LOG, () => nonce, plain) : plain;
    const clock = (TIME + at) * CLOCK_STEPS + at, time = TIME - at * 100;
    const fields = { room, log: LOG, number: at + 1, previous, clock, time, body };
    const { entry, id } = signEntry(identity, fields);
    previous = id;
    return { entry, id, plain };
  });
}

function logJson(entries: readonly Said[]): object[] {
  return entries.map(({ entry, id, plain }) => ({
    number: entry.number,
    previous: toHex(entry.previous),
    clock: entry.clock,
    time: entry.time,
    plain: toHex(plain),
    body: toHex(entry.body),
    fields: toHex(encodeFields(entry)),
    id: toHex(id),
    signature: toHex(entry.signature),
  }));
}

function records(
  room: Uint8Array,
  author: Uint8Array,
  parts: readonly Entry[],
  head: Uint8Array,
): object[] {
  const name = { author, log: LOG };
  const ranges = [{ first: 3, last: 3 }, { first: 7, last: 300 }];
  const all: readonly (readonly [string, RoomRecord])[] = [
    ["room", { type: "room", room }],
    ["join lobby", { type: "join", name: "lobby" }],
    ["join", { type: "join", name: "" }],
    ["hold nothing", { type: "hold", last: true, logs: [] }],
    ["hold", { type: "hold", last: false, logs: [{ ...name, floor: 1, head, ranges }] }],
    ["want", { type: "want", ...name, first: 4, last: 6 }],
    ["entries", {
      type: "entries",
      history: false,
      ...name,
      first: 2,
      previous: parts[1]?.previous ?? NO_ENTRY,
      parts: parts.slice(1),
    }],
    ["entries history", {
      type: "entries",
      history: true,
      ...name,
      first: 1,
      previous: NO_ENTRY,
      parts: parts.slice(0, 1),
    }],
    ["have", { type: "have", stream: 1, count: 300 }],
    ["delivered", {
      type: "delivered",
      log: LOG,
      members: 4,
      steps: [{ number: 2, holders: 4 }, { number: 3, holders: 1 }],
    }],
    ["member here", { type: "member", state: 1, author }],
    ["missed", { type: "missed", count: 214 }],
    ["floor", { type: "floor", ...name, floor: 1_000 }],
    ["refused", { type: "refused", code: 1, text: "no" }],
    ["notice", { type: "notice", code: 3, text: "slower, please" }],
    ["leave", { type: "leave" }],
    ["private", { type: "private", parent: room, author }],
    ["privates", { type: "privates", authors: [author, head] }],
    ["peers", {
      type: "peers",
      peers: [
        { tag: LOG, address: { host: "192.0.2.1", port: 2410 } },
        { tag: LOG, address: { host: "2001:db8::7", port: 40_000 } },
      ],
    }],
  ];
  return all.map(([title, record]) => ({ name: title, bytes: toHex(encodeRoom(record)) }));
}

/** Rooms of two, being away, and beacons. */
function twoJson(ann: Identity, lobby: Uint8Array, key: RoomKey): object {
  const bob = makeIdentity(seed("bob identity")), bobStatic = keyPair(seed("bob static"));
  const annStatic = keyPair(seed("ann static")), instance = seed("ann instance").slice(0, 8);
  const room = privateRoomNumber(lobby, ann.publicKey, bob.publicKey);
  const plain = encodeBody({ kind: "text", text: "only you" });
  const sealed = new PrivateKey({
    room,
    own: ann.publicKey,
    ownStatic: annStatic,
    otherStatic: () => bobStatic.publicKey,
  }).seal(ann.publicKey, LOG, () => seed("private ephemeral"), plain);
  const away = (number: Uint8Array, seal: RoomKey | undefined): string => {
    const random = (size: number): Uint8Array => seed("presence nonce").slice(0, size);
    const said = new Away({ identity: ann, room: number, seal, random, wall: () => TIME });
    said.set("lunch", 0);
    return toHex(said.due(0) ?? new Uint8Array(0));
  };
  const sum = seed("sum");
  return {
    other: { identity: toHex(bob.publicKey), static_private: toHex(seed("bob static")) },
    talk_room: toHex(talkRoomNumber(ann.publicKey, bob.publicKey)),
    private_room: toHex(room),
    ephemeral_private: toHex(seed("private ephemeral")),
    plain: toHex(plain),
    body: toHex(sealed),
    away_open: away(lobby, undefined),
    away_sealed: away(key.room, key),
    beacon: {
      tag: toHex(instance),
      sum: toHex(sum),
      bytes: toHex(encodeBeacon({
        leaving: false,
        tag: instance,
        port: 2410,
        room: roomTag(lobby, instance),
        digest: digestOf(lobby, instance, sum),
      })),
    },
  };
}

/** All vectors of rooms. */
export function makeRoomVectors(): { readonly [part: string]: unknown } {
  const ann = makeIdentity(seed("ann identity")), relay = makeIdentity(seed("relay identity"));
  const secret = seed("room secret"), key = new RoomKey(secret), lobby = openRoomNumber("lobby");
  const open = log(ann, lobby, undefined);
  const entries = open.map(({ entry }) => entry), head = open.at(-1)?.id ?? NO_ENTRY;
  return {
    about: "Test vectors of docs/PROTOCOL.md, Rooms. Byte strings are hexadecimal.",
    author: { seed: toHex(seed("ann identity")), identity: toHex(ann.publicKey), log: toHex(LOG) },
    relay: { identity: toHex(relay.publicKey), hash: toHex(relayHash(relay.publicKey)) },
    open_room: { name: "lobby", room: toHex(lobby), entries: logJson(open) },
    secret_room: {
      secret: toHex(secret),
      room: toHex(key.room),
      entries: logJson(log(ann, key.room, key)),
    },
    two: twoJson(ann, lobby, key),
    link: formatLink({
      host: "relay.example",
      port: 4_000,
      room: "tea&käse",
      secret,
      relay: relayHash(relay.publicKey),
    }),
    records: records(lobby, ann.publicKey, entries, head),
  };
}

if (import.meta.main) {
  const text = JSON.stringify(makeRoomVectors(), undefined, 2);
  await Deno.writeTextFile(new URL("rooms.json", import.meta.url), `${text}\n`);
}
