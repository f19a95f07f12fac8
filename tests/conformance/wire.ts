/**
 * A UDP socket on loopback that is waited on with a deadline.
 *
 * @module
 */

import { decodePacket, type Packet } from "./packets.ts";

/** Longest wait for anything, in ms: generous, so that only hangs fail. */
export const PATIENCE_MS = 60_000;

/** What came, and from where. */
export interface Arrived {
  readonly packet: Packet;
  readonly from: Deno.NetAddr;
}

/** One socket. */
export class Wire implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  #pending: Promise<[Uint8Array, Deno.Addr] | undefined> | undefined;

  constructor() {
    const options = { transport: "udp", hostname: "127.0.0.1", port: 0 } as const;
    this.#socket = Deno.listenDatagram(options);
  }

  /** The port of this socket. */
  get port(): number {
    return this.#socket.addr.transport === "udp" ? this.#socket.addr.port : 0;
  }

  /** Sends a datagram. */
  async send(bytes: Uint8Array, to: Deno.NetAddr): Promise<void> {
    await this.#socket.send(bytes, to);
  }

  /** The next datagram, which must be a packet; nothing if none comes in time. */
  async receive(until: number): Promise<Arrived | undefined> {
    this.#pending ??= this.#socket.receive().catch(() => undefined);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), Math.max(0, until - Date.now()));
    const arrived = await Promise.race([this.#pending, late.promise]);
    clearTimeout(timer);
    if (!arrived) return undefined;
    this.#pending = undefined;
    const [bytes, from] = arrived;
    if (from.transport !== "udp") throw new Error("not from a UDP socket");
    return { packet: decodePacket(bytes), from };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#pending;
  }
}

/** The address of a port on loopback. */
export function loopback(port: number): Deno.NetAddr {
  return { transport: "udp", hostname: "127.0.0.1", port };
}
