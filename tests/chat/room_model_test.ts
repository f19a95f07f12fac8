/** Runs in any order, true and false ones, kept at once or later or never, against a slow model. */

import { assert, assertEquals } from "@std/assert";
import { HybridClock } from "../../lib/chat/clock.ts";
import { checkEntry, NO_ENTRY } from "../../lib/chat/entry.ts";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { logKey } from "../../lib/chat/log.ts";
import { Room } from "../../lib/chat/room.ts";
import { equal } from "../../lib/crypto/hash.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import type { Run } from "../../lib/wire/room.ts";
import { utf8 } from "../crypto/bytes.ts";
import { MemoryStore } from "../support/memory_store.ts";
import { assertChained, author, chain, keep, ROOM, runOf, signed, WALL } from "./authors.ts";
import { SlowRoom } from "./slow_room.ts";

const ANN = author(1), BOB = author(2);

/** The true history of each, and another one of the same author from the middle on. */
const HISTORIES = [ANN, BOB].map((by) => {
  const main = chain(by, 24), fields = (): { body: Uint8Array } => ({ body: utf8("another") });
  return { main, other: chain(by, 12, { after: main[9], fields }) };
});
const BAD_FIRST = [ANN, BOB].map((by) => signed(by, { previous: new Uint8Array(32).fill(1) }));
const ALL = [...HISTORIES.flatMap(({ main, other }) => [...main, ...other]), ...BAD_FIRST];

function open(store: MemoryStore): Room {
  return new Room(ROOM, store, new HybridClock());
}

function anyRun(random: Random, equivocates: boolean): Run {
  const who = Math.floor(random() * 2), { main, other } = HISTORIES[who] ?? { main: [], other: [] };
  const bad = BAD_FIRST[who], kind = random();
  if (kind < 0.02 && bad) return runOf([bad]);
  const from = equivocates && random() < 0.1 ? other : main;
  const first = Math.floor(random() * from.length), count = 1 + Math.floor(random() * 7);
  const run = runOf(from.slice(first, first + count), random() < 0.5);
  if (kind < 0.7) return run;
  const at = Math.floor(random() * run.parts.length), parts = [...run.parts], part = parts[at];
  if (!part) return run;
  if (kind < 0.8) parts[at] = { ...part, signature: new Uint8Array(64).fill(at) };
  else if (kind < 0.9) parts[at] = { ...part, body: utf8("forged") };
  else if (kind < 0.95) parts[at] = { ...part, clock: part.clock + 1 };
  else return { ...run, previous: new Uint8Array(32).fill(5) };
  return { ...run, parts };
}

/** Runs in any order, true and false ones, kept at once or later or never, against the slow model. */
function storm(seed: number, equivocates: boolean, late: boolean, seen = new Set<string>()): void {
  const random = seededRandom(seed), where = `seed ${seed}`, slow = new SlowRoom(ALL);
  const store = new MemoryStore();
  let room = open(store), waiting: CheckedEntry[] = [];
  const keepAll = (): void => {
    keep(room, store, waiting);
    for (const { entry } of waiting) {
      const held = slow.log(entry).get(entry.number);
      if (held) held.kept = true;
    }
    waiting = [];
  };
  for (let step = 0; step < 60; step++) {
    const run = anyRun(random, equivocates), wanted = slow.take(run);
    let got = room.take(run, WALL);
    const fresh = [...got.fresh];
    waiting.push(...got.fresh);
    if (got.unsettled) {
      keepAll();
      got = room.take(run, WALL);
      assert(!got.unsettled, where);
      fresh.push(...got.fresh);
      waiting.push(...got.fresh);
    }
    const fork = got.fork !== undefined, numbers = fresh.map(({ entry }) => entry.number);
    for (const [what, became] of Object.entries(wanted)) if (became) seen.add(what);
    const outcome = { fresh: numbers, forged: got.forged, fork, disputed: got.disputed };
    assertEquals(outcome, wanted, `${where}, step ${step}`);
    if (got.fork) {
      const { held, other } = got.fork;
      assert(checkEntry(held.entry) && checkEntry(other.entry) && !equal(held.id, other.id));
      room.freeze(run);
      store.freeze(held, other);
      slow.frozen.add(logKey(run));
    }
    const what = late ? random() : 0;
    if (what < 0.5) {
      keepAll();
    } else if (what < 0.6) {
      room.dropped(waiting);
      for (const { entry } of waiting) slow.log(entry).delete(entry.number);
    } else if (what > 0.65) continue;
    else {
      room = open(store); // The program starts again.
      for (const { entry } of waiting) slow.log(entry).delete(entry.number);
    }
    waiting = [];
    for (const { main: [first] } of HISTORIES) {
      const log = first && room.log(first.entry), kept = first ? slow.kept(first.entry) : [];
      const held = log?.held.ranges.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at)
      );
      assertEquals(held ?? [], kept, `${where}, step ${step}`);
      assertEquals([log?.last ?? 0, log?.count ?? 0], [kept.at(-1) ?? 0, kept.length]);
      const [head] = log ? store.range(ROOM, log.name, log.last, log.last, 1) : [];
      assert(equal(log?.head ?? NO_ENTRY, head?.id ?? NO_ENTRY), where);
    }
    assertEquals(room.last, store.entries.at(-1)?.seq ?? 0);
  }
  assertChained(store, where);
}

Deno.test("take() does what a slow model does, kept late or never, for 150 seeds", () => {
  for (let seed = 0; seed < 150; seed++) storm(seed, false, true);
});

Deno.test("take() does what a slow model does with authors of two histories, for 150 seeds", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 150; seed++) storm(seed, true, false, seen);
  assertEquals([...seen].sort(), ["disputed", "forged", "fork", "fresh"], "all of it has happened");
});

Deno.test("take() does what a slow model does with authors of two histories, kept late, for 150 seeds", () => {
  for (let seed = 0; seed < 150; seed++) storm(seed, true, true);
});
