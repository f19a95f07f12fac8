import { assert, assertEquals } from "@std/assert";
import { DatabaseSync, StatementSync } from "node:sqlite";
import type { LogFloor } from "../../lib/chat/entry_store.ts";
import { MAX_GONE_LOGS } from "../../lib/chat/room.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import type { Retention } from "../../lib/store/trimmer.ts";
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

const OTHER_ROOM = new Uint8Array(32).fill(8);
const [ANN, BOB] = [madeLog(1), madeLog(2)];
const LOGS = [ANN, BOB, madeLog(3, OTHER_ROOM), madeLog(4, OTHER_ROOM)];
const DAY_MS = 86_400_000;

function pick<T>(random: Random, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}

function sorted(floors: readonly LogFloor[]): string[] {
  return floors.map(({ author, log, floor }) => `${author}/${log}/${floor}`).sort();
}

function floors(store: Entries): number[] {
  return store.logs(ROOM).map(({ floor }) => floor);
}

/** Trims until there is nothing more to do; how much went each time, and what is gone. */
function trimAll(store: Entries, retention: Retention): { counts: number[]; floors: LogFloor[] } {
  const floors = new Map<string, LogFloor>(), counts: number[] = [];
  for (;;) {
    const { rooms, count, more } = store.trim(retention);
    for (const each of rooms.flatMap((room) => room.floors)) floors.set(each.author.join(), each);
    if (count > 0) counts.push(count);
    if (!more) return { counts, floors: [...floors.values()] };
  }
}

/** Lets all go that was kept until now, whatever its age. */
function trimWhole(store: Entries): LogFloor[] {
  return trimAll(store, { wall: 0, keep: 0 }).floors;
}

/** Does the same to both, and looks at all that is there then. */
function step(store: Entries, twin: TrimModel, random: Random, wall: number): void {
  const log = pick(random, LOGS), what = random();
  if (what < 0.55) {
    const numbers = new Set(Array.from({ length: 8 }, () => 1 + Math.floor(random() * 25)));
    for (const number of twin.numbers(log)) numbers.delete(number);
    const batch = [...numbers].map((number) => madeEntry(log, number, anyFields(random)));
    if (batch.length > 0) assertEquals(store.append(batch), twin.append(log, batch));
  } else if (what < 0.65) {
    const from = 1 + Math.floor(random() * 25);
    store.forget(log.room, log, from);
    twin.forget(log, from);
  } else {
    const keep = Math.floor(random() * 60), bytes = Math.floor(random() * 800);
    const limit = 1 + Math.floor(random() * 9);
    const { floors } = trimAll(store, { wall, keep, bytes, limit });
    assertEquals(sorted(floors), sorted(twin.trim(wall, keep, bytes)));
  }
  for (const room of [ROOM, OTHER_ROOM]) {
    assertEquals(store.after(room, 0, Infinity), twin.all(room));
    assertEquals(store.logs(room), twin.logs(room));
  }
}

Deno.test("Entries.trim() and forget() do what their slow twin does, also where the clock goes back", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), twin = new TrimModel();
    let wall = 1_000;
    using(new Entries(undefined), (store) => {
      for (let left = 25; left > 0; left--) {
        wall += random() < 0.1 ? -30 : 1 + Math.floor(random() * 15);
        step(store, twin, random, wall);
      }
    });
  }
});

Deno.test("Entries.trim() lets go of what was kept too long ago, and whole logs of it", () =>
  using(new Entries(undefined), (store) => {
    const trim = (wall: number) => trimAll(store, { wall, keep: 10 * DAY_MS }).floors;
    store.append([...madeEntries(ANN, 1, 4), ...madeEntries(BOB, 1, 3)]);
    assertEquals(trim(0), []);
    store.append(madeEntries(ANN, 5, 9));
    assertEquals(trim(DAY_MS), []);
    assertEquals(
      sorted(trim(10 * DAY_MS)),
      sorted([
        { author: ANN.author, log: ANN.log, floor: 4 },
        { author: BOB.author, log: BOB.log, floor: 3 },
      ]),
    );
    assertEquals(numbersIn(store), [5, 6, 7, 8, 9]);
    const [ann, bob] = store.logs(ROOM);
    assertEquals([ann?.ranges, ann?.head], [[{ first: 5, last: 9 }], madeId(ANN, 9)]);
    // What Bob says next is checked against this.
    assertEquals([bob?.ranges, bob?.head], [[], madeId(BOB, 3)]);
    assertEquals(trim(11 * DAY_MS).length, 1);
    assertEquals([numbersIn(store), floors(store)], [[], [9, 3]]);
    assertEquals(trim(99 * DAY_MS), []);
  }));

Deno.test("Entries.trim() does not believe the times and clocks of authors", () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const fields of [{ time: most, clock: most }, { time: -most, clock: 0 }]) {
    using(new Entries(undefined), (store) => {
      store.append([madeEntry(ANN, 1, fields), madeEntry(ANN, 2)]);
      trimAll(store, { wall: 0, keep: DAY_MS });
      store.append([madeEntry(BOB, 1, fields), madeEntry(BOB, 2)]);
      trimAll(store, { wall: DAY_MS, keep: DAY_MS });
      assertEquals(floors(store), [2, 0], "by age");
      trimAll(store, { wall: DAY_MS, bytes: 2 });
      assertEquals(floors(store), [2, 1], "by size");
    });
  }
});

Deno.test("Entries.trim() keeps nothing for ever that was kept by a clock that ran ahead", () =>
  using(new Entries(undefined), (store) => {
    const trim = (wall: number) => trimAll(store, { wall, keep: DAY_MS }).counts;
    store.append(madeEntries(ANN, 1, 3));
    assertEquals(trim(9_000 * DAY_MS), []);
    // The clock is right again: from now on they are a day old tomorrow, and not before.
    for (const wall of [10 * DAY_MS, 11 * DAY_MS - 1]) assertEquals(trim(wall), []);
    assertEquals(trim(11 * DAY_MS), [3]);
  }));

Deno.test("Entries.trim() keeps for ever, where nothing is said of age", () =>
  using(new Entries(undefined), (store) => {
    store.append(madeEntries(ANN, 1, 3));
    for (const wall of [0, 1e6 * DAY_MS]) assertEquals(trimAll(store, { wall }).counts, []);
    // Who changes their mind need not wait: it is known since when it is there.
    assertEquals(trimAll(store, { wall: 1e6 * DAY_MS, keep: DAY_MS }).counts, [3]);
  }));

Deno.test("Entries.trim() lets go with an entry of what its author said before it, and of gaps", () =>
  using(new Entries(undefined), (store) => {
    store.append([1, 2, 7, 9].map((number) => madeEntry(BOB, number)));
    trimAll(store, { wall: 0, keep: DAY_MS });
    store.append([4, 5, 10].map((number) => madeEntry(BOB, number)));
    assertEquals(trimAll(store, { wall: DAY_MS, keep: DAY_MS }).counts, [6]);
    assertEquals([floors(store), numbersIn(store)], [[9], [10]]);
  }));

Deno.test("Entries.trim() lets what a room kept first go until it is small enough", () =>
  using(new Entries(undefined), (store) => {
    const body = new Uint8Array(10), cem = madeLog(3, OTHER_ROOM);
    const entries = (log: typeof ANN, ...numbers: number[]) =>
      store.append(numbers.map((number) => madeEntry(log, number, { body })));
    entries(ANN, 1);
    entries(BOB, 1, 2);
    entries(cem, 1, 2, 3, 4, 5, 6);
    entries(ANN, 2, 3);
    entries(BOB, 3);
    const sizes = [60, 45, 30, 15, 0];
    const left = sizes.map((bytes) => {
      trimAll(store, { wall: 0, bytes });
      return [...floors(store), store.logs(OTHER_ROOM)[0]?.floor];
    });
    assertEquals(left, [[0, 0, 0], [1, 1, 2], [1, 2, 3], [3, 2, 5], [3, 3, 6]]);
    assertEquals(store.last(ROOM), 0);
  }));

Deno.test("Entries.trim() does a slice at a time, of so many entries and bytes", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 2_500), ...madeEntries(BOB, 1, 40)]);
    assertEquals(trimAll(store, { wall: 0, bytes: 80, limit: 700 }).counts, [700, 700, 700, 400]);
    assertEquals(trimAll(store, { wall: 0, keep: 0 }).counts, [40]);
    const cem = madeLog(3), body = new Uint8Array(60_000);
    store.append(madeEntries(cem, 1, 3_000));
    assert(trimAll(store, { wall: 1, keep: 0 }).counts.every((count) => count <= 1_000));
    const long = Array.from({ length: 100 }, (_, at) => madeEntry(ANN, 3_000 + at, { body }));
    store.append(long);
    for (const how of [{ bytes: 0 }, { keep: 0 }]) {
      assert(store.trim({ wall: 2, ...how }).count < 40, "and no more than some MB");
    }
    const many = Array.from({ length: 900 }, (_, at) => madeEntry(madeLog(100 + at), 1));
    trimWhole(store);
    store.append(many);
    for (const how of [{ bytes: 0 }, { keep: 0 }]) {
      assert(store.trim({ wall: 3, ...how }).count < 300, "logs cost more than entries");
    }
  }));

Deno.test("Entries.trim() gives room back to the disk, a little at a time", () =>
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
      trimAll(store, { wall: 0, bytes: 50_000 });
      assertEquals([floors(store), numbersIn(store).length], [[390], 10]);
    });
    const after = Deno.statSync(path).size;
    assert(before > 2_000_000 && after < before / 10, `${before} bytes became ${after}`);
    using(new Entries(path), (store) => assertEquals(floors(store), [390]));
  }));

Deno.test("Entries keeps what comes late below the floor, does not count it as held, and lets it go", () =>
  using(new Entries(undefined), (store) => {
    store.append(madeEntries(ANN, 1, 6).filter(({ entry }) => entry.number !== 4));
    trimAll(store, { wall: 0, keep: 2 });
    store.append(madeEntries(ANN, 7, 9));
    trimAll(store, { wall: 1, keep: 2 });
    trimAll(store, { wall: 2, keep: 2 });
    store.append([madeEntry(ANN, 4), ...madeEntries(BOB, 1, 1)]);
    const [ann] = store.logs(ROOM);
    assertEquals([ann?.floor, ann?.ranges], [6, [{ first: 7, last: 9 }]]);
    assertEquals(ann?.head, madeId(ANN, 9));
    assertEquals(numbersIn(store), [7, 8, 9, 4, 1]);
    trimAll(store, { wall: 3, keep: 2 });
    assertEquals([numbersIn(store), floors(store)], [[1], [9, 0]]);
    store.append([madeEntry(ANN, 3)]);
    assertEquals(trimWhole(store).length, 2);
    assertEquals([numbersIn(store), floors(store)], [[], [9, 1]]);
  }));

Deno.test("Entries goes on with a log that was wholly let go", () =>
  using(new Entries(undefined), (store) => {
    store.append(madeEntries(ANN, 1, 3));
    trimWhole(store);
    store.append(madeEntries(ANN, 4, 5));
    const [ann] = store.logs(ROOM);
    assertEquals([ann?.floor, ann?.ranges], [3, [{ first: 4, last: 5 }]]);
    assertEquals(ann?.head, madeId(ANN, 5));
  }));

/** Trims until there is nothing more to do; the authors of logs that are forgotten. */
function forgotten(store: Entries, bytes: number): Set<string> {
  const { floors } = trimAll(store, { wall: 0, bytes });
  return new Set(floors.filter((each) => each.forgotten).map(({ author }) => author.join()));
}

/** How many rows there are in a table of a file. */
function rowsOf(path: string, table: string): number {
  return using(
    new DatabaseSync(path),
    (database) =>
      Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]),
  );
}

Deno.test("Entries forgets the oldest of too many logs that are wholly gone, and what proved a fork", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`;
    const logs = Array.from({ length: MAX_GONE_LOGS + 300 }, (_, at) => madeLog(10 + at));
    const [eve = ANN, late = BOB] = logs, held = madeEntry(eve, 2);
    using(new Entries(path), (store) => {
      store.append([held, madeEntry(late, 2)]);
      store.freeze(held, { ...held, id: BOB.author });
      assertEquals(forgotten(store, 0), new Set());
      // Of this one something comes late: it is gone, and not to be forgotten before that is.
      store.append([...logs.slice(2), BOB].map((log) => madeEntry(log, 1)));
      store.append([madeEntry(late, 1)]);
      const oldest = [eve, ...logs.slice(2, 301)].map(({ author }) => author.join());
      assertEquals(forgotten(store, 4), new Set(oldest));
      assertEquals([store.logs(ROOM).length, store.forks(ROOM)], [MAX_GONE_LOGS + 1, []]);
      assertEquals(store.after(ROOM, 0, 9).map(({ entry }) => entry.log), [BOB.log, late.log]);
      assertEquals(forgotten(store, 0).size, 1);
      // It begins anew.
      store.append([held]);
      assertEquals(store.logs(ROOM).at(-1)?.frozen, false);
    });
    assertEquals(rowsOf(path, "forks"), 0);
  }));

Deno.test("Entries.trim() remembers no more moments than it needs", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, hour = 3_600_000;
    using(new Entries(path), (store) => {
      for (let number = 1; number <= 200; number++) {
        store.append([madeEntry(ANN, number)]);
        for (const minutes of [0, 20, 40]) {
          trimAll(store, { wall: number * hour + minutes * 60_000, keep: 10 * hour });
        }
        assert(numbersIn(store).length <= 11);
      }
    });
    assert(rowsOf(path, "marks") <= 12);
  }));

/** How many statements something runs, and how many rows they give. */
function statements(action: () => void): { statements: number; rows: number } {
  const counted = { statements: 0, rows: 0 };
  const { get, all, run } = StatementSync.prototype, { exec } = DatabaseSync.prototype;
  const count = (rows: number): void => {
    counted.statements++;
    counted.rows += rows;
  };
  Object.assign(StatementSync.prototype, {
    get(this: StatementSync, ...values: unknown[]): unknown {
      const row = Reflect.apply(get, this, values);
      count(row === undefined ? 0 : 1);
      return row;
    },
    all(this: StatementSync, ...values: unknown[]): unknown {
      const rows = Reflect.apply(all, this, values);
      count(rows.length);
      return rows;
    },
    run(this: StatementSync, ...values: unknown[]): unknown {
      count(0);
      return Reflect.apply(run, this, values);
    },
  });
  DatabaseSync.prototype.exec = function (sql): void {
    count(0);
    exec.call(this, sql);
  };
  try {
    action();
  } finally {
    Object.assign(StatementSync.prototype, { get, all, run });
    DatabaseSync.prototype.exec = exec;
  }
  return counted;
}

Deno.test("Entries.trim() looks at no room of which nothing is to go, be there 5 or 5,000", () => {
  const [few, many] = [5, 5_000].map((count) =>
    using(new Entries(undefined), (store) => {
      const rooms = Array.from({ length: count }, (_, at) => {
        const room = new Uint8Array(32).fill(at & 255).fill(at >> 8, 0, 1);
        return madeEntries(madeLog(at, room), 1, 2);
      });
      store.append(rooms.flat());
      const retention = { wall: 0, keep: DAY_MS, bytes: 10 };
      store.trim(retention);
      const idle = statements(() => {
        for (const wall of [60_000, 120_000, 2 * 3_600_000]) store.trim({ ...retention, wall });
      });
      store.append(madeEntries(madeLog(7, new Uint8Array(32).fill(255)), 1, 9));
      const busy = statements(() => assertEquals(store.trim(retention).count, 4));
      assertEquals(store.rooms().length, count + 1);
      return { idle, busy };
    })
  );
  assertEquals(many, few);
  assert(few && few.idle.statements < 30 && few.idle.rows < 30, Deno.inspect(few));
});

Deno.test("Entries.forget() takes the end of a log away, and its head follows", () =>
  using(new Entries(undefined), (store) => {
    store.append([...madeEntries(ANN, 1, 9), ...madeEntries(BOB, 1, 2)]);
    store.forget(ROOM, ANN, 10);
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 9));
    store.forget(ROOM, ANN, 6);
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 5));
    assertEquals(store.logs(ROOM)[0]?.ranges, [{ first: 1, last: 5 }]);
    trimAll(store, { wall: 0, bytes: 10 });
    store.forget(ROOM, ANN, 1);
    const [ann, bob] = store.logs(ROOM);
    // The last that was let go is still the one that a new entry would follow.
    assertEquals([ann?.floor, ann?.ranges, ann?.head], [2, [], madeId(ANN, 2)]);
    assertEquals([bob?.floor, bob?.head], [0, madeId(BOB, 2)]);
    store.append(madeEntries(ANN, 3, 4));
    assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, 4));
  }));
