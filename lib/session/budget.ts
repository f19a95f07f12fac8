/**
 * Token buckets: how much work strangers may cause. Pure.
 *
 * @module
 */

/** How much is allowed. */
export interface Allowance {
  /** At once. */
  readonly burst: number;
  /** And again each second. */
  readonly perSecond: number;
}

/** One bucket. */
export class Budget {
  readonly #allowance: Allowance;
  #tokens: number;
  #at: number;

  /**
   * A full bucket.
   *
   * @param allowance What it gives.
   * @param now Time in ms.
   */
  constructor(allowance: Allowance, now: number) {
    this.#allowance = allowance;
    this.#tokens = allowance.burst;
    this.#at = now;
  }

  /**
   * Takes a token.
   *
   * @param now Time in ms.
   * @returns Whether there was one.
   */
  take(now: number): boolean {
    const { burst, perSecond } = this.#allowance;
    const earned = Math.max(0, now - this.#at) * perSecond / 1_000;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** A bucket for each of many, as many as fit: whoever was not seen for longest is forgotten. */
export class Budgets {
  readonly #allowance: Allowance;
  readonly #most: number;
  readonly #buckets = new Map<string, Budget>();

  /**
   * Starts with nobody.
   *
   * @param allowance What each gets.
   * @param most How many are remembered.
   */
  constructor(allowance: Allowance, most: number) {
    this.#allowance = allowance;
    this.#most = most;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Takes a token of somebody's.
   *
   * @param key Whose.
   * @param now Time in ms.
   * @returns Whether there was one.
   */
  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? new Budget(this.#allowance, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#most) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return bucket.take(now);
  }
}
