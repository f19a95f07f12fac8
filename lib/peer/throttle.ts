/**
 * Who writes faster than a relay allows is passed on more slowly: what comes waits in order, so much at
 * most. Several sessions of one person, and all behind one address, share what they may. Pure.
 *
 * @module
 */

import { isLoopback, subscriber } from "../wire/address.ts";

/** How much somebody may write. */
export interface Pace {
  /** Entries at once. */
  readonly burst: number;
  /** And then a second. */
  readonly perSecond: number;
}

/** Things that wait for one writer (our choice: what is more must be a flood). */
export const MAX_WAITING = 1_024;
/** And bytes of them: twice what one may have on the way (PROTOCOL.md §20.6). */
export const MAX_WAITING_BYTES = 2_097_152;

/** So many write from behind one address at full speed (our choice: more of a class write slowly). */
const WRITERS = 16;
/** Writers, and addresses, of whom it is remembered how much they wrote (our choice). */
const MAX_SHARES = 8_192;

/** What one of them may. */
class Share {
  readonly #pace: Pace;
  #tokens: number;
  #at: number;

  constructor(pace: Pace, now: number) {
    this.#pace = pace;
    this.#tokens = pace.burst;
    this.#at = now;
  }

  /** What is lacking for something, in ms; 0 where it may go. */
  lacks(cost: number, now: number): number {
    const { burst, perSecond } = this.#pace;
    const earned = Math.max(0, now - this.#at) * perSecond / 1_000;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#at = Math.max(this.#at, now);
    // Rounding: a timer that rings a hair early must not ring again and again.
    const lacking = Math.min(cost, burst) - this.#tokens;
    return lacking <= 1e-6 ? 0 : lacking / perSecond * 1_000;
  }

  spend(cost: number): void {
    this.#tokens -= cost;
  }
}

/**
 * One writer.
 *
 * @typeParam T What waits.
 */
export class Throttle<T> {
  readonly #shares: readonly Share[];
  readonly #waiting: { readonly item: T; readonly cost: number; readonly bytes: number }[] = [];
  #bytes = 0;
  #dueAt: number | undefined;

  /**
   * Starts with nothing waiting.
   *
   * @param shares All of them must allow what goes.
   */
  constructor(shares: readonly Share[]) {
    this.#shares = shares;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** When to try the next one, in ms; undefined where none waits. */
  get dueAt(): number | undefined {
    return this.#waiting.length > 0 ? this.#dueAt : undefined;
  }

  /**
   * Something comes.
   *
   * @param item What.
   * @param cost Entries in it.
   * @param bytes How large it is.
   * @param now Time in ms.
   * @returns `go`, `wait`, or `full` where so much waits that it must be a flood.
   */
  push(item: T, cost: number, bytes: number, now: number): "go" | "wait" | "full" {
    if (this.#waiting.length === 0 && this.#goes(cost, now)) return "go";
    if (this.#waiting.length >= MAX_WAITING || this.#bytes >= MAX_WAITING_BYTES) return "full";
    this.#waiting.push({ item, cost, bytes });
    this.#bytes += bytes;
    return "wait";
  }

  /**
   * The next that may go now.
   *
   * @param now Time in ms.
   */
  take(now: number): T | undefined {
    const [first] = this.#waiting;
    if (first === undefined || !this.#goes(first.cost, now)) return undefined;
    this.#waiting.shift();
    this.#bytes -= first.bytes;
    return first.item;
  }

  #goes(cost: number, now: number): boolean {
    const lacks = Math.max(...this.#shares.map((share) => share.lacks(cost, now)));
    this.#dueAt = now + lacks;
    if (lacks > 0) return false;
    for (const share of this.#shares) share.spend(cost);
    return true;
  }
}

/** Shares by name: of whoever was not asked about for longest nothing is remembered. */
class Shares {
  readonly #pace: Pace;
  readonly #shares = new Map<string, Share>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  of(name: string, now: number): Share {
    const share = this.#shares.get(name) ?? new Share(this.#pace, now);
    this.#shares.delete(name);
    this.#shares.set(name, share);
    if (this.#shares.size > MAX_SHARES) {
      for (const oldest of this.#shares.keys()) {
        this.#shares.delete(oldest);
        break;
      }
    }
    return share;
  }
}

/** What all writers may. */
export class Paces {
  readonly #people: Shares;
  readonly #addresses: Shares;

  /**
   * Starts with nobody.
   *
   * @param pace What each person may; all behind one address may sixteen times that.
   */
  constructor(pace: Pace) {
    const { burst, perSecond } = pace;
    this.#people = new Shares(pace);
    this.#addresses = new Shares({ burst: WRITERS * burst, perSecond: WRITERS * perSecond });
  }

  /**
   * The throttle of one session. Whoever has several shares with themselves.
   *
   * @param person Who writes, as the key of a map.
   * @param host From where; loopback is not counted.
   * @param now Time in ms.
   */
  throttle<T>(person: string, host: string, now: number): Throttle<T> {
    const shares = [this.#people.of(person, now)];
    if (!isLoopback(host)) shares.push(this.#addresses.of(subscriber(host), now));
    return new Throttle<T>(shares);
  }
}
