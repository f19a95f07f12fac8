/**
 * Virtual time: an hour of network is a test of milliseconds, and the same every time.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/net/clock.ts";

/** Lets every promise that can go on do so: no time passes, real or virtual. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that only goes on when told to. */
export class VirtualClock implements Clock {
  readonly #start: number;
  readonly #timers: { at: number; then: () => void }[] = [];
  #now = 0;

  /** @param start Wall time at the beginning, in ms since 1970. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#start + this.#now;
  }

  wake(at: number, then: () => void): () => void {
    const timer = { at, then };
    this.#timers.push(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }

  /** How many timers are armed; a test that ends has none left. */
  get pending(): number {
    return this.#timers.length;
  }

  /**
   * Lets time pass, and all that follows from it happen.
   *
   * @param ms How much time.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await quiet();
    for (;;) {
      const next = this.#timers.reduce<{ at: number; then: () => void } | undefined>(
        (first, each) => first === undefined || each.at < first.at ? each : first,
        undefined,
      );
      if (next === undefined || next.at > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.then();
      await quiet();
    }
    this.#now = end;
  }
}
