/**
 * An entry as a row: what all tables that hold entries have alike.
 *
 * @module
 */

import type { CheckedEntry } from "../chat/entry_store.ts";

/** The columns, in the order of {@linkcode entryValues}. */
export const ENTRY_COLUMNS = "number, clock, time, id, previous, signature, body";
/** Their values. */
export const ENTRY_VALUES = "?, ?, ?, ?, ?, ?, ?";

/** What is read beside them: whose log it is. */
export const LOG_COLUMNS = "logs.author, logs.log AS name";

/**
 * What is stored of an entry.
 *
 * @param checked The entry.
 * @returns The values of its columns.
 */
export function entryValues({ entry, id }: CheckedEntry): (number | Uint8Array)[] {
  const { number, clock, time, previous, signature, body } = entry;
  return [number, clock, time, id, previous, signature, body];
}

/**
 * An entry from its row.
 *
 * @param room The room.
 * @param row The columns of an entry, and those of its log.
 * @returns The entry; all its bytes are its own.
 */
export function readEntry(room: Uint8Array, row: Record<string, unknown>): CheckedEntry {
  return {
    entry: {
      room: room.slice(),
      author: row["author"] as Uint8Array,
      log: row["name"] as Uint8Array,
      number: row["number"] as number,
      previous: row["previous"] as Uint8Array,
      clock: row["clock"] as number,
      time: row["time"] as number,
      body: row["body"] as Uint8Array,
      signature: row["signature"] as Uint8Array,
    },
    id: row["id"] as Uint8Array,
  };
}
