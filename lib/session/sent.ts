/**
 * Packets on their way, and which of them are lost (RFC 9002 §6.1). Pure.
 *
 * @module
 */

import type { Frame, Range } from "../wire/frame.ts";
import { within } from "../wire/ranges.ts";

/** A packet on its way. */
export interface SentPacket {
  readonly number: number;
  /** When it left, in ms. */
  readonly at: number;
  /** Bytes of the datagram. */
  readonly size: number;
  /** Whether it is to be acknowledged. */
  readonly elicits: boolean;
  /** Counted by congestion control. */
  readonly bulk: boolean;
  /** Only to find out whether a datagram of this size arrives. */
  readonly probe: boolean;
  /** What must be sent again if it is lost. */
  readonly frames: readonly Frame[];
  /** The packet that it repeats: nobody waits for a copy. */
  readonly copyOf?: number | undefined;
}

/** When a packet counts as lost because later ones were acknowledged. */
export interface Patience {
  /** It is so many numbers behind the largest acknowledged. */
  readonly packets: number;
  /** Or so old, in ms. */
  readonly age: number;
}

/** Bulk may be waited for longer than chat: a line that is sent again too early costs little. */
export interface Patiences {
  readonly chat: Patience;
  readonly bulk: Patience;
}

/** What an acknowledgement told. */
export interface Outcome {
  readonly acknowledged: readonly SentPacket[];
  readonly lost: readonly SentPacket[];
  /** Whether the largest number was news: only then is there a sample of the round trip. */
  readonly news: boolean;
}

/** Packets by number, the oldest first. */
export class Sent {
  readonly #packets = new Map<number, SentPacket>();
  /** Numbers of packets that somebody waits for: no copies, and none whose copy arrived. */
  readonly #awaited = new Set<number>();
  #largest = -1;
  #acknowledged: number | undefined;

  /** The largest number that was acknowledged. */
  get largestAcknowledged(): number | undefined {
    return this.#acknowledged;
  }

  /** How many packets are on their way. */
  get count(): number {
    return this.#packets.size;
  }

  /** How many of them somebody waits for. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** Those on their way, the oldest first. */
  get packets(): Iterable<SentPacket> {
    return this.#packets.values();
  }

  /** The oldest that somebody waits for. */
  get oldest(): SentPacket | undefined {
    for (const number of this.#awaited) return this.#packets.get(number);
    return undefined;
  }

  /** A packet has left. One that nobody will acknowledge is not kept. */
  add(packet: SentPacket): void {
    this.#largest = packet.number;
    if (!packet.elicits) return;
    this.#packets.set(packet.number, packet);
    if (packet.copyOf === undefined) this.#awaited.add(packet.number);
  }

  /**
   * An acknowledgement came.
   *
   * @param ranges What it says has come, largest first.
   * @param patience When packets that it leaves out are lost.
   * @param now Time in ms.
   * @returns The outcome; undefined where it acknowledges what was never sent.
   */
  acknowledge(ranges: readonly Range[], patience: Patiences, now: number): Outcome | undefined {
    const largest = ranges[0]?.last ?? -1;
    if (largest > this.#largest) return undefined;
    const acknowledged: SentPacket[] = [];
    for (const packet of this.#packets.values()) {
      if (packet.number > largest) break;
      if (within(ranges, packet.number)) acknowledged.push(packet);
    }
    for (const packet of acknowledged) {
      this.#drop(packet);
      if (packet.copyOf !== undefined) this.#awaited.delete(packet.copyOf);
    }
    const news = acknowledged.at(-1)?.number === largest;
    this.#acknowledged = Math.max(this.#acknowledged ?? -1, largest);
    return { acknowledged, lost: this.takeLost(patience, now), news };
  }

  /**
   * Takes those that must be lost by now.
   *
   * @param patience See above.
   * @param now Time in ms.
   */
  takeLost(patience: Patiences, now: number): SentPacket[] {
    const largest = this.#acknowledged;
    if (largest === undefined) return [];
    const lost: SentPacket[] = [];
    for (const packet of this.#packets.values()) {
      if (packet.number > largest) break;
      const { packets, age } = packet.bulk ? patience.bulk : patience.chat;
      const late = packet.number <= largest - packets || packet.at + age <= now;
      if (late) lost.push(packet);
    }
    for (const packet of lost) this.#drop(packet);
    return lost;
  }

  /**
   * When the next packet counts as lost because later ones were acknowledged.
   *
   * @param patience See above.
   * @returns Time in ms, or undefined.
   */
  lossAt(patience: Patiences): number | undefined {
    const largest = this.#acknowledged ?? -1;
    let at: number | undefined;
    let chat = false, bulk = false;
    // The oldest of each kind is the first of its kind.
    for (const packet of this.#packets.values()) {
      if (packet.number > largest || (chat && bulk)) break;
      if (packet.bulk ? bulk : chat) continue;
      if (packet.bulk) bulk = true;
      else chat = true;
      const due = packet.at + (packet.bulk ? patience.bulk : patience.chat).age;
      if (at === undefined || due < at) at = due;
    }
    return at;
  }

  #drop(packet: SentPacket): void {
    this.#packets.delete(packet.number);
    this.#awaited.delete(packet.number);
  }
}
