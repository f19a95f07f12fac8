import { assert, assertEquals } from "@std/assert";
import { HybridClock } from "../../lib/chat/clock.ts";
import { checkEntry, NO_ENTRY } from "../../lib/chat/entry.ts";
import type { CheckedEntry, LogState } from "../../lib/chat/entry_store.ts";
import { MAX_GAPS, MAX_LOGS, Room, type Taken } from "../../lib/chat/room.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { encodeRoom } from "../../lib/wire/room.ts";
import { utf8 } from "../crypto/bytes.ts";
import { MemoryStore } from "../support/memory_store.ts";
import { assertChained, author, chain, keep, ROOM, runOf, signed, WALL } from "./authors.ts";

const ANN = author(1), BOB = author(2), EVE = author(66);

function open(store: MemoryStore = new MemoryStore()): { room: Room; store: MemoryStore } {
  return { room: new Room(ROOM, store, new HybridClock()), store };
}

/** Takes and keeps at once. */
function take(room: Room, store: MemoryStore, ...entries: readonly CheckedEntry[]): Taken {
  const taken = room.take(runOf(entries), WALL);
  keep(room, store, taken.fresh);
  return taken;
}

function numbers({ fresh }: Taken): number[] {
  return fresh.map(({ entry }) => entry.number);
}

/** What Ann said, and what she said instead from number 11 on. */
const MAIN = chain(ANN, 24);
const OTHER = chain(ANN, 12, { after: MAIN[9], fields: () => ({ body: utf8("another") }) });

Deno.test("take() waits with what does not fit what is not kept yet, and knows it once that is", () => {
  const { room, store } = open(), [first, second] = chain(EVE, 2), other = signed(EVE, { time: 5 });
  assert(first && second);
  const { fresh } = room.take(runOf([second]), WALL);
  assertEquals(room.take(runOf([other]), WALL), { fresh: [], forged: false, unsettled: true });
  const forged = { ...other.entry, signature: first.entry.signature };
  assertEquals(room.take(runOf([{ ...other, entry: forged }]), WALL), { fresh: [], forged: true });
  keep(room, store, fresh);
  assertEquals(take(room, store, other), { fresh: [], forged: false, disputed: 2 });
  const again = room.take(runOf([first]), WALL);
  assertEquals(room.take(runOf([other]), WALL), { fresh: [], forged: false, unsettled: true });
  keep(room, store, again.fresh);
  assertEquals(room.take(runOf([other]), WALL).fork?.held.id, first.id);
  assertChained(store, "what does not fit is not kept");
});

Deno.test("take() ends with all entries, in whatever order they come, for 100 seeds", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(seed), { room, store } = open();
    const order = MAIN.map((each) => ({ each, at: random() })).sort((a, b) => a.at - b.at);
    for (const { each } of order) take(room, store, each);
    assertEquals(room.log(ANN)?.held.ranges, [{ first: 1, last: 24 }]);
    assertChained(store, `seed ${seed}`);
  }
});

Deno.test("take() stops a run at the first entry that its author did not sign", () => {
  const { room } = open(), run = runOf(MAIN.slice(0, 5));
  const parts = run.parts.map((part, at) => at === 2 ? { ...part, time: 1 } : part);
  const taken = room.take({ ...run, parts }, WALL);
  assertEquals([numbers(taken), taken.forged], [[1, 2], true]);
  const byBob = room.take({ ...run, author: BOB.author }, WALL);
  assertEquals([numbers(byBob), byBob.forged], [[], true]);
  const elsewhere = new Room(new Uint8Array(32), new MemoryStore(), new HybridClock());
  assert(elsewhere.take(run, WALL).forged, "said in another room");
});

Deno.test("take() refuses a number 1 that follows something", () => {
  const { room } = open(), bad = signed(ANN, { previous: new Uint8Array(32).fill(1) });
  assert(checkEntry(bad.entry));
  assertEquals(room.take(runOf([bad]), WALL), { fresh: [], forged: true });
  assertEquals(room.size, 0, "nothing is left of it");
});

Deno.test("take() names the neighbour that does not fit, before and after, and takes nothing", () => {
  const [eleventh, twelfth] = OTHER;
  assert(eleventh && twelfth);
  const before = open(), after = open();
  take(before.room, before.store, ...MAIN.slice(0, 11));
  assertEquals(take(before.room, before.store, twelfth), {
    fresh: [],
    forged: false,
    disputed: 11,
  });
  take(after.room, after.store, ...MAIN.slice(11));
  assertEquals(take(after.room, after.store, eleventh), { fresh: [], forged: false, disputed: 12 });
  const proof = take(before.room, before.store, eleventh);
  assertEquals([proof.fork?.held.id, proof.fork?.other.id], [MAIN[10]?.id, eleventh.id]);
});

Deno.test("freeze() ends a log: nothing is taken of it any more, here and after a restart", () => {
  const { room, store } = open();
  take(room, store, ...MAIN.slice(0, 12));
  const { fork } = take(room, store, ...OTHER.slice(0, 1));
  assert(fork);
  room.freeze(fork.held.entry);
  store.freeze(fork.held, fork.other);
  for (const each of [room, open(store).room]) {
    assertEquals(each.take(runOf(MAIN.slice(12)), WALL), { fresh: [], forged: false });
    assertEquals(each.take(runOf(OTHER), WALL), { fresh: [], forged: false });
  }
  assertEquals(numbers(take(room, store, ...chain(BOB, 3))), [1, 2, 3], "others go on");
});

Deno.test("take() calls no fork what its author did not sign, or what is signed twice", () => {
  const { room, store } = open(),
    run = runOf(MAIN.slice(0, 3));
  take(room, store, ...MAIN.slice(0, 3));
  const forged = run.parts.map((part, at) => at === 1 ? { ...part, body: utf8("no") } : part);
  assertEquals(room.take({ ...run, parts: forged }, WALL), { fresh: [], forged: true });
  const parts = run.parts.map((part) => ({ ...part, signature: new Uint8Array(64) }));
  assertEquals(room.take({ ...run, parts }, WALL), { fresh: [], forged: false }, "held already");
});

Deno.test("dropped() lets entries come again", () => {
  const { room, store } = open(), run = runOf(MAIN);
  const { fresh } = room.take(run, WALL);
  assertEquals(room.take(run, WALL).fresh, [], "pending");
  room.dropped(fresh);
  assertEquals(numbers(take(room, store, ...MAIN)).length, MAIN.length);
  assertEquals(room.take(run, WALL).fresh, [], "kept");
});

Deno.test("take() takes no more than 64 pieces of a log, and what joins them", () => {
  const { room, store } = open(), entries = chain(EVE, 2 * MAX_GAPS + 8);
  for (const each of entries) if (each.entry.number % 2 === 1) take(room, store, each);
  const log = room.log(EVE);
  assertEquals([log?.held.ranges.length, log?.last], [MAX_GAPS, 2 * MAX_GAPS - 1]);
  assertEquals(numbers(take(room, store, ...entries.slice(2 * MAX_GAPS + 1))), []);
  assertEquals(
    numbers(take(room, store, ...entries.slice(2 * MAX_GAPS - 1))).length,
    9,
    "at its end",
  );
  assertEquals(numbers(take(room, store, ...entries)).length, MAX_GAPS - 1);
  assertEquals(log?.held.ranges, [{ first: 1, last: entries.length }]);
});

Deno.test({
  name: "take() takes no more than 64 pieces of a log before they are kept",
  fn: () => {
    const { room, store } = open(), waiting: CheckedEntry[] = [];
    for (const each of chain(EVE, 4 * MAX_GAPS)) {
      if (each.entry.number % 2 === 1) waiting.push(...room.take(runOf([each]), WALL).fresh);
    }
    keep(room, store, waiting);
    assertEquals(room.log(EVE)?.held.ranges.length, MAX_GAPS);
  },
});

Deno.test("take() begins no more than 16,384 logs, and goes on with those that it has", () => {
  const store = new MemoryStore(), states: LogState[] = [];
  for (let log = 0; log < MAX_LOGS; log++) {
    const bytes = new Uint8Array(8).fill(log & 255).fill(log >> 8, 0, 1);
    states.push({ ...BOB, log: bytes, floor: 0, ranges: [], head: NO_ENTRY, frozen: false });
  }
  store.logs = () => states;
  const { room } = open(store), known = { ...BOB, log: states[0]?.log ?? NO_ENTRY };
  assertEquals(room.size, MAX_LOGS);
  const refused = { fresh: [], forged: false, refused: true } as const;
  assertEquals(room.take(runOf(chain(ANN, 3)), WALL), refused);
  assertEquals(numbers(room.take(runOf(chain(known, 3)), WALL)), [1, 2, 3]);
  assertEquals(room.size, MAX_LOGS);
});

Deno.test("take() lets newcomers in beside any number of logs that are wholly gone", () => {
  const store = new MemoryStore();
  const states: LogState[] = Array.from({ length: MAX_LOGS }, (_, log) => {
    const bytes = new Uint8Array(8).fill(log & 255).fill(log >> 8, 0, 1);
    return { ...BOB, log: bytes, floor: 1, ranges: [], head: BOB.author, frozen: log % 2 === 0 };
  });
  store.logs = () => states;
  const { room } = open(store);
  assertEquals([room.size, room.isFull()], [MAX_LOGS, false]);
  assertEquals(numbers(take(room, store, ...chain(ANN, 2))), [1, 2]);
  // As many again as there may be, of which something is held.
  const { entry } = signed(EVE);
  for (let seq = 1; seq < MAX_LOGS; seq++) {
    const log = new Uint8Array(8).fill(seq & 255).fill(seq >> 8, 0, 1);
    room.kept([{ entry: { ...entry, log }, id: EVE.author, seq }]);
  }
  assert(room.isFull());
  assert(room.take(runOf(chain(author(3), 1)), WALL).refused);
  room.trimmed([{ author: ANN.author, log: ANN.log, floor: 2, forgotten: true }]);
  assertEquals([room.isFull(), room.log(ANN), room.size], [false, undefined, 2 * MAX_LOGS - 1]);
});

Deno.test("take() follows the clocks that it hears, up to an hour ahead", () => {
  const clocked = (hours: number): CheckedEntry =>
    signed(author(hours), { clock: (WALL + hours * 3_600_000) * CLOCK_STEPS });
  const { room, store } = open();
  for (const hours of [1, 2, 3]) {
    assertEquals(numbers(take(room, store, clocked(hours))), [1], "kept");
  }
  const { entry } = room.say(BOB.identity, BOB.log, utf8("hi"), WALL);
  assertEquals(entry.clock, (WALL + 3_600_000) * CLOCK_STEPS + 1);
});

Deno.test("say() appends to a log of one's own, signed, whether what is before is kept or not", () => {
  const { room, store } = open(), other = open(), said: CheckedEntry[] = [];
  for (let line = 0; line < 6; line++) {
    said.push(room.say(ANN.identity, ANN.log, utf8(`${line}`), WALL + line));
    if (line === 2) keep(room, store, said);
  }
  keep(room, store, said.slice(3));
  said.push(open(store).room.say(ANN.identity, ANN.log, utf8("after a restart"), WALL + 9));
  assertEquals(said.map(({ entry }) => entry.number), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(numbers(other.room.take(runOf(said), WALL)), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(said.map(({ entry }) => entry.time - WALL), [0, 1, 2, 3, 4, 5, 9]);
});

Deno.test("say() says another thing under a number that could not be kept", () => {
  const { room, store } = open();
  keep(room, store, [room.say(ANN.identity, ANN.log, utf8("one"), WALL)]);
  room.dropped([room.say(ANN.identity, ANN.log, utf8("two"), WALL)]);
  const again = room.say(ANN.identity, ANN.log, utf8("three"), WALL);
  assertEquals([again.entry.number, again.entry.previous], [2, store.entries[0]?.id]);
});

Deno.test("say() goes on after what others bring of one's own logs, for 60 seeds", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seededRandom(seed), ann = open(), relay = open();
    // What was said before the store was lost: the relay has it.
    const old = chain(ANN, 5), log = new Uint8Array(8).fill(9);
    let waiting: CheckedEntry[] = [];
    take(relay.room, relay.store, ...old);
    for (let step = 0; step < 40; step++) {
      const what = random();
      if (what < 0.4) {
        const own = random() < 0.7 ? log : ann.room.log(ANN)?.has(5) ? ANN.log : log;
        waiting.push(ann.room.say(ANN.identity, own, utf8(`${step}`), WALL + step));
      } else if (what < 0.7) {
        const { entries } = relay.store, from = Math.floor(random() * entries.length);
        waiting.push(...ann.room.take(runOf(entries.slice(from, from + 1), true), WALL).fresh);
      } else if (what < 0.85) {
        keep(ann.room, ann.store, waiting);
        waiting = [];
      } else {
        for (const each of ann.store.entries) {
          const taken = take(relay.room, relay.store, each);
          assert(!taken.forged && !taken.fork && !taken.disputed, `seed ${seed}, step ${step}`);
        }
      }
    }
    assertChained(ann.store, `seed ${seed}`);
    assertChained(relay.store, `seed ${seed}`);
  }
});

Deno.test("trimmed() lets go of the oldest, which are not taken again", () => {
  const { room, store } = open(), entries = chain(ANN, 9), { author, log } = ANN;
  take(room, store, ...entries.slice(0, 8));
  room.trimmed([{ author, log, floor: 5 }]);
  assertEquals(room.log(ANN)?.held.ranges, [{ first: 6, last: 8 }]);
  assertEquals(room.take(runOf(entries.slice(0, 5)), WALL), { fresh: [], forged: false });
  room.trimmed([{ author, log, floor: 8 }, { author, log, floor: 2 }, { ...BOB, floor: 3 }]);
  assertEquals([room.log(ANN)?.last, room.log(ANN)?.count, room.log(ANN)?.floor], [8, 0, 8]);
  assertEquals(room.say(ANN.identity, log, utf8("9"), WALL).entry.previous, entries[7]?.id);
});

Deno.test("take() checks what follows a log that is wholly gone, also after a restart", () => {
  const entries = MAIN.slice(0, 12), { author, log } = ANN;
  for (const restarted of [false, true]) {
    let { room, store } = open();
    take(room, store, ...entries.slice(0, 10));
    room.trimmed([{ author, log, floor: 10 }]);
    assertEquals([room.log(ANN)?.gone, room.log(ANN)?.last], [true, 10]);
    if (restarted) {
      const head = entries[9]?.id ?? NO_ENTRY, ranges: [] = [];
      store = new MemoryStore();
      store.logs = () => [{ author, log, floor: 10, ranges, head, frozen: false }];
      room = open(store).room;
    }
    const other = chain(ANN, 2, { after: OTHER[0], fields: () => ({ number: 11 }) }).slice(0, 1);
    assertEquals(room.take(runOf(other), WALL), { fresh: [], forged: false, disputed: 10 });
    assertEquals(numbers(take(room, store, ...entries.slice(9))), [11, 12]);
    assertEquals(room.log(ANN)?.gone, false);
  }
});

Deno.test("trimmed() forgets a log where the store has, unless it is being gone on with", () => {
  const { room, store } = open(), entries = chain(ANN, 4), { author, log } = ANN;
  take(room, store, ...entries.slice(0, 3));
  const { fresh } = room.take(runOf(entries.slice(3)), WALL);
  room.trimmed([{ author, log, floor: 3, forgotten: true }]);
  assertEquals(room.log(ANN)?.floor, 3);
  keep(room, store, fresh);
  assertEquals(room.log(ANN)?.held.ranges, [{ first: 4, last: 4 }]);
  room.trimmed([{ author, log, floor: 4, forgotten: true }]);
  assertEquals(room.log(ANN), undefined);
});

Deno.test({
  name: "take() takes of a run what is above the floor",
  fn: () => {
    const { room, store } = open(), entries = chain(ANN, 9), { author, log } = ANN;
    take(room, store, ...entries.slice(0, 5));
    room.trimmed([{ author, log, floor: 5 }]);
    assertEquals(numbers(room.take(runOf(entries.slice(3)), WALL)), [6, 7, 8, 9]);
  },
});

Deno.test("trimmed() lets go of what is not kept yet as well", () => {
  const { room, store } = open(), entries = chain(ANN, 9), { author, log } = ANN;
  take(room, store, ...entries.slice(4));
  const { fresh } = room.take(runOf(entries.slice(1, 2)), WALL);
  room.trimmed([{ author, log, floor: 6 }]);
  keep(room, store, fresh);
  const held = room.log(ANN);
  assert(held);
  assertEquals(held.held.ranges, [{ first: 7, last: 9 }]);
  const { floor, head } = held, ranges = [...held.held.ranges];
  encodeRoom({ type: "hold", last: true, logs: [{ author, log, floor, head, ranges }] });
});
