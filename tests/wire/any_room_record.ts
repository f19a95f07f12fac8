/**
 * Random records of rooms, one maker for each type.
 *
 * @module
 */

import type { Random } from "../../lib/net/random.ts";
import { MAX_VARINT } from "../../lib/wire/bytes.ts";
import type { RunPart } from "../../lib/wire/entry.ts";
import {
  type LogHeld,
  MAX_HOLD_RANGES,
  MAX_ROOM_NAME_BYTES,
  MAX_TEXT_BYTES,
  type RoomRecord,
} from "../../lib/wire/room.ts";
import { randomBytes } from "../crypto/bytes.ts";

function integer(random: Random, most = MAX_VARINT): number {
  return Math.min(most, Math.floor(random() * 2 ** Math.floor(random() * 54)));
}

function text(random: Random, most: number): string {
  const letters = ["a", "\u00e4", "\u65e5", "\u{1f600}", "\ufeff", "\0", "\n"];
  const length = Math.floor(random() * most / 4);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

function logName(random: Random): { author: Uint8Array; log: Uint8Array } {
  return { author: randomBytes(random, 32), log: randomBytes(random, 8) };
}

/** What somebody holds of some log. */
export function logHeld(random: Random): LogHeld {
  const floor = integer(random, 2 ** 40), ranges = [];
  let before = floor;
  for (let count = random() ** 3 * MAX_HOLD_RANGES; count >= 1; count--) {
    const first = before + 1 + integer(random, 2 ** 40), last = first + integer(random, 2 ** 40);
    ranges.push({ first, last });
    before = last;
  }
  const head = randomBytes(random, ranges.length > 0 ? 32 : 0);
  return { ...logName(random), floor, head, ranges };
}

function part(random: Random): RunPart {
  const clock = integer(random), time = Math.floor(clock / 1_024) + Math.floor(random() * 900);
  const body = randomBytes(random, Math.floor(random() ** 4 * 200));
  return { clock, time, body, signature: randomBytes(random, 64) };
}

/** A random record of each type. */
export const MAKERS: Readonly<Record<RoomRecord["type"], (random: Random) => RoomRecord>> = {
  room: (random) => ({ type: "room", room: randomBytes(random, 32) }),
  join: (random) => ({ type: "join", name: text(random, MAX_ROOM_NAME_BYTES) }),
  hold: (random) => ({
    type: "hold",
    last: random() < 0.5,
    logs: Array.from({ length: random() * 5 }, () => logHeld(random)),
  }),
  want: (random) => {
    const first = 1 + integer(random, 2 ** 50);
    return { type: "want", ...logName(random), first, last: first + integer(random, 2 ** 50) };
  },
  entries: (random) => ({
    type: "entries",
    history: random() < 0.5,
    ...logName(random),
    first: 1 + integer(random, 2 ** 52),
    previous: randomBytes(random, 32),
    parts: Array.from({ length: 1 + random() * 6 }, () => part(random)),
  }),
  have: (random) => ({ type: "have", stream: random() * 256 & 255, count: integer(random) }),
  delivered: (random) => ({
    type: "delivered",
    log: randomBytes(random, 8),
    members: integer(random),
    steps: Array.from(
      { length: random() * 9 },
      () => ({ number: integer(random), holders: integer(random) }),
    ),
  }),
  member: (random) => ({
    type: "member",
    state: random() * 256 & 255,
    author: randomBytes(random, 32),
  }),
  missed: (random) => ({ type: "missed", count: integer(random) }),
  floor: (random) => ({ type: "floor", ...logName(random), floor: integer(random) }),
  refused: (random) => ({ type: "refused", code: 5, text: text(random, MAX_TEXT_BYTES) }),
  notice: (random) => ({ type: "notice", code: 255, text: text(random, MAX_TEXT_BYTES) }),
  leave: () => ({ type: "leave" }),
  private: (random) => ({
    type: "private",
    parent: randomBytes(random, 32),
    author: randomBytes(random, 32),
  }),
  peers: (random) => ({
    type: "peers",
    peers: Array.from({ length: random() * 5 }, () => ({
      tag: randomBytes(random, 8),
      address: {
        host: random() < 0.5 ? `192.0.2.${random() * 256 & 255}` : "2001:db8::7",
        port: 1 + (random() * 65_535 & 65_535) % 65_535,
      },
    })),
  }),
  privates: (random) => ({
    type: "privates",
    authors: Array.from({ length: random() * 9 }, () => randomBytes(random, 32)),
  }),
};
