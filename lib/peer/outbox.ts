/**
 * What one has said and the other does not hold yet, in order. Pure.
 *
 * @module
 */

import { keyTag } from "../crypto/identity.ts";
import { MAX_MESSAGE_BYTES } from "../wire/talk.ts";

/** Messages that wait before reading of more stops (our choice). */
const FULL = 1_000;

/** Undelivered messages that are named (our choice). */
const MAX_TOLD = 1_000;
/** How much of each is shown then, in UTF-16 units (our choice). */
const MAX_TOLD_TEXT = 200;

/** One message of one's own. */
export interface OwnMessage {
  /** Its number in the log, from 1. */
  readonly number: number;
  /** The same for people and programs. */
  readonly id: string;
  readonly text: string;
  /** Wall time in ms since 1970. */
  readonly time: number;
  /** It went out at least once. */
  sent: boolean;
}

/** One log of one's own. */
export class Outbox {
  /** The random number of the log. */
  readonly log: Uint8Array;
  /** Messages that were lost before they came here. */
  lost = 0;
  readonly #messages = new Map<number, OwnMessage>();
  #last = 0;

  /**
   * An empty log.
   *
   * @param log Eight random bytes.
   */
  constructor(log: Uint8Array) {
    this.log = log;
  }

  /** What the other side does not hold, oldest first. */
  get missing(): OwnMessage[] {
    return [...this.#messages.values()];
  }

  /** So much waits that no more should be read. */
  get full(): boolean {
    return this.#messages.size >= FULL;
  }

  /**
   * Adds a message.
   *
   * @param text What was said.
   * @param time Wall time in ms since 1970.
   * @returns The message with its number.
   * @throws {RangeError} If it is longer than 65,536 bytes of UTF-8.
   */
  add(text: string, time: number): OwnMessage {
    const size = text.length * 3 <= MAX_MESSAGE_BYTES ? 0 : new TextEncoder().encode(text).length;
    if (size > MAX_MESSAGE_BYTES) {
      throw new RangeError(
        `Cannot send a message of ${size} bytes: wanted at most ${MAX_MESSAGE_BYTES}`,
      );
    }
    const number = ++this.#last;
    const message = { number, id: `${keyTag(this.log)}-${number}`, text, time, sent: false };
    this.#messages.set(number, message);
    return message;
  }

  /** What is missing, for people. */
  describe(): string {
    const texts = this.missing.slice(0, MAX_TOLD).map(({ text }) => text.slice(0, MAX_TOLD_TEXT));
    const count = this.#messages.size;
    return [`${count} ${count === 1 ? "message" : "messages"} not delivered:`, ...texts].join("\n");
  }

  /** A message that is not held by the other side yet. */
  get(number: number): OwnMessage | undefined {
    return this.#messages.get(number);
  }

  /**
   * The other side holds everything up to a number.
   *
   * @param log Of which log.
   * @param number The number.
   * @returns The messages that this is news for.
   */
  held(log: Uint8Array, number: number): OwnMessage[] {
    if (log.some((byte, at) => byte !== this.log[at])) return [];
    const news = this.missing.filter((message) => message.number <= number && message.sent);
    for (const message of news) this.#messages.delete(message.number);
    return news;
  }
}
