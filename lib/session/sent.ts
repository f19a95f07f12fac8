/**
 * Packets on their way, and which of them are lost (RFC 9002 §6.1). Pure.
 *
 * @module
 */

import type { Frame, Range } from "../wire/frame.ts";

/** A packet that is later than so many acknowledged ones is lost (RFC 9002 §6.1.1). */
const PACKET_THRESHOLD = 3;

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
   * @param lossDelay How old a packet may be when later ones are acknowledged, in ms.
   * @param now Time in ms.
   * @returns The outcome; undefined where it acknowledges what was never sent.
   */
  acknowledge(ranges: readonly Range[], lossDelay: number, now: number): Outcome | undefined {
    const largest = ranges[0]?.last ?? -1;
    if (largest > this.#largest) return undefined;
    const acknowledged: SentPacket[] = [];
    for (const packet of this.#packets.values()) {
      if (packet.number > largest) break;
      if (ranges.some((range) => range.first <= packet.number && packet.number <= range.last)) {
        acknowledged.push(packet);
      }
    }
    for (const packet of acknowledged) {
      this.#drop(packet);
      if (packet.copyOf !== undefined) this.#awaited.delete(packet.copyOf);
    }
    const news = acknowledged.at(-1)?.number === largest;
    this.#acknowledged = Math.max(this.#acknowledged ?? -1, largest);
    return { acknowledged, lost: this.takeLost(lossDelay, now), news };
  }

  /**
   * Takes those that must be lost by now.
   *
   * @param lossDelay See above.
   * @param now Time in ms.
   */
  takeLost(lossDelay: number, now: number): SentPacket[] {
    const largest = this.#acknowledged;
    if (largest === undefined) return [];
    const lost: SentPacket[] = [];
    for (const packet of this.#packets.values()) {
      if (packet.number > largest) break;
      const late = packet.number <= largest - PACKET_THRESHOLD || packet.at + lossDelay <= now;
      if (late) lost.push(packet);
    }
    for (const packet of lost) this.#drop(packet);
    return lost;
  }

  /**
   * When the next packet counts as lost because later ones were acknowledged.
   *
   * @param lossDelay See above.
   * @returns Time in ms, or undefined.
   */
  lossAt(lossDelay: number): number | undefined {
    const first = this.#packets.values().next().value;
    if (first === undefined || first.number > (this.#acknowledged ?? -1)) return undefined;
    return first.at + lossDelay;
  }

  #drop(packet: SentPacket): void {
    this.#packets.delete(packet.number);
    this.#awaited.delete(packet.number);
  }
}
