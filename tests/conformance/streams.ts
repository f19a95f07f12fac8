/**
 * Streams in both directions, with their limits (PROTOCOL.md §10).
 *
 * @module
 */

import { join } from "./bytes.ts";
import type { Frame } from "./frames.ts";

const WINDOW = 262_144;
const ALL_WINDOW = 1_048_576;
const CHUNK = 900;

type Stream = Extract<Frame, { type: "stream" }>;

/** Bytes on all streams of one direction together, and their limit. */
export class Total {
  bytes = 0;
  limit = ALL_WINDOW;
}

/** What is to be sent on one stream. */
export class Outgoing {
  readonly #id: number;
  readonly #all: Total;
  #waiting: Uint8Array = new Uint8Array();
  #offset = 0;
  #limit = WINDOW;

  constructor(id: number, all: Total) {
    this.#id = id;
    this.#all = all;
  }

  /** Adds bytes. */
  push(bytes: Uint8Array): void {
    this.#waiting = join(this.#waiting, bytes);
  }

  /** A new limit, if it is higher. */
  raise(frame: Frame): void {
    if (frame.type === "max data") this.#all.limit = Math.max(this.#all.limit, frame.limit);
    if (frame.type === "max stream data" && frame.id === this.#id) {
      this.#limit = Math.max(this.#limit, frame.limit);
    }
  }

  /** The next piece that may be sent. */
  next(): Stream | undefined {
    const room = Math.min(this.#limit - this.#offset, this.#all.limit - this.#all.bytes);
    const data = this.#waiting.slice(0, Math.min(CHUNK, room));
    if (data.length === 0) return undefined;
    const frame: Stream = { type: "stream", id: this.#id, offset: this.#offset, data, fin: false };
    this.#waiting = this.#waiting.slice(data.length);
    this.#offset += data.length;
    this.#all.bytes += data.length;
    return frame;
  }
}

/** What comes on one stream. */
export class Incoming {
  readonly #id: number;
  readonly #all: Total;
  #pieces: Stream[] = [];
  #delivered = 0;
  #limit = WINDOW;

  constructor(id: number, all: Total) {
    this.#id = id;
    this.#all = all;
  }

  /** The bytes that are now in order. */
  push(frame: Stream): Uint8Array {
    if (frame.offset + frame.data.length > this.#limit) throw new Error("beyond the limit");
    this.#pieces.push(frame);
    const parts: Uint8Array[] = [];
    for (;;) {
      const at = this.#delivered;
      this.#pieces = this.#pieces.filter((each) => each.offset + each.data.length > at);
      const next = this.#pieces.find((each) => each.offset <= at);
      if (!next) return join(...parts);
      parts.push(next.data.slice(at - next.offset));
      this.#delivered = next.offset + next.data.length;
      this.#all.bytes += this.#delivered - at;
    }
  }

  /** New limits, when half a window or less is left. */
  limits(): Frame[] {
    const frames: Frame[] = [];
    if (this.#limit - this.#delivered <= WINDOW / 2) {
      this.#limit = this.#delivered + WINDOW;
      frames.push({ type: "max stream data", id: this.#id, limit: this.#limit });
    }
    if (this.#all.limit - this.#all.bytes <= ALL_WINDOW / 2) {
      this.#all.limit = this.#all.bytes + ALL_WINDOW;
      frames.push({ type: "max data", limit: this.#all.limit });
    }
    return frames;
  }
}

/** Streams 0 and 1: what is said now, and bulk. */
export class Streams {
  readonly #outgoing: readonly Outgoing[];
  readonly #incoming: readonly Incoming[];

  constructor() {
    const [out, into] = [new Total(), new Total()];
    this.#outgoing = [0, 1].map((id) => new Outgoing(id, out));
    this.#incoming = [0, 1].map((id) => new Incoming(id, into));
  }

  /** Adds bytes to what is sent. */
  push(id: number, bytes: Uint8Array): void {
    this.#outgoing[id]?.push(bytes);
  }

  /** The next piece that may be sent; stream 0 goes first. */
  next(): Stream | undefined {
    for (const each of this.#outgoing) {
      const frame = each.next();
      if (frame) return frame;
    }
    return undefined;
  }

  /** A new limit of the other side. */
  raise(frame: Frame): void {
    for (const each of this.#outgoing) each.raise(frame);
  }

  /** The bytes that are now in order; those of other streams are shown to nobody. */
  take(frame: Stream): Uint8Array {
    return this.#incoming[frame.id]?.push(frame) ?? new Uint8Array();
  }

  /** New limits for the other side. */
  limits(): Frame[] {
    return this.#incoming.flatMap((each) => each.limits());
  }
}
