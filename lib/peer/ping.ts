/**
 * Round trips to another udpchat over an authenticated session: a pure machine, driven by
 * {@linkcode Shell}.
 *
 * @module
 */

import type { Kind } from "../session/credentials.ts";
import { Hub, type HubOptions } from "../session/hub.ts";
import { CLOSE } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import type { Address } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { decodeEcho, ECHO, encodeEcho } from "../wire/echo.ts";

/** What is measured. */
export interface PingOptions {
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Whom to ask, at any of these addresses. */
  readonly to: readonly Address[];
  /** How many times; undefined for until told to leave. */
  readonly count?: number | undefined;
  /** Between two questions, in ms. */
  readonly interval: number;
  /** How long to wait for an answer, in ms. */
  readonly timeout: number;
  /** Find out how large a datagram the path carries as well. */
  readonly measure?: boolean | undefined;
}

/** What happened. */
export type PingEvent =
  | {
    readonly type: "up";
    readonly session: Session;
    readonly key: Uint8Array;
    /** What the other side is for. */
    readonly kind: Kind;
    readonly took: number;
  }
  /** An answer, or that none came in time. */
  | { readonly type: "answer"; readonly number: number; readonly rtt: number }
  | { readonly type: "lost"; readonly number: number };

/** What came of it. */
export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  /** Round trips in ms, in the order of the answers. */
  readonly times: readonly number[];
}

/** An answer is waited for at least so long, in ms (our choice). */
const LEAST_PATIENCE_MS = 1_000;
/** Round trips that are kept for the summary (our choice: a day of one a second). */
const MAX_TIMES = 100_000;

/** One series of questions. */
export class Pinger {
  readonly #options: PingOptions;
  readonly #hub: Hub;
  readonly #begun: number;
  #session: Session | undefined;
  readonly #asked = new Map<number, number>();
  readonly #times: number[] = [];
  #events: PingEvent[] = [];
  #sent = 0;
  #received = 0;
  #longest = 0;
  #askAt: number | undefined;
  #done: { status: number; reason: string } | undefined;

  /**
   * Starts calling.
   *
   * @param options What is measured.
   * @param now Time in ms.
   */
  constructor(options: PingOptions, now: number) {
    this.#options = options;
    this.#hub = new Hub(options.hub);
    this.#begun = now;
    for (const address of options.to) this.#hub.call(address, false, now);
  }

  /** The exit status and why, once it is over. */
  get done(): { readonly status: number; readonly reason: string } | undefined {
    return this.#done;
  }

  /** What came of it so far. */
  get summary(): PingSummary {
    return { sent: this.#sent, received: this.#received, times: this.#times };
  }

  /** Leaves now; 0 where anything was answered. */
  leave(status: number, reason: string): void {
    if (this.#done) return;
    for (const session of this.#hub.sessions) {
      session.close(CLOSE.done, "done");
      this.#hub.touch(session);
    }
    this.#done = { status: status === 0 && this.#received === 0 ? 3 : status, reason };
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#hub.receive(bytes, from, now);
    this.#hear(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#hub.tick(now);
    this.#hear(now);
    if (this.#done) return;
    if (!this.#session) {
      if (now - this.#begun >= this.#options.timeout) this.leave(3, "no answer");
      return;
    }
    for (const [number, at] of this.#asked) {
      if (now - at < this.#patience) break;
      this.#asked.delete(number);
      this.#events.push({ type: "lost", number });
    }
    if (this.#askAt !== undefined && now >= this.#askAt) this.#ask(this.#session, now);
    this.#leaveIfReady();
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    const transmit = this.#hub.poll(now);
    this.#hear(now);
    return transmit;
  }

  /** A refused send is a lost datagram. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): PingEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const oldest = this.#asked.values().next().value;
    const times = [
      this.#hub.nextTimeout(),
      this.#askAt,
      oldest === undefined ? undefined : oldest + this.#patience,
      this.#session ? undefined : this.#begun + this.#options.timeout,
    ];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  /** Once round trips are known, an answer that takes much longer than all of them is lost. */
  get #patience(): number {
    if (this.#times.length === 0) return this.#options.timeout;
    return Math.min(this.#options.timeout, Math.max(LEAST_PATIENCE_MS, 4 * this.#longest));
  }

  #hear(now: number): void {
    for (const event of this.#hub.events()) {
      if (event.type === "up" && event.call !== undefined && !this.#session) {
        this.#session = event.session;
        const { remote: { identity: key, kind }, session } = event;
        if (this.#options.measure) session.measure();
        this.#events.push({ type: "up", session, key, kind, took: now - this.#begun });
        this.#ask(event.session, now);
      } else if (event.type === "session" && event.session === this.#session) {
        if (event.event.type === "datagram") this.#answered(event.event.bytes, now);
        if (event.event.type === "closed" && event.event.by === "them") {
          this.leave(0, "closed by the other side");
        }
      }
    }
  }

  #ask(session: Session, now: number): void {
    if (session.closed) return;
    const number = ++this.#sent;
    this.#asked.set(number, now);
    session.datagram(encodeEcho(ECHO.ask, number));
    this.#hub.touch(session);
    const { count, interval } = this.#options;
    this.#askAt = count !== undefined && number >= count ? undefined : now + interval;
  }

  #answered(bytes: Uint8Array, now: number): void {
    const echo = decodeEcho(bytes);
    const at = echo?.type === ECHO.answer ? this.#asked.get(echo.number) : undefined;
    if (echo === undefined || at === undefined) return;
    this.#asked.delete(echo.number);
    this.#received++;
    this.#longest = Math.max(this.#longest, now - at);
    if (this.#times.length < MAX_TIMES) this.#times.push(now - at);
    this.#events.push({ type: "answer", number: echo.number, rtt: now - at });
    this.#leaveIfReady();
  }

  #leaveIfReady(): void {
    const { count } = this.#options;
    if (count !== undefined && this.#sent >= count && this.#asked.size === 0) this.leave(0, "done");
  }
}
