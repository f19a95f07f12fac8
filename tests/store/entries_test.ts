import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { signEntry } from "../../lib/chat/entry.ts";
import type { CheckedEntry, EntryStore } from "../../lib/chat/entry_store.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import { utf8 } from "../crypto/bytes.ts";
import { MemoryStore } from "../support/memory_store.ts";
import {
  anyFields,
  madeEntries,
  madeEntry,
  madeLog,
  numbersIn,
  ROOM,
  using,
  withDirectory,
} from "./made_entries.ts";

/** No clock is too late for it. */
const MOST = Number.MAX_SAFE_INTEGER;

const OTHER_ROOM = new Uint8Array(32).fill(8), UNKNOWN = new Uint8Array(32).fill(9);
const LOGS = [1, 2, 3, 4].map((at) => madeLog(at, at < 3 ? ROOM : OTHER_ROOM));
const [ANN, BOB] = [madeLog(1), madeLog(2)];

function pick<T>(random: Random, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}

/** Asks both everything that a room asks. */
function compare(store: EntryStore, twin: EntryStore, random: Random, top: number): void {
  assertEquals(store.clock(MOST), twin.clock(MOST));
  for (const room of [ROOM, OTHER_ROOM, UNKNOWN]) {
    assertEquals(store.last(room), twin.last(room));
    assertEquals(store.logs(room), twin.logs(room));
    const seq = Math.floor(random() * 30), limit = 1 + Math.floor(random() * 12);
    assertEquals(store.after(room, seq, limit), twin.after(room, seq, limit));
    assertEquals(store.newest(room, limit), twin.newest(room, limit));
    const log = pick(random, LOGS), first = 1 + Math.floor(random() * top);
    const last = first + Math.floor(random() * top);
    const range = [room, log, first, last] as const;
    assertEquals(store.range(...range, limit), twin.range(...range, limit));
    assertEquals(store.oldest(...range), twin.oldest(...range));
  }
}

/** Entries that are not held yet, in any order and with gaps. */
function freshBatch(twin: MemoryStore, random: Random, top: number): CheckedEntry[] {
  const batch = new Map<string, CheckedEntry>();
  for (let left = 1 + Math.floor(random() * 6); left > 0; left--) {
    const log = pick(random, LOGS), number = 1 + Math.floor(random() * top);
    if (twin.range(log.room, log, number, number, 1).length > 0) continue;
    batch.set(`${log.log.join()}/${number}`, madeEntry(log, number, anyFields(random)));
  }
  return [...batch.values()];
}

/** One of the batch again, or one that is held, somewhere in it. */
function withDuplicate(
  batch: readonly CheckedEntry[],
  twin: MemoryStore,
  random: Random,
): CheckedEntry[] {
  const again = pick(random, [...batch, ...twin.entries]);
  const at = Math.floor(random() * (batch.length + 1));
  return again ? [...batch.slice(0, at), again, ...batch.slice(at), again] : [];
}

Deno.test("Entries does what its slow twin does, however often it is opened anew", () => {
  withDirectory((directory) => {
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed), twin = new MemoryStore();
      // Many are on disk, and the rest never opened anew, as a file takes its time.
      const path = seed % 3 === 0 ? `${directory}/${seed}.db` : undefined;
      const top = pick(random, [4, 12, 40]);
      let store = new Entries(path);
      for (let step = 0; step < 12; step++) {
        const batch = freshBatch(twin, random, top), wrong = withDuplicate(batch, twin, random);
        if (wrong.length > 0) assertThrows(() => store.append(wrong), Error, "UNIQUE");
        const held = pick(random, twin.entries);
        if (held && random() < 0.05) {
          for (const each of [store, twin]) each.freeze(held, madeEntry(LOGS[0] ?? ANN, 99));
        } else assertEquals(store.append(batch), twin.append(batch));
        if (path !== undefined && random() < 0.2) {
          store.close();
          store = new Entries(path);
        }
        compare(store, twin, random, top);
      }
      store.close();
    }
  });
});

Deno.test("Entries keeps what was signed, byte for byte", () =>
  withDirectory((directory) => {
    const identity = makeIdentity(new Uint8Array(32).fill(1)), log = new Uint8Array(8).fill(2);
    const checked = signEntry(identity, {
      room: ROOM,
      log,
      number: Number.MAX_SAFE_INTEGER,
      previous: new Uint8Array(32).fill(3),
      clock: Number.MAX_SAFE_INTEGER - 1,
      time: Number.MAX_SAFE_INTEGER - 2,
      body: utf8("hello \0 world"),
    });
    using(new Entries(`${directory}/a.db`), (store) => store.append([checked]));
    using(new Entries(`${directory}/a.db`), (store) => {
      assertEquals(store.after(ROOM, 0, 9), [{ ...checked, seq: 1 }]);
      assertEquals(store.clock(MOST), Number.MAX_SAFE_INTEGER - 1);
      const number = Number.MAX_SAFE_INTEGER;
      assertEquals(store.logs(ROOM)[0]?.ranges, [{ first: number, last: number }]);
      assertEquals(store.rooms(), [ROOM]);
    });
  }));

Deno.test("Entries gives bytes that are the caller's own", () =>
  using(new Entries(undefined), (store) => {
    const room = ROOM.slice(), [first] = madeEntries(ANN, 1, 1);
    assert(first);
    store.append([first]);
    const [stored] = store.after(room, 0, 1), state = store.logs(room)[0];
    assert(stored && state);
    const { entry, id } = stored;
    const all = [entry.room, entry.author, entry.log, entry.previous, entry.body, entry.signature];
    for (const bytes of [...all, id, state.head, state.author, state.log]) {
      assertEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
      bytes.fill(0);
    }
    assertEquals(room, ROOM);
    room.fill(0);
    assertEquals(store.after(ROOM, 0, 1), [{ ...first, seq: 1 }]);
    assertEquals(store.logs(ROOM)[0]?.head, first.id);
  }));

Deno.test("Entries refuses a batch as a whole, and goes on as if it had not been", () =>
  using(new Entries(undefined), (store) => {
    store.append(madeEntries(ANN, 1, 3));
    const before = [store.logs(ROOM), store.last(ROOM), store.clock(MOST)];
    const batch = [...madeEntries(BOB, 1, 5), ...madeEntries(ANN, 3, 6)];
    assertThrows(() => store.append(batch), Error, "UNIQUE");
    const half = { ...madeEntry(ANN, 5).entry, time: 1.5 };
    const unfit = [madeEntry(ANN, 4), { entry: half, id: ANN.author }];
    assertThrows(() => store.append(unfit), Error, "INTEGER");
    assertEquals([store.logs(ROOM), store.last(ROOM), store.clock(MOST)], before);
    assertEquals(numbersIn(store), [1, 2, 3]);
    assertEquals(store.append(madeEntries(BOB, 1, 2)), [4, 5]);
    assertEquals(store.append([]), []);
  }));

Deno.test("Entries never gives a seq twice, whatever was removed", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`;
    using(new Entries(path), (store) => {
      assertEquals(store.append(madeEntries(ANN, 1, 4)), [1, 2, 3, 4]);
      store.forget(ROOM, ANN, 3);
      assertEquals(store.append(madeEntries(ANN, 3, 3)), [5]);
      store.forget(ROOM, ANN, 1);
      assertEquals([store.last(ROOM), store.logs(ROOM)], [0, []]);
    });
    using(new Entries(path), (store) => assertEquals(store.append(madeEntries(BOB, 1, 1)), [6]));
  }));

Deno.test("Entries keeps both signed entries of a fork, and the log frozen", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, [held, next] = madeEntries(ANN, 1, 2);
    assert(held && next);
    const fields = { body: utf8("something else"), clock: 5, time: 6 };
    const other = { ...madeEntry(ANN, 1, fields), id: BOB.author };
    using(new Entries(path), (store) => {
      store.append([held, next, ...madeEntries(BOB, 1, 1)]);
      assertEquals(store.forks(ROOM), []);
      store.freeze(held, other);
      store.freeze(held, madeEntry(ANN, 1, { body: utf8("a third") }));
    });
    using(new Entries(path), (store) => {
      assertEquals(store.forks(ROOM), [[held, other]]);
      assertEquals(store.forks(OTHER_ROOM), []);
      assertEquals(store.logs(ROOM).map(({ frozen }) => frozen), [true, false]);
      store.freeze(next, { ...other, entry: { ...other.entry, number: 2 } });
      assertEquals(store.forks(ROOM).map(([{ entry }]) => entry.number), [1, 2]);
    });
  }));

Deno.test("Entries gives an author one log in a room, whoever asks first", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, [one, two] = [new Entries(path), new Entries(path)];
    let made = 0;
    const make = (): Uint8Array => new Uint8Array(8).fill(++made);
    const log = one.ownLog(ROOM, ANN.author, make);
    assertEquals(two.ownLog(ROOM, ANN.author, make), log);
    assertNotEquals(two.ownLog(OTHER_ROOM, ANN.author, make), log);
    assertNotEquals(two.ownLog(ROOM, BOB.author, make), log);
    one.close();
    two.close();
    using(new Entries(path), (store) => assertEquals(store.ownLog(ROOM, ANN.author, make), log));
    assertEquals(made, 3);
  }));

Deno.test("Entries opens another log for oneself where the last one cannot be gone on with", () =>
  using(new Entries(undefined), (store) => {
    let made = 0;
    const own = (): Uint8Array =>
      store.ownLog(ROOM, ANN.author, () => new Uint8Array(8).fill(++made));
    const log = { ...ANN, log: own() };
    store.append(madeEntries(log, 1, 5));
    // Nothing was there to forget: but it may be known elsewhere all the same.
    store.forget(ROOM, log, 6);
    const second = { ...ANN, log: own() };
    assertNotEquals(second.log, log.log);
    const [held] = madeEntries(second, 1, 1);
    assert(held);
    store.append([held]);
    assertEquals(own(), second.log);
    store.freeze(held, { ...held, id: BOB.author });
    assertNotEquals(own(), second.log);
    assertEquals(made, 3);
  }));

Deno.test("Entries and its slow twin know with whom somebody has a room of two", () =>
  using(new Entries(undefined), (store) => {
    const random = seededRandom(5), twin = new MemoryStore();
    const people = [1, 2, 3, 4].map((at) => madeLog(at).author);
    for (let number = 0; number < 40; number++) {
      const room = new Uint8Array(32).fill(100 + number % 20);
      const pair = {
        parent: pick(random, [ROOM, OTHER_ROOM]),
        one: pick(random, people),
        other: pick(random, people),
      };
      for (const each of [store, twin]) each.addPair(room, pair);
      assertEquals(store.pairOf(room), twin.pairOf(room));
      if (random() < 0.5) continue;
      const held = madeEntry(madeLog(50 + number, room), 1);
      for (const each of [store, twin]) each.append([held]);
    }
    for (const parent of [ROOM, OTHER_ROOM, UNKNOWN]) {
      for (const key of people) {
        for (const limit of [1, 3, 99]) {
          const [ours, theirs] = [store, twin].map((each) => each.pairsOf(parent, key, limit));
          assertEquals(ours, theirs);
        }
      }
    }
    assertEquals(store.pairOf(UNKNOWN), undefined);
  }));

Deno.test("Entries holds nothing of what nobody knows", () =>
  using(new Entries(undefined), (store) => {
    assertEquals([store.rooms(), store.logs(ROOM), store.last(ROOM), store.clock(MOST)], [
      [],
      [],
      0,
      0,
    ]);
    assertEquals([store.after(ROOM, 0, 9), store.newest(ROOM, 9)], [[], []]);
    assertEquals(store.range(ROOM, ANN, 1, 9, 9), []);
    assertEquals([store.oldest(ROOM, ANN, 1, 9), store.forks(ROOM)], [undefined, []]);
    const nothing = { rooms: [], count: 0, more: false };
    assertEquals(store.trim({ wall: 0, keep: 0, bytes: 0 }), nothing);
    store.forget(ROOM, ANN, 1);
    store.append(madeEntries(ANN, 1, 1));
    assertEquals([store.oldest(ROOM, BOB, 1, 9), store.range(ROOM, BOB, 1, 9, 9)], [undefined, []]);
    assertEquals(store.range(ROOM, ANN, 1, Infinity, Infinity).length, 1);
  }));
