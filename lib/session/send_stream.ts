/**
 * The sending half of a stream: keeps bytes until they are acknowledged. Pure.
 *
 * ```text
 *   acknowledged │ on its way … lost … on its way │ not sent yet │
 *   0            base                             next           end
 * ```
 *
 * @module
 */

import { RangeSet } from "../wire/ranges.ts";

/** A piece to send. */
export interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly fin: boolean;
}

/** One sending half. */
export class SendStream {
  readonly id: number;
  readonly bulk: boolean;
  #chunks: { readonly offset: number; readonly data: Uint8Array }[] = [];
  readonly #acknowledged = new RangeSet();
  readonly #lost = new RangeSet();
  #next = 0;
  #end = 0;
  #limit: number;
  #fin: "open" | "wanted" | "sent" | "acknowledged" = "open";

  /**
   * An empty stream.
   *
   * @param id Its number.
   * @param limit What the other side is ready to take, in bytes.
   */
  constructor(id: number, limit: number) {
    this.id = id;
    this.bulk = isBulk(id);
    this.#limit = limit;
  }

  /** Bytes that were written and not acknowledged. */
  get held(): number {
    const head = this.#acknowledged.ranges[0];
    return this.#end - (head?.first === 0 ? head.last + 1 : 0);
  }

  /** Everything was acknowledged, the end included. */
  get finished(): boolean {
    return this.#fin === "acknowledged" && this.held === 0;
  }

  /** Bytes sent for the first time. */
  get sentOnce(): number {
    return this.#next;
  }

  /** Whether something can be sent now. */
  get ready(): boolean {
    return !this.#lost.empty || this.#next < Math.min(this.#end, this.#limit) ||
      (this.#fin === "wanted" && this.#next === this.#end);
  }

  /** Whether something lost waits to be sent again. */
  get repeats(): boolean {
    return !this.#lost.empty;
  }

  /** Adds bytes. They are not copied: nobody may change them afterwards. */
  write(bytes: Uint8Array, fin: boolean): void {
    if (this.#fin !== "open") throw new TypeError(`Cannot write to stream ${this.id} as it ended`);
    if (bytes.length > 0) this.#chunks.push({ offset: this.#end, data: bytes });
    this.#end += bytes.length;
    if (fin) this.#fin = "wanted";
  }

  /** The other side is ready to take more. */
  extend(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
  }

  /**
   * Takes a piece to send: what was lost comes first.
   *
   * @param room Bytes of data that fit.
   * @param fresh Bytes that may be sent for the first time (the connection's limit).
   * @returns A piece, or undefined where there is nothing to send.
   */
  take(room: number, fresh: number): Piece | undefined {
    const lost = this.#lost.ranges[0];
    if (lost !== undefined) {
      const last = Math.min(lost.last, lost.first + room - 1);
      if (last < lost.first) return undefined;
      const offset = lost.first;
      this.#lost.remove(offset, last);
      return this.#piece(offset, last + 1);
    }
    const until = Math.min(this.#end, this.#limit, this.#next + Math.min(room, fresh));
    const onlyFin = this.#fin === "wanted" && this.#next === this.#end;
    if (until <= this.#next && !onlyFin) return undefined;
    const offset = this.#next;
    this.#next = Math.max(until, offset);
    return this.#piece(offset, this.#next);
  }

  /** Whether any of a piece is still to arrive. */
  wants(offset: number, length: number, fin: boolean): boolean {
    if (fin && this.#fin !== "acknowledged") return true;
    return length > 0 && this.#acknowledged.missing(offset, offset + length - 1).length > 0;
  }

  /** A piece has arrived. */
  acknowledge(offset: number, length: number, fin: boolean): void {
    if (fin) this.#fin = "acknowledged";
    if (length === 0) return;
    this.#acknowledged.add(offset, offset + length - 1);
    this.#lost.remove(offset, offset + length - 1);
    const head = this.#acknowledged.ranges[0];
    if (head === undefined || head.first > this.#base()) return;
    let drop = 0;
    for (const chunk of this.#chunks) {
      if (chunk.offset + chunk.data.length - 1 > head.last) break;
      drop++;
    }
    if (drop > 0) this.#chunks = this.#chunks.slice(drop);
  }

  /** A piece is lost: what of it has not arrived by another packet is sent again. */
  lose(offset: number, length: number, fin: boolean): void {
    if (fin && this.#fin === "sent") this.#fin = "wanted";
    if (length === 0) return;
    for (const gap of this.#acknowledged.missing(offset, offset + length - 1)) {
      this.#lost.add(gap.first, gap.last);
    }
  }

  #base(): number {
    return this.#chunks[0]?.offset ?? this.#end;
  }

  #piece(from: number, until: number): Piece {
    const fin = until === this.#end && (this.#fin === "wanted" || this.#fin === "sent");
    if (fin) this.#fin = "sent";
    return { offset: from, data: this.#slice(from, until), fin };
  }

  #slice(from: number, until: number): Uint8Array {
    let low = 0, high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1, chunk = this.#chunks[middle];
      if (chunk && chunk.offset + chunk.data.length <= from) low = middle + 1;
      else high = middle;
    }
    const whole = this.#chunks[low];
    if (whole && whole.offset <= from && until <= whole.offset + whole.data.length) {
      return whole.data.subarray(from - whole.offset, until - whole.offset);
    }
    const data = new Uint8Array(until - from);
    for (
      let chunk = this.#chunks[low];
      chunk && chunk.offset < until;
      chunk = this.#chunks[++low]
    ) {
      const begin = Math.max(from, chunk.offset);
      const end = Math.min(until, chunk.offset + chunk.data.length);
      data.set(chunk.data.subarray(begin - chunk.offset, end - chunk.offset), begin - from);
    }
    return data;
  }
}

/**
 * Whether a stream carries bulk: it then waits for congestion control and for chat.
 *
 * @param id The stream's number: odd ones are bulk.
 * @returns True for bulk.
 */
export function isBulk(id: number): boolean {
  return id % 2 === 1;
}
