/**
 * When to send what again: loss detection and probes (RFC 9002 §6), second copies for chat, and
 * congestion control for bulk. Pure; it decides, and leaves sending to the session.
 *
 * Sparse chat is not bulk: no newer packet reveals a loss, so the timeout is the whole tail. Hence, while
 * more than about 2 % is lost, each small packet of chat leaves twice, a little apart because losses come
 * in bursts; and probes leave in two copies, four times at the same distance before they grow rare.
 *
 * @module
 */

import type { Frame, Range } from "../wire/frame.ts";
import { within } from "../wire/ranges.ts";
import { Congestion } from "./congestion.ts";
import { Reordering } from "./reordering.ts";
import { PathStatistics } from "./rtt.ts";
import { type Patiences, Sent, type SentPacket } from "./sent.ts";

/** Share of lost packets above which chat leaves twice (our choice; saves a timeout in 50). */
const COPY_ABOVE = 0.02;
/** Share below which it stops. */
const COPY_BELOW = 0.012;
/** Two copies are so far apart, in ms, but at most an eighth of the round trip (our choice). */
const COPY_SPACING_MS = 8;
/** Largest packet that is sent twice, in bytes (our choice: a long line of chat). */
const COPY_BYTES = 400;
/** Probes at the same distance before they grow rare (our choice). */
const STEADY_PROBES = 4;
/** Then each waits so many times longer (our choice: gentle, a person is waiting). */
const PROBE_GROWTH = 1.5;
/** Longest time between probes, in ms (the heartbeat: nothing is gained by asking less often). */
const LONGEST_PROBE_MS = 15_000;
/** As many packets on their way are load: then the other side may wait with acknowledging. */
const LOAD_PACKETS = 8;
/** A sample counts as so many probe timeouts at most (our choice). */
const LONGEST_SAMPLE = 4;
/** How long it may wait then, in ms. */
const ACK_DELAY_MS = 20;

/** Frames that are to leave once more. */
export interface Copy {
  /** When, in ms. */
  readonly at: number;
  readonly frames: readonly Frame[];
  /** The packet that it repeats. */
  readonly of: number;
}

/** The fate of packets. */
export class Recovery {
  readonly path: PathStatistics = new PathStatistics();
  readonly sent: Sent = new Sent();
  readonly congestion: Congestion;
  /** Chat leaves twice whatever is lost. */
  eager = false;
  readonly #reordering = new Reordering();
  #copying = false;
  #probes = 0;
  #lastElicitedAt = 0;
  #copies: Copy[] = [];
  #probesToSend = 0;
  #hurried = false;

  /**
   * Starts with nothing on its way.
   *
   * @param mtu Bytes of a full datagram.
   */
  constructor(mtu: number) {
    this.congestion = new Congestion(mtu);
  }

  /** How far two copies are apart, in ms. */
  get spacing(): number {
    return Math.min(COPY_SPACING_MS, this.path.smoothed / 8);
  }

  /** Probes that were sent without any answer. */
  get unanswered(): number {
    return this.#probes;
  }

  /** Probe packets that are to leave now. */
  get probesToSend(): number {
    return this.#probesToSend;
  }

  /** When the next copy is due, in ms. */
  get copyAt(): number | undefined {
    return this.#copies[0]?.at;
  }

  /** When something happens next without anything coming, in ms. */
  get timeout(): number | undefined {
    const times = [this.sent.lossAt(this.#patience), this.#probeAt, this.copyAt];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  /**
   * A packet has left.
   *
   * @param packet The packet.
   * @param chat It carries chat, which may deserve a second copy.
   */
  left(packet: SentPacket, chat: boolean): void {
    this.sent.add(packet);
    if (packet.bulk) this.congestion.sent(packet.size);
    if (!packet.elicits || packet.copyOf !== undefined) return;
    this.#lastElicitedAt = packet.at;
    if (chat && (this.#copying || this.eager) && packet.size <= COPY_BYTES) {
      this.#copies.push({
        at: packet.at + this.spacing,
        frames: packet.frames,
        of: packet.number,
      });
    }
  }

  /**
   * An acknowledgement came.
   *
   * @param ranges What has come, largest first.
   * @param delay How long the other side waited, in ms.
   * @param now Time in ms.
   * @returns Packets that arrived and packets that are lost; undefined where it lies.
   */
  acknowledged(
    ranges: readonly Range[],
    delay: number,
    now: number,
  ): { arrived: readonly SentPacket[]; lost: readonly SentPacket[] } | undefined {
    const largest = this.sent.largestAcknowledged ?? -1, rtt = this.path.roundTrips(1);
    const outcome = this.sent.acknowledge(ranges, this.#patience, now);
    if (outcome === undefined) return undefined;
    const late = this.#reordering.arrived((number) => within(ranges, number), largest, rtt, now);
    for (const packet of late) {
      this.path.recount();
      if (packet.bulk) this.congestion.spurious(packet.at);
    }
    const newest = outcome.acknowledged.at(-1);
    if (newest !== undefined && outcome.news) {
      // After a sleep an answer seems to have taken minutes: a slower path is learnt in steps.
      const sample = Math.min(now - newest.at, LONGEST_SAMPLE * this.path.probe);
      this.path.sample(sample, Math.min(delay, ACK_DELAY_MS));
    }
    for (const packet of outcome.acknowledged) {
      this.path.count(false);
      if (packet.bulk) this.congestion.acknowledged(packet.size, packet.at);
    }
    if (newest !== undefined) this.#probes = 0;
    this.#lose(outcome.lost, now);
    return { arrived: [...late, ...outcome.acknowledged], lost: outcome.lost };
  }

  /**
   * A time that `timeout` named has come.
   *
   * @param now Time in ms.
   * @returns Packets that are lost.
   */
  tick(now: number): readonly SentPacket[] {
    const lost = this.sent.takeLost(this.#patience, now);
    this.#lose(lost, now);
    const probeAt = this.#probeAt;
    if (probeAt !== undefined && now >= probeAt && this.#probesToSend === 0) {
      this.#probes++;
      this.#probesToSend = 1;
      this.#hurried = false;
      this.#lastElicitedAt = now;
    }
    return lost;
  }

  /** A copy that is due, or undefined. */
  takeCopy(now: number): Copy | undefined {
    const next = this.#copies[0];
    return next !== undefined && next.at <= now ? this.#copies.shift() : undefined;
  }

  /**
   * A probe leaves now; a second copy of it follows.
   *
   * @param frames What it carries.
   * @param of The packet that it repeats.
   * @param now Time in ms.
   */
  probing(frames: readonly Frame[], of: number, now: number): void {
    this.#probesToSend = 0;
    this.#copies.push({ at: now + this.spacing, frames, of });
  }

  /** The other side is heard while probes have grown rare: one leaves soon, and not in 15 s. */
  woken(): void {
    this.#hurried = true;
  }

  /** Nothing answers for so long that the other side may have forgotten us, in ms. */
  get patience(): number {
    return Math.max(1_000, 4 * this.path.probe);
  }

  get #patience(): Patiences {
    const { chat, bulk } = this.#reordering;
    return {
      chat: { packets: chat.packets, age: this.path.roundTrips(chat.roundTrips) },
      bulk: { packets: bulk.packets, age: this.path.roundTrips(bulk.roundTrips) },
    };
  }

  get #probeAt(): number | undefined {
    if (this.sent.awaited === 0) return undefined;
    const loaded = this.sent.count > LOAD_PACKETS ? ACK_DELAY_MS : 0;
    if (this.#hurried) return this.#lastElicitedAt + this.path.probe + loaded;
    const growth = PROBE_GROWTH ** Math.max(0, this.#probes - STEADY_PROBES + 1);
    const wait = Math.min((this.path.probe + loaded) * growth, LONGEST_PROBE_MS);
    return this.#lastElicitedAt + wait;
  }

  #lose(lost: readonly SentPacket[], now: number): void {
    for (const packet of lost) {
      if (packet.probe) continue;
      this.path.count(true);
      this.#reordering.lost(packet);
      if (packet.bulk) this.congestion.lost(packet.size, packet.at, now);
    }
    this.#copying = this.path.loss > (this.#copying ? COPY_BELOW : COPY_ABOVE);
  }
}
