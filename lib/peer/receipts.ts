/**
 * Who is still to hear that what they sent is kept. A lone line is told of at once; who sends much hears
 * it together, so that not each batch costs a packet there and one back. Pure.
 *
 * @module
 */

import { HISTORY, LIVE } from "../chat/sync.ts";

/** Who was told just now is told more after so long, in ms (our choice: nobody sees the difference, as
 * authors hear of it ten times a second; 1 MiB may be on its way meanwhile). */
export const RECEIPT_MS = 50;

/** What says HAVE; a `Sync` is one. */
export interface Teller {
  /** When it did so last, in ms. */
  readonly toldAt: number;
  /** So many more records that came on a stream are kept. */
  kept(stream: number, count: number, now: number): void;
}

/** Records of one sync, by stream. */
interface Owed<L> {
  readonly link: L;
  /** What they bring waits for the disk. */
  readonly taken: [number, number];
  /** Their sender has not heard yet that they are kept. */
  readonly kept: [number, number];
}

/**
 * What is owed to the senders of records.
 *
 * @typeParam L The session that they came on.
 */
export class Receipts<L> {
  readonly #owed = new Map<Teller, Owed<L>>();
  #at = Infinity;

  /** How many are still to hear something. */
  get size(): number {
    return this.#owed.size;
  }

  /** When `tell` wants to be called, in ms. */
  get at(): number {
    return this.#at;
  }

  /** A record was taken. */
  take(sync: Teller, link: L, stream: 0 | 1): void {
    const owed = this.#owed.get(sync) ?? { link, taken: [0, 0], kept: [0, 0] };
    owed.taken[stream]++;
    this.#owed.set(sync, owed);
  }

  /** Nobody is left to be told. */
  forget(sync: Teller): void {
    this.#owed.delete(sync);
  }

  /** All that was taken is kept now. */
  keep(): void {
    for (const { taken, kept } of this.#owed.values()) {
      for (const stream of [LIVE, HISTORY] as const) {
        kept[stream] += taken[stream];
        taken[stream] = 0;
      }
    }
  }

  /**
   * Says HAVE to those whose time it is.
   *
   * @param now Time in ms.
   * @returns The links that were written to.
   */
  tell(now: number): L[] {
    const told: L[] = [];
    this.#at = Infinity;
    for (const [sync, { link, taken, kept }] of this.#owed) {
      const due = sync.toldAt + RECEIPT_MS;
      if (now < due) {
        this.#at = Math.min(this.#at, due);
        continue;
      }
      for (const stream of [LIVE, HISTORY] as const) {
        if (kept[stream] > 0) sync.kept(stream, kept[stream], now);
        kept[stream] = 0;
      }
      if (taken[LIVE] + taken[HISTORY] === 0) this.#owed.delete(sync);
      told.push(link);
    }
    return told;
  }
}
