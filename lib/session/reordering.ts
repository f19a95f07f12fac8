/**
 * What to make of packets that come late: on a path that reorders them, a gap is no loss
 * (RFC 9002 §6.1: thresholds may adapt; RFC 8985 §6.2 does it as here). Pure.
 *
 * @module
 */

import type { SentPacket } from "./sent.ts";

/** A packet that is so many numbers behind an acknowledged one is lost (RFC 9002 §6.1.1). */
const PACKET_THRESHOLD = 3;
/** And so many at most, on a path that reorders (our choice: a window of bulk). */
const MOST_PACKETS = 512;
/** A packet older than so many round trips is, once a later one was acknowledged (§6.1.2). */
const TIME_THRESHOLD = 9 / 8;
/** So much is added each round trip in which one proved not to be lost (RFC 8985: a quarter). */
const TIME_STEP = 1 / 4;
/** And so much at most (RFC 8985 §6.2: one round trip). */
const MOST_STEPS = 1;
/** After so long without one that came late a path is taken for an orderly one, in ms (ours). */
const REMEMBER_MS = 60_000;
/** Packets taken for lost that are remembered (our choice: more than a window of bulk in a storm). */
const MAX_LATE = 512;
/** How long they are, in ms (our choice: a second copy of the data is long there). */
const LATE_MS = 3_000;

/** When a packet is lost, once a later one was acknowledged. */
export interface Threshold {
  /** It is so many numbers behind. */
  readonly packets: number;
  /** Or so many round trips old. */
  readonly roundTrips: number;
}

/** Packets that were taken for lost, and how patient that makes us. */
export class Reordering {
  /** By number; the one lost first in front. Most sessions never need it. */
  #late: Map<number, SentPacket> | undefined;
  #packets = PACKET_THRESHOLD;
  #steps = 0;
  #seenAt = -Infinity;
  #steppedAt = -Infinity;

  /** For chat: as early as for a path that does not reorder. */
  readonly chat: Threshold = { packets: PACKET_THRESHOLD, roundTrips: TIME_THRESHOLD };

  /** For bulk: no earlier than those that came late. */
  get bulk(): Threshold {
    return { packets: this.#packets, roundTrips: TIME_THRESHOLD + this.#steps };
  }

  /** A packet is taken for lost. */
  lost(packet: SentPacket): void {
    const late = this.#late ??= new Map();
    late.set(packet.number, packet);
    for (const [number, { at }] of late) {
      if (late.size <= MAX_LATE && packet.at - at < LATE_MS) break;
      late.delete(number);
    }
  }

  /**
   * Takes those of the lost that came after all.
   *
   * @param came Whether a number was acknowledged.
   * @param largest The largest number acknowledged before.
   * @param rtt The round trip in ms.
   * @param now Time in ms.
   */
  arrived(
    came: (number: number) => boolean,
    largest: number,
    rtt: number,
    now: number,
  ): SentPacket[] {
    if (this.#late === undefined) return [];
    const arrived = [...this.#late.values()].filter(({ number }) => came(number));
    for (const packet of arrived) {
      this.#late.delete(packet.number);
      this.#adapt(largest - packet.number, now - packet.at, rtt, now);
    }
    return arrived;
  }

  #adapt(behind: number, age: number, rtt: number, now: number): void {
    if (now - this.#seenAt >= REMEMBER_MS) {
      this.#packets = PACKET_THRESHOLD;
      this.#steps = 0;
    }
    this.#seenAt = now;
    this.#packets = Math.min(Math.max(this.#packets, behind + 1), MOST_PACKETS);
    if (age < this.bulk.roundTrips * rtt || now - this.#steppedAt < rtt) return;
    this.#steppedAt = now;
    this.#steps = Math.min(this.#steps + TIME_STEP, MOST_STEPS);
  }
}
