/**
 * Power that fails in the middle of a write: the journal ends anywhere or in garbage, pages that were
 * being moved into the database are torn. All that was acknowledged before the last sync is there, in
 * order; of a database that is cut nothing is believed that is not so.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import { madeEntries, madeEntry, madeId, madeLog, numbersIn, ROOM } from "./made_entries.ts";
import { using, withDirectory } from "./made_entries.ts";

const ANN = madeLog(1), BOB = madeLog(2);
const TIMES = 150;
/** SQLite's file format: the header of the journal, and what is in front of each page in it. */
const WAL_HEADER = 32, FRAME_HEADER = 24;

/** A store, as it is on disk while it runs. */
interface Disk {
  readonly database: Uint8Array;
  readonly journal: Uint8Array;
  /** After each append: how long the journal was, and how many entries were kept. */
  readonly commits: readonly { readonly bytes: number; readonly count: number }[];
}

/** Entries that are kept in some appends; nothing of them is moved into the database yet. */
function written(directory: string, random: Random): Disk {
  const path = `${directory}/written.db`, commits: { bytes: number; count: number }[] = [];
  using(new Entries(path), (store) => store.append(madeEntries(BOB, 1, 200)));
  const store = new Entries(path);
  let count = 0;
  while (commits.length < 25) {
    const last = count + 1 + Math.floor(random() * 12), body = new Uint8Array(random() * 3_000);
    const batch = Array.from(
      { length: last - count },
      (_, at) => madeEntry(ANN, count + 1 + at, { body }),
    );
    store.append(batch);
    count = last;
    commits.push({ bytes: Deno.statSync(`${path}-wal`).size, count });
  }
  const [database, journal] = [Deno.readFileSync(path), Deno.readFileSync(`${path}-wal`)];
  store.close();
  return { database, journal, commits };
}

/** Puts files there as they were found after the power came back. */
function restore(path: string, database: Uint8Array, journal: Uint8Array | undefined): void {
  Deno.writeFileSync(path, database);
  if (journal) Deno.writeFileSync(`${path}-wal`, journal);
}

/** Exactly the first entries of the log are held, and more can be appended. */
function assertHeld(path: string, count: number, where: string): void {
  using(new Entries(path), (store) => {
    assertEquals(store.movedTo, undefined, where);
    const own = store.range(ROOM, ANN, 1, Infinity, Infinity);
    assertEquals(own.map(({ entry }) => entry.number), Array.from(own, (_, at) => at + 1), where);
    assertEquals(own.length, count, where);
    const log = store.logs(ROOM).find(({ log }) => log.join() === ANN.log.join());
    if (count > 0) {
      assertEquals([log?.ranges, log?.head], [[{ first: 1, last: count }], madeId(ANN, count)]);
    }
    assertEquals(numbersIn(store).length, 200 + count, where);
    assert((store.append([madeEntry(ANN, count + 1)])[0] ?? 0) > 200, where);
  });
}

Deno.test(`Entries holds all that is whole in a journal that is cut, at ${TIMES} places`, () =>
  withDirectory((directory) => {
    const random = seededRandom(1), { database, journal, commits } = written(directory, random);
    const lengths = new Set<number>();
    for (let time = 0; time < TIMES; time++) {
      // Often where an append ends, and a byte before and behind.
      const exact = commits[time % commits.length]?.bytes ?? 0;
      const cut = time % 2 === 0
        ? Math.floor(random() * (journal.length + 1))
        : exact - 1 + time % 3;
      const count = commits.findLast(({ bytes }) => bytes <= cut)?.count ?? 0;
      const path = `${directory}/${time}.db`;
      restore(path, database, journal.slice(0, cut));
      assertHeld(path, count, `cut at ${cut}`);
      lengths.add(count);
    }
    assert(lengths.size > 15, "many different ends");
  }));

Deno.test(`Entries believes nothing of a journal behind what is torn, at ${TIMES} places`, () =>
  withDirectory((directory) => {
    const random = seededRandom(2), { database, journal, commits } = written(directory, random);
    for (let time = 0; time < TIMES; time++) {
      const torn = journal.slice(), from = Math.floor(random() * journal.length);
      const kind = time % 3,
        until = Math.min(journal.length, from + 1 + Math.floor(random() * 9_000));
      // Zeros, noise, or one bit; what is behind it may be whole.
      if (kind === 0) torn.fill(0, from, until);
      else if (kind === 1) { for (let at = from; at < until; at++) torn[at] = random() * 256; }
      else torn[from] = (torn[from] ?? 0) ^ 1 << Math.floor(random() * 8);
      const first = torn.findIndex((byte, at) => byte !== journal[at]);
      const before = first < 0 ? Infinity : first;
      const count = commits.findLast(({ bytes }) => bytes <= before)?.count ?? 0;
      const path = `${directory}/${time}.db`;
      restore(path, database, torn);
      using(new Entries(path), (store) => assertEquals(store.movedTo, undefined));
      assertHeld(path, count, `torn at ${first}`);
    }
  }));

Deno.test(`Entries holds everything where pages were torn on their way into the database`, () =>
  withDirectory((directory) => {
    const random = seededRandom(3), { database, journal, commits } = written(directory, random);
    const view = new DataView(journal.buffer, journal.byteOffset, journal.length);
    const page = view.getUint32(8), frame = FRAME_HEADER + page;
    const pages = new Set<number>();
    for (let at = WAL_HEADER; at + frame <= journal.length; at += frame) {
      pages.add(view.getUint32(at));
    }
    assert(pages.size > 10);
    for (let time = 0; time < TIMES; time++) {
      const most = Math.max(...pages) * page,
        torn = new Uint8Array(Math.max(most, database.length));
      torn.set(database);
      for (const number of pages) {
        const start = (number - 1) * page, what = random();
        if (what < 0.3) continue;
        // The journal is there until all of it is synced: its pages stand for those.
        const from = start + Math.floor(random() * page);
        for (let at = from; at < start + page; at++) torn[at] = what < 0.6 ? 0 : random() * 256;
      }
      const path = `${directory}/${time}.db`;
      const length = Math.max(database.length, Math.floor(random() * torn.length));
      restore(path, torn.slice(0, time % 2 === 0 ? torn.length : length), journal);
      assertHeld(path, commits.at(-1)?.count ?? 0, `torn ${time}`);
    }
  }));

Deno.test(`Entries tells nothing false of a database that is cut, at ${TIMES} places`, () =>
  withDirectory((directory) => {
    const random = seededRandom(4), path = `${directory}/whole.db`, count = 1_500;
    using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, count)));
    const whole = Deno.readFileSync(path), outcomes = { moved: 0, thrown: 0, told: 0 };
    for (let time = 0; time < TIMES; time++) {
      const cut = Math.floor(random() * whole.length), again = `${directory}/${time}.db`;
      const bytes = whole.slice(0, time % 2 === 0 ? cut : cut - cut % 4_096);
      restore(again, bytes, undefined);
      const store = new Entries(again);
      if (store.movedTo) {
        outcomes.moved++;
        assertEquals(Deno.readFileSync(store.movedTo), bytes, "it is kept as it was");
        assertEquals(store.rooms(), []);
      } else {
        try {
          const held = store.range(ROOM, ANN, 1, Infinity, Infinity);
          for (const { id, entry } of held) assertEquals(id, madeId(ANN, entry.number));
          outcomes.told++;
        } catch (error) {
          assert(/malformed|disk I\/O error/.test((error as Error).message), `${error}`);
          outcomes.thrown++;
        }
      }
      store.close();
    }
    assert(outcomes.moved > 0, JSON.stringify(outcomes));
    using(new DatabaseSync(path), (database) => {
      assertEquals(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    });
  }));
