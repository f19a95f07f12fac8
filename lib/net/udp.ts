/**
 * The endpoint over `Deno.listenDatagram`: one socket, one async receive loop, and nothing that
 * the network does ends it.
 *
 * @module
 */

import { type Address, canonicalHost, family } from "../wire/address.ts";
import { MAX_DATAGRAM_BYTES, type SendFailure } from "../wire/datagram.ts";
import type { Clock } from "./clock.ts";
import {
  type Arrival,
  CLOSED,
  type Endpoint,
  type EndpointCounters,
  newCounters,
  sendFailure,
  systemCode,
} from "./endpoint.ts";

/** The part of `Deno.DatagramConn` that is used, so that tests can hand in one that fails. */
export interface DatagramSocket {
  /** The bound address. */
  readonly addr: Deno.Addr;
  /** Sends one datagram. */
  send(bytes: Uint8Array, to: Deno.NetAddr): Promise<number>;
  /** Waits for one datagram. */
  receive(buffer: Uint8Array): Promise<[Uint8Array, Deno.Addr]>;
  /** Closes the socket. */
  close(): void;
}

/** Wait after the first failed receive in a row, in ms; doubled each time (our choice). */
const RECEIVE_BACKOFF_MS = 1;
/** Longest wait between failed receives, in ms (our choice: a broken socket costs no CPU). */
const MAX_RECEIVE_BACKOFF_MS = 1_000;

/** One UDP socket. */
export class UdpEndpoint implements Endpoint {
  /** The bound address. */
  readonly addresses: readonly Address[];
  /** Live counters. */
  readonly counters: EndpointCounters = newCounters();
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;
  readonly #only: 4 | 6 | undefined;
  readonly #scope: string | undefined;
  #closed = false;
  #stopWaiting: (() => void) | undefined;

  /**
   * Takes over a bound socket.
   *
   * @param socket A bound socket; the endpoint owns it from now on.
   * @param clock For waiting between failed receives.
   * @param options `only`: drop what comes from another family. `scope`: the interface that
   *   link-local senders are on; Deno reports them without, and without it nobody can answer.
   */
  constructor(
    socket: DatagramSocket,
    clock: Clock,
    options: { only?: 4 | 6 | undefined; scope?: string | undefined } = {},
  ) {
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.addresses = [{ host: canonicalHost(hostname), port }];
    this.#socket = socket;
    this.#clock = clock;
    this.#only = options.only;
    this.#scope = options.scope;
  }

  /**
   * Hands a datagram to the system. Never rejects.
   *
   * @param bytes The payload, at most 65,507 bytes.
   * @param to A literal address.
   * @returns Undefined, or why it could not be sent.
   */
  async send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    if (this.#closed) return CLOSED;
    try {
      await this.#socket.send(bytes, { transport: "udp", hostname: to.host, port: to.port });
      this.counters.sent++;
      return undefined;
    } catch (error) {
      this.counters.sendFailures++;
      return sendFailure(error);
    }
  }

  /** The receive loop. Ends when the endpoint is closed, and for no other reason. */
  async *incoming(): AsyncGenerator<Arrival> {
    const buffer = new Uint8Array(MAX_DATAGRAM_BYTES + 1);
    let backoff = 0;
    while (!this.#closed) {
      let datagram: [Uint8Array, Deno.Addr];
      try {
        datagram = await this.#socket.receive(buffer);
        backoff = 0;
      } catch (error) {
        if (this.#closed || systemCode(error) === "CLOSED") return;
        this.counters.receiveFailures++;
        backoff = Math.min(Math.max(RECEIVE_BACKOFF_MS, backoff * 2), MAX_RECEIVE_BACKOFF_MS);
        await this.#wait(backoff);
        continue;
      }
      const { hostname, port } = datagram[1] as Deno.NetAddr;
      const host = this.#scoped(canonicalHost(hostname));
      if (this.#only !== undefined && family(host) !== this.#only) {
        this.counters.dropped++;
        continue;
      }
      this.counters.received++;
      yield { kind: "data", bytes: datagram[0], from: { host, port } };
    }
  }

  /** See the close contract of {@linkcode Endpoint}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting?.();
    try {
      this.#socket.close();
    } catch {
      // Closed already by the system: nothing is left to do.
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.wake(this.#clock.now() + ms, resolve);
      this.#stopWaiting = () => (cancel(), resolve());
    });
  }

  #scoped(host: string): string {
    const bare = this.#scope !== undefined && host.startsWith("fe80:") && !host.includes("%");
    return bare ? `${host}%${this.#scope}` : host;
  }
}
