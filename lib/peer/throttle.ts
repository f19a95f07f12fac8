/**
 * Who writes faster than a relay allows is passed on more slowly: what comes waits in order, so much at
 * most. Pure.
 *
 * @module
 */

/** How much somebody may write. */
export interface Pace {
  /** Entries at once. */
  readonly burst: number;
  /** And then a second. */
  readonly perSecond: number;
}

/** Things that wait for one writer (our choice: what is more must be a flood). */
export const MAX_WAITING = 1_024;

/**
 * One writer.
 *
 * @typeParam T What waits.
 */
export class Throttle<T> {
  readonly #pace: Pace;
  readonly #waiting: { readonly item: T; readonly cost: number }[] = [];
  #tokens: number;
  #at: number;

  /**
   * Starts with a full burst.
   *
   * @param pace How much is allowed.
   * @param now Time in ms.
   */
  constructor(pace: Pace, now: number) {
    this.#pace = pace;
    this.#tokens = pace.burst;
    this.#at = now;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** When the next one may go, in ms; undefined where none waits. */
  get dueAt(): number | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const lacking = Math.min(first.cost, this.#pace.burst) - this.#tokens;
    return this.#at + Math.max(0, lacking) / this.#pace.perSecond * 1_000;
  }

  /**
   * Something comes.
   *
   * @param item What.
   * @param cost Entries in it.
   * @param now Time in ms.
   * @returns `go`, `wait`, or `full` where so much waits that it must be a flood.
   */
  push(item: T, cost: number, now: number): "go" | "wait" | "full" {
    this.#refill(now);
    if (this.#waiting.length === 0 && this.#tokens >= Math.min(cost, this.#pace.burst)) {
      this.#tokens -= cost;
      return "go";
    }
    if (this.#waiting.length >= MAX_WAITING) return "full";
    this.#waiting.push({ item, cost });
    return "wait";
  }

  /**
   * The next that may go now.
   *
   * @param now Time in ms.
   */
  take(now: number): T | undefined {
    this.#refill(now);
    const [first] = this.#waiting;
    // Rounding: a timer that rings a hair early must not ring again and again.
    if (first === undefined || this.#tokens < Math.min(first.cost, this.#pace.burst) - 1e-6) {
      return undefined;
    }
    this.#waiting.shift();
    this.#tokens -= first.cost;
    return first.item;
  }

  #refill(now: number): void {
    const earned = Math.max(0, now - this.#at) * this.#pace.perSecond / 1_000;
    this.#tokens = Math.min(this.#pace.burst, this.#tokens + earned);
    this.#at = Math.max(this.#at, now);
  }
}
