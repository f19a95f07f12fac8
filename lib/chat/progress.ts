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
/** Holders that are told apart; then an entry counts as everywhere (our choice). */
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
  readonly holders: Set<string>;
}

/** The progress of one room. */
export class Progress {
  /** By `seq`, the oldest first. */
  readonly #followed = new Map<number, Followed>();
  readonly #news = new Set<number>();

  /** Whether there is anything to report. */
  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** An author who is here has said something. */
  follow({ entry: { author, log, number }, seq }: StoredEntry): void {
    const own = roomKey(author);
    this.#followed.set(seq, { author, log, number, own, holders: new Set() });
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
    const followed = this.#followed.get(seq), holders = followed?.holders;
    if (
      !holders || followed?.own === member || holders.size >= MAX_HOLDERS || holders.has(member)
    ) return;
    holders.add(member);
    this.#news.add(seq);
  }

  /** An author has left: nobody is told any more. */
  forget(author: Uint8Array): void {
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
      const { author, log, number, holders } = followed, key = logKey(followed);
      const report = reports.get(key) ?? { name: { author, log }, steps: [] };
      if (report.steps.length >= MAX_STEPS) continue;
      report.steps.push({ number, holders: holders.size < MAX_HOLDERS ? holders.size : Infinity });
      reports.set(key, report);
      this.#news.delete(seq);
    }
    return [...reports.values()].map(({ name, steps }) => ({
      ...name,
      steps: steps.sort((a, b) => a.number - b.number),
    }));
  }
}
