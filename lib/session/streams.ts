/**
 * All streams of a session, and flow control (RFC 9000 §4): neither side can make the other keep more
 * than it is ready to. Pure.
 *
 * @module
 */

import { type Frame, streamOverhead } from "../wire/frame.ts";
import { ReceiveStream } from "./receive_stream.ts";
import { SendStream } from "./send_stream.ts";

/** Bytes of one stream that may wait for the application (our choice: four of the longest texts). */
export const STREAM_WINDOW = 262_144;
/** The same for all streams of a session together. */
export const SESSION_WINDOW = 1_048_576;
/** Streams of a session at once (our choice). */
export const MAX_STREAMS = 64;
/** Largest number of a stream (our choice: it takes four bytes at most). */
export const MAX_STREAM_ID = 0x3fff_ffff;

/** A STREAM frame. */
export type StreamFrame = Extract<Frame, { type: "stream" }>;

/** What came on a stream, in order. */
export interface StreamData {
  readonly stream: number;
  readonly bytes: Uint8Array;
  readonly fin: boolean;
}

/** Both halves of all streams. */
export class Streams {
  readonly #sending = new Map<number, SendStream>();
  readonly #receiving = new Map<number, ReceiveStream>();
  readonly #ended = new Set<number>();
  readonly #endedByUs = new Set<number>();
  #sendLimit = SESSION_WINDOW;
  #sentOnce = 0;
  #receiveLimit = SESSION_WINDOW;
  #received = 0;
  #delivered = 0;
  readonly #control: Frame[] = [];

  /** Bytes written that are not acknowledged. */
  get held(): number {
    let sum = 0;
    for (const stream of this.#sending.values()) sum += stream.held;
    return sum;
  }

  /** Bytes kept because something before them is missing. */
  get waiting(): number {
    let sum = 0;
    for (const stream of this.#receiving.values()) sum += stream.held;
    return sum;
  }

  /** Whether chat, or anything at all, can be sent now. */
  ready(bulk: boolean): boolean {
    if (this.#control.length > 0) return true;
    for (const stream of this.#sending.values()) {
      if (stream.bulk === bulk && stream.ready && (stream.repeats || this.#room > 0)) return true;
    }
    return false;
  }

  /**
   * Adds bytes to a stream.
   *
   * @param id The stream; even for chat, odd for bulk.
   * @param bytes What to send; not copied, and not to be changed afterwards.
   * @param fin Whether it ends with them.
   * @throws {RangeError} If there are too many streams, or the number is out of range.
   * @throws {TypeError} If the stream has ended.
   */
  write(id: number, bytes: Uint8Array, fin: boolean): void {
    let stream = this.#sending.get(id);
    if (stream === undefined) {
      if (!(Number.isInteger(id) && id >= 0 && id <= MAX_STREAM_ID)) {
        throw new RangeError(`Cannot use stream ${id}: wanted 0-${MAX_STREAM_ID}`);
      }
      if (this.#endedByUs.has(id)) throw new TypeError(`Cannot write to stream ${id} as it ended`);
      if (this.#sending.size >= MAX_STREAMS) {
        throw new RangeError(`Cannot open stream ${id}: ${MAX_STREAMS} are open`);
      }
      stream = new SendStream(id, STREAM_WINDOW);
      this.#sending.set(id, stream);
    }
    stream.write(bytes, fin);
  }

  /**
   * A frame that belongs to streams came.
   *
   * @param frame The frame.
   * @param told Hears what is in order now.
   * @returns False where the other side broke its word.
   */
  receive(frame: Frame, told: (data: StreamData) => void): boolean {
    switch (frame.type) {
      case "stream":
        return this.#accept(frame, told);
      case "maxData":
        this.#sendLimit = Math.max(this.#sendLimit, frame.limit);
        return true;
      case "maxStreamData":
        this.#sending.get(frame.id)?.extend(frame.limit);
        return true;
      case "reset":
        return this.#resetByThem(frame);
      default:
        return true;
    }
  }

  /**
   * Gives a stream up.
   *
   * @param id The stream.
   * @param code Why.
   */
  reset(id: number, code: number): void {
    const stream = this.#sending.get(id);
    if (stream === undefined) return;
    this.#control.push({ type: "reset", id, code, size: stream.sentOnce });
    this.#sending.delete(id);
    remember(this.#endedByUs, id);
  }

  /**
   * Frames for a packet: control first, then chat, then bulk if it may.
   *
   * @param room Bytes that fit.
   * @param bulk Whether bulk may be in it.
   * @returns Frames; the last STREAM frame may do without a length.
   */
  take(room: number, bulk: boolean): Frame[] {
    const frames: Frame[] = [];
    let left = room;
    for (
      let next = this.#control[0];
      next !== undefined && left >= CONTROL_BYTES;
      next = this.#control[0]
    ) {
      frames.push(next);
      this.#control.shift();
      left -= CONTROL_BYTES;
    }
    for (const kind of bulk ? [false, true] : [false]) {
      for (const stream of this.#sending.values()) {
        if (stream.bulk !== kind) continue;
        for (let frame = this.#piece(stream, left); frame; frame = this.#piece(stream, left)) {
          frames.push(frame);
          left -= frame.data.length +
            streamOverhead(frame.id, frame.offset, frame.data.length, false);
        }
      }
    }
    return frames;
  }

  /** The part of a frame that is still wanted, to send it again. */
  again(frame: Frame, room: number): Frame | undefined {
    if (frame.type !== "stream") return frame;
    const stream = this.#sending.get(frame.id);
    const overhead = streamOverhead(frame.id, frame.offset, frame.data.length, false);
    if (stream === undefined || overhead >= room) return undefined;
    if (!stream.wants(frame.offset, frame.data.length, frame.fin)) return undefined;
    if (frame.data.length + overhead <= room) return frame;
    return { ...frame, data: frame.data.subarray(0, room - overhead), fin: false };
  }

  /** A frame arrived. */
  acknowledged(frame: Frame): void {
    if (frame.type !== "stream") return;
    const stream = this.#sending.get(frame.id);
    stream?.acknowledge(frame.offset, frame.data.length, frame.fin);
    if (!stream?.finished) return;
    this.#sending.delete(frame.id);
    remember(this.#endedByUs, frame.id);
  }

  /** A frame is lost. */
  lost(frame: Frame): void {
    switch (frame.type) {
      case "stream":
        this.#sending.get(frame.id)?.lose(frame.offset, frame.data.length, frame.fin);
        break;
      case "maxData":
        this.#control.push({ type: "maxData", limit: this.#receiveLimit });
        break;
      case "maxStreamData": {
        const limit = this.#receiving.get(frame.id)?.limit;
        if (limit !== undefined) this.#control.push({ type: "maxStreamData", id: frame.id, limit });
        break;
      }
      case "reset":
        this.#control.push(frame);
        break;
      default:
    }
  }

  get #room(): number {
    return Math.max(0, this.#sendLimit - this.#sentOnce);
  }

  #piece(stream: SendStream, left: number): StreamFrame | undefined {
    const overhead = streamOverhead(stream.id, stream.sentOnce, left, false);
    if (left <= overhead || !stream.ready) return undefined;
    const before = stream.sentOnce;
    const piece = stream.take(left - overhead, this.#room);
    if (piece === undefined) return undefined;
    this.#sentOnce += stream.sentOnce - before;
    return { type: "stream", id: stream.id, ...piece };
  }

  #accept(frame: StreamFrame, told: (data: StreamData) => void): boolean {
    if (this.#ended.has(frame.id)) return true;
    if (frame.id > MAX_STREAM_ID) return false;
    let stream = this.#receiving.get(frame.id);
    if (stream === undefined) {
      if (this.#receiving.size >= MAX_STREAMS) return false;
      stream = new ReceiveStream(STREAM_WINDOW);
      this.#receiving.set(frame.id, stream);
    }
    const before = stream.largest;
    const further = Math.max(before, frame.offset + frame.data.length) - before;
    if (this.#received + further > this.#receiveLimit) return false;
    if (!stream.accept(frame.offset, frame.data, frame.fin)) return false;
    this.#received += further;
    const data = stream.read();
    if (data === undefined) return true;
    this.#delivered += data.data.length;
    this.#extend(frame.id, stream);
    told({ stream: frame.id, bytes: data.data, fin: data.fin });
    if (stream.finished) this.#forget(frame.id);
    return true;
  }

  #extend(id: number, stream: ReceiveStream): void {
    const limit = stream.extend();
    if (limit !== undefined) this.#control.push({ type: "maxStreamData", id, limit });
    this.#extendSession();
  }

  #extendSession(): void {
    if (this.#receiveLimit - this.#delivered > SESSION_WINDOW / 2) return;
    this.#receiveLimit = this.#delivered + SESSION_WINDOW;
    this.#control.push({ type: "maxData", limit: this.#receiveLimit });
  }

  /** What was sent on it counts as delivered: the session's window is given back (RFC 9000 §4.5). */
  #resetByThem(frame: Extract<Frame, { type: "reset" }>): boolean {
    if (this.#ended.has(frame.id)) return true;
    if (frame.id > MAX_STREAM_ID) return false;
    const stream = this.#receiving.get(frame.id);
    const further = frame.size - (stream?.largest ?? 0);
    if (further < 0 || this.#received + further > this.#receiveLimit) return false;
    this.#received += further;
    this.#delivered += frame.size - (stream?.delivered ?? 0);
    this.#forget(frame.id);
    this.#extendSession();
    return true;
  }

  #forget(id: number): void {
    this.#receiving.delete(id);
    remember(this.#ended, id);
  }
}

/** Ended streams that are remembered, so that a late frame does not open one again (our choice). */
const MAX_ENDED = 1_024;
/** The longest frame about a stream: type, number, limit (1 + 4 + 8), or RESET (1 + 4 + 4 + 8). */
const CONTROL_BYTES = 17;

function remember(ids: Set<number>, id: number): void {
  ids.add(id);
  if (ids.size <= MAX_ENDED) return;
  for (const oldest of ids) {
    ids.delete(oldest);
    return;
  }
}
