/**
 * Records on their way that the other side has not said it keeps. Pure.
 *
 * @module
 */

import type { StoredEntry } from "./entry_store.ts";
import type { EncodedRun } from "./runs.ts";

/** Records on their way that the other side does not say it keeps; then nothing more goes (ours). */
const MAX_FLYING = 1_024;
/** And so many bytes of them (PROTOCOL.md §20.6). */
const MAX_FLYING_BYTES = 1_048_576;

/** On both streams. */
export class Flight {
  /** The oldest first. */
  readonly #runs: readonly [EncodedRun[], EncodedRun[]] = [[], []];
  /** How many were ever kept there. */
  readonly #kept: [number, number] = [0, 0];
  #bytes = 0;

  /** How many there are. */
  get size(): number {
    return this.#runs[0].length + this.#runs[1].length;
  }

  /** Whether there may be more. */
  get takesMore(): boolean {
    return this.size < MAX_FLYING && this.#bytes < MAX_FLYING_BYTES;
  }

  /** How many there are on a stream. */
  on(stream: 0 | 1): number {
    return this.#runs[stream].length;
  }

  /** One leaves. */
  add(stream: 0 | 1, run: EncodedRun): void {
    this.#runs[stream].push(run);
    this.#bytes += run.bytes.length;
  }

  /** All entries on their way. */
  *entries(): Generator<StoredEntry> {
    for (const runs of this.#runs) for (const { entries } of runs) yield* entries;
  }

  /**
   * The other side keeps what it got.
   *
   * @param stream On which stream.
   * @param count So many records in all.
   * @returns The entries for which this is news.
   */
  kept(stream: 0 | 1, count: number): StoredEntry[] {
    const runs = this.#runs[stream], news: StoredEntry[] = [];
    while (this.#kept[stream] < count) {
      const run = runs.shift();
      if (run === undefined) break;
      this.#kept[stream]++;
      this.#bytes -= run.bytes.length;
      for (const entry of run.entries) news.push(entry);
    }
    return news;
  }
}
