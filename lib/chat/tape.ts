/**
 * What was kept last in a room, encoded once for everybody: who is a little behind reads it here and not
 * from the store. Pure.
 *
 * @module
 */

import type { EncodedRun } from "./runs.ts";

/** Bytes that are remembered (our choice: seconds of a busy room). */
const MAX_BYTES = 2_097_152;

/** A run, and who brought it. */
export interface TapedRun extends EncodedRun {
  /** Who brought it; it is not sent back there. */
  readonly from: object | undefined;
}

/** The last runs of a room, in the order in which they were kept. */
export class Tape {
  #runs: TapedRun[] = [];
  /** Everything kept after this `seq` is on the tape. */
  #since: number;
  #bytes = 0;

  /**
   * An empty tape.
   *
   * @param since The largest `seq` so far.
   */
  constructor(since: number) {
    this.#since = since;
  }

  /** Adds what was kept together. It lies side by side in memory: see {@linkcode joined}. */
  push(runs: readonly TapedRun[]): void {
    const block = new Uint8Array(runs.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let at = 0;
    for (const run of runs) {
      block.set(run.bytes, at);
      const bytes = block.subarray(at, at += run.bytes.length);
      this.#runs.push({ ...run, bytes });
    }
    this.#bytes += block.length;
    if (this.#bytes <= MAX_BYTES) return;
    // Half at a time: cutting a long list costs as much as it is long.
    let cut = 0;
    while (this.#bytes > MAX_BYTES / 2 && cut < this.#runs.length - 1) {
      const run = this.#runs[cut++];
      this.#bytes -= run?.bytes.length ?? 0;
      this.#since = run?.entries.at(-1)?.seq ?? this.#since;
    }
    this.#runs = this.#runs.slice(cut);
  }

  /**
   * What was kept after a `seq`.
   *
   * @param seq The `seq`.
   * @param limit How many runs at most.
   * @returns Runs; undefined where that is too long ago.
   */
  after(seq: number, limit: number): readonly TapedRun[] | undefined {
    if (seq < this.#since) return undefined;
    let low = 0, high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.entries.at(-1)?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.#runs.slice(low, low + limit);
  }
}

/**
 * Two pieces as one, without copying.
 *
 * @param first The one.
 * @param second The other.
 * @returns Both, where they lie side by side in memory; else undefined.
 */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const end = first.byteOffset + first.length;
  if (first.buffer !== second.buffer || end !== second.byteOffset) return undefined;
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length);
}
