/**
 * What has come, and when to say so (RFC 9000 §13.2). Pure.
 *
 * A lone line is acknowledged at once: its author waits for the tick. Under load every second packet
 * or 20 ms is enough.
 *
 * @module
 */

import type { Frame } from "../wire/frame.ts";
import { RangeSet } from "../wire/ranges.ts";

/** Longest wait before an acknowledgement under load, in ms (the design; RFC 9000 suggests 25). */
export const MAX_ACK_DELAY_MS = 20;
/** Packets without an acknowledgement under load (RFC 9000 §13.2.2). */
const ACK_EVERY = 2;
/** As many packets within `LOAD_MS` are load; fewer are chat (our choice). */
const LOAD_PACKETS = 12;
/** See above, in ms. */
const LOAD_MS = 100;
/** Ranges in one acknowledgement under load (our choice; each costs 2 bytes or more). */
const RANGES = 32;
/** Ranges otherwise: older gaps were told with earlier packets (our choice). */
const SPARSE_RANGES = 1;
/** Ranges remembered: the rest is so old that it was acknowledged many times (our choice). */
const KEPT = 256;
/** Numbers acknowledged again and again at the end of a long range: it then takes one byte. */
const LONGEST_RANGE = 63;

/** Packet numbers that came. */
export class Received {
  readonly #numbers = new RangeSet();
  #largestAt = 0;
  #unacknowledged = 0;
  #dueAt: number | undefined;
  #burst = 0;
  #burstAt = -Infinity;
  #count = 0;

  /** When an acknowledgement is to be sent at the latest, in ms; undefined for not at all. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Share of the other side's packets that did not come, 0-1. */
  get loss(): number {
    const sent = (this.#numbers.largest ?? -1) + 1;
    return sent === 0 ? 0 : Math.max(0, 1 - this.#count / sent);
  }

  /**
   * An authentic packet came for the first time.
   *
   * @param number Its number.
   * @param elicits Whether it wants to be acknowledged.
   * @param now Time in ms.
   */
  add(number: number, elicits: boolean, now: number): void {
    const largest = this.#numbers.largest ?? -1;
    const inOrder = number === largest + 1;
    this.#count++;
    this.#numbers.add(number, number);
    while (this.#numbers.ranges.length > KEPT) this.#numbers.shift();
    if (number > largest) this.#largestAt = now;
    if (!elicits) return;
    this.#unacknowledged++;
    const atOnce = !this.#loaded(now) || !inOrder || this.#unacknowledged >= ACK_EVERY;
    const due = atOnce ? now : now + MAX_ACK_DELAY_MS;
    this.#dueAt = Math.min(this.#dueAt ?? due, due);
  }

  /**
   * The frame to send, if anything has come.
   *
   * @param now Time in ms.
   * @returns The frame; undefined where nothing was ever received.
   */
  frame(now: number): Extract<Frame, { type: "ack" }> | undefined {
    const loaded = this.#burst > LOAD_PACKETS;
    const ranges = this.#numbers.ranges.slice(loaded ? -RANGES : -SPARSE_RANGES).reverse();
    const [first, ...more] = ranges;
    if (first === undefined) return undefined;
    const delay = Math.max(0, now - this.#largestAt);
    // In sparse chat, what is further back than one byte can say was acknowledged many times.
    const long = !loaded && first.last - first.first > LONGEST_RANGE;
    const short = { first: first.last - LONGEST_RANGE, last: first.last };
    return { type: "ack", ranges: long ? [short] : [first, ...more], delay };
  }

  /** An acknowledgement was sent. */
  sent(): void {
    this.#dueAt = undefined;
    this.#unacknowledged = 0;
  }

  /** Whether packets come so fast that not each needs its own acknowledgement. */
  #loaded(now: number): boolean {
    if (now - this.#burstAt > LOAD_MS) {
      this.#burstAt = now;
      this.#burst = 0;
    }
    return ++this.#burst > LOAD_PACKETS;
  }
}
