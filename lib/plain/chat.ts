/**
 * A plain text conversation: with one address, or with whoever spoke last. Pure.
 *
 * Call `say` for each line, `receive` for each datagram, `tick` when `nextTimeout` has come, and
 * after each of them take what `poll` and `events` have; report each send with `sent`.
 *
 * @module
 */

import { type Address, formatAddress } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import type { Done, Heard, PlainEvent } from "./event.ts";
import { Echoes } from "./echoes.ts";
import { Inbox } from "./inbox.ts";
import { decodeText, MAX_TEXT_BYTES, TextFormat } from "./text.ts";

/** How a conversation goes. */
export interface PlainChatOptions {
  /** Whom to talk to. Left out: whoever was heard last. */
  readonly to?: Address | undefined;
  /** Other hosts that count as `to.host`: a server on this machine has many. */
  readonly aliases?: readonly string[];
  /** What is sent for a line. Default `{text}`. */
  readonly format?: string;
  /** What stands for `{name}`. */
  readonly name?: string;
  /** `quit` and `bye` are only words. */
  readonly literal?: boolean;
  /** A shared port hears what the group server passes on: one's own lines are no messages. */
  readonly shared?: boolean;
  /** Over TCP: reads are pieces, lines are sent one at a time, and the other side can close. */
  readonly stream?: boolean;
  /** Stay until each line has had an answer. */
  readonly expectReply?: boolean;
  /** How long to wait for answers after the end of input, in ms. Default 10,000. */
  readonly timeout?: number;
  /** Go on after the end of input, and after the other side closed. */
  readonly stay?: boolean;
}

/** A first message without any answer for so long is worth a notice, in ms (the contract). */
const NO_ANSWER_MS = 3_000;
/** Over TCP a line waits this long for an answer to the one before, in ms (our choice). */
const LINE_PAUSE_MS = 20;
/** The same where each line is to have its answer, in ms (our choice). */
const ANSWER_PAUSE_MS = 1_000;
/** After the end of input over TCP the other side may still finish its answer, in ms (ours). */
const LINGER_MS = 1_000;
/** Lines that wait to be sent before reading of more stops (our choice). */
const FULL_LINES = 1_000;
/** Undelivered lines that are named at the end; the rest is counted (our choice). */
const MAX_TOLD = 1_000;
/** How much of each is shown then, in UTF-16 units (our choice). */
const MAX_TOLD_TEXT = 200;
/** How long what we sent to a group may take to come back, in ms (our choice). */
const GROUP_ECHO_MS = 10_000;
/** Addresses remembered as heard (our choice). */
const MAX_HEARD = 1_024;

const BARE = new TextFormat("{text}");

interface Line {
  readonly id: number;
  readonly text: string;
  readonly parts: readonly Uint8Array[];
  next: number;
}

/** One plain conversation. */
export class PlainChat {
  readonly #options: PlainChatOptions;
  readonly #format: TextFormat;
  readonly #to: Address | undefined;
  #name: string;
  readonly #inbox: Inbox;
  readonly #lines: Line[] = [];
  readonly #unsent: Line[] = [];
  readonly #heard = new Map<string, Heard>();
  readonly #echoes = new Echoes(GROUP_ECHO_MS);
  #last: Address | undefined;
  #asked = 0;
  #tried = false;
  #answers = 0;
  #ended = false;
  #noAnswerAt: number | undefined;
  #giveUpAt: number | undefined;
  #mayWriteAt = 0;
  #lingerUntil: number | undefined;
  #endSending = false;
  #quitting = false;
  #saidBye = false;
  #failing = false;
  #unsentCount = 0;
  #lost = 0;
  #done: Done | undefined;

  /**
   * Starts a conversation.
   *
   * @param options How it goes.
   * @throws {SyntaxError} If the format is not usable.
   */
  constructor(options: PlainChatOptions = {}) {
    this.#options = options;
    this.#inbox = new Inbox(options.stream ?? false);
    this.#format = new TextFormat(options.format ?? "{text}");
    this.#to = options.to;
    this.#name = options.name ?? "";
  }

  /** The exit status and why, once it is over. */
  get done(): Done | undefined {
    return this.#done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#lines.length >= FULL_LINES;
  }

  /** Who was heard, the latest last. */
  get heard(): readonly Heard[] {
    return [...this.#heard.values()];
  }

  /** What stands for `{name}`. */
  get name(): string {
    return this.#name;
  }

  /**
   * Changes what stands for `{name}` from the next line on.
   *
   * @param name The new name.
   */
  rename(name: string): void {
    this.#name = name;
  }

  /**
   * Says a line. `quit` leaves without being sent, `bye` is sent and leaves.
   *
   * @param text The message.
   * @param now Time in ms.
   * @param bare Send the text alone, whatever the format.
   */
  say(text: string, now: number, bare = false): void {
    if (this.#done || this.#saidBye) return;
    const word = this.#options.literal ? "" : text;
    if (word === "quit") return this.quit(now);
    const limit = this.#options.stream ? Number.MAX_SAFE_INTEGER : MAX_TEXT_BYTES;
    const parts = (bare ? BARE : this.#format).encode(text, this.#name, limit);
    const id = this.#inbox.nextId();
    this.#lines.push({ id, text, parts, next: 0 });
    this.#inbox.add({ type: "own", id, text });
    if (parts.length > 1) {
      const what = `a text too long for one datagram goes out as ${parts.length}, ` +
        `cut between characters (${MAX_TEXT_BYTES} bytes each at most)`;
      this.#inbox.notice("info", "cut", what);
    }
    if (word !== "bye") return;
    if ((this.#to ?? this.#last) === undefined) return this.leave(0, "bye");
    this.#saidBye = true;
    this.endInput(now, true);
  }

  /**
   * No more lines will come.
   *
   * @param now Time in ms.
   * @param leave Leave even where one would stay or wait.
   */
  endInput(now: number, leave = false): void {
    if (this.#done || (this.#ended && !leave)) return;
    if (!leave && (this.#options.stay || this.#to === undefined)) return;
    this.#ended = true;
    if (this.#options.expectReply) this.#giveUpAt = now + (this.#options.timeout ?? 10_000);
    this.#leaveIfReady(now);
  }

  /**
   * The person leaves: as soon as what was said before is handed over, where anybody can get it.
   *
   * @param now Time in ms.
   */
  quit(now: number): void {
    this.#quitting = this.#saidBye = true;
    if ((this.#to ?? this.#last) === undefined) this.leave(0, "quit");
    else this.#leaveIfReady(now);
  }

  /**
   * Lines that were refused before they came here count as not delivered.
   *
   * @param count How many.
   */
  lose(count: number): void {
    this.#lost += count;
  }

  /**
   * Leaves now. Lines that are still waiting are not delivered, and a notice says which.
   *
   * @param status The exit status where nothing is left undelivered.
   * @param reason A word or two.
   */
  leave(status: number, reason: string): void {
    if (this.#done) return;
    for (const line of this.#lines.splice(0)) {
      this.#keepUnsent(line);
      this.#inbox.add({ type: "status", id: line.id, state: "failed", reason: "not sent" });
    }
    if (this.#unsentCount > 0) this.#tellUnsent();
    this.#done = status === 0 && this.#unsentCount + this.#lost > 0
      ? { status: 4, reason: "not delivered" }
      : { status, reason };
  }

  /**
   * A datagram came.
   *
   * @param bytes The datagram; not kept.
   * @param from Who sent it.
   * @param now Time in ms.
   */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    const whole = this.#inbox.whole(bytes, from);
    if (this.#options.stream && whole.length === 0) return;
    this.#hear(from, now);
    const direct = this.#isPeer(from);
    if (direct) this.#answers++;
    const text = decodeText(whole);
    if (whole.length > 0 && !(this.#options.shared && this.#echoes.take(text, now))) {
      this.#inbox.message(text, from, direct);
    }
    this.#mayWriteAt = now;
    this.#leaveIfReady(now);
  }

  /**
   * Over TCP: a connection opened.
   *
   * @param from The other end.
   * @param now Time in ms.
   */
  opened(from: Address, now: number): void {
    if (this.#to !== undefined) return;
    this.#hear(from, now);
    this.#inbox.add({ type: "presence", who: from, state: "here" });
  }

  /**
   * Over TCP: a connection closed. The last one to close ends the conversation.
   *
   * @param from The other end.
   */
  closed(from: Address): void {
    const key = formatAddress(from);
    this.#inbox.closed(from, this.#isPeer(from));
    this.#heard.delete(key);
    this.#last = this.heard.at(-1)?.address;
    if (this.#to === undefined) this.#inbox.add({ type: "presence", who: from, state: "gone" });
    if (this.#to === undefined && (this.#options.stay || this.#heard.size > 0)) return;
    const short = this.#options.expectReply && this.#answers < this.#asked;
    this.leave(short ? 3 : 0, "closed by the other side");
  }

  /**
   * A point in time that `nextTimeout` named has come.
   *
   * @param now Time in ms.
   */
  tick(now: number): void {
    if (this.#noAnswerAt !== undefined && now >= this.#noAnswerAt) {
      this.#noAnswerAt = undefined;
      const where = this.#to ? formatAddress(this.#to) : "there";
      this.#inbox.notice(
        "warning",
        "no-answer",
        `no answer from ${where} within ${NO_ANSWER_MS / 1000} s: nothing may be listening there`,
      );
    }
    if (this.#giveUpAt !== undefined && now >= this.#giveUpAt) {
      this.#inbox.notice(
        "warning",
        "no-reply",
        `${this.#answers} of ${this.#asked} answers came: waited long enough`,
      );
      return this.leave(3, "no reply");
    }
    this.#leaveIfReady(now);
  }

  /**
   * What is to be sent next.
   *
   * @param now Time in ms.
   * @returns A datagram, or undefined where nothing can be sent for now.
   */
  poll(now: number): Transmit | undefined {
    const line = this.#lines[0], to = this.#to ?? this.#last;
    if (to === undefined || this.#done) return undefined;
    if (line === undefined) return this.#endOfSending(to);
    if (this.#options.stream && now < this.#mayWriteAt) return undefined;
    const bytes = line.parts[line.next++] ?? new Uint8Array(0);
    if (this.#options.shared) this.#echoes.expect(decodeText(bytes), now);
    return { bytes, to, id: line.id };
  }

  /**
   * How a send went.
   *
   * @param transmit What `poll` gave.
   * @param failure Undefined if it was handed over.
   * @param now Time in ms.
   */
  sent(transmit: Transmit, failure: SendFailure | undefined, now: number): void {
    const line = this.#lines[0];
    if (line === undefined || line.id !== transmit.id) return;
    if (failure === undefined && line.next < line.parts.length) return;
    this.#lines.shift();
    const first = this.#to !== undefined && !this.#tried && this.#heard.size === 0;
    this.#tried = true;
    if (failure === undefined) this.#asked += line.parts.length;
    if (failure === undefined) {
      this.#inbox.add({ type: "status", id: line.id, state: "sent" });
    } else {
      this.#failed(line, transmit.to, failure.reason);
    }
    this.#failing = failure !== undefined;
    this.#mayWriteAt = now + (this.#options.expectReply ? ANSWER_PAUSE_MS : LINE_PAUSE_MS);
    if (first && !this.#options.stream) this.#noAnswerAt = now + NO_ANSWER_MS;
    this.#leaveIfReady(now);
  }

  /** What happened since the last call. */
  events(): PlainEvent[] {
    return this.#inbox.take();
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const waits = this.#options.stream && this.#lines.length > 0 && (this.#to ?? this.#last);
    const pause = waits ? this.#mayWriteAt : undefined;
    const times = [this.#noAnswerAt, this.#giveUpAt, this.#lingerUntil, pause];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  #leaveIfReady(now: number): void {
    if (this.#done || this.#lines.length > 0) return;
    if (this.#quitting) return this.leave(0, "quit");
    if (!this.#ended) return;
    if (this.#options.expectReply && this.#answers < this.#asked) return;
    if (this.#options.stream && !this.#options.expectReply) {
      this.#endSending ||= this.#lingerUntil === undefined;
      this.#lingerUntil ??= now + LINGER_MS;
      if (now < this.#lingerUntil) return;
    }
    this.leave(0, "end of input");
  }

  #endOfSending(to: Address): Transmit | undefined {
    if (!this.#endSending) return undefined;
    this.#endSending = false;
    return { bytes: new Uint8Array(0), to, end: "sending" };
  }

  #failed(line: Line, to: Address, reason: string): void {
    this.#keepUnsent(line);
    this.#inbox.add({ type: "status", id: line.id, state: "failed", reason });
    if (this.#failing) return; // One notice for a whole series.
    this.#inbox.notice("warning", "not-sent", `not sent to ${formatAddress(to)}: ${reason}`);
  }

  #hear(from: Address, now: number): void {
    const key = formatAddress(from);
    this.#heard.delete(key);
    this.#heard.set(key, { address: from, at: now });
    if (this.#heard.size > MAX_HEARD) {
      for (const oldest of this.#heard.keys()) {
        this.#heard.delete(oldest);
        break;
      }
    }
    if (from.port !== 0) this.#last = from; // Nothing can be sent to port 0.
    this.#noAnswerAt = undefined;
  }

  #isPeer(from: Address): boolean {
    const to = this.#to;
    if (to === undefined || from.port !== to.port) return false;
    return from.host === to.host || (this.#options.aliases ?? []).includes(from.host);
  }

  #tellUnsent(): void {
    const shown = this.#unsent.slice(0, MAX_TOLD).map(({ text }) =>
      text.length > MAX_TOLD_TEXT
        ? `${text.slice(0, MAX_TOLD_TEXT)} (${text.length} characters)`
        : text
    );
    const count = this.#unsentCount;
    if (count > shown.length) shown.push(`and ${count - shown.length} more`);
    this.#inbox.notice(
      "warning",
      "undelivered",
      `${count} ${count === 1 ? "message" : "messages"} not delivered:\n${shown.join("\n")}`,
    );
  }

  #keepUnsent(line: Line): void {
    this.#unsentCount++;
    if (this.#unsent.length < MAX_TOLD) this.#unsent.push(line);
  }
}
