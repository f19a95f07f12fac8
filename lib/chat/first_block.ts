/**
 * What somebody who comes is to see first, so that the screen is right at once. Pure.
 *
 * @module
 */

import type { RangeSet } from "../wire/ranges.ts";
import type { EntryStore, StoredEntry } from "./entry_store.ts";
import { logKey } from "./log.ts";
import type { Room } from "./room.ts";

/**
 * The newest entries, and who their authors are: the first entry of each of their logs.
 *
 * @param room The room.
 * @param store Where it is kept.
 * @param lacks What the other side lacks, by log.
 * @param count So many of the newest are looked at.
 */
export function firstBlock(
  room: Room,
  store: EntryStore,
  lacks: ReadonlyMap<string, RangeSet>,
  count: number,
): StoredEntry[] {
  // Clocks far ahead are not followed here either: they would be the newest for ever.
  const newest = store.newest(room.number, count, room.clock)
    .filter(({ entry }) => lacks.get(logKey(entry))?.has(entry.number));
  const there = new Set(newest.map(({ seq }) => seq)), first: StoredEntry[] = [];
  const asked = new Set<string>();
  for (const { entry } of newest) {
    const key = logKey(entry);
    if (asked.has(key) || !lacks.get(key)?.has(1)) continue;
    asked.add(key);
    const [begin] = store.range(room.number, entry, 1, 1, 1);
    if (begin && !there.has(begin.seq)) first.push(begin);
  }
  return [...first, ...newest];
}
