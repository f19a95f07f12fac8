/**
 * Many timers, and which is next: a binary heap in which each item knows its place, so that setting
 * one again costs a few steps, not a search. Pure.
 *
 * @module
 */

interface Entry<T> {
  readonly item: T;
  at: number;
  place: number;
}

/**
 * One timer an item at most.
 *
 * @typeParam T What a timer belongs to.
 */
export class Timers<T> {
  readonly #entries = new Map<T, Entry<T>>();
  readonly #heap: Entry<T>[] = [];

  /** How many are set. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first of them is due, in ms; undefined where none is set. */
  get first(): number | undefined {
    return this.#heap[0]?.at;
  }

  /**
   * Sets the timer of an item, or another time for it.
   *
   * @param item The item.
   * @param at Time in ms; undefined for never.
   */
  set(item: T, at: number | undefined): void {
    const known = this.#entries.get(item);
    if (at === undefined) {
      if (known !== undefined) this.#delete(known);
      return;
    }
    if (known === undefined) {
      const entry = { item, at, place: this.#heap.length };
      this.#entries.set(item, entry);
      this.#heap.push(entry);
      this.#rise(entry);
    } else if (known.at !== at) {
      known.at = at;
      this.#rise(known);
      this.#sink(known);
    }
  }

  /**
   * Takes an item whose time has come: its timer is no longer set.
   *
   * @param now Time in ms.
   * @returns The one that was due first, or undefined.
   */
  take(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#delete(first);
    return first.item;
  }

  #delete(entry: Entry<T>): void {
    this.#entries.delete(entry.item);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, entry.place);
    this.#rise(last);
    this.#sink(last);
  }

  #put(entry: Entry<T>, place: number): void {
    entry.place = place;
    this.#heap[place] = entry;
  }

  #rise(entry: Entry<T>): void {
    while (entry.place > 0) {
      const above = this.#heap[(entry.place - 1) >> 1];
      if (above === undefined || above.at <= entry.at) return;
      this.#swap(entry, above);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1], right = this.#heap[2 * entry.place + 2];
      const below = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (below === undefined || below.at >= entry.at) return;
      this.#swap(entry, below);
    }
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    const place = a.place;
    this.#put(a, b.place);
    this.#put(b, place);
  }
}
