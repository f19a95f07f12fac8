import { assert, assertEquals } from "@std/assert";
import type { LogFloor } from "../../lib/chat/entry_store.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import {
  anyFields,
  madeEntries,
  madeEntry,
  madeId,
  madeLog,
  numbersIn,
  ROOM,
  using,
  withDirectory,
} from "./made_entries.ts";
import { TrimModel } from "./trim_model.ts";

const LOGS = [1, 2, 3].map((at) => madeLog(at)), [ANN, BOB] = [madeLog(1), madeLog(2)];

function pick<T>(random: Random, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}

function sorted(floors: readonly LogFloor[]): string[] {
  return floors.map(({ author, log, floor }) => `${author}/${log}/${floor}`).sort();
}

function floorOf(store: Entries, at = 0): number | undefined {
  return store.logs(ROOM)[at]?.floor;
}

/** Does the same to both, and looks at all that is there then. */
function step(store: Entries, twin: TrimModel, random: Random): void {
  const log = pick(random, LOGS), what = random();
  if (what < 0.55) {
    const numbers = new Set(Array.from({ length: 8 }, () => 1 + Math.floor(random() * 25)));
    for (const number of twin.numbers(log)) numbers.delete(number);
    const batch = [...numbers].map((number) => madeEntry(log, number, anyFields(random)));
    if (batch.length > 0) assertEquals(store.append(batch), twin.append(log, batch));
  } else if (what < 0.7) {
    const from = 1 + Math.floor(random() * 25);
    store.forget(ROOM, log, from);
    twin.forget(log, from);
  } else {
    const before = random() < 0.6 ? { before: Math.floor(random() * 50) } : {};
    const bytes = random() < 0.6 ? { bytes: Math.floor(random() * 500) } : {};
    const options = { ...before, ...bytes };
    assertEquals(sorted(store.trim(ROOM, options)), sorted(twin.trim(options)));
  }
  assertEquals(store.after(ROOM, 0, Infinity), twin.all());
  assertEquals(store.logs(ROOM), twin.logs());
}

Deno.test("Entries.trim() and forget() do what their slow twin does", () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = seededRandom(seed), twin = new TrimModel();
    using(new Entries(undefined), (store) => {
      for (let left = 25; left > 0; left--) step(store, twin, random);
    });
  }
});

Deno.test("Entries.trim() lets go of what is too old, from the beginning, and never of the last", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 9), ...madeEntries(BOB, 1, 3)]);
    assertEquals(store.trim(ROOM, { before: 1 }), []);
    assertEquals(
      sorted(store.trim(ROOM, { before: 5 })),
      sorted([
        { author: ANN.author, log: ANN.log, floor: 4 },
        { author: BOB.author, log: BOB.log, floor: 2 },
      ]),
    );
    assertEquals(numbersIn(store), [5, 6, 7, 8, 9, 3]);
    const [ann, bob] = store.logs(ROOM);
    assertEquals([ann?.ranges, ann?.head], [[{ first: 5, last: 9 }], madeId(ANN, 9)]);
    assertEquals([bob?.ranges, bob?.head], [[{ first: 3, last: 3 }], madeId(BOB, 3)]);
    assertEquals(store.trim(ROOM, { before: Infinity, bytes: 0 }).length, 1);
    assertEquals(numbersIn(store), [9, 3]);
    assertEquals(store.trim(ROOM, { before: Infinity, bytes: 0 }), []);
  }));

Deno.test("Entries.trim() keeps what is young behind what is old, and a gap does not stop it", () =>
  using(new Entries(undefined), (store) => {
    const times = [1, 1, 9, 1, 1];
    store.append(times.map((time, at) => madeEntry(ANN, at + 1, { time })));
    store.append([1, 2, 7, 9].map((number) => madeEntry(BOB, number)));
    store.trim(ROOM, { before: 8 });
    assertEquals([floorOf(store), floorOf(store, 1)], [2, 7]);
    assertEquals(numbersIn(store), [3, 4, 5, 9]);
  }));

Deno.test("Entries.trim() lets the oldest of a room go until it is small enough", () =>
  using(new Entries(undefined), (store) => {
    const body = new Uint8Array(10);
    const entry = (log: typeof ANN, number: number, clock: number) =>
      madeEntry(log, number, { clock, body });
    store.append([entry(ANN, 1, 1), entry(ANN, 2, 4), entry(ANN, 3, 6)]);
    store.append([entry(BOB, 1, 2), entry(BOB, 2, 3), entry(BOB, 3, 5)]);
    assertEquals(store.trim(ROOM, { bytes: 60 }), []);
    store.trim(ROOM, { bytes: 45 });
    assertEquals([floorOf(store), floorOf(store, 1)], [1, 1]);
    store.trim(ROOM, { bytes: 30 });
    assertEquals([floorOf(store), floorOf(store, 1)], [1, 2]);
    store.trim(ROOM, { bytes: 0 });
    assertEquals(numbersIn(store), [3, 3]);
  }));

Deno.test("Entries.trim() is not stopped by a clock that once ran ahead", () =>
  using(new Entries(undefined), (store) => {
    store.append([madeEntry(ANN, 1, { clock: Number.MAX_SAFE_INTEGER })]);
    store.append([2, 3].map((number) => madeEntry(ANN, number, { clock: number })));
    store.append([1, 2].map((number) => madeEntry(BOB, number, { clock: 10 + number })));
    store.trim(ROOM, { bytes: 6 });
    assertEquals([floorOf(store), floorOf(store, 1)], [2, 0]);
  }));

Deno.test("Entries.trim() goes on where it was told to stop, and works in many transactions", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 2_500), ...madeEntries(BOB, 1, 40)]);
    const calls: number[] = [];
    while (store.trim(ROOM, { before: 2_400, bytes: 20, limit: 700 }).length > 0) {
      calls.push(numbersIn(store).length);
    }
    assertEquals(calls, [1_840, 1_140, 440, 10]);
    using(new Entries(undefined), (whole) => {
      whole.append([...madeEntries(ANN, 1, 2_500), ...madeEntries(BOB, 1, 40)]);
      whole.trim(ROOM, { before: 2_400, bytes: 20 });
      assertEquals(whole.logs(ROOM), store.logs(ROOM));
      assertEquals(whole.after(ROOM, 0, Infinity), store.after(ROOM, 0, Infinity));
    });
  }));

Deno.test("Entries.trim() lets go of more than fits in one transaction", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 3_000), ...madeEntries(BOB, 1, 1_500)]);
    store.trim(ROOM, { before: 2_999 });
    assertEquals(numbersIn(store), [2_999, 3_000, 1_500]);
  }));

Deno.test("Entries.trim() gives room back to the disk", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, body = new Uint8Array(5_000);
    using(new Entries(path), (store) => {
      for (let first = 1; first < 400; first += 100) {
        const numbers = Array.from({ length: 100 }, (_, at) => first + at);
        store.append(numbers.map((number) => madeEntry(ANN, number, { body })));
      }
    });
    const before = Deno.statSync(path).size;
    using(new Entries(path), (store) => {
      store.trim(ROOM, { bytes: 50_000 });
      assertEquals([floorOf(store), numbersIn(store).length], [390, 10]);
    });
    const after = Deno.statSync(path).size;
    assert(before > 2_000_000 && after < before / 10, `${before} bytes became ${after}`);
    using(new Entries(path), (store) => assertEquals(store.logs(ROOM)[0]?.floor, 390));
  }));

Deno.test("Entries keeps what comes late below the floor, and does not count it as held", () =>
  using(new Entries(undefined), (store) => {
    const without = madeEntries(ANN, 1, 9).filter(({ entry }) => entry.number !== 4);
    store.append(without);
    store.trim(ROOM, { before: 7 });
    store.append([madeEntry(ANN, 4), ...madeEntries(BOB, 1, 1)]);
    const [ann] = store.logs(ROOM);
    assertEquals([ann?.floor, ann?.ranges], [6, [{ first: 7, last: 9 }]]);
    assertEquals(ann?.head, madeId(ANN, 9));
    assertEquals(numbersIn(store), [7, 8, 9, 4, 1]);
    store.trim(ROOM, { before: 8 });
    assertEquals(numbersIn(store), [8, 9, 1]);
  }));

Deno.test("Entries.forget() takes the end of a log away, and its head follows", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 9), ...madeEntries(BOB, 1, 2)]);
    store.forget(ROOM, ANN, 10);
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 9));
    store.forget(ROOM, ANN, 6);
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 5));
    assertEquals(store.logs(ROOM)[0]?.ranges, [{ first: 1, last: 5 }]);
    store.trim(ROOM, { before: 3 });
    store.forget(ROOM, ANN, 1);
    const [ann, bob] = store.logs(ROOM);
    // The last that was let go is still the one that a new entry would follow.
    assertEquals([ann?.floor, ann?.ranges, ann?.head], [2, [], madeId(ANN, 2)]);
    assertEquals([bob?.floor, bob?.head], [1, madeId(BOB, 2)]);
    store.append(madeEntries(ANN, 3, 4));
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 4));
  }));
