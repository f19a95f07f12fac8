/**
 * Repeatable randomness for simulations and jitter. Never for keys.
 *
 * @module
 */

/** A source of numbers that are evenly spread over [0, 1). */
export type Random = () => number;

/**
 * A small generator with 32 bits of state (mulberry32), so that a failure can be replayed by its
 * seed.
 *
 * @param seed Any integer; its lowest 32 bits count.
 * @returns The source.
 *
 * @example
 * ```ts
 * import { seededRandom } from "./random.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(seededRandom(7)(), seededRandom(7)());
 * ```
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
