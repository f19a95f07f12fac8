/**
 * When what was kept: of some moments, which entry was the last one then. It opens no transactions.
 *
 * ```text
 *   at    12:00     13:00     14:00         of an entry it is known between which two marks it was
 *   seq     40 ······ 95 ····· 130 ····     kept, and of all before a mark that they are older
 * ```
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Marks are so far apart, in ms (our choice: 720 for 30 days). */
const MARK_MS = 3_600_000;
/** Or so many in the time for which entries are kept, where that is shorter: they stay a hundredth longer. */
const MARKS = 100;

/** Marks by time. */
export class MarkTable {
  readonly #latest: StatementSync;
  readonly #before: StatementSync;
  readonly #first: StatementSync;
  readonly #last: StatementSync;
  readonly #add: StatementSync;
  readonly #removeAfter: StatementSync;
  readonly #removeBelow: StatementSync;

  /**
   * Prepares its statements.
   *
   * @param database Where the tables are.
   */
  constructor(database: DatabaseSync) {
    this.#latest = database.prepare("SELECT at, seq FROM marks ORDER BY at DESC LIMIT 1");
    this.#before = database.prepare(
      "SELECT seq FROM marks WHERE at <= ? ORDER BY at DESC LIMIT 1",
    );
    this.#first = database.prepare("SELECT seq FROM entries ORDER BY seq LIMIT 1");
    this.#last = database.prepare("SELECT seq FROM entries ORDER BY seq DESC LIMIT 1");
    this.#add = database.prepare("INSERT INTO marks (at, seq) VALUES (?, ?)");
    this.#removeAfter = database.prepare("DELETE FROM marks WHERE at >= ?");
    this.#removeBelow = database.prepare("DELETE FROM marks WHERE seq < ?");
  }

  /**
   * Sets a mark, if the last one is long ago and something was kept since.
   *
   * @param wall Wall time in ms since 1970, whole.
   * @param keep For how long entries are kept, in ms.
   */
  set(wall: number, keep: number): void {
    const latest = this.#latest.get(), at = Number(latest?.["at"] ?? -Infinity);
    // The clock was put back: what was kept by the wrong time counts as kept now.
    const isBack = at > wall;
    if (!isBack && wall - at < Math.min(MARK_MS, keep / MARKS)) return;
    const last = this.#last.get()?.["seq"];
    if (last === undefined || !isBack && last === latest?.["seq"]) return;
    this.#removeAfter.run(wall);
    // Nothing is left of what these tell.
    this.#removeBelow.run(Number(this.#first.get()?.["seq"]));
    this.#add.run(wall, Number(last));
  }

  /**
   * Up to which entry all were kept at some time, or before.
   *
   * @param wall Wall time in ms since 1970, whole.
   * @returns The `seq`; 0 where that is not known of any.
   */
  until(wall: number): number {
    return Number(this.#before.get(wall)?.["seq"] ?? 0);
  }
}
