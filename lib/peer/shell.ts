/**
 * The one loop. Datagrams, lines, timers and signals meet here; each is handed to a pure machine;
 * what the machine wants sent is sent; one timer is re-armed.
 *
 * ```text
 *   endpoint.incoming() ─▶ receive ┐                    ┌─▶ events() ─▶ the person
 *   lines, keys, signals ─▶ act    ├─▶ machine ─ settle ┼─▶ poll()   ─▶ endpoint.send
 *   clock.wake           ─▶ tick   ┘                    └─▶ nextTimeout() ─▶ clock.wake
 * ```
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { type Clock, sleep } from "../net/clock.ts";
import type { Endpoint } from "../net/endpoint.ts";

/**
 * A pure state machine: it never waits, sends or looks at a clock. All times are in ms.
 *
 * @typeParam E What it tells the outside.
 */
export interface Machine<E> {
  /** Set once it is over; the shell then stops. */
  readonly done: object | undefined;
  /** Whether it would rather get no more lines for now. */
  readonly full?: boolean;
  /** A datagram came. The bytes are not its own. */
  receive(bytes: Uint8Array, from: Address, now: number): void;
  /** Over TCP: a connection opened. */
  opened?(from: Address, now: number): void;
  /** Over TCP: a connection closed. */
  closed?(from: Address, now: number): void;
  /** A time that `nextTimeout` named has come. */
  tick(now: number): void;
  /** The next thing to send. */
  poll(now: number): Transmit | undefined;
  /** How sending it went. */
  sent(transmit: Transmit, failure: SendFailure | undefined, now: number): void;
  /** What happened since the last call. */
  events(): readonly E[];
  /** When `tick` wants to be called; undefined for never. */
  nextTimeout(): number | undefined;
}

/**
 * Sends in a row before the receive loop gets a turn. A receive buffer holds some 250 small
 * datagrams and cannot be set from Deno; measured: at 20,000 datagrams a second into a relay that
 * never stops sending, 19 % are lost without this and none with it, at the same speed.
 */
const SENDS_PER_TURN = 32;

/** Datagrams that are there already are taken together, so many at most, before anything is answered: one
 * ACK for all of them, one look at timers (RFC 9000 §13.2.2). */
const TAKEN_PER_TURN = 32;
/** A datagram that is there is at hand within so many microtasks (measured: 6 with one socket; behind several,
 * as on a LAN, it is answered alone). A lone one is answered some 5 us later for it. */
const MICROTASKS = 8;

/** What cannot be sent, or is still on a simulated way, holds up the end so long at most, in ms. */
const GRACE_MS = 5_000;

/** Lines taken from a pipe at once, before a short rest, so that the receiver's buffer is not overrun. */
const LINES_PER_REST = 32;
/** That rest in ms. */
const REST_MS = 1;

/**
 * Drives one machine over one endpoint.
 *
 * @typeParam E What the machine tells the outside.
 */
export class Shell<E> {
  readonly #machine: Machine<E>;
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #tell: (event: E) => void;
  readonly #finished: PromiseWithResolvers<void> = Promise.withResolvers();
  #idle: PromiseWithResolvers<void> | undefined;
  #pumping = false;
  /** Datagrams that were taken and not answered yet, and whether that is under way. */
  #taken = 0;
  #gathering = false;
  #cancelTimer: (() => void) | undefined;
  #armedFor = Infinity;
  #cancelEnd: (() => void) | undefined;

  /**
   * Makes a shell; nothing happens before `run`.
   *
   * @param machine The machine; nobody else calls it while the shell runs, but through `act`.
   * @param endpoint Its network; closed when the shell ends.
   * @param clock Real or virtual time.
   * @param tell Hears each event, in order.
   */
  constructor(machine: Machine<E>, endpoint: Endpoint, clock: Clock, tell: (event: E) => void) {
    this.#machine = machine;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Runs until the machine is done or the endpoint is closed. Rejects only on our own mistakes. */
  async run(): Promise<void> {
    void this.#receive();
    this.#settle();
    try {
      await this.#finished.promise;
      await this.#atMost(GRACE_MS, this.#endpoint.settled?.());
    } finally {
      this.#cancelTimer?.();
      this.#cancelEnd?.();
      this.#endpoint.close();
    }
  }

  /**
   * Lets the outside (a line, a key, a signal) do something with the machine.
   *
   * @param action What to do, given the time in ms.
   */
  act(action: (now: number) => void): void {
    try {
      action(this.#clock.now());
      this.#settle();
    } catch (error) {
      this.#finished.reject(error);
    }
  }

  /**
   * Feeds lines to the machine, no faster than it takes them.
   *
   * @param batches Lines as they come, read only as fast as they are taken.
   * @param take What to do with some lines: 32 at most.
   * @param end What to do when there are no more.
   */
  async feed(
    batches: AsyncIterable<readonly string[]>,
    take: (lines: readonly string[], now: number) => void,
    end: (now: number) => void,
  ): Promise<void> {
    let taken = 0;
    for await (const batch of batches) {
      for (let at = 0; at < batch.length;) {
        const until = at + LINES_PER_REST - taken % LINES_PER_REST;
        const lines = batch.slice(at, until);
        this.act((now) => take(lines, now));
        at += lines.length;
        taken += lines.length;
        while (this.#machine.full && !this.#machine.done) await this.#whenIdle();
        if (this.#machine.done) return;
        if (taken % LINES_PER_REST === 0) await sleep(this.#clock, REST_MS);
      }
    }
    this.act(end);
  }

  async #receive(): Promise<void> {
    const machine = this.#machine;
    try {
      for await (const arrival of this.#endpoint.incoming()) {
        const now = this.#clock.now();
        if (arrival.kind === "data") machine.receive(arrival.bytes, arrival.from, now);
        else if (arrival.kind === "open") machine.opened?.(arrival.from, now);
        else machine.closed?.(arrival.from, now);
        if (++this.#taken >= TAKEN_PER_TURN) this.#settle();
        else if (!this.#gathering) void this.#gather();
      }
      this.#finished.resolve();
    } catch (error) {
      this.#finished.reject(error);
    }
  }

  /** Answers as soon as no more is there. */
  async #gather(): Promise<void> {
    this.#gathering = true;
    for (let before = 0; before !== this.#taken && this.#taken > 0;) {
      before = this.#taken;
      for (let wait = 0; wait < MICROTASKS; wait++) await undefined;
    }
    this.#gathering = false;
    try {
      if (this.#taken > 0) this.#settle();
    } catch (error) {
      this.#finished.reject(error);
    }
  }

  /** After each input: send, tell, re-arm. Telling takes time that an answer need not wait for. */
  #settle(): void {
    this.#taken = 0;
    const first = this.#pumping ? undefined : this.#machine.poll(this.#clock.now());
    if (first !== undefined) {
      this.#pumping = true;
      this.#pump(first).catch((error) => this.#finished.reject(error));
    }
    for (const event of this.#machine.events()) this.#tell(event);
    if (this.#pumping) {
      if (this.#machine.done) this.#endSoon();
      return;
    }
    this.#idle?.resolve();
    this.#idle = undefined;
    if (this.#machine.done) this.#finished.resolve();
    else this.#arm();
  }

  async #pump(first: Transmit): Promise<void> {
    const machine = this.#machine, endpoint = this.#endpoint;
    let sends = 0;
    for (let next: Transmit | undefined = first; next !== undefined;) {
      const failure = await endpoint.send(next.bytes, next.to);
      if (next.end !== undefined) endpoint.end?.(next.to, next.end);
      const now = this.#clock.now();
      machine.sent(next, failure, now);
      if (++sends % SENDS_PER_TURN === 0) await this.#clock.turn();
      next = machine.poll(now);
    }
    this.#pumping = false;
    this.#settle();
  }

  /** A timer that rings too early only sets the next one: far cheaper than to set it at each packet. */
  #arm(): void {
    const at = this.#machine.nextTimeout();
    if (at === undefined || at >= this.#armedFor) return;
    this.#cancelTimer?.();
    this.#armedFor = at;
    this.#cancelTimer = this.#clock.wake(at, () => {
      this.#armedFor = Infinity;
      const due = this.#machine.nextTimeout();
      if (due !== undefined && due <= this.#clock.now()) this.act((now) => this.#machine.tick(now));
      else if (!this.#pumping) this.#arm();
    });
  }

  /** A send that waits for a reader who does not read must not keep us for ever. */
  #endSoon(): void {
    if (this.#cancelEnd) return;
    this.#cancelEnd = this.#clock.wake(
      this.#clock.now() + GRACE_MS,
      () => this.#finished.resolve(),
    );
  }

  async #atMost(ms: number, wait: Promise<void> | undefined): Promise<void> {
    if (wait === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.wake(this.#clock.now() + ms, resolve);
      void wait.then(() => (cancel(), resolve()));
    });
  }

  #whenIdle(): Promise<void> {
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }
}
