/**
 * The endpoint's twin in memory: a network of any number of hosts inside one program, for tests
 * and for trying a bot without a network.
 *
 * @module
 */

import { type Address, formatAddress, MAX_PORT } from "../wire/address.ts";
import { MAX_DATAGRAM_BYTES, type SendFailure } from "../wire/datagram.ts";
import type { Clock } from "./clock.ts";
import {
  type Arrival,
  CLOSED,
  type Endpoint,
  type EndpointCounters,
  NetError,
  newCounters,
  sendFailure,
} from "./endpoint.ts";
import { Impairment, type ImpairmentSpec } from "./impairment.ts";
import type { Random } from "./random.ts";

/** Datagrams that wait at an endpoint before more are dropped, as in a kernel's buffer. */
const RECEIVE_QUEUE = 256;

/** First port that `bind` gives out for port 0 (RFC 6335 §6: the dynamic ports). */
const FIRST_DYNAMIC_PORT = 49_152;

/** The network: what is sent on it arrives at whoever is bound there, after the impairment. */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #way: Impairment<{ bytes: Uint8Array; from: Address; to: Address }>;
  readonly #bound = new Map<string, MemoryEndpoint>();
  #cancel: (() => void) | undefined;

  /**
   * Makes a network with nobody on it yet.
   *
   * @param clock Real or virtual time.
   * @param spec How bad the network is; perfect if left out.
   * @param random The source of chance.
   */
  constructor(clock: Clock, spec: ImpairmentSpec = {}, random: Random = () => 0.5) {
    this.#clock = clock;
    this.#way = new Impairment(spec, random);
  }

  /**
   * Binds an address.
   *
   * @param address The host, and the port or 0 for any.
   * @returns The endpoint.
   * @throws {NetError} If the address is bound already.
   */
  bind(address: Address): Endpoint {
    let { host, port } = address;
    if (port === 0) {
      port = FIRST_DYNAMIC_PORT;
      while (this.#bound.has(formatAddress({ host, port })) && port < MAX_PORT) port++;
    }
    const key = formatAddress({ host, port });
    if (this.#bound.has(key)) {
      throw new NetError("IN_USE", `Cannot bind ${key} as another program uses it`);
    }
    const endpoint = new MemoryEndpoint({ host, port }, this, () => this.#bound.delete(key));
    this.#bound.set(key, endpoint);
    return endpoint;
  }

  /**
   * Sends a datagram on its way. Nobody there: it is lost, as on a real network.
   *
   * @param bytes The payload; copied.
   * @param from The sender.
   * @param to The receiver.
   */
  carry(bytes: Uint8Array, from: Address, to: Address): void {
    this.#way.push({ bytes: bytes.slice(), from, to }, this.#clock.now());
    this.#deliver();
  }

  #deliver(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (let next = this.#way.poll(now); next !== undefined; next = this.#way.poll(now)) {
      this.#bound.get(formatAddress(next.to))?.arrive(next.bytes, next.from);
    }
    const at = this.#way.nextTimeout();
    if (at !== undefined) this.#cancel = this.#clock.wake(at, () => this.#deliver());
  }
}

class MemoryEndpoint implements Endpoint {
  readonly addresses: readonly Address[];
  readonly counters: EndpointCounters = newCounters();
  readonly #network: MemoryNetwork;
  readonly #unbind: () => void;
  readonly #queue: Arrival[] = [];
  #signal = Promise.withResolvers<void>();
  #closed = false;

  constructor(address: Address, network: MemoryNetwork, unbind: () => void) {
    this.addresses = [address];
    this.#network = network;
    this.#unbind = unbind;
  }

  send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    const failure = this.#refusal(bytes, to);
    if (failure === undefined) {
      this.counters.sent++;
      this.#network.carry(bytes, this.addresses[0] ?? to, to);
    } else if (failure !== CLOSED) {
      this.counters.sendFailures++;
    }
    return Promise.resolve(failure);
  }

  async *incoming(): AsyncGenerator<Arrival> {
    while (!this.#closed) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        this.counters.received++;
        yield next;
      } else {
        await this.#signal.promise;
        this.#signal = Promise.withResolvers();
      }
    }
  }

  arrive(bytes: Uint8Array, from: Address): void {
    if (this.#queue.length >= RECEIVE_QUEUE) {
      this.counters.dropped++;
      return;
    }
    this.#queue.push({ kind: "data", bytes, from });
    this.#signal.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unbind();
    this.#signal.resolve();
  }

  #refusal(bytes: Uint8Array, to: Address): SendFailure | undefined {
    if (this.#closed) return CLOSED;
    if (to.port === 0) return sendFailure({ code: "EINVAL" });
    if (bytes.length > MAX_DATAGRAM_BYTES) return sendFailure({ code: "EMSGSIZE" });
    return undefined;
  }
}
