/**
 * What all machines of plain mode share: they turn bytes into messages and collect events. Pure.
 *
 * @module
 */

import { type Address, formatAddress } from "../wire/address.ts";
import type { PlainEvent } from "./event.ts";
import { cutLineEnd, decodeText, WholeCharacters } from "./text.ts";

/** Events waiting to be taken, and over TCP the characters that are not whole yet. */
export class Inbox {
  readonly #partial: Map<string, WholeCharacters> | undefined;
  #events: PlainEvent[] = [];
  #lastId = 0;

  /**
   * Makes an empty inbox.
   *
   * @param stream Whether bytes come in pieces (TCP) and not as datagrams.
   */
  constructor(stream: boolean) {
    this.#partial = stream ? new Map() : undefined;
  }

  /** The next message's number, from 1. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Adds an event. */
  add(event: PlainEvent): void {
    this.#events.push(event);
  }

  /** Adds a notice. */
  notice(level: "info" | "warning", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  /** Adds a message; a final line end is not part of it. */
  message(text: string, from: Address, direct: boolean): void {
    this.#events.push({ type: "message", id: this.nextId(), from, direct, text: cutLineEnd(text) });
  }

  /** The bytes up to the last whole character; over UDP all of them. */
  whole(bytes: Uint8Array, from: Address): Uint8Array {
    if (this.#partial === undefined) return bytes;
    const key = formatAddress(from);
    const partial = this.#partial.get(key) ?? new WholeCharacters();
    this.#partial.set(key, partial);
    return partial.push(bytes);
  }

  /** A connection closed: a character that never became whole is a message of its own. */
  closed(from: Address, direct: boolean): void {
    const key = formatAddress(from);
    const rest = this.#partial?.get(key)?.rest();
    if (rest?.length) this.message(decodeText(rest), from, direct);
    this.#partial?.delete(key);
  }

  /** What happened since the last call. */
  take(): PlainEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }
}
