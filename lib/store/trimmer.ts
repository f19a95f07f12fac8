/**
 * Letting old entries go, a slice at a time.
 *
 * ```text
 *   log   ··· floor │ 5 6 7 8 9 │ 12 13        what goes is the beginning of a log, or all of it;
 *             ──────▶ gone      │    └ head    of the last one the hash stays: what follows must fit
 * ```
 *
 * The oldest is what was kept first, here: what authors say of the time makes nothing younger. With it
 * goes what its author said before it, even if that came later. So the next one is always the first row
 * of an index, and no room is looked at of which nothing is to go.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LogFloor } from "../chat/entry_store.ts";
import { MAX_GONE_LOGS } from "../chat/room.ts";
import { transact } from "./database.ts";
import type { LogRow, LogTable } from "./log_table.ts";
import { MarkTable } from "./mark_table.ts";

/** Entries of a slice (our choice). */
const SLICE = 1_000;
/** What it costs at most, where to remove an entry costs 1, some 5 us (our choice: some 12 ms). */
const SLICE_COST = 2_500;
/** To look for entries of a log, and to write what has become of it (measured). */
const CUT_COST = 3, LOG_COST = 8;
/** Bytes of bodies in a slice: each page of a long one is freed by itself (our choice: some 10 ms). */
const SLICE_BYTES = 2_097_152;
/** Entries of a room that are looked at together (our choice: long ones have a page each). */
const PAGE = 100;
/** Free pages that are given back at once (our choice: 512 KiB, some ms). */
const FREED_PAGES = 128;

/** What is kept. */
export interface Retention {
  /** Wall time in ms since 1970. */
  readonly wall: number;
  /** What was kept longer ago than so many ms goes; nothing where it is left out. */
  readonly keep?: number | undefined;
  /** The oldest of a room go until all its bodies take at most so many bytes. */
  readonly bytes?: number | undefined;
  /** So many entries go at once, or fewer where they are long or of many logs; 1,000 if it is left out. */
  readonly limit?: number;
}

/** What a slice did. */
export interface Trimmed {
  /** Of each log that has changed, up to which number it is gone. */
  readonly rooms: readonly { readonly room: Uint8Array; readonly floors: readonly LogFloor[] }[];
  /** Entries that are gone. */
  readonly count: number;
  /** There may be more to do. */
  readonly more: boolean;
}

/** One slice. */
class Slice {
  /** Logs that have changed and are not saved yet, by row. */
  readonly open = new Map<number, LogRow>();
  /** Those that are saved. */
  readonly changed = new Map<number, LogRow>();
  /** Those that are forgotten altogether. */
  readonly forgotten: LogRow[] = [];
  /** Entries that are gone. */
  count = 0;
  #bytes = SLICE_BYTES;
  #cost = SLICE_COST;
  #entries: number;

  constructor(limit: number) {
    this.#entries = limit;
  }

  /** Entries that may still go. */
  get left(): number {
    return this.#bytes > 0 ? Math.max(0, Math.min(this.#cost, this.#entries)) : 0;
  }

  /** Something was done for other reasons. */
  spend(cost: number): void {
    this.#cost -= cost;
  }

  /** One more goes. */
  take(bytes: number): void {
    this.count++;
    this.#entries--;
    this.#cost--;
    this.#bytes -= bytes;
  }
}

/** Trims a file. */
export class Trimmer {
  readonly #database: DatabaseSync;
  readonly #logs: LogTable;
  readonly #marks: MarkTable;
  readonly #tooOld: StatementSync;
  readonly #largest: StatementSync;
  readonly #oldest: StatementSync;
  readonly #measure: StatementSync;
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
    this.#marks = new MarkTable(database);
    this.#tooOld = database.prepare(
      "SELECT log, max(number) AS number FROM " +
        "(SELECT log, number FROM entries WHERE seq <= ? ORDER BY seq LIMIT ?) GROUP BY log",
    );
    this.#largest = database.prepare(
      "SELECT id, bytes FROM rooms WHERE bytes > ? ORDER BY bytes DESC LIMIT 1",
    );
    this.#oldest = database.prepare(
      "SELECT log, number FROM entries WHERE room = ? ORDER BY seq LIMIT ?",
    );
    this.#measure = database.prepare(
      "SELECT number, length(body) AS bytes FROM entries " +
        "WHERE log = ? AND number <= ? ORDER BY number LIMIT ?",
    );
    this.#remove = database.prepare("DELETE FROM entries WHERE log = ? AND number <= ?");
    this.#free = database.prepare("PRAGMA freelist_count");
    // It frees one page a step, and `exec` takes only the first.
    this.#vacuum = database.prepare(`PRAGMA incremental_vacuum(${FREED_PAGES})`);
  }

  /**
   * Trims a little, in one transaction. Once nothing is to go, what became free is given back to the
   * disk, a little at a time as well.
   *
   * @param retention What is kept.
   * @returns What is gone.
   * @throws {Error} If it cannot be done. Nothing has changed then.
   */
  trim({ wall, keep, bytes, limit = SLICE }: Retention): Trimmed {
    const slice = new Slice(limit), now = Math.floor(wall);
    transact(this.#database, () => {
      this.#marks.set(now, keep ?? Infinity);
      if (keep !== undefined) this.#byAge(slice, this.#marks.until(now - Math.ceil(keep)));
      if (bytes !== undefined) this.#bySize(slice, bytes);
    });
    const { count } = slice;
    return { rooms: this.#floors(slice), count, more: count > 0 || this.#giveBack() };
  }

  /** All that was kept up to a `seq`. */
  #byAge(slice: Slice, until: number): void {
    for (const { log, number } of this.#tooOld.all(until, slice.left)) {
      if (slice.left === 0) break;
      this.#cut(slice, Number(log), Number(number));
    }
    this.#save(slice);
  }

  /** The largest room first, until none is too large. */
  #bySize(slice: Slice, most: number): void {
    while (slice.left > 0) {
      const room = this.#largest.get(most), before = slice.count;
      if (room === undefined) return;
      this.#shrink(slice, Number(room["id"]), Number(room["bytes"]) - most);
      this.#save(slice);
      if (slice.count === before) return;
    }
  }

  /** The oldest of a room, a page after the other. */
  #shrink(slice: Slice, room: number, over: number): void {
    for (let before = -1; before < slice.count;) {
      before = slice.count;
      const page = this.#oldest.all(room, PAGE);
      for (const [at, { log, number }] of page.entries()) {
        const next = page[at + 1];
        // What one says in a row goes together.
        if (next?.["log"] === log && Number(next?.["number"]) > Number(number)) continue;
        if (over <= 0 || slice.left === 0) return;
        over -= this.#cut(slice, Number(log), Number(number), over);
      }
    }
  }

  /**
   * Removes the beginning of a log, the lowest number first, as far as the slice goes and until enough
   * bytes are free.
   *
   * @returns Bytes that are free now.
   */
  #cut(slice: Slice, id: number, until: number, enough: number = Infinity): number {
    let freed = 0, last: number | undefined;
    slice.spend(CUT_COST);
    for (const { number, bytes } of this.#measure.all(id, until, slice.left)) {
      if (freed >= enough || slice.left === 0) break;
      last = Number(number);
      freed += Number(bytes);
      slice.take(Number(bytes));
    }
    if (last === undefined) return 0;
    this.#remove.run(id, last);
    if (!slice.open.has(id)) slice.spend(LOG_COST);
    const log = slice.open.get(id) ?? this.#logs.at(id);
    log.floor = Math.max(log.floor, last);
    log.held.remove(0, log.floor);
    log.bytes -= freed;
    slice.open.set(id, log);
    return freed;
  }

  /** Writes what has changed. Of logs that are wholly gone, the oldest of too many are forgotten. */
  #save({ open, changed, forgotten }: Slice): void {
    const rooms = new Set<number>();
    for (const [id, log] of open) {
      this.#logs.save(log);
      changed.set(id, log);
      if (log.held.empty) rooms.add(log.room);
    }
    open.clear();
    for (const room of rooms) {
      for (const log of this.#logs.forget(room, MAX_GONE_LOGS)) {
        changed.delete(log.id);
        forgotten.push(log);
      }
    }
  }

  #floors({ changed, forgotten }: Slice): Trimmed["rooms"] {
    const rooms = new Map<number, LogFloor[]>();
    const add = ({ room }: LogRow, floor: LogFloor): void => {
      const floors = rooms.get(room) ?? [];
      rooms.set(room, floors);
      floors.push(floor);
    };
    for (const log of changed.values()) add(log, { ...log.name, floor: log.floor });
    for (const log of forgotten) add(log, { ...log.name, floor: log.floor, forgotten: true });
    return [...rooms].map(([room, floors]) => ({ room: this.#logs.roomAt(room), floors }));
  }

  /** Gives free pages back to the disk, as far as nobody reads what was there before. */
  #giveBack(): boolean {
    const free = this.#freePages();
    if (free === 0) return false;
    this.#vacuum.all();
    const left = this.#freePages();
    // The file becomes shorter when the journal is taken over into it.
    if (left === 0) this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return left > 0 && left < free;
  }

  #freePages(): number {
    return Number(this.#free.get()?.["freelist_count"]);
  }
}
