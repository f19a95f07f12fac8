/**
 * Remembers what is read, for search, and who said it: many messages in one go, as a disk likes it.
 *
 * @module
 */

import { keyText } from "../crypto/identity.ts";
import type { Author, RoomMessage } from "../peer/member_event.ts";
import type { Contacts } from "../store/contacts.ts";
import type { History } from "../store/history.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";

/** Messages are written together after so long, in ms (our choice: nobody searches sooner). */
const WAIT_MS = 100;
/** Or as soon as there are so many (our choice). */
const MANY = 512;

type Remembered = Parameters<History["add"]>[0][number];

/** Where whoever says something becomes a contact. */
export type Acquaintances = Pick<Contacts, "meetAll">;

/** What this program has read. */
export class Memory {
  readonly history: History;
  readonly #clock: Host["clock"];
  readonly #failed: (error: Error) => void;
  readonly #contacts: Acquaintances | undefined;
  /** The keys of those who are contacts since this program runs. */
  readonly #met = new Set<string>();
  #meeting: Author[] = [];
  #waiting: Remembered[] = [];
  #stop: (() => void) | undefined;

  /**
   * Starts with what is there.
   *
   * @param history Where messages are kept.
   * @param clock For waiting.
   * @param failed Hears why something could not be kept.
   * @param contacts Where whoever says something becomes a contact.
   */
  constructor(
    history: History,
    clock: Host["clock"],
    failed: (error: Error) => void,
    contacts?: Acquaintances,
  ) {
    this.#contacts = contacts;
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
    if (!self) this.#meet(author);
    this.#waiting.push({ id, room, author: key, name, text, sent: time, self, private: alone });
    // What one said to one person cannot be read again from what is sealed.
    if (this.#waiting.length >= MANY || alone && self) this.flush();
    else this.#stop ??= this.#clock.wake(this.#clock.now() + WAIT_MS, () => this.flush());
  }

  /** Writes what waits. */
  flush(): void {
    this.#stop?.();
    this.#stop = undefined;
    const waiting = this.#waiting, meeting = this.#meeting;
    this.#waiting = [];
    this.#meeting = [];
    if (waiting.length === 0) return;
    try {
      this.history.add(waiting);
      if (meeting.length > 0) this.#contacts?.meetAll(meeting, this.#clock.wall());
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Somebody is called otherwise: what was said with them alone is found under that name. */
  move(key: Uint8Array, room: string): void {
    this.flush();
    try {
      this.history.moveTalk(key, room);
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Once for each key: a disk is not asked for every message. */
  #meet(author: Author): void {
    const key = keyText(author.key);
    if (this.#contacts === undefined || this.#met.has(key)) return;
    this.#met.add(key);
    this.#meeting.push(author);
  }
}

/**
 * Opens what a chat remembers; the person is told where that fails.
 *
 * @param history Where messages are kept.
 * @param host The world.
 * @param front Where the person is told.
 * @param contacts Where whoever says something becomes a contact, in a room.
 */
export function openMemory(
  history: History,
  host: Host,
  front: Front,
  contacts?: Acquaintances,
): Memory {
  const failed = (error: Error): void => {
    const text = `cannot remember messages for search: ${error.message}`;
    front.reporter.report({ event: "notice", level: "warning", code: "history", text });
  };
  return new Memory(history, host.clock, failed, contacts);
}

/** A message on a line for two. */
export type TalkMessage = Omit<RoomMessage, "history" | "partner">;

/** What is remembered of lines for two: what was said before it was known with whom waits. */
export class TalkMemory {
  readonly #memory: Memory;
  readonly #own: Uint8Array;
  #room: string | undefined;
  #waiting: TalkMessage[] = [];

  /**
   * Starts with nobody on the line.
   *
   * @param memory Where it is kept.
   * @param own Our own key.
   */
  constructor(memory: Memory, own: Uint8Array) {
    this.#memory = memory;
    this.#own = own;
  }

  /** What the history calls what is said with whoever is on the line; undefined before somebody is. */
  get room(): string | undefined {
    return this.#room;
  }

  /** Somebody else may be there: with whom it is, will be known. */
  without(): void {
    this.#room = undefined;
  }

  /**
   * It is known with whom.
   *
   * @param name What they are called.
   * @param key Their key: what was said when they had another name is found under this one.
   */
  with(name: string, key: Uint8Array): void {
    // No room has such a name.
    this.#room = `@${name}`;
    this.#memory.move(key, this.#room);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.add(message);
  }

  /** Remembers a message. */
  add(message: TalkMessage): void {
    if (this.#room === undefined) this.#waiting.push(message);
    else this.#memory.add(this.#room, { ...message, history: false });
  }

  /** Remembers a message of one's own. */
  addOwn(id: string, name: string, text: string, time: number): void {
    this.add({ id, author: { key: this.#own, name }, text, time, self: true });
  }

  /** Writes what waits; what was said to nobody is not remembered. */
  close(): void {
    this.#memory.flush();
  }
}
