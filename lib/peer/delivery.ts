/**
 * How far one's own messages of this run got. Pure.
 *
 * @module
 */

import type { Missing } from "./undelivered.ts";

/** Stored messages whose way to the others is followed (our choice). */
const FOLLOWED = 1_000;

/** Messages by their number in one's own log. */
export class Delivery {
  readonly #unstored = new Map<number, Missing>();
  readonly #stored = new Map<number, string>();

  /** How many the relay has not stored. */
  get size(): number {
    return this.#unstored.size;
  }

  /** Those. */
  get missing(): Missing[] {
    return [...this.#unstored.values()];
  }

  /** Those by their numbers. */
  get waiting(): Iterable<readonly [number, Missing]> {
    return this.#unstored;
  }

  /** The number of the oldest of those. */
  get first(): number | undefined {
    for (const number of this.#unstored.keys()) return number;
    return undefined;
  }

  /** A message was said. */
  add(number: number, message: Missing): void {
    this.#unstored.set(number, message);
  }

  /**
   * The relay has stored messages.
   *
   * @param has Whether it has a number.
   * @returns The ids for which this is news.
   */
  stored(has: (number: number) => boolean): string[] {
    const news: string[] = [];
    for (const [number, { id }] of this.#unstored) {
      if (!has(number)) continue;
      this.#unstored.delete(number);
      this.#stored.set(number, id);
      news.push(id);
    }
    while (this.#stored.size > FOLLOWED) {
      for (const oldest of this.#stored.keys()) {
        this.#stored.delete(oldest);
        break;
      }
    }
    return news;
  }

  /** What is not stored will not be waited for. */
  clear(): void {
    this.#unstored.clear();
  }

  /** The id of a stored message; undefined where it is not followed any more. */
  idOf(number: number): string | undefined {
    return this.#stored.get(number);
  }
}
