/**
 * Letting old entries go, a bounded number at a time.
 *
 * ```text
 *   log   ··· floor │ 5 6 7 8 9 │ 12 13        what goes is the beginning of a log;
 *             ──────▶ gone      │    └ head    the head stays: what follows is checked against it
 * ```
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LogFloor } from "../chat/entry_store.ts";
import { transact } from "./database.ts";
import type { LogRow, LogTable } from "./log_table.ts";

/** Entries that one transaction removes at most (our choice: measured, 20 ms). */
const BATCH = 1_000;
/** Free pages that are given back at once (our choice: 4 MiB). */
const FREED_PAGES = 1_024;

/** What is to go. */
export interface TrimOptions {
  /** What was said before this wall time in ms, as its author tells it. */
  readonly before?: number;
  /** The oldest by clock, until all bodies of the room take at most so many bytes. */
  readonly bytes?: number;
  /**
   * No more than so many entries in this call, to be gone on with in another: no more are to go when
   * nothing is returned. All where it is left out.
   */
  readonly limit?: number;
}

/** Up to which number a log is to go. */
interface Cut {
  /** Its row. */
  readonly log: number;
  readonly until: number;
}

/** One call. */
class Run {
  /** Logs that have changed, by row. */
  readonly changed = new Map<number, LogRow>();
  /** Entries that may still go. */
  left: number;
  /** Bytes of bodies that are gone. */
  freed = 0;
  /** Logs as this transaction knows them, by row. */
  readonly open = new Map<number, LogRow>();

  constructor(limit: number) {
    this.left = limit;
  }
}

/** Trims rooms. */
export class Trimmer {
  readonly #database: DatabaseSync;
  readonly #logs: LogTable;
  readonly #firstAfter: StatementSync;
  readonly #byClock: StatementSync;
  readonly #remove: StatementSync;
  readonly #free: StatementSync;
  readonly #vacuum: StatementSync;

  /**
   * Prepares its statements.
   *
   * @param database Where the tables are.
   * @param logs The rows of logs.
   */
  constructor(database: DatabaseSync, logs: LogTable) {
    this.#database = database;
    this.#logs = logs;
    this.#firstAfter = database.prepare(
      "SELECT number FROM entries " +
        "WHERE log = ? AND number > ? AND time >= ? ORDER BY number LIMIT 1",
    );
    this.#byClock = database.prepare(
      "SELECT log, number, clock, seq FROM entries " +
        `WHERE room = ? AND (clock, seq) > (?, ?) ORDER BY clock, seq LIMIT ${BATCH}`,
    );
    this.#remove = database.prepare(
      "DELETE FROM entries WHERE seq IN " +
        "(SELECT seq FROM entries WHERE log = ? AND number <= ? ORDER BY number LIMIT ?) " +
        "RETURNING number, length(body) AS bytes",
    );
    this.#free = database.prepare("PRAGMA freelist_count");
    // It frees one page a step, and `exec` takes only the first.
    this.#vacuum = database.prepare(`PRAGMA incremental_vacuum(${FREED_PAGES})`);
  }

  /**
   * Trims a room.
   *
   * @param room Its row.
   * @param options What is to go.
   * @returns Of each log that has changed, up to which number it is gone. Where something fails after
   * a part is done, that part.
   * @throws {Error} If nothing can be done.
   */
  trim(room: number, { before, bytes, limit = Infinity }: TrimOptions): LogFloor[] {
    const run = new Run(limit);
    try {
      if (before !== undefined) this.#drain(run, this.#tooOld(run, room, before));
      if (bytes !== undefined) this.#drain(run, this.#tooMuch(run, room, bytes));
      if (run.changed.size > 0) this.#giveBack();
    } catch (error) {
      if (run.changed.size === 0) throw error;
    }
    return [...run.changed.values()].map(({ name, floor }) => ({ ...name, floor }));
  }

  /** Makes cuts in transactions of a bounded size. They are looked for inside of these. */
  #drain(run: Run, cuts: Iterator<Cut, undefined>): void {
    let cut: Cut | undefined, more = true;
    const batch = (): Map<number, LogRow> => {
      const touched = new Map<number, LogRow>();
      run.open.clear();
      for (let room = Math.min(BATCH, run.left); room > 0;) {
        cut ??= cuts.next().value;
        if (cut === undefined) {
          more = false;
          break;
        }
        const removed = this.#cut(run, cut, room);
        if (removed > 0) touched.set(cut.log, this.#log(run, cut.log));
        // As many as could go: there may be others, for the next transaction.
        if (removed < room) cut = undefined;
        room -= removed;
      }
      for (const log of touched.values()) this.#logs.save(log);
      return touched;
    };
    while (more && run.left > 0) {
      for (const [id, log] of transact(this.#database, batch)) run.changed.set(id, log);
    }
  }

  /** Removes the beginning of a log, or as much of it as may go. */
  #cut(run: Run, { log: id, until }: Cut, limit: number): number {
    const log = this.#log(run, id), gone = this.#remove.all(id, until, limit);
    for (const { number, bytes } of gone) {
      log.floor = Math.max(log.floor, Number(number));
      log.bytes -= Number(bytes);
      run.freed += Number(bytes);
    }
    log.held.remove(0, log.floor);
    run.left -= gone.length;
    return gone.length;
  }

  *#tooOld(run: Run, room: number, before: number): Generator<Cut, undefined> {
    for (const { id } of this.#logs.all(room)) {
      const { floor, held: { largest } } = this.#log(run, id);
      if (largest === undefined) continue;
      const until = Number(this.#firstAfter.get(id, floor, before)?.["number"] ?? largest) - 1;
      if (until > floor) yield { log: id, until };
    }
  }

  /**
   * The oldest of a room by clock, each with what its author says to have said before it: a clock
   * that once ran ahead does not protect a log.
   */
  *#tooMuch(run: Run, room: number, most: number): Generator<Cut, undefined> {
    const before = run.freed, total = this.#logs.bytes(room);
    let page: Record<string, unknown>[], clock = -1, seq = 0;
    do {
      page = this.#byClock.all(room, clock, seq);
      for (const row of page) {
        if (total - (run.freed - before) <= most) return;
        const id = Number(row["log"]), until = Number(row["number"]);
        if (until !== this.#log(run, id).held.largest) yield { log: id, until };
        [clock, seq] = [Number(row["clock"]), Number(row["seq"])];
      }
    } while (page.length === BATCH);
  }

  #log(run: Run, id: number): LogRow {
    const log = run.open.get(id) ?? this.#logs.at(id);
    run.open.set(id, log);
    return log;
  }

  /** Gives free pages back to the disk, as far as nobody reads what was there before. */
  #giveBack(): void {
    for (let free = this.#freePages(); free > 0;) {
      this.#vacuum.all();
      const left = this.#freePages();
      if (left >= free) break;
      free = left;
    }
    this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }

  #freePages(): number {
    return Number(this.#free.get()?.["freelist_count"]);
  }
}
