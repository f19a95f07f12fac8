/**
 * The rows of rooms and of their logs: how far each log is held. It opens no transactions.
 *
 * Nothing is kept in memory: another program may write to the same file at any time.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { NO_ENTRY } from "../chat/entry.ts";
import type { LogState } from "../chat/entry_store.ts";
import { Reader, Writer } from "../wire/bytes.ts";
import type { LogName } from "../wire/entry.ts";
import { type Range, RangeSet } from "../wire/ranges.ts";

/** The most that a range takes: two variable-length integers. */
const RANGE_BYTES = 16;

/** One log. It may be changed, and saved. */
export interface LogRow {
  /** Its own row. */
  readonly id: number;
  /** The row of its room. */
  readonly room: number;
  /** Whose it is, and which. */
  readonly name: LogName;
  /** Entries up to this number were trimmed. */
  floor: number;
  /** Numbers above it that are held. */
  readonly held: RangeSet;
  /** The hash of the last of them. */
  head: Uint8Array;
  /** It goes no further. */
  frozen: boolean;
  /** What the bodies of all its entries take. */
  bytes: number;
}

/** Rooms and logs. */
export class LogTable {
  readonly #rooms: StatementSync;
  readonly #findRoom: StatementSync;
  readonly #addRoom: StatementSync;
  readonly #all: StatementSync;
  readonly #find: StatementSync;
  readonly #at: StatementSync;
  readonly #add: StatementSync;
  readonly #save: StatementSync;
  readonly #remove: StatementSync;
  readonly #roomAt: StatementSync;
  readonly #countGone: StatementSync;
  readonly #oldestGone: StatementSync;
  readonly #removeProofs: StatementSync;

  /**
   * Prepares its statements.
   *
   * @param database Where the tables are.
   */
  constructor(database: DatabaseSync) {
    this.#rooms = database.prepare("SELECT number FROM rooms ORDER BY id");
    this.#findRoom = database.prepare("SELECT id FROM rooms WHERE number = ?");
    this.#addRoom = database.prepare("INSERT INTO rooms (number) VALUES (?)");
    this.#all = database.prepare("SELECT * FROM logs WHERE room = ? ORDER BY id");
    this.#find = database.prepare(
      "SELECT * FROM logs WHERE room = ? AND author = ? AND log = ?",
    );
    this.#at = database.prepare("SELECT * FROM logs WHERE id = ?");
    this.#add = database.prepare(
      "INSERT INTO logs (room, author, log, floor, frozen, bytes, head, ranges) " +
        "VALUES (?, ?, ?, 0, 0, 0, ?, x'')",
    );
    this.#save = database.prepare(
      "UPDATE logs SET floor = ?, frozen = ?, bytes = ?, head = ?, ranges = ? WHERE id = ?",
    );
    this.#remove = database.prepare("DELETE FROM logs WHERE id = ?");
    this.#roomAt = database.prepare("SELECT number FROM rooms WHERE id = ?");
    this.#countGone = database.prepare(
      "SELECT count(*) AS count FROM logs WHERE room = ? AND ranges = x''",
    );
    this.#oldestGone = database.prepare(
      "SELECT * FROM logs WHERE room = ? AND ranges = x'' AND floor > 0 " +
        "AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.log = logs.id) ORDER BY id LIMIT ?",
    );
    this.#removeProofs = database.prepare("DELETE FROM forks WHERE log = ?");
  }

  /** The numbers of all rooms. */
  rooms(): Uint8Array[] {
    return this.#rooms.all().map((row) => row["number"] as Uint8Array);
  }

  /** The row of a room; undefined where nothing of it is known. */
  room(number: Uint8Array): number | undefined {
    return this.#findRoom.get(number)?.["id"] as number | undefined;
  }

  /** The row of a room; made where it is missing. */
  openRoom(number: Uint8Array): number {
    return this.room(number) ?? Number(this.#addRoom.run(number).lastInsertRowid);
  }

  /** All logs of a room. */
  all(room: number): LogRow[] {
    return this.#all.all(room).map(readRow);
  }

  /** A log; undefined where nothing of it is known. */
  find(room: number, { author, log }: LogName): LogRow | undefined {
    const row = this.#find.get(room, author, log);
    return row && readRow(row);
  }

  /**
   * A log that is known.
   *
   * @throws {Error} If it is not there any more.
   */
  at(id: number): LogRow {
    const row = this.#at.get(id);
    if (row === undefined) throw new Error(`Cannot find log ${id} as it was removed`);
    return readRow(row);
  }

  /** A log; made where it is missing. */
  open(room: number, { author, log }: LogName): LogRow {
    const known = this.find(room, { author, log });
    if (known !== undefined) return known;
    const id = Number(this.#add.run(room, author, log, NO_ENTRY).lastInsertRowid);
    const held = new RangeSet();
    return {
      id,
      room,
      name: { author, log },
      floor: 0,
      held,
      head: NO_ENTRY,
      frozen: false,
      bytes: 0,
    };
  }

  /** Writes what was changed. A log of which nothing is left to tell is removed. */
  save({ id, floor, held, head, frozen, bytes }: LogRow): void {
    if (held.empty && floor === 0 && !frozen) this.#remove.run(id);
    else this.#save.run(floor, frozen ? 1 : 0, bytes, head, encodeRanges(held.ranges), id);
  }

  /** The number of a room that is known. */
  roomAt(room: number): Uint8Array {
    return this.#roomAt.get(room)?.["number"] as Uint8Array;
  }

  /**
   * Forgets logs that are wholly gone, the oldest first, also that they were frozen.
   *
   * @param room The row of their room.
   * @param most So many stay.
   * @returns Those that are forgotten.
   */
  forget(room: number, most: number): LogRow[] {
    const tooMany = Number(this.#countGone.get(room)?.["count"]) - most;
    if (tooMany <= 0) return [];
    const forgotten = this.#oldestGone.all(room, tooMany).map(readRow);
    for (const { id } of forgotten) {
      this.#removeProofs.run(id);
      this.#remove.run(id);
    }
    return forgotten;
  }
}

/**
 * What rooms want to know of a log.
 *
 * @param row The log.
 * @returns Its state.
 */
export function stateOf({ name, floor, held, head, frozen }: LogRow): LogState {
  return { ...name, floor, ranges: held.ranges, head, frozen };
}

function readRow(row: Record<string, unknown>): LogRow {
  return {
    id: row["id"] as number,
    room: row["room"] as number,
    name: { author: row["author"] as Uint8Array, log: row["log"] as Uint8Array },
    floor: row["floor"] as number,
    held: decodeRanges(row["ranges"] as Uint8Array),
    head: row["head"] as Uint8Array,
    frozen: row["frozen"] === 1,
    bytes: row["bytes"] as number,
  };
}

/** Of each range how far it is from the one before, and how many more numbers follow its first. */
function encodeRanges(ranges: readonly Range[]): Uint8Array {
  const writer = new Writer(ranges.length * RANGE_BYTES);
  let before = 0;
  for (const { first, last } of ranges) {
    writer.varint(first - before).varint(last - first);
    before = last;
  }
  return writer.finish();
}

function decodeRanges(bytes: Uint8Array): RangeSet {
  const reader = new Reader(bytes), held = new RangeSet();
  let before = 0;
  while (reader.left > 0) {
    const first = before + reader.varint(), last = first + reader.varint();
    held.add(first, last);
    before = last;
  }
  return held;
}
