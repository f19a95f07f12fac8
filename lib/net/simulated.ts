/**
 * An endpoint whose sends go through a bad network first (`--sim`). What arrives is left alone:
 * each side simulates its own way out.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { SendFailure } from "../wire/datagram.ts";
import type { Clock } from "./clock.ts";
import { type Arrival, CLOSED, type Endpoint, type EndpointCounters } from "./endpoint.ts";
import { Impairment, type ImpairmentSpec } from "./impairment.ts";
import type { Random } from "./random.ts";

/** Wraps an endpoint in a bad network. */
export class SimulatedEndpoint implements Endpoint {
  readonly #inner: Endpoint;
  readonly #clock: Clock;
  readonly #way: Impairment<{ bytes: Uint8Array; to: Address }>;
  #cancel: (() => void) | undefined;
  #closed = false;
  #empty: PromiseWithResolvers<void> | undefined;

  /**
   * Wraps an endpoint.
   *
   * @param inner The endpoint that really sends; owned from now on.
   * @param spec How bad the network is.
   * @param clock Real or virtual time.
   * @param random The source of chance.
   */
  constructor(inner: Endpoint, spec: ImpairmentSpec, clock: Clock, random: Random) {
    this.#inner = inner;
    this.#clock = clock;
    this.#way = new Impairment(spec, random);
  }

  /** Where the inner endpoint is bound. */
  get addresses(): readonly Address[] {
    return this.#inner.addresses;
  }

  /** The inner endpoint's counters; what was lost on purpose counts as dropped. */
  get counters(): EndpointCounters {
    const counters = this.#inner.counters;
    return { ...counters, dropped: counters.dropped + this.#way.lost };
  }

  /**
   * Sends a copy on its way.
   *
   * @param bytes The payload.
   * @param to A literal address.
   * @returns Undefined: what becomes of it later is the network's secret.
   */
  send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    if (this.#closed) return Promise.resolve(CLOSED);
    this.#way.push({ bytes: bytes.slice(), to }, this.#clock.now());
    this.#deliver();
    return Promise.resolve(undefined);
  }

  /** What the inner endpoint hears. */
  incoming(): AsyncIterable<Arrival> {
    return this.#inner.incoming();
  }

  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void> {
    if (this.#closed || this.#way.nextTimeout() === undefined) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  /** Closes the inner endpoint; what is on its way is lost. */
  close(): void {
    this.#closed = true;
    this.#empty?.resolve();
    this.#cancel?.();
    this.#inner.close();
  }

  #deliver(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (let next = this.#way.poll(now); next !== undefined; next = this.#way.poll(now)) {
      void this.#inner.send(next.bytes, next.to);
    }
    const at = this.#way.nextTimeout();
    if (at !== undefined) this.#cancel = this.#clock.wake(at, () => this.#deliver());
    else this.#empty?.resolve();
  }
}
