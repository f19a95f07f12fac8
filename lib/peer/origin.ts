/**
 * Where entries came from that were kept together. Pure.
 *
 * @module
 */

import type { StoredEntry } from "../chat/entry_store.ts";
import { LIVE } from "../chat/sync.ts";
import type { Waiting } from "./inbox.ts";

/** Where an entry came from. */
export type Origin = Pick<Waiting, "link" | "history" | "stream">;

/** One said it oneself. */
export const OWN: Origin = { link: undefined, history: false, stream: LIVE };

/** Entries in a row that came the same way. */
export interface Batch {
  readonly origin: Origin;
  readonly entries: readonly StoredEntry[];
  /** Later ones of their log are known already. */
  readonly late: boolean;
  /** They are no news to those who were there. */
  readonly past: boolean;
}

/**
 * Takes apart what was kept together.
 *
 * @param stored The entries, in order.
 * @param origins Where each came from.
 * @param late Of each, whether later ones of its log are known.
 * @param old What was said before this wall time in ms is no news.
 */
export function batchesOf(
  stored: readonly StoredEntry[],
  origins: readonly Origin[],
  late: readonly boolean[],
  old: number,
): Batch[] {
  const past = stored.map(({ entry }, at) => late[at] === true || entry.time < old);
  const batches: Batch[] = [];
  for (let from = 0, until = 0; from < stored.length; from = until) {
    const origin = origins[from] ?? OWN;
    while (
      until < stored.length && same(origins[until], origin) &&
      past[until] === past[from] && late[until] === late[from]
    ) until++;
    const entries = stored.slice(from, until);
    batches.push({ origin, entries, late: late[from] ?? false, past: past[from] ?? false });
  }
  return batches;
}

function same(a: Origin | undefined, b: Origin): boolean {
  return a !== undefined && a.link === b.link && a.history === b.history && a.stream === b.stream;
}
