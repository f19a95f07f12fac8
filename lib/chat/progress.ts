/**
 * To how many members an entry has got, as a relay knows it: for authors who are here, and their
 * latest entries. Pure.
 *
 * @module
 */

import { sameBytes } from "../wire/bytes.ts";
import type { LogName } from "../wire/entry.ts";
import type { StoredEntry } from "./entry_store.ts";
import { logKey } from "./log.ts";
import { roomKey } from "./room.ts";

/** The latest entries of a room that are followed (our choice: some seconds of a storm). */
const MAX_FOLLOWED = 4_096;
/** Holders that are told apart; then an entry counts as everywhere (our choice: a bit each). */
const MAX_HOLDERS = 256;
/** Steps in one report (our choice). */
const MAX_STEPS = 64;

/** How far one's own entries got. */
export interface Report extends LogName {
  readonly steps: readonly Step[];
}

/** So many members hold an entry; infinitely many for all of them. */
interface Step {
  readonly number: number;
  readonly holders: number;
}

/** One entry that is followed. */
interface Followed extends LogName {
  readonly number: number;
  /** The author, as the key of a map: whoever wrote it does not count. */
  readonly own: string;
  /** A bit for each member that has a place. */
  readonly holders: Uint8Array;
  count: number;
  isNews: boolean;
}

/** The progress of one room. */
export class Progress {
  /** By `seq`, the oldest first. */
  readonly #followed = new Map<number, Followed>();
  readonly #news = new Set<number>();
  /** Which bit is whose; those who left keep it until somebody else needs one. */
  readonly #places = new Map<string, number>();
  readonly #left = new Set<string>();

  /** Whether there is anything to report. */
  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** An author who is here has said something. */
  follow({ entry: { author, log, number }, seq }: StoredEntry): void {
    const own = roomKey(author);
    const holders = new Uint8Array(MAX_HOLDERS / 8);
    this.#followed.set(seq, { author, log, number, own, holders, count: 0, isNews: false });
    if (this.#followed.size <= MAX_FOLLOWED) return;
    for (const oldest of this.#followed.keys()) {
      this.#followed.delete(oldest);
      this.#news.delete(oldest);
      break;
    }
  }

  /**
   * A member holds an entry.
   *
   * @param seq The entry.
   * @param member The member, as the key of a map.
   */
  held(seq: number, member: string): void {
    const followed = this.#followed.get(seq);
    if (!followed || followed.own === member || followed.count >= MAX_HOLDERS) return;
    const place = this.#placeOf(member);
    if (place !== undefined) {
      const at = place >> 3, bit = 1 << (place & 7), known = followed.holders[at] ?? 0;
      if ((known & bit) !== 0) return;
      followed.holders[at] = known | bit;
    }
    followed.count++;
    if (followed.isNews) return;
    followed.isNews = true;
    this.#news.add(seq);
  }

  /** Its bit; undefined where more are here than are told apart. */
  #placeOf(member: string): number | undefined {
    const known = this.#places.get(member);
    if (known !== undefined) return known;
    let place = this.#places.size;
    if (place >= MAX_HOLDERS) {
      const [gone] = this.#left, free = gone === undefined ? undefined : this.#places.get(gone);
      if (gone === undefined || free === undefined) return undefined;
      this.#left.delete(gone);
      this.#places.delete(gone);
      for (const { holders } of this.#followed.values()) {
        holders[free >> 3] = (holders[free >> 3] ?? 0) & ~(1 << (free & 7));
      }
      place = free;
    }
    this.#places.set(member, place);
    return place;
  }

  /** A member is here: its bit is its own. */
  came(member: string): void {
    this.#left.delete(member);
  }

  /** A member has left: it is told nothing any more. */
  forget(author: Uint8Array): void {
    const member = roomKey(author);
    if (this.#places.has(member)) this.#left.add(member);
    for (const [seq, each] of this.#followed) {
      if (!sameBytes(each.author, author)) continue;
      this.#followed.delete(seq);
      this.#news.delete(seq);
    }
  }

  /** What is new since the last call, a report for each log; the rest comes with the next call. */
  reports(): Report[] {
    const reports = new Map<string, { readonly name: LogName; readonly steps: Step[] }>();
    for (const seq of this.#news) {
      const followed = this.#followed.get(seq);
      if (followed === undefined) continue;
      const { author, log, number, count } = followed, key = logKey(followed);
      const report = reports.get(key) ?? { name: { author, log }, steps: [] };
      if (report.steps.length >= MAX_STEPS) continue;
      report.steps.push({ number, holders: count < MAX_HOLDERS ? count : Infinity });
      reports.set(key, report);
      this.#news.delete(seq);
      followed.isNews = false;
    }
    return [...reports.values()].map(({ name, steps }) => ({
      ...name,
      steps: steps.sort((a, b) => a.number - b.number),
    }));
  }
}
