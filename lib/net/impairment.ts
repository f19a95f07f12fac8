/**
 * A bad network: loses, delays, repeats and reorders. One implementation for `--sim` in real time
 * and for every test in virtual time. Pure: the time and the randomness are arguments.
 *
 * ```text
 *   push(item, now) ──loss?──▶ [ waiting, sorted by due time ] ──due?──▶ poll(now)
 *                     dup?──▶
 * ```
 *
 * @module
 */

import type { Random } from "./random.ts";

/** How bad the network is. Everything left out is perfect. */
export interface ImpairmentSpec {
  /** Share of datagrams lost, in per cent. */
  readonly loss?: number;
  /** One-way delay in ms. */
  readonly delay?: number;
  /** The delay varies evenly by this many ms up and down. */
  readonly jitter?: number;
  /** Share of datagrams that arrive twice, in per cent. */
  readonly dup?: number;
  /** Share of datagrams that are held back for another `REORDER_MS`, in per cent. */
  readonly reorder?: number;
  /** Seed of the randomness, to repeat a run. */
  readonly seed?: number;
}

/** How much later a reordered datagram arrives, in ms (our choice: later than its successors). */
const REORDER_MS = 20;

/** Datagrams on their way at once; more are lost, as in a router's queue (our choice). */
const MAX_IN_FLIGHT = 16_384;

/** Keys of a spec as they are written, with the range of each and what it means. */
const KEYS: Readonly<Record<keyof ImpairmentSpec, { max: number; wanted: string }>> = {
  loss: { max: 100, wanted: "0-100 (per cent)" },
  delay: { max: 60_000, wanted: "0-60000 (ms)" },
  jitter: { max: 60_000, wanted: "0-60000 (ms)" },
  dup: { max: 100, wanted: "0-100 (per cent)" },
  reorder: { max: 100, wanted: "0-100 (per cent)" },
  seed: { max: 2 ** 32 - 1, wanted: "a whole number" },
};

/**
 * Reads `loss=10,delay=50,jitter=10,dup=1,reorder=2,seed=7`.
 *
 * @param text What was written.
 * @returns The spec.
 * @throws {SyntaxError} If a key is unknown or a value is out of range.
 *
 * @example
 * ```ts
 * import { parseImpairment } from "./impairment.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseImpairment("loss=10,delay=50"), { loss: 10, delay: 50 });
 * ```
 */
export function parseImpairment(text: string): ImpairmentSpec {
  const spec: { -readonly [K in keyof ImpairmentSpec]: ImpairmentSpec[K] } = {};
  for (const part of text.split(",")) {
    const [, key = "", value = ""] = /^\s*([^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(part) ?? [];
    if (!Object.hasOwn(KEYS, key)) {
      throw new SyntaxError(
        `Cannot simulate "${part}": wanted ${Object.keys(KEYS).join(", ")}, each as KEY=NUMBER`,
      );
    }
    const { max, wanted } = KEYS[key as keyof ImpairmentSpec];
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : NaN;
    if (!(number <= max) || (key === "seed" && !Number.isInteger(number))) {
      throw new SyntaxError(`Cannot simulate "${part}": wanted ${key}=NUMBER with ${wanted}`);
    }
    spec[key as keyof ImpairmentSpec] = number;
  }
  return spec;
}

/**
 * Items on their way. Call `push` for each one sent, then `poll` until it gives none whenever
 * `nextTimeout` says so.
 *
 * @typeParam T What is on its way.
 */
export class Impairment<T> {
  readonly #spec: ImpairmentSpec;
  readonly #random: Random;
  readonly #waiting: { readonly due: number; readonly item: T }[] = [];
  /** How many were lost, by chance or because too many were on their way. */
  lost = 0;

  /**
   * Makes a way through a bad network with nothing on it yet.
   *
   * @param spec How bad it is.
   * @param random The source of chance.
   */
  constructor(spec: ImpairmentSpec, random: Random) {
    this.#spec = spec;
    this.#random = random;
  }

  /**
   * Sends an item on its way; its bytes are the caller's to copy.
   *
   * @param item What is sent.
   * @param now Time in ms.
   */
  push(item: T, now: number): void {
    if (this.#happens(this.#spec.loss)) {
      this.lost++;
      return;
    }
    this.#insert(item, now);
    if (this.#happens(this.#spec.dup)) this.#insert(item, now);
  }

  /**
   * Takes the next item that has arrived.
   *
   * @param now Time in ms.
   * @returns The item, or undefined where none is due.
   */
  poll(now: number): T | undefined {
    const first = this.#waiting[0];
    if (first === undefined || first.due > now) return undefined;
    this.#waiting.shift();
    return first.item;
  }

  /** When the next item arrives, in ms; undefined where none is on its way. */
  nextTimeout(): number | undefined {
    return this.#waiting[0]?.due;
  }

  #insert(item: T, now: number): void {
    if (this.#waiting.length >= MAX_IN_FLIGHT) {
      this.lost++;
      return;
    }
    const { delay = 0, jitter = 0, reorder } = this.#spec;
    const held = this.#happens(reorder) ? REORDER_MS : 0;
    const due = now + Math.max(0, delay + (this.#random() * 2 - 1) * jitter) + held;
    // Nearly always the end: search from there. Equal times keep their order.
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.due ?? 0) > due) at--;
    this.#waiting.splice(at, 0, { due, item });
  }

  #happens(percent: number | undefined): boolean {
    return percent !== undefined && percent > 0 && this.#random() * 100 < percent;
  }
}
