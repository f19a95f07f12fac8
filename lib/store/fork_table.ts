/**
 * The proofs that somebody signed two entries of one number. It opens no transactions.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CheckedEntry } from "../chat/entry_store.ts";
import { ENTRY_COLUMNS, ENTRY_VALUES, entryValues, LOG_COLUMNS, readEntry } from "./entry_row.ts";

/** Proofs: the entry that is held, and the other one. */
export class ForkTable {
  readonly #add: StatementSync;
  readonly #all: StatementSync;
  readonly #of: StatementSync;

  /**
   * Prepares its statements.
   *
   * @param database Where the tables are.
   */
  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO forks (log, other, ${ENTRY_COLUMNS}) VALUES (?, ?, ${ENTRY_VALUES}) ` +
        "ON CONFLICT DO NOTHING",
    );
    this.#all = database.prepare(
      `SELECT forks.*, ${LOG_COLUMNS} FROM forks JOIN logs ON logs.id = forks.log ` +
        "WHERE logs.room = ? ORDER BY forks.log, number, other",
    );
    this.#of = database.prepare(
      `SELECT forks.*, ${LOG_COLUMNS} FROM forks JOIN logs ON logs.id = forks.log ` +
        "WHERE forks.log = ? ORDER BY number, other",
    );
  }

  /**
   * Keeps a proof. The first one for a number stays.
   *
   * @param log The row of the log.
   * @param held The entry that is held.
   * @param other The other one.
   */
  add(log: number, held: CheckedEntry, other: CheckedEntry): void {
    this.#add.run(log, 0, ...entryValues(held));
    this.#add.run(log, 1, ...entryValues(other));
  }

  /**
   * All proofs of a room.
   *
   * @param room The room.
   * @param row Its row.
   * @returns Two entries each; first the one that is held.
   */
  all(room: Uint8Array, row: number): [CheckedEntry, CheckedEntry][] {
    return pairs(this.#all.all(row).map((each) => readEntry(room, each)));
  }

  /**
   * The proofs of one log.
   *
   * @param room The room.
   * @param log The row of the log.
   * @returns Two entries each; first the one that is held.
   */
  of(room: Uint8Array, log: number): [CheckedEntry, CheckedEntry][] {
    return pairs(this.#of.all(log).map((each) => readEntry(room, each)));
  }
}

function pairs(entries: readonly CheckedEntry[]): [CheckedEntry, CheckedEntry][] {
  return entries.flatMap((held, at) => {
    const other = entries[at + 1];
    return at % 2 === 0 && other !== undefined ? [[held, other]] : [];
  });
}
