/** What a sync does with another side that lies, floods, is slow, or does not answer at all. */

import { assert, assertEquals, assertLess } from "@std/assert";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { MAX_HELD_LOGS } from "../../lib/chat/room.ts";
import { HISTORY, LIVE } from "../../lib/chat/sync.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import type { LogHeld } from "../../lib/wire/room.ts";
import { author, chain, short, WALL } from "./authors.ts";
import { hashes, held, settle, SyncEnd } from "./sync_pair.ts";

const ANN = author(1), ANN_ELSEWHERE = author(1, 2), RELAY = author(2), BOB = author(3);
const LOG = chain(BOB, 60);
/** Beyond 2 MiB, what is kept is forgotten by the tape. */
const LONG = chain(BOB, 40, { fields: () => ({ body: new Uint8Array(65_000) }) });
/** As lib/chat/sync.ts has them. */
const MAX_FLYING = 1_024, MAX_ASKED = 1_024, AHEAD_BYTES = 131_072, BATCH = 128;
const MAX = Number.MAX_SAFE_INTEGER;

function pair(
  caller: readonly CheckedEntry[],
  callee: readonly CheckedEntry[],
): [SyncEnd, SyncEnd] {
  const ann = new SyncEnd(ANN, RELAY, true), relay = new SyncEnd(RELAY, ANN, false);
  ann.holds(caller);
  relay.holds(callee);
  return [ann, relay];
}

function heldOf(by: typeof ANN, first: number, last: number): LogHeld {
  const { author, log } = by;
  return { author, log, floor: 0, head: author, ranges: [{ first, last }] };
}

Deno.test("have() believes no number that is too large, and none that goes back", () => {
  const [, relay] = pair([], LOG);
  relay.sync.hold([], true);
  relay.sync.pump();
  const first = relay.sync.flying;
  assert(first > 0);
  assertEquals(relay.sync.have(LIVE, 0), []);
  assertEquals(relay.sync.have(2, 5), []);
  assertEquals(relay.sync.have(255, MAX), []);
  assertEquals(relay.sync.flying, first);
  const kept = [...relay.sync.have(LIVE, MAX), ...relay.sync.have(HISTORY, MAX)];
  assertEquals(relay.sync.flying, 0);
  assertEquals(hashes(kept), relay.sent().sort(), "no more than was sent, each once");
  for (const count of [MAX, first, 1, 0]) assertEquals(relay.sync.have(LIVE, count), []);
  const [next] = chain(ANN_ELSEWHERE, 1);
  assert(next);
  relay.hear(next);
  relay.commit();
  assertEquals(relay.sync.flying, 1, "what is sent afterwards is not kept yet");
  assertEquals(relay.sync.have(LIVE, first - 1), []);
});

Deno.test("have() goes by streams: what is kept of one says nothing of the other", () => {
  const [ann, relay] = pair([], LOG);
  relay.sync.hold([], true);
  relay.sync.pump();
  const live = relay.sent(LIVE), history = relay.sent(HISTORY);
  assert(live.length > 0 && history.length > 0);
  assertEquals(hashes(relay.sync.have(HISTORY, MAX)), history.sort());
  assertEquals(hashes(relay.sync.have(LIVE, MAX)), live.sort());
  assertEquals(ann.sent(), []);
});

Deno.test("Sync holds back from who never says HAVE, and goes on when they do", () => {
  const [ann, relay] = pair([], []), entries = chain(BOB, MAX_FLYING + 300);
  ann.sync.begin();
  settle(ann, relay);
  for (const each of entries) {
    relay.hear(each);
    relay.commit();
    // It arrives, and is not kept.
    for (const stream of [LIVE, HISTORY] as const) ann.read(relay, stream, Infinity);
  }
  assert(relay.sync.flying <= MAX_FLYING + BATCH, `${relay.sync.flying} on their way`);
  assert(!relay.sync.caughtUp);
  settle(ann, relay);
  assertEquals([relay.sync.flying, relay.sync.caughtUp], [0, true]);
  assertEquals(relay.sent().sort(), hashes(entries), "each once");
  assertEquals(held(ann), hashes(entries));
});

Deno.test("Sync holds back large entries from who never says HAVE, by their bytes", () => {
  const [ann, relay] = pair([], LONG), most = 1_048_576;
  ann.sync.begin();
  settle(ann, relay);
  relay.holds(chain(ANN_ELSEWHERE, 40, { fields: () => ({ body: new Uint8Array(65_000) }) }));
  for (let turn = 0; turn < 60; turn++) {
    for (const stream of [LIVE, HISTORY] as const) ann.read(relay, stream, Infinity);
    relay.sync.pump();
  }
  assert(relay.sync.flying * 65_000 < most + 131_072, `${relay.sync.flying} on their way`);
  settle(ann, relay);
  assertEquals([relay.sync.flying, held(ann)], [0, held(relay)]);
});

Deno.test("Sync writes little ahead of a session that takes nothing, and sends nothing back", () => {
  const [ann, relay] = pair([], []), bob = chain(BOB, 30), mine = chain(ANN_ELSEWHERE, 30);
  ann.sync.begin();
  settle(ann, relay);
  relay.full = true;
  for (let at = 0; at < 30; at++) {
    ann.hear(...mine.slice(at, at + 1));
    ann.commit();
    relay.read(ann, LIVE, Infinity);
    relay.hear(...bob.slice(at, at + 1));
    relay.commit();
  }
  assertEquals(relay.sent(), [], "nothing while it is full");
  relay.full = false;
  relay.sync.pump();
  assertEquals(relay.sent(), bob.map(({ id }) => short(id)), "what came from there stays here");
  settle(ann, relay);
  assertEquals(held(ann), held(relay));
});

Deno.test("want() beyond what is held gives what is held, and ends", () => {
  const [, relay] = pair([], LOG.slice(9, 50));
  relay.sync.hold(LOG.length > 0 ? [heldOf(BOB, 10, 50)] : [], true);
  assertEquals(relay.sent(), []);
  relay.sync.want(BOB, 1, MAX);
  relay.sync.want(ANN, 1, MAX);
  relay.sync.want(BOB, 51, 52);
  relay.sync.want(BOB, MAX, MAX);
  relay.sync.want(BOB, 20, 20);
  relay.sync.pump();
  const all = LOG.slice(9, 50).map(({ id }) => short(id));
  assertEquals(relay.sent(HISTORY), [...all, all[10]]);
  assertEquals([relay.sent(LIVE), relay.sync.caughtUp], [[], true]);
});

Deno.test("want() of more than is read at once gives all of it, in order", () => {
  const entries = chain(BOB, 2 * BATCH + 9), [, relay] = pair([], entries);
  relay.sync.hold([heldOf(BOB, 1, MAX)], true);
  relay.sync.want(BOB, 2, MAX);
  relay.sync.want(BOB, 1, BATCH + 1);
  relay.sync.pump();
  const all = entries.map(({ id }) => short(id));
  assertEquals(relay.sent(), [...all.slice(1), ...all.slice(0, BATCH + 1)]);
});

Deno.test("want() is remembered 1,024 times", () => {
  const [, relay] = pair([], LOG);
  relay.sync.hold([heldOf(BOB, 1, 60)], true);
  relay.full = true;
  for (let count = 0; count < 20_000; count++) relay.sync.want(BOB, 7, 7);
  relay.full = false;
  for (let round = 0; round < 1_000; round++) {
    relay.sync.pump();
    relay.sync.have(HISTORY, MAX);
    relay.wire[HISTORY] = new Uint8Array(0);
  }
  assertEquals(relay.sent().length, 1_024);
});

Deno.test("hold() refuses more logs than there can be, however they come", () => {
  const logs = Array.from({ length: MAX_HELD_LOGS + 1 }, (_, at) => {
    const log = new Uint8Array(8);
    new DataView(log.buffer).setUint32(0, at);
    return { ...heldOf(BOB, 1, 1), log };
  });
  const [, relay] = pair([], []), [, other] = pair([], []);
  assertEquals(relay.sync.hold(logs, true), false);
  for (let at = 0; at < MAX_HELD_LOGS; at += 1_024) {
    assert(other.sync.hold(logs.slice(at, Math.min(at + 1_024, MAX_HELD_LOGS)), false));
  }
  assert(other.sync.hold(logs.slice(0, 10), false), "the same again");
  assertEquals(other.sync.hold(logs.slice(-1), false), false);
  assertEquals(other.written.flat(), [], "nothing was said before the last");
});

Deno.test("hold() refuses more ranges than anybody has, in however few logs", () => {
  const ranges = Array.from({ length: 64 }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 }));
  const [, relay] = pair([], []);
  const hold = (at: number): boolean => {
    const log = new Uint8Array(8);
    new DataView(log.buffer).setUint32(0, at);
    return relay.sync.hold([{ ...heldOf(BOB, 1, 1), log, ranges }], false);
  };
  for (let at = 0; at < 1_024; at++) assert(hold(at));
  assertEquals(hold(1_024), false);
});

Deno.test("hold() that lies makes 1,024 requests at most, and no more entries than there are", () => {
  const pieces = Array.from({ length: 64 }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 }));
  const logs = Array.from({ length: 40 }, (_, at) => (
    { ...heldOf(BOB, 1, 1), log: new Uint8Array(8).fill(at + 50), ranges: pieces }
  ));
  const [, relay] = pair([], LOG);
  assert(relay.sync.hold([...logs, heldOf(BOB, 30, MAX)], true));
  const wants = relay.written[LIVE].filter(({ type }) => type === "want");
  assertEquals(wants.length, MAX_ASKED);
  relay.sync.pump();
  assertEquals(relay.sent().sort(), hashes(LOG.slice(0, 29)));
  const [, second] = pair([], LOG);
  second.sync.hold([heldOf(BOB, 1, MAX)], true);
  const { author, log } = BOB;
  const want = second.written[LIVE].find(({ type }) => type === "want");
  assertEquals(want, { type: "want", author, log, first: 61, last: MAX });
});

Deno.test("hold() is an answer to who has called: they send what is their own, and nothing else", () => {
  const mine = chain(ANN, 9), [ann] = pair(LOG, []);
  // One by one, as they are said: a run on the tape is sent as a whole.
  for (const each of mine) ann.holds([each]);
  ann.sync.begin();
  ann.sync.pump();
  assertEquals(ann.sent(), [], "it is not known yet what is held there");
  assert(ann.sync.hold([heldOf(ANN, 1, 4)], true));
  ann.sync.pump();
  assertEquals(ann.sent(), mine.slice(4).map(({ id }) => short(id)));
  const [bob, relay] = pair(LOG, []);
  bob.sync.begin();
  settle(bob, relay);
  assertEquals(held(relay), hashes(LOG), "what is not their own is asked for");
});

Deno.test("begin() says what is held in as many records as it takes, and is understood", () => {
  const many = Array.from({ length: 300 }, (_, at) => chain(author(at & 63, 1 + (at >> 6)), 1))
    .flat();
  const [ann, relay] = pair(many, many);
  ann.sync.begin();
  const holds = ann.written[LIVE].flatMap((each) => each.type === "hold" ? [each] : []);
  assertLess(1, holds.length);
  assertEquals(holds.map(({ last }) => last).lastIndexOf(false), holds.length - 2);
  assertEquals(holds.flatMap(({ logs }) => logs).length, 300);
  settle(ann, relay);
  assertEquals([ann.sent(), relay.sent()], [[], []]);
});

Deno.test("Sync asks for nothing and sends nothing that was let go, and says so", () => {
  const [ann, relay] = pair([], LOG), { author, log } = BOB;
  relay.room.trimmed([{ author, log, floor: 20 }]);
  relay.store.entries = relay.store.entries.filter(({ entry }) => entry.number > 20);
  ann.sync.begin();
  settle(ann, relay);
  assertEquals(held(ann), hashes(LOG.slice(20)));
  assertEquals(ann.missed, 40);
  const floors = relay.written[LIVE].filter(({ type }) => type === "floor");
  assertEquals(floors, [{ type: "floor", author, log, floor: 20 }]);
  for (const calls of [true, false]) {
    const [caller, callee] = calls ? pair(LOG.slice(20), LOG) : pair(LOG, LOG.slice(20));
    (calls ? caller : callee).room.trimmed([{ author, log, floor: 20 }]);
    caller.sync.begin();
    settle(caller, callee);
    assertEquals([caller.sent(), callee.sent()], [[], []], "what was let go is not wanted");
  }
});

Deno.test("Sync sends the newest by their clocks, whatever order they have in their logs", () => {
  const backwards = chain(BOB, 60, {
    fields: (number) => ({ clock: (WALL + 100 - number) * CLOCK_STEPS }),
  });
  const [ann, relay] = pair([], backwards);
  ann.sync.begin();
  settle(ann, relay);
  assertEquals(relay.sent(LIVE), backwards.slice(0, 50).reverse().map(({ id }) => short(id)));
  assertEquals(held(ann), held(relay));
});

Deno.test({
  name: "hold() again and again does not make more and more be on the way",
  fn: () => {
    const [, relay] = pair([], LOG);
    for (let count = 0; count < 300; count++) relay.sync.hold([], true);
    const bytes = relay.wire[LIVE].length + relay.wire[HISTORY].length;
    assert(relay.sync.flying <= MAX_FLYING + BATCH, `${relay.sync.flying} on their way`);
    assertLess(bytes, 2 * AHEAD_BYTES);
  },
});

Deno.test({
  name: "Sync writes not much more than 128 KiB ahead of the session",
  fn: () => {
    const [, relay] = pair([], LONG);
    relay.sync.hold([heldOf(BOB, 1, 40)], true);
    relay.sync.want(BOB, 1, 40);
    relay.sync.pump();
    assertLess(relay.wire[HISTORY].length, 2 * AHEAD_BYTES);
  },
});

Deno.test({
  name: "Sync tells who was slow what they said themselves with another program",
  fn: () => {
    const [ann, relay] = pair([], []), elsewhere = chain(ANN_ELSEWHERE, 3);
    ann.sync.begin();
    settle(ann, relay);
    relay.full = true;
    for (const each of [...elsewhere, ...LONG]) {
      relay.hear(each);
      relay.commit();
    }
    relay.full = false;
    settle(ann, relay);
    assertEquals(held(ann), held(relay));
  },
});

Deno.test({
  name: "Sync sends nothing twice to who was slow",
  fn: () => {
    const [ann, relay] = pair([], []),
      fields = (): { body: Uint8Array } => ({
        body: new Uint8Array(2_000),
      });
    const entries = chain(BOB, 1_300, { fields });
    ann.sync.begin();
    settle(ann, relay);
    relay.full = true;
    for (let at = 0; at < entries.length; at += 97) {
      relay.hear(...entries.slice(at, at + 97));
      relay.commit();
    }
    relay.full = false;
    settle(ann, relay);
    assertEquals(held(ann), held(relay));
    assertEquals(relay.sent().length, entries.length);
  },
});
