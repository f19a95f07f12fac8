/**
 * Keeps a session with one other program: calls, calls again when it falls silent.
 * Pure.
 *
 * @module
 */

import type { Hub } from "../session/hub.ts";
import { type Address, sameAddresses } from "../wire/address.ts";

/** The first wait after a call that led to nothing, in ms (our choice); then twice as long each time. */
const RETRY_MS = 500;
/** The longest wait, in ms (the design: 15 s). */
const LONGEST_RETRY_MS = 15_000;

/** Calls to one place. */
export class Calls {
  readonly #hub: Hub;
  #to: readonly Address[];
  readonly #calls = new Set<number>();
  #retryAt: number | undefined;
  #wait = RETRY_MS;

  /**
   * Starts without a call.
   *
   * @param hub Where sessions are.
   * @param to The place, at any of these addresses.
   */
  constructor(hub: Hub, to: readonly Address[]) {
    this.#hub = hub;
    this.#to = to;
  }

  /** The place. */
  get to(): readonly Address[] {
    return this.#to;
  }

  /** Whether a call is one of these. */
  has(call: number): boolean {
    return this.#calls.has(call);
  }

  /** When to call again, in ms. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /**
   * Calls, if no call is under way.
   *
   * @param replaces The session is to take the place of one that seems dead.
   * @param now Time in ms.
   * @param known Where somebody was heard, if there is no place.
   */
  begin(replaces: boolean, now: number, known?: Address): void {
    this.#retryAt = undefined;
    if (this.#calls.size > 0) return;
    const to = this.#to.length > 0 || known === undefined ? this.#to : [known];
    for (const address of to) this.#calls.add(this.#hub.call(address, replaces, now));
  }

  /** A call led to a session; the others go on until it is clear that it is the right one. */
  ended(call: number): void {
    this.#calls.delete(call);
  }

  /** It is not called again for now. */
  rest(): void {
    this.#retryAt = undefined;
  }

  /** A call led to the right session: the others are given up. */
  answered(): void {
    this.stop();
    this.#wait = RETRY_MS;
  }

  /**
   * A call led to nothing, or a session has ended: again after a while, each time a longer one.
   *
   * @param call Which call; undefined where a session has ended.
   * @param now Time in ms.
   * @param wait How long, in ms, where it is known.
   */
  failed(call: number | undefined, now: number, wait: number = this.#wait): void {
    if (call !== undefined) this.#calls.delete(call);
    this.#retryAt ??= now + wait;
    this.#wait = Math.min(2 * this.#wait, LONGEST_RETRY_MS);
  }

  /**
   * The name stands for other addresses now.
   *
   * @param to The addresses.
   * @param now Time in ms.
   */
  move(to: readonly Address[], now: number): void {
    if (to.length === 0 || sameAddresses(to, this.#to)) return;
    this.#to = to;
    if (this.#calls.size === 0) return;
    this.stop();
    this.begin(true, now);
  }

  /** Gives all calls up. */
  stop(): void {
    for (const call of this.#calls) this.#hub.cancel(call);
    this.#calls.clear();
    this.#retryAt = undefined;
  }
}
