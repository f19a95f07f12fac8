/**
 * Rooms of two people who met in another one. It opens no transactions.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Pair } from "../chat/entry_store.ts";
import { sameBytes } from "../wire/bytes.ts";

/** Pairs by the row of their room. */
export class PairTable {
  readonly #add: StatementSync;
  readonly #of: StatementSync;
  readonly #all: StatementSync;

  /**
   * Prepares its statements.
   *
   * @param database Where the tables are.
   */
  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      "INSERT INTO pairs (room, parent, one, other) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#of = database.prepare("SELECT * FROM pairs WHERE room = ?");
    this.#all = database.prepare(
      "SELECT * FROM pairs WHERE parent = ?1 AND (one = ?2 OR other = ?2) " +
        "AND EXISTS (SELECT 1 FROM entries WHERE entries.room = pairs.room) " +
        "ORDER BY room DESC LIMIT ?3",
    );
  }

  /** Remembers a pair. */
  add(row: number, { parent, one, other }: Pair): void {
    this.#add.run(row, parent, one, other);
  }

  /** Whose a room is; undefined where it is none of two. */
  of(row: number): Pair | undefined {
    const pair = this.#of.get(row);
    return pair && readPair(pair);
  }

  /** With whom somebody has a room in which something is held, the latest first. */
  all(parent: Uint8Array, key: Uint8Array, limit: number): Uint8Array[] {
    return this.#all.all(parent, key, limit).map(readPair)
      .map(({ one, other }) => sameBytes(one, key) ? other : one);
  }
}

function readPair(row: Record<string, unknown>): Pair {
  return {
    parent: row["parent"] as Uint8Array,
    one: row["one"] as Uint8Array,
    other: row["other"] as Uint8Array,
  };
}
