/**
 * Remembers what is read, for search: many messages in one go, as a disk likes it.
 *
 * @module
 */

import type { RoomMessage } from "../peer/member_event.ts";
import type { History } from "../store/history.ts";
import type { Host } from "./host.ts";

/** Messages are written together after so long, in ms (our choice: nobody searches sooner). */
const WAIT_MS = 100;
/** Or as soon as there are so many (our choice). */
const MANY = 512;

type Remembered = Parameters<History["add"]>[0][number];

/** What this program has read. */
export class Memory {
  readonly history: History;
  readonly #clock: Host["clock"];
  readonly #failed: (error: Error) => void;
  #waiting: Remembered[] = [];
  #stop: (() => void) | undefined;

  /**
   * Starts with what is there.
   *
   * @param history Where messages are kept.
   * @param clock For waiting.
   * @param failed Hears why something could not be kept.
   */
  constructor(history: History, clock: Host["clock"], failed: (error: Error) => void) {
    this.history = history;
    this.#clock = clock;
    this.#failed = failed;
  }

  /**
   * Remembers a message.
   *
   * @param room The name of the room.
   * @param message The message.
   */
  add(room: string, { id, author, text, time, self, partner }: RoomMessage): void {
    const { key, name } = author;
    const alone = partner !== undefined;
    this.#waiting.push({ id, room, author: key, name, text, sent: time, self, private: alone });
    if (this.#waiting.length >= MANY) this.flush();
    else this.#stop ??= this.#clock.wake(this.#clock.now() + WAIT_MS, () => this.flush());
  }

  /** Writes what waits. */
  flush(): void {
    this.#stop?.();
    this.#stop = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    try {
      this.history.add(waiting);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
