/**
 * A hybrid logical clock: what comes later in a talk has a later time, whatever the clocks of the
 * machines say (Kulkarni et al., "Logical Physical Clocks", 2014). Pure.
 *
 * @module
 */

import { CLOCK_STEPS } from "../wire/entry.ts";

/** A clock that is so far ahead of ours is wrong, and not followed, in ms (the design: an hour). */
export const MAX_AHEAD_MS = 3_600_000;

/** One clock, in steps of 1/1024 ms since 1970. */
export class HybridClock {
  #last = 0;

  /** The latest time that was followed. */
  get last(): number {
    return this.#last;
  }

  /**
   * The time for what is said now.
   *
   * @param wall Our wall time in ms.
   * @returns A time after all that were seen.
   */
  next(wall: number): number {
    return this.#last = Math.max(Math.floor(wall) * CLOCK_STEPS, this.#last + 1);
  }

  /**
   * Something was said elsewhere.
   *
   * @param clock Its time.
   * @param wall Our wall time in ms.
   * @returns False where it is too far ahead to be followed.
   */
  see(clock: number, wall: number): boolean {
    if (clock > (wall + MAX_AHEAD_MS) * CLOCK_STEPS) return false;
    this.#last = Math.max(this.#last, clock);
    return true;
  }
}
