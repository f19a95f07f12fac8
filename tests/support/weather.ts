/**
 * What a network may do to two people who talk: chosen by chance, applied to each datagram, and
 * good again at the end.
 *
 * @module
 */

import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import type { Random } from "../../lib/net/random.ts";
import type { Flying, SessionPair } from "./session_pair.ts";

/** Mean number of losses in a row. */
const BURST = 3;
/** An hour in ms. */
const HOUR_MS = 3_600_000;

/** One kind of weather. */
export class Weather {
  /** All that may happen, beside loss, delay, jitter, duplicates and reordering. */
  static readonly KINDS = [
    "bursts",
    "corruption",
    "mtu",
    "gaps",
    "ports",
    "addresses",
    "walk",
    "one way",
    "outage",
  ] as const;

  readonly kinds: ReadonlySet<typeof Weather.KINDS[number]>;
  readonly spec: ImpairmentSpec;
  readonly back: ImpairmentSpec;
  /** How long nothing comes through in one direction or in both, in ms. */
  readonly outage: number;
  /** From now on nothing is lost or altered. */
  calm = false;
  readonly #random: Random;
  readonly #loss: number;
  readonly #outageAt: number;
  readonly #deaf: "ann" | "bob" | undefined;
  readonly #mtuAt: number;
  readonly #inBurst = new Map<string, boolean>();
  /** Who moves; that both do in one moment is beyond any session. */
  readonly #mover: "ann" | "bob";
  #movedAt = 0;
  #moves = 0;

  /**
   * Chooses.
   *
   * @param random The source of chance.
   */
  constructor(random: Random) {
    this.#random = random;
    const chance = (): boolean => random() < 0.15;
    this.kinds = new Set(
      Weather.KINDS.filter((kind) => kind === "bursts" ? random() < 0.5 : chance()),
    );
    this.#loss = random() < 0.2 ? 0 : random() * 40;
    const delay = random() < 0.1 ? 0 : random() ** 2 * 750;
    this.spec = {
      delay,
      jitter: random() * delay,
      dup: random() < 0.5 ? 0 : random() * 30,
      reorder: random() < 0.5 ? 0 : random() * 30,
    };
    this.back = random() < 0.7 ? this.spec : { ...this.spec, delay: random() * 750 };
    const hour = this.kinds.has("outage") && random() < 0.3;
    this.outage = this.kinds.has("outage") || this.kinds.has("one way")
      ? hour ? HOUR_MS : 60_000
      : 0;
    this.#outageAt = 5_000 + random() * 10_000;
    this.#deaf = this.kinds.has("one way") ? random() < 0.5 ? "ann" : "bob" : undefined;
    this.#mtuAt = random() * 20_000;
    this.#mover = random() < 0.5 ? "ann" : "bob";
  }

  /** In words, for a failed test. */
  toString(): string {
    const { spec, back } = this, loss = this.#loss.toFixed(1);
    return JSON.stringify({ loss, spec, back, kinds: [...this.kinds], outage: this.outage });
  }

  /**
   * Whether a datagram comes through.
   *
   * @param flying The datagram.
   * @param now Time in ms.
   */
  passes(flying: Flying, now: number): boolean {
    if (this.calm) return flying.bytes.length <= this.#mtu(now);
    if (flying.bytes.length > this.#mtu(now)) return false;
    if (this.kinds.has("gaps") && now % 7_000 > 5_000) return false;
    const out = now >= this.#outageAt && now < this.#outageAt + this.outage;
    if (out && (this.#deaf === undefined || this.#deaf === receiver(flying))) return false;
    return !this.#lost(flying);
  }

  /**
   * A datagram that comes through, perhaps altered.
   *
   * @param flying The datagram.
   */
  mangle(flying: Flying): readonly Flying[] {
    const random = this.#random;
    if (this.calm || !this.kinds.has("corruption") || random() > 0.1) return [flying];
    const bytes = random() < 0.3
      ? flying.bytes.slice(0, Math.floor(random() * flying.bytes.length))
      : flying.bytes.slice();
    for (let flips = 1 + Math.floor(random() * 3); flips > 0 && bytes.length > 0; flips--) {
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 1 << Math.floor(random() * 8);
    }
    // An altered copy, sometimes beside the datagram itself.
    return random() < 0.5 ? [{ ...flying, bytes }] : [{ ...flying, bytes }, flying];
  }

  /**
   * Until when to run: the next message, but no further than the next move.
   *
   * @param now Time in ms.
   * @param pause How long nobody writes, in ms.
   * @param end When the storm is over, in ms.
   */
  next(now: number, pause: number, end: number): number {
    const inOutage = now > this.#outageAt && now < this.#outageAt + this.outage;
    return Math.min(end, now + (inOutage ? Math.max(pause, this.outage / 20) : pause));
  }

  /** Moves whoever is to move now. */
  move(pair: SessionPair): void {
    if (pair.now < this.#movedAt + 5_000 || this.calm) return;
    this.#movedAt = pair.now;
    this.#moves++;
    const end = this.#mover === "ann" ? pair.ann : pair.bob;
    if (this.kinds.has("ports")) end.address = { ...end.address, port: 2_000 + this.#moves };
    if (this.kinds.has("addresses")) {
      end.address = { ...end.address, host: `198.51.100.${this.#moves % 250}` };
    } else if (this.kinds.has("walk") && this.#moves === 2) {
      end.address = { host: "203.0.113.7", port: 3_003 };
    }
  }

  #mtu(now: number): number {
    if (!this.kinds.has("mtu")) return Infinity;
    return now < this.#mtuAt ? 1_472 : 1_200;
  }

  #lost(flying: Flying): boolean {
    const random = this.#random, share = this.#loss / 100;
    if (!this.kinds.has("bursts")) return random() < share;
    // Gilbert's model: a burst ends with chance 1/BURST, and begins so often that `share` is lost.
    const way = receiver(flying), inBurst = this.#inBurst.get(way) ?? false;
    const begins = share / (1 - share) / BURST;
    const now = random() < (inBurst ? 1 - 1 / BURST : begins);
    this.#inBurst.set(way, now);
    return now;
  }
}

/** Who gets a datagram: its session index says it, whatever the addresses are. */
function receiver(flying: Flying): "ann" | "bob" {
  return flying.bytes[4] === 1 ? "ann" : "bob";
}
