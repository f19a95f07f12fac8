/**
 * A look around: test datagrams to everybody, who is heard, and if wanted one series of pings. A
 * pure machine, driven by {@linkcode Shell} over a `LanEndpoint`; it judges nothing.
 *
 * @module
 */

import { EVERYBODY } from "../net/lan.ts";
import type { Address } from "../wire/address.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import type { Pinger, PingEvent } from "./ping.ts";

/** What is looked for. */
export interface CheckupOptions {
  /** Random bytes, by which a test datagram is known again. */
  readonly random: (length: number) => Uint8Array;
  /** How long to listen, in ms. */
  readonly listen: number;
  /** Asks somebody at the same time; ends by itself. */
  readonly pinger?: Pinger | undefined;
}

/** How every test datagram begins: no text does, and no reader of beacons knows the rest. */
export const PROBE: Uint8Array = Uint8Array.of(0xff, ...new TextEncoder().encode("udpchat doctor"));
/** By this many random bytes a test datagram is known again (our choice: no two in a life). */
const TAG_BYTES = 8;
/** One may be lost, or leave before a group is joined: when to send, in ms (our choice). */
const PROBE_TIMES: readonly number[] = [0, 250, 750];
/** The reason of an end that nobody forced. */
const OVER = "done";
/** Most addresses that are remembered as heard (our choice: a flood is no list). */
const MAX_HEARD = 1_000;

/** A look around. */
export class Checkup {
  readonly #options: CheckupOptions;
  readonly #begun: number;
  readonly #marks = new Map<string, string>();
  readonly #back = new Set<string>();
  readonly #heard = new Set<string>();
  #probes = 0;
  /** Whether listening is over; only the pinger is waited for then. */
  #listened = false;
  #done: { status: number; reason: string } | undefined;

  /**
   * Begins.
   *
   * @param options What is looked for.
   * @param now Time in ms.
   */
  constructor(options: CheckupOptions, now: number) {
    this.#options = options;
    this.#begun = now;
  }

  /** The exit status and why, once it is over; 0 until somebody concludes. */
  get done(): { readonly status: number; readonly reason: string } | undefined {
    return this.#done;
  }

  /** Whether it ended because all was seen that was to be seen. */
  get ended(): boolean {
    return this.#done?.reason === OVER;
  }

  /** The addresses from which others sent to everybody, programs of this machine included. */
  get heard(): ReadonlySet<string> {
    return this.#heard;
  }

  /**
   * Makes a test datagram known again by its way: for `LanOptions.mark`.
   *
   * @param bytes A test datagram.
   * @param by The local address that it leaves by.
   * @param to Where it goes.
   * @returns The datagram with a tag of its own.
   */
  mark(bytes: Uint8Array, by: { readonly host: string }, to: Address): Uint8Array {
    const tag = this.#options.random(TAG_BYTES), marked = new Uint8Array(bytes.length + TAG_BYTES);
    marked.set(bytes);
    marked.set(tag, bytes.length);
    this.#marks.set(tag.toString(), wayKey(by.host, to.host));
    return marked;
  }

  /**
   * Whether a test datagram came back.
   *
   * @param by The local address that it left by.
   * @param to Where it went.
   */
  cameBack(by: string, to: string): boolean {
    return this.#back.has(wayKey(by, to));
  }

  /** Says how it ended, unless a signal ended it before. */
  conclude(status: number, reason: string): void {
    if (this.ended) this.#done = { status, reason };
  }

  /** Ends it now. */
  leave(status: number, reason: string): void {
    this.#options.pinger?.leave(status, reason);
    this.#done ??= { status, reason };
  }

  /** A datagram came. Beacons and test datagrams have their own port; the rest is for the pinger. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    const { pinger } = this.#options;
    const probe = sameBytes(bytes.subarray(0, PROBE.length), PROBE);
    const way = probe ? this.#marks.get(bytes.subarray(PROBE.length).toString()) : undefined;
    if (way !== undefined) this.#back.add(way);
    else if (pinger && !probe && from.port !== EVERYBODY.port) pinger.receive(bytes, from, now);
    else if (this.#heard.size < MAX_HEARD) this.#heard.add(from.host);
    this.#endIfOver(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#options.pinger?.tick(now);
    this.#endIfOver(now);
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    const at = PROBE_TIMES[this.#probes];
    if (!this.#done && at !== undefined && now - this.#begun >= at) {
      this.#probes++;
      return { bytes: PROBE, to: EVERYBODY };
    }
    const next = this.#options.pinger?.poll(now);
    this.#endIfOver(now);
    return next;
  }

  /** What could not be sent to everybody, the endpoint knows. */
  sent(transmit: Transmit, failure: SendFailure | undefined, now: number): void {
    if (transmit.to !== EVERYBODY) this.#options.pinger?.sent(transmit, failure, now);
  }

  /** What the pinger told since the last call. */
  events(): PingEvent[] {
    return this.#options.pinger?.events() ?? [];
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const probe = PROBE_TIMES[this.#probes], end = this.#begun + this.#options.listen;
    const { pinger } = this.#options;
    const own = probe !== undefined ? this.#begun + probe : this.#listened ? Infinity : end;
    const next = Math.min(own, pinger?.nextTimeout() ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  #endIfOver(now: number): void {
    this.#listened = now - this.#begun >= this.#options.listen;
    const { pinger } = this.#options;
    if (this.#listened && (pinger === undefined || pinger.done)) {
      this.#done ??= { status: 0, reason: OVER };
    }
  }
}

function wayKey(by: string, to: string): string {
  return `${by} ${to}`;
}
