/** What passes for a proof that somebody signed two entries of one number, and when one is sent. */

import { assert, assertEquals } from "@std/assert";
import { HybridClock } from "../../lib/chat/clock.ts";
import { holdingsSum } from "../../lib/chat/digest.ts";
import type { CheckedEntry, StoredEntry } from "../../lib/chat/entry_store.ts";
import { Flight } from "../../lib/chat/flight.ts";
import { Proofs } from "../../lib/chat/proofs.ts";
import { Room } from "../../lib/chat/room.ts";
import { encodeRuns } from "../../lib/chat/runs.ts";
import { equal } from "../../lib/crypto/hash.ts";
import { roomReader } from "../../lib/wire/room.ts";
import { MemoryStore } from "../support/memory_store.ts";
import { type Author, author, chain, keep, ROOM, runOf, signed } from "./authors.ts";
import { utf8 } from "../crypto/bytes.ts";

const EVE = author(4);
const COMMON = chain(EVE, 3), AFTER = { after: COMMON[2] };
const ONE = chain(EVE, 3, AFTER);
const OTHER = chain(EVE, 2, { ...AFTER, fields: () => ({ body: utf8("another") }) });

interface Place {
  readonly room: Room;
  readonly store: MemoryStore;
  readonly proofs: Proofs;
}

function place(...entries: readonly CheckedEntry[]): Place {
  const store = new MemoryStore(), room = new Room(ROOM, store, new HybridClock());
  keep(room, store, entries);
  return { room, store, proofs: new Proofs(room, store, author(9).author) };
}

function half(
  entries: readonly CheckedEntry[],
  at: number,
  history = true,
): ReturnType<typeof runOf> {
  return runOf(entries.slice(at, at + 1), history);
}

/** The numbers of the two entries that were found out. */
function found({ proofs }: Place, ...runs: readonly ReturnType<typeof runOf>[]): number[] {
  return runs.flatMap((run) => {
    const fork = proofs.heard(1, run);
    return fork ? [fork.held.entry.number, fork.other.entry.number] : [];
  });
}

Deno.test("heard() needs nothing but the two entries, one right after the other", () => {
  for (const held of [COMMON, [...COMMON, ...ONE], [...COMMON, ...OTHER], ONE.slice(2)]) {
    assertEquals(found(place(...held), half(ONE, 0), half(OTHER, 0)), [4, 4]);
    assertEquals(found(place(...held), half(OTHER, 1), half(ONE, 1)), [5, 5]);
  }
  const trimmed = place(...COMMON, ...ONE);
  trimmed.room.trimmed([{ ...EVE, floor: 5 }]);
  assertEquals(found(trimmed, half(ONE, 0), half(OTHER, 0)), [4, 4], "what was let go");
});

Deno.test("heard() takes nothing else for a proof", () => {
  const forged = signed(EVE, { number: 4, body: utf8("?") });
  const broken = { ...forged, entry: { ...forged.entry, signature: new Uint8Array(64) } };
  const elsewhere = chain(author(4, 2), 4).slice(3), [one] = ONE;
  assert(one);
  const pairs = [
    [half(ONE, 0), half(ONE, 0)],
    [half(ONE, 0), half(OTHER, 1)],
    [half(ONE, 0), runOf([broken], true)],
    [runOf([broken], true), half(ONE, 0)],
    [half(ONE, 0), runOf(elsewhere, true)],
    [half(ONE, 0), half(OTHER, 0, false)],
    [half(ONE, 0), runOf(OTHER, true)],
    [half(ONE, 0), half(ONE, 1), half(OTHER, 0)],
  ];
  for (const runs of pairs) assertEquals(found(place(...COMMON), ...runs), []);
  assertEquals(found(place(), half(ONE, 0), half(OTHER, 0)), [], "a log of which nothing is known");
});

/** All that can be sent, as whoever gets it reads it. */
function sent({ proofs }: Place, flight = new Flight()): ReturnType<typeof runOf>[] {
  const reader = roomReader(), runs: ReturnType<typeof runOf>[] = [];
  for (let next = proofs.next(flight); next; next = proofs.next(flight)) {
    for (const { bytes } of next) {
      for (const record of reader.push(bytes)) if (record.type === "entries") runs.push(record);
    }
  }
  return runs;
}

function frozen(by: Author = EVE): Place {
  const [one, other] = [chain(by, 1), chain(by, 1, { fields: () => ({ body: utf8("another") }) })];
  const made = place(...one), [held] = one, [second] = other;
  assert(held && second);
  made.store.freeze(held, second);
  made.room.freeze(by);
  return made;
}

Deno.test("next() gives what heard() takes, once, and not to who has it", () => {
  const here = frozen(), [held] = here.store.entries, there = place();
  assert(held);
  keep(there.room, there.store, [held]);
  here.proofs.addAll(() => true);
  here.proofs.add(EVE);
  const runs = sent(here);
  assertEquals(found(there, ...runs), [1, 1]);
  here.proofs.add(EVE);
  assertEquals([runs.length, sent(here), here.proofs.size], [2, [], 0]);
  there.proofs.add(EVE);
  assertEquals(there.proofs.size, 0, "it came from there");
});

Deno.test("next() waits for what is on its way of that log", () => {
  const here = frozen(), flight = new Flight(), [held] = here.store.entries as [StoredEntry];
  for (const run of encodeRuns([held], true)) flight.add(1, run);
  here.proofs.add(EVE);
  assertEquals([sent(here, flight), here.proofs.size], [[], 1]);
  flight.kept(1, 1);
  assertEquals(sent(here, flight).length, 2);
});

Deno.test("addAll() lets 64 wait, and goes on with the others the next time", () => {
  const here = place();
  for (let log = 1; log <= 100; log++) {
    const by = author(4, log), [one, other] = frozen(by).store.proofs[0] ?? [];
    assert(one && other);
    keep(here.room, here.store, [one]);
    here.store.freeze(one, other);
    here.room.freeze(by);
  }
  for (const count of [64, 36, 0]) {
    here.proofs.addAll(() => true);
    assertEquals(sent(here).length, 2 * count);
  }
});

Deno.test("holdingsSum() of a frozen log is the same whatever is held of it", () => {
  const places = [place(...COMMON, ...ONE), place(...COMMON, ...OTHER), place(...ONE.slice(1))];
  const sums = (): Uint8Array[] => places.map(({ room }) => holdingsSum(room));
  const [one, other] = sums();
  assert(one && other && !equal(one, other));
  for (const { room } of places) room.freeze(EVE);
  for (const sum of sums()) assertEquals(sum, sums()[0]);
  assert(!equal(sums()[0] ?? one, new Uint8Array(32)), "and another than of nothing");
});
