/**
 * The receiving half of a stream: puts pieces in order, each byte once. Pure.
 *
 * @module
 */

import { RangeSet } from "../wire/ranges.ts";

/** Gaps between what has come (our choice: more is an attack). */
const MAX_GAPS = 1_024;
/** Pieces that wait because something before them is missing (ours: a line a ms for 16 seconds). */
const MAX_PIECES = 16_384;

/** One receiving half. */
export class ReceiveStream {
  /** Where the pieces that wait are. */
  readonly #have = new RangeSet();
  #pieces: { readonly offset: number; readonly data: Uint8Array }[] = [];
  #delivered = 0;
  #limit: number;
  readonly #window: number;
  #size: number | undefined;
  #largest = 0;
  #finTold = false;

  /**
   * An empty stream.
   *
   * @param window Bytes that it takes beyond those delivered.
   */
  constructor(window: number) {
    this.#window = window;
    this.#limit = window;
  }

  /** Bytes up to which the other side may send. */
  get limit(): number {
    return this.#limit;
  }

  /** The end of the furthest byte that came. */
  get largest(): number {
    return this.#largest;
  }

  /** Bytes that are kept because something before them is missing. */
  get held(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.data.length, 0);
  }

  /** Bytes that were delivered. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Everything was delivered, the end included. */
  get finished(): boolean {
    return this.#finTold;
  }

  /**
   * Takes a piece.
   *
   * @param offset Where it belongs.
   * @param data Its bytes; copied where they must wait.
   * @param fin Whether the stream ends with it.
   * @returns False where the other side broke its word: beyond the limit, or two different ends.
   */
  accept(offset: number, data: Uint8Array, fin: boolean): boolean {
    const end = offset + data.length;
    if (end > this.#limit || (this.#size !== undefined && end > this.#size)) return false;
    if (fin && (end < this.#largest || (this.#size !== undefined && end !== this.#size))) {
      return false;
    }
    if (fin) this.#size = end;
    this.#largest = Math.max(this.#largest, end);
    if (offset === this.#delivered && this.#pieces.length === 0) {
      // The usual case: next in order, and nothing waits. It is read before anything else comes.
      if (data.length > 0) {
        this.#pieces.push({ offset, data });
        this.#have.add(offset, end - 1);
      }
      return true;
    }
    const begin = Math.max(offset, this.#delivered);
    if (begin >= end) return true;
    for (const gap of this.#have.missing(begin, end - 1)) {
      const piece = data.slice(gap.first - offset, gap.last + 1 - offset);
      this.#insert({ offset: gap.first, data: piece });
    }
    this.#have.add(begin, end - 1);
    return this.#have.ranges.length <= MAX_GAPS && this.#pieces.length <= MAX_PIECES;
  }

  /**
   * Takes what is in order now.
   *
   * @returns The bytes and whether the stream ends with them; undefined where nothing is new.
   */
  read(): { data: Uint8Array; fin: boolean } | undefined {
    const ready: Uint8Array[] = [];
    let size = 0;
    while (this.#pieces[0]?.offset === this.#delivered + size) {
      const data = this.#pieces.shift()?.data ?? new Uint8Array(0);
      ready.push(data);
      size += data.length;
    }
    this.#delivered += size;
    if (!this.#have.empty) this.#have.remove(0, this.#delivered - 1);
    const fin = this.#delivered === this.#size && !this.#finTold;
    if (size === 0 && !fin) return undefined;
    this.#finTold ||= fin;
    return { data: ready.length === 1 ? ready[0] ?? new Uint8Array(0) : concat(ready, size), fin };
  }

  /**
   * A new limit, once half of the window is used.
   *
   * @returns The limit to tell, or undefined.
   */
  extend(): number | undefined {
    if (this.#size !== undefined || this.#limit - this.#delivered > this.#window / 2) {
      return undefined;
    }
    this.#limit = this.#delivered + this.#window;
    return this.#limit;
  }

  #insert(piece: { offset: number; data: Uint8Array }): void {
    let at = this.#pieces.length;
    while (at > 0 && (this.#pieces[at - 1]?.offset ?? 0) > piece.offset) at--;
    this.#pieces.splice(at, 0, piece);
  }
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
