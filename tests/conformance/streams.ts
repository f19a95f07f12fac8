/**
 * Stream 0 in both directions, with its limits (PROTOCOL.md §10).
 *
 * @module
 */

import { join } from "./bytes.ts";
import type { Frame } from "./frames.ts";

const WINDOW = 262_144;
const ALL_WINDOW = 1_048_576;
const CHUNK = 900;

type Stream = Extract<Frame, { type: "stream" }>;

/** What is to be sent on stream 0. */
export class Outgoing {
  #waiting: Uint8Array = new Uint8Array();
  #offset = 0;
  #limit = WINDOW;
  #allLimit = ALL_WINDOW;

  /** Adds bytes. */
  push(bytes: Uint8Array): void {
    this.#waiting = join(this.#waiting, bytes);
  }

  /** A new limit, if it is higher. */
  raise(frame: Frame): void {
    if (frame.type === "max data") this.#allLimit = Math.max(this.#allLimit, frame.limit);
    if (frame.type === "max stream data" && frame.id === 0) {
      this.#limit = Math.max(this.#limit, frame.limit);
    }
  }

  /** The next piece that may be sent. */
  next(): Stream | undefined {
    const room = Math.min(this.#limit, this.#allLimit) - this.#offset;
    const data = this.#waiting.slice(0, Math.min(CHUNK, room));
    if (data.length === 0) return undefined;
    const frame: Stream = { type: "stream", id: 0, offset: this.#offset, data, fin: false };
    this.#waiting = this.#waiting.slice(data.length);
    this.#offset += data.length;
    return frame;
  }
}

/** What comes on stream 0. */
export class Incoming {
  #pieces: Stream[] = [];
  #delivered = 0;
  #limit = WINDOW;
  #allLimit = ALL_WINDOW;

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
    }
  }

  /** New limits, when half a window or less is left. */
  limits(): Frame[] {
    const frames: Frame[] = [];
    if (this.#limit - this.#delivered <= WINDOW / 2) {
      this.#limit = this.#delivered + WINDOW;
      frames.push({ type: "max stream data", id: 0, limit: this.#limit });
    }
    if (this.#allLimit - this.#delivered <= ALL_WINDOW / 2) {
      this.#allLimit = this.#delivered + ALL_WINDOW;
      frames.push({ type: "max data", limit: this.#allLimit });
    }
    return frames;
  }
}
