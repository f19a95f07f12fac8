/**
 * The practice servers of the tutorials: `echo`, `upper`, `count`, `hello`. Pure; called as
 * {@linkcode PlainChat}.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import type { Done, PlainEvent } from "./event.ts";
import { Inbox } from "./inbox.ts";
import { cutLineEnd, decodeText } from "./text.ts";

/** How a service works. */
export interface ServiceKind {
  /** Its tutorial's port. */
  readonly port: number;
  /** Whether it makes sense over TCP alone. */
  readonly tcpOnly?: boolean;
  /** What it answers; undefined for nothing. */
  readonly answer?: (bytes: Uint8Array, letter: string) => Uint8Array;
  /** Over TCP: what it says to whoever connects, before it closes. */
  readonly greeting?: string;
  /** Over TCP: the message on which it closes the connection. */
  readonly farewell?: string;
}

const encoder = new TextEncoder();

/** The name of a service. */
export type ServiceName = "echo" | "upper" | "count" | "hello";

/** All services, by name. */
export const SERVICES: Readonly<Record<ServiceName, ServiceKind>> = {
  echo: { port: 8080, answer: (bytes) => bytes.slice(), farewell: "bye" },
  upper: {
    port: 12000,
    answer: (bytes) => encoder.encode(decodeText(bytes).toUpperCase()),
  },
  count: {
    port: 12000,
    answer: (bytes, letter) => encoder.encode(String(decodeText(bytes).split(letter).length - 1)),
  },
  hello: { port: 9999, tcpOnly: true, greeting: "Thank you for connecting\r\n" },
};

/** Answers that wait to be sent; more are dropped (our choice). */
const MAX_ANSWERS = 4_096;

/** One service. */
export class PlainService {
  readonly #kind: ServiceKind;
  readonly #letter: string;
  readonly #stream: boolean;
  readonly #inbox: Inbox;
  readonly #answers: Transmit[] = [];
  readonly #self: { readonly hosts: readonly string[]; readonly port: number } | undefined;
  #done: Done | undefined;

  /**
   * Starts a service.
   *
   * @param name Which service.
   * @param options `letter`: what `count` counts. `stream`: over TCP. `self`: our own hosts and port; what
   *   seems to come from there is forged, to make us talk to ourselves.
   */
  constructor(
    name: ServiceName,
    options: {
      letter?: string;
      stream?: boolean;
      self?: { readonly hosts: readonly string[]; readonly port: number };
    } = {},
  ) {
    this.#self = options.self;
    this.#kind = SERVICES[name];
    this.#letter = options.letter ?? "s";
    this.#stream = options.stream ?? false;
    this.#inbox = new Inbox(this.#stream);
  }

  /** The exit status and why, once it is over. */
  get done(): Done | undefined {
    return this.#done;
  }

  /** Leaves now. */
  leave(status: number, reason: string): void {
    this.#done ??= { status, reason };
  }

  /** Over TCP: a connection opened. */
  opened(from: Address): void {
    this.#inbox.add({ type: "presence", who: from, state: "here" });
    if (this.#kind.greeting === undefined) return;
    this.#answer({ bytes: encoder.encode(this.#kind.greeting), to: from, end: "connection" });
  }

  /** Over TCP: a connection closed. */
  closed(from: Address): void {
    this.#inbox.closed(from, false);
    this.#inbox.add({ type: "presence", who: from, state: "gone" });
  }

  /** A datagram, or a piece of a connection. */
  receive(bytes: Uint8Array, from: Address): void {
    if (from.port === this.#self?.port && this.#self.hosts.includes(from.host)) return;
    const whole = this.#inbox.whole(bytes, from);
    if (whole.length === 0 && this.#stream) return;
    const text = decodeText(whole);
    if (whole.length > 0) this.#inbox.message(text, from, false);
    if (this.#stream && cutLineEnd(text) === this.#kind.farewell) {
      this.#answer({ bytes: new Uint8Array(0), to: from, end: "connection" });
    } else if (this.#kind.answer) {
      this.#answer({ bytes: this.#kind.answer(whole, this.#letter), to: from });
    }
  }

  /** Nothing here waits for a time. */
  tick(_now: number): void {}

  /** Nothing here waits for a time. */
  nextTimeout(): undefined {
    return undefined;
  }

  /** The next answer. */
  poll(_now: number): Transmit | undefined {
    return this.#answers.shift();
  }

  /** An answer that cannot be sent is the asker's loss. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): PlainEvent[] {
    return this.#inbox.take();
  }

  #answer(transmit: Transmit): void {
    if (this.#answers.length < MAX_ANSWERS) this.#answers.push(transmit);
  }
}
