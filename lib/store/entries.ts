/**
 * Entries on disk: what {@linkcode EntryStore} asks for, with SQLite.
 *
 * It keeps nothing in memory, so that two programs may use one file and a change that failed leaves
 * no trace. It checks no signature.
 *
 * ```text
 *   append ─▶ BEGIN ─▶ log ─▶ entry, entry … ─▶ ranges and head of the log ─▶ COMMIT (on disk) ─▶ seq
 * ```
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { NO_ENTRY } from "../chat/entry.ts";
import type { CheckedEntry, EntryStore, LogState, Pair, StoredEntry } from "../chat/entry_store.ts";
import { logKey } from "../chat/log.ts";
import { roomKey } from "../chat/room.ts";
import type { LogName } from "../wire/entry.ts";
import { openDatabase, transact } from "./database.ts";
import { ENTRY_COLUMNS, ENTRY_VALUES, entryValues, LOG_COLUMNS, readEntry } from "./entry_row.ts";
import { ForkTable } from "./fork_table.ts";
import { type LogRow, LogTable, stateOf } from "./log_table.ts";
import { PairTable } from "./pair_table.ts";
import { ROOMS } from "./schema.ts";
import { type Retention, type Trimmed, Trimmer } from "./trimmer.ts";

/** The logs come second, so that entries are read in the order of an index. */
const SELECT = `SELECT entries.*, ${LOG_COLUMNS} ` +
  "FROM entries CROSS JOIN logs ON logs.id = entries.log WHERE ";

/** Entries in a file. */
export class Entries implements EntryStore {
  /** Where a damaged database was moved to, if that happened. */
  readonly movedTo: string | undefined;
  readonly #database: DatabaseSync;
  readonly #logs: LogTable;
  readonly #forks: ForkTable;
  readonly #pairs: PairTable;
  readonly #trimmer: Trimmer;
  readonly #add: StatementSync;
  readonly #last: StatementSync;
  readonly #clock: StatementSync;
  readonly #after: StatementSync;
  readonly #newest: StatementSync;
  readonly #range: StatementSync;
  readonly #oldest: StatementSync;
  readonly #cut: StatementSync;
  readonly #own: StatementSync;
  readonly #setOwn: StatementSync;
  readonly #unsetOwn: StatementSync;

  /**
   * Opens or makes the file. A damaged one is moved aside, never deleted; damage that lies so deep
   * that it is not met here makes the call fail that meets it.
   *
   * @param path The file, or undefined to keep nothing.
   * @throws {Deno.errors.PermissionDenied} If it cannot be written.
   * @throws {Error} If it cannot be opened otherwise, or a newer program has written it.
   */
  constructor(path: string | undefined) {
    ({ database: this.#database, movedTo: this.movedTo } = openDatabase(path, ROOMS));
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#logs = new LogTable(this.#database);
    this.#forks = new ForkTable(this.#database);
    this.#pairs = new PairTable(this.#database);
    this.#trimmer = new Trimmer(this.#database, this.#logs);
    this.#add = prepare(
      `INSERT INTO entries (room, log, ${ENTRY_COLUMNS}) VALUES (?, ?, ${ENTRY_VALUES})`,
    );
    this.#last = prepare("SELECT max(seq) AS seq FROM entries WHERE room = ?");
    this.#clock = prepare(
      "SELECT max((SELECT max(clock) FROM entries WHERE room = rooms.id AND clock <= ?)) AS clock " +
        "FROM rooms",
    );
    this.#after = prepare(`${SELECT} entries.room = ? AND seq > ? ORDER BY seq LIMIT ?`);
    this.#newest = prepare(
      `${SELECT} entries.room = ? AND clock <= ? ORDER BY clock DESC, seq DESC LIMIT ?`,
    );
    this.#range = prepare(
      `${SELECT} entries.log = ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?`,
    );
    this.#oldest = prepare(
      "SELECT min(seq) AS seq FROM entries WHERE log = ? AND number BETWEEN ? AND ?",
    );
    this.#cut = prepare(
      "DELETE FROM entries WHERE log = ? AND number >= ? " +
        "RETURNING number, previous, length(body) AS bytes",
    );
    this.#own = prepare("SELECT log FROM own WHERE room = ? AND author = ?");
    this.#setOwn = prepare("INSERT OR REPLACE INTO own (room, author, log) VALUES (?, ?, ?)");
    this.#unsetOwn = prepare("DELETE FROM own WHERE room = ? AND author = ? AND log = ?");
  }

  /** All rooms of which anything was ever kept. */
  rooms(): Uint8Array[] {
    return this.#logs.rooms();
  }

  /** All logs of a room. */
  logs(room: Uint8Array): LogState[] {
    const row = this.#logs.room(room);
    return row === undefined ? [] : this.#logs.all(row).map(stateOf);
  }

  /** The largest `seq` in a room; 0 for none. */
  last(room: Uint8Array): number {
    const row = this.#logs.room(room);
    return row === undefined ? 0 : Number(this.#last.get(row)?.["seq"] ?? 0);
  }

  /** The latest clock of all entries; 0 for none. */
  clock(most: number): number {
    return Number(this.#clock.get(most)?.["clock"] ?? 0);
  }

  /**
   * Keeps entries, all or none. One at or below the floor of its log is kept as well, and counts as
   * not held: it was on its way when the log was trimmed, and must not stop those beside it.
   *
   * @param entries What to keep; none of them is held.
   * @returns The `seq` of each.
   * @throws {Error} If they cannot be kept: a full disk, no permission, one is there already.
   * Nothing has changed then.
   */
  append(entries: readonly CheckedEntry[]): number[] {
    if (entries.length === 0) return [];
    return transact(this.#database, () => {
      const touched = new Map<string, LogRow>();
      const seqs = entries.map((checked) => {
        const { entry } = checked, key = roomKey(entry.room) + logKey(entry);
        const log = touched.get(key) ?? this.#logs.open(this.#logs.openRoom(entry.room), entry);
        touched.set(key, log);
        return this.#insert(log, checked);
      });
      for (const log of touched.values()) this.#logs.save(log);
      return seqs;
    });
  }

  #insert(log: LogRow, checked: CheckedEntry): number {
    const { entry: { number, body }, id } = checked;
    const { lastInsertRowid } = this.#add.run(log.room, log.id, ...entryValues(checked));
    log.bytes += body.length;
    if (number > log.floor) {
      if (number > (log.held.largest ?? log.floor)) log.head = id;
      log.held.add(number, number);
    }
    return Number(lastInsertRowid);
  }

  /** Entries of a room that were kept after another, in that order. */
  after(room: Uint8Array, seq: number, limit: number): StoredEntry[] {
    const row = this.#logs.room(room);
    return row === undefined ? [] : read(room, this.#after.all(row, seq, whole(limit)));
  }

  /** The latest entries of a room by clock, the latest last; those beyond `most` do not count. */
  newest(room: Uint8Array, limit: number, most = Infinity): StoredEntry[] {
    const row = this.#logs.room(room);
    if (row === undefined) return [];
    return read(room, this.#newest.all(row, whole(most), whole(limit))).reverse();
  }

  /** Entries of one log, by number. */
  range(
    room: Uint8Array,
    name: LogName,
    first: number,
    last: number,
    limit: number,
  ): StoredEntry[] {
    const log = this.#find(room, name);
    if (log === undefined) return [];
    return read(room, this.#range.all(log.id, first, whole(last), whole(limit)));
  }

  /** The smallest `seq` of some entries of one log; undefined where none is held. */
  oldest(room: Uint8Array, name: LogName, first: number, last: number): number | undefined {
    const log = this.#find(room, name);
    if (log === undefined) return undefined;
    const seq = this.#oldest.get(log.id, first, whole(last))?.["seq"];
    return typeof seq === "number" ? seq : undefined;
  }

  /**
   * Keeps the proof that somebody signed two entries of one number, and freezes the log. The first
   * proof for a number stays.
   *
   * @param held The entry that is held.
   * @param other The other one.
   * @throws {Error} If it cannot be kept. Nothing has changed then.
   */
  freeze(held: CheckedEntry, other: CheckedEntry): void {
    transact(this.#database, () => {
      const log = this.#logs.open(this.#logs.openRoom(held.entry.room), held.entry);
      this.#forks.add(log.id, held, other);
      log.frozen = true;
      this.#logs.save(log);
    });
  }

  /**
   * The proofs against the authors of frozen logs.
   *
   * @param room The room.
   * @param name Of which log; of all where it is left out.
   * @returns Two entries of one log and number each; first the one that is held.
   */
  forks(room: Uint8Array, name?: LogName): [CheckedEntry, CheckedEntry][] {
    const row = this.#logs.room(room), log = name && this.#find(room, name);
    if (row === undefined || name && !log) return [];
    return log ? this.#forks.of(room, log.id) : this.#forks.all(room, row);
  }

  /**
   * Remembers that a room is one of two people.
   *
   * @param room The number of the room.
   * @param pair Whose it is.
   * @throws {Error} If it cannot be kept.
   */
  addPair(room: Uint8Array, pair: Pair): void {
    transact(this.#database, () => this.#pairs.add(this.#logs.openRoom(room), pair));
  }

  /** Whose a room is; undefined where it is none of two. */
  pairOf(room: Uint8Array): Pair | undefined {
    const row = this.#logs.room(room);
    return row === undefined ? undefined : this.#pairs.of(row);
  }

  /**
   * With whom somebody has a room in which something is held, the latest first.
   *
   * @param parent The number of the room where they met.
   * @param key Their key.
   * @param limit So many at most.
   * @returns The keys of the others.
   */
  pairsOf(parent: Uint8Array, key: Uint8Array, limit: number): Uint8Array[] {
    return this.#pairs.all(parent, key, limit);
  }

  /**
   * The log in which an author writes here. It is another after {@linkcode Entries.forget}, and after
   * it was frozen: what was said under its numbers may be known elsewhere.
   *
   * @param room The room.
   * @param author One's own key.
   * @param make Makes the random number of a new log, 8 bytes.
   * @returns The number of the log, the same for all programs that use this file.
   * @throws {Error} If it cannot be kept.
   */
  ownLog(room: Uint8Array, author: Uint8Array, make: () => Uint8Array): Uint8Array {
    return transact(this.#database, () => {
      const row = this.#logs.openRoom(room);
      const known = this.#own.get(row, author)?.["log"] as Uint8Array | undefined;
      if (known && !this.#logs.find(row, { author, log: known })?.frozen) return known;
      const log = make().slice();
      this.#setOwn.run(row, author, log);
      return log;
    });
  }

  /**
   * Removes the last entries of one's own log, those that could not be delivered.
   *
   * @param room The room.
   * @param name The log; nothing more is to be said in it.
   * @param from The first number that goes.
   * @throws {Error} If that cannot be done. Nothing has changed then.
   */
  forget(room: Uint8Array, name: LogName, from: number): void {
    transact(this.#database, () => {
      const log = this.#find(room, name);
      if (log === undefined) return;
      this.#unsetOwn.run(log.room, name.author, name.log);
      const gone = this.#cut.all(log.id, from);
      for (const { bytes } of gone) log.bytes -= Number(bytes);
      const largest = log.held.largest;
      log.held.remove(from, Infinity);
      if (log.held.largest !== largest) log.head = this.#headOf(log, gone);
      this.#logs.save(log);
    });
  }

  /** The hash of the last entry that is left; of the one at the floor, where it can be told. */
  #headOf({ id, floor, held }: LogRow, gone: readonly Record<string, unknown>[]): Uint8Array {
    const last = held.largest ?? floor;
    const above = gone.find(({ number }) => number === last + 1);
    if (above !== undefined) return above["previous"] as Uint8Array;
    return this.#range.get(id, last, last, 1)?.["id"] as Uint8Array | undefined ?? NO_ENTRY;
  }

  /**
   * Lets the oldest entries go, of all rooms and a little at a time: whole beginnings of logs, in one
   * transaction. It is to be called now and then, and soon again while there is more to do.
   *
   * @param retention What is kept.
   * @returns What is gone.
   * @throws {Error} If that cannot be done. Nothing has changed then.
   */
  trim(retention: Retention): Trimmed {
    return this.#trimmer.trim(retention);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #find(room: Uint8Array, name: LogName): LogRow | undefined {
    const row = this.#logs.room(room);
    return row === undefined ? undefined : this.#logs.find(row, name);
  }
}

/** As a number that SQLite knows: it has no infinity. */
function whole(number: number): number {
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

function read(room: Uint8Array, rows: readonly Record<string, unknown>[]): StoredEntry[] {
  return rows.map((row) => ({ ...readEntry(room, row), seq: row["seq"] as number }));
}
