/**
 * To how many members an entry has got, as a relay knows it: for authors who are here, and their
 * latest entries. Pure.
 *
 * @module
 */

import type { EntryFields, LogName } from "../wire/entry.ts";
import { logKey } from "./log.ts";

/** The latest entries of a log that are followed (our choice: who writes faster hears of these). */
const MAX_FOLLOWED = 256;
/** Holders that are told apart; then an entry counts as everywhere (our choice). */
const MAX_HOLDERS = 256;
/** Steps in one report (our choice). */
const MAX_STEPS = 64;

/** How far one's own entries got. */
export interface Report extends LogName {
  readonly steps: readonly { readonly number: number; readonly holders: number }[];
}

interface Followed {
  readonly name: LogName;
  /** Who holds an entry, by its number. */
  readonly holders: Map<number, Set<string>>;
  readonly news: Set<number>;
}

/** The progress of one room. */
export class Progress {
  readonly #logs = new Map<string, Followed>();

  /** Whether there is anything to report. */
  get hasNews(): boolean {
    for (const { news } of this.#logs.values()) if (news.size > 0) return true;
    return false;
  }

  /** An author who is here has said something. */
  follow({ author, log, number }: EntryFields): void {
    const key = logKey({ author, log });
    const followed = this.#logs.get(key) ??
      { name: { author, log }, holders: new Map(), news: new Set() };
    this.#logs.set(key, followed);
    followed.holders.set(number, followed.holders.get(number) ?? new Set());
    if (followed.holders.size <= MAX_FOLLOWED) return;
    for (const oldest of followed.holders.keys()) {
      followed.holders.delete(oldest);
      followed.news.delete(oldest);
      break;
    }
  }

  /**
   * A member holds an entry.
   *
   * @param entry The entry.
   * @param member The member, as the key of a map; not its author.
   */
  held({ author, log, number }: EntryFields, member: string): void {
    const followed = this.#logs.get(logKey({ author, log })),
      holders = followed?.holders.get(number);
    if (!followed || !holders || holders.has(member) || holders.size >= MAX_HOLDERS) return;
    holders.add(member);
    followed.news.add(number);
  }

  /** An author has left: nobody is told any more. */
  forget(author: Uint8Array): void {
    for (const [key, { name }] of this.#logs) {
      if (name.author.every((byte, at) => byte === author[at])) this.#logs.delete(key);
    }
  }

  /** What is new since the last call, a report for each log; the rest comes with the next call. */
  reports(): Report[] {
    const reports: Report[] = [];
    for (const { name, holders, news } of this.#logs.values()) {
      if (news.size === 0) continue;
      const numbers = [...news].slice(0, MAX_STEPS).sort((a, b) => a - b);
      for (const number of numbers) news.delete(number);
      const steps = numbers.map((number) => ({ number, holders: holders.get(number)?.size ?? 0 }));
      reports.push({ ...name, steps });
    }
    return reports;
  }
}
