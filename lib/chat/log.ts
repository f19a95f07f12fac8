/**
 * One log as far as it is held, in memory. Pure.
 *
 * @module
 */

import type { LogName } from "../wire/entry.ts";
import { RangeSet } from "../wire/ranges.ts";
import type { LogState } from "./entry_store.ts";

/**
 * A log's name as a key of a map.
 *
 * @param name Author and log.
 */
export function logKey({ author, log }: LogName): string {
  return author.toHex() + log.toHex();
}

/** One log. */
export class Log {
  readonly name: LogName;
  readonly held: RangeSet = new RangeSet();
  /** What is checked and not kept yet, by its number: its hash, and that of the one before. */
  readonly pending: Map<number, { readonly id: Uint8Array; readonly previous: Uint8Array }> =
    new Map();
  floor: number;
  frozen: boolean;
  #head: Uint8Array;
  #headNumber: number;

  /**
   * A log as it is kept.
   *
   * @param state What is known of it.
   */
  constructor(state: LogState) {
    this.name = { author: state.author, log: state.log };
    this.floor = state.floor;
    this.frozen = state.frozen;
    for (const { first, last } of state.ranges) this.held.add(first, last);
    this.#head = state.head;
    this.#headNumber = this.held.largest ?? state.floor;
  }

  /** The largest number that is held; the floor where none is. */
  get last(): number {
    return this.#headNumber;
  }

  /** The hash of that one, also where it was let go. */
  get head(): Uint8Array {
    return this.#head;
  }

  /** How many are held. */
  get count(): number {
    return this.held.ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** All that it had was let go. */
  get gone(): boolean {
    return this.floor > 0 && this.held.empty && this.pending.size === 0;
  }

  /** Whether one is held, or about to be. */
  has(number: number): boolean {
    return this.held.has(number) || this.pending.has(number);
  }

  /** One is kept now. */
  keep(number: number, id: Uint8Array): void {
    this.pending.delete(number);
    // It was let go before it came.
    if (number <= this.floor) return;
    this.held.add(number, number);
    if (number <= this.#headNumber) return;
    this.#headNumber = number;
    this.#head = id;
  }

  /** All up to a number is let go. */
  raise(floor: number): void {
    this.floor = Math.max(this.floor, floor);
    this.held.remove(0, this.floor);
    for (const number of this.pending.keys()) if (number <= this.floor) this.pending.delete(number);
  }

  /** The hash of one that is at hand; undefined where only the store knows. */
  idOf(number: number): Uint8Array | undefined {
    return this.pending.get(number)?.id ?? (number === this.#headNumber ? this.#head : undefined);
  }
}
