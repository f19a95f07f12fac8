/**
 * Entries in a row, ready to be sent. Pure.
 *
 * @module
 */

import { sameBytes } from "../wire/bytes.ts";
import { encodeRoom, MAX_RUN, partBytes } from "../wire/room.ts";
import type { StoredEntry } from "./entry_store.ts";

/** A record of entries holds so many bytes at most, if it holds more than one (our choice). */
const RUN_BYTES = 8_192;

/** One ENTRIES record. */
export interface EncodedRun {
  /** What is in it. */
  readonly entries: readonly StoredEntry[];
  /** The record, with its length in front. */
  readonly bytes: Uint8Array;
}

/**
 * Puts entries into records.
 *
 * @param entries Entries of one room, in the order in which they are to be sent.
 * @param history Whether they are no news.
 * @returns Records, in that order.
 */
export function encodeRuns(entries: readonly StoredEntry[], history: boolean): EncodedRun[] {
  const runs: EncodedRun[] = [];
  let from = 0;
  while (from < entries.length) {
    const until = endOfRun(entries, from), run = entries.slice(from, until);
    const first = run[0];
    if (first === undefined) break;
    const { author, log, number, previous } = first.entry;
    const parts = run.map(({ entry }) => entry);
    const bytes = encodeRoom({
      type: "entries",
      history,
      author,
      log,
      first: number,
      previous,
      parts,
    });
    runs.push({ entries: run, bytes });
    from = until;
  }
  return runs;
}

/** Behind the last entry that follows those before it in one log. */
function endOfRun(entries: readonly StoredEntry[], from: number): number {
  let size = partBytes(entries[from]?.entry.body.length ?? 0), at = from + 1;
  for (; at < entries.length && at - from < MAX_RUN; at++) {
    const before = entries[at - 1]?.entry, entry = entries[at]?.entry;
    if (!before || !entry || entry.number !== before.number + 1) break;
    if (!sameBytes(entry.previous, entries[at - 1]?.id ?? entry.previous)) break;
    if (!sameBytes(entry.log, before.log) || !sameBytes(entry.author, before.author)) break;
    size += partBytes(entry.body.length);
    if (size > RUN_BYTES) break;
  }
  return at;
}
