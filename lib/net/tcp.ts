/**
 * The endpoint over TCP: each connection is an address, each read a piece of its bytes. TCP has
 * no framing, and none is added here. One connection's trouble (a reset, a reader that stalls) is
 * its own: no other connection waits for it.
 *
 * @module
 */

import { type Address, canonicalHost, family, formatAddress } from "../wire/address.ts";
import type { ConnectionEnd, SendFailure } from "../wire/datagram.ts";
import { bindError, type BindOptions } from "./bind.ts";
import {
  type Arrival,
  CLOSED,
  type Endpoint,
  type EndpointCounters,
  NetError,
  newCounters,
  systemCode,
} from "./endpoint.ts";
import { type Clock, sleep } from "./clock.ts";
import { resolve } from "./resolve.ts";

/** Bytes of one read (our choice; a text dialect rarely needs more at once). */
const READ_BYTES = 16_384;
/** Bytes that wait for one slow reader before its connection is closed (our choice). */
const MAX_QUEUED_BYTES = 1_048_576;
/** A connection with more than this queued is not read from, so that an echo cannot pile up. */
const PAUSE_READING_BYTES = 65_536;
/** Connections at once; more wait in the system's backlog (our choice). */
const MAX_CONNECTIONS = 1_024;

/** A peer that has ended its half gets so long to take what is queued, in ms (our choice). */
const FLUSH_MS = 5_000;
/** Wait after a failed accept in ms: out of file descriptors, most likely (our choice). */
const ACCEPT_BACKOFF_MS = 50;

const NOT_CONNECTED: SendFailure = { code: "ENOTCONN", reason: "the connection is closed" };

/** The part of `Deno.TcpConn` that is used. */
type Connection = Pick<Deno.TcpConn, "read" | "write" | "close" | "closeWrite" | "remoteAddr">;

/** Connections as an endpoint: at most one listener, any number of connections. */
export class TcpEndpoint implements Endpoint {
  /** Where it listens; for a connecting endpoint its local address. */
  readonly addresses: readonly Address[];
  /** Live counters. */
  readonly counters: EndpointCounters = newCounters();
  readonly #streams = new Map<string, TcpStream>();
  readonly #clock: Clock;
  readonly #only: 4 | 6 | undefined;
  readonly #patient: boolean;
  readonly #listener: Deno.TcpListener | undefined;
  readonly #arrivals: { arrival: Arrival; taken: () => void }[] = [];
  #signal = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  #closed = false;

  /**
   * Takes over a listener or a connection.
   *
   * @param source A listener, or the one connection that was made.
   * @param clock For waiting after a failed accept, and for a peer that does not read.
   * @param options `only`: close what comes from another family. `patient`: a send waits until it is
   *   written, as is right for one connection; a server with many must not wait for one of them.
   */
  constructor(
    source: Deno.TcpListener | Deno.TcpConn,
    clock: Clock,
    options: { only?: 4 | 6 | undefined; patient?: boolean } = {},
  ) {
    this.#patient = options.patient ?? false;
    this.#clock = clock;
    this.#only = options.only;
    const { hostname, port } =
      ("accept" in source ? source.addr : source.localAddr) as Deno.NetAddr;
    this.addresses = [{ host: canonicalHost(hostname), port }];
    if ("accept" in source) {
      this.#listener = source;
      void this.#accept(source);
    } else {
      this.#add(source);
    }
  }

  /**
   * Queues bytes on a connection. A server's send resolves once they are queued, not when they are
   * written, so that one stalled reader holds up nobody; its connection is closed when too much has
   * piled up. The send of one who connected waits until they are written.
   *
   * @param bytes The bytes; no frame is added.
   * @param to The other end of an open connection.
   * @returns Undefined, or why not.
   */
  async send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    const stream = this.#streams.get(formatAddress(to));
    let failure = stream === undefined ? NOT_CONNECTED : stream.queue(bytes);
    if (failure === undefined && this.#patient) failure = await stream?.delivered();
    if (failure === undefined) this.counters.sent++;
    else this.counters.sendFailures++;
    return this.#closed ? CLOSED : failure;
  }

  /** Connections that open, what they say, and that they close. */
  async *incoming(): AsyncGenerator<Arrival> {
    while (!this.#closed) {
      const next = this.#arrivals.shift();
      if (next === undefined) {
        await this.#signal.promise;
        this.#signal = Promise.withResolvers();
        continue;
      }
      if (next.arrival.kind === "data") this.counters.received++;
      yield next.arrival;
      next.taken();
    }
  }

  /**
   * Ends a connection, or our half of it, once what is queued is written. Its `close` arrival
   * follows when the other side has ended as well, or at once.
   *
   * @param to The other end.
   * @param what What ends.
   */
  end(to: Address, what: ConnectionEnd): void {
    void this.#streams.get(formatAddress(to))?.end(what);
  }

  /** See the close contract of {@linkcode Endpoint}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener?.close();
    for (const stream of this.#streams.values()) stream.close();
    this.#signal.resolve();
    this.#room.resolve();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (!this.#closed) {
      while (this.#streams.size >= MAX_CONNECTIONS && !this.#closed) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
      }
      try {
        this.#add(await listener.accept());
      } catch (error) {
        if (this.#closed || systemCode(error) === "CLOSED") return;
        this.counters.receiveFailures++;
        await sleep(this.#clock, ACCEPT_BACKOFF_MS);
      }
    }
  }

  #add(connection: Deno.TcpConn): void {
    const { hostname, port } = connection.remoteAddr;
    const from = { host: canonicalHost(hostname), port };
    if (this.#only !== undefined && family(from.host) !== this.#only) {
      this.counters.dropped++;
      connection.close();
      return;
    }
    connection.setNoDelay(true);
    const stream = new TcpStream(connection);
    this.#streams.set(formatAddress(from), stream);
    void this.#read(stream, from);
  }

  async #read(stream: TcpStream, from: Address): Promise<void> {
    await this.#arrive({ kind: "open", from });
    const buffer = new Uint8Array(READ_BYTES);
    while (!this.#closed) {
      const count = await stream.read(buffer);
      if (count === undefined) break;
      await this.#arrive({ kind: "data", bytes: buffer.subarray(0, count), from });
    }
    await this.#flush(stream);
    await this.#arrive({ kind: "close", from });
    this.#streams.delete(formatAddress(from));
    stream.close();
    this.#room.resolve();
  }

  /** The other side may have ended its half alone: it gets what is queued, if it reads. */
  #flush(stream: TcpStream): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.wake(this.#clock.now() + FLUSH_MS, resolve);
      void stream.end("connection").then(() => (cancel(), resolve()));
    });
  }

  #arrive(arrival: Arrival): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      this.#arrivals.push({ arrival, taken });
      this.#signal.resolve();
    });
  }
}

/** One connection with its queue of bytes to write. */
class TcpStream {
  readonly #connection: Connection;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #writing: Promise<void> | undefined;
  #closed = false;
  /** `close()` of the system does not end a write that waits for a reader: nobody waits for that. */
  readonly #gone: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  queue(bytes: Uint8Array): SendFailure | undefined {
    if (this.#closed) return NOT_CONNECTED;
    if (bytes.length === 0) return undefined;
    if (this.#queued > 0 && this.#queued + bytes.length > MAX_QUEUED_BYTES) {
      this.close();
      return { code: "ENOBUFS", reason: "the other side does not read: connection closed" };
    }
    this.#queue.push(bytes.slice());
    this.#queued += bytes.length;
    this.#writing ??= this.#write();
    return undefined;
  }

  /** The number of bytes read, or undefined once nothing more will come. */
  async read(buffer: Uint8Array): Promise<number | undefined> {
    while (this.#queued > PAUSE_READING_BYTES && !this.#closed) await this.#written();
    try {
      return await this.#connection.read(buffer) ?? undefined;
    } catch {
      return undefined; // Reset by the other side, or closed here: both are an end.
    }
  }

  async end(what: ConnectionEnd): Promise<void> {
    await this.#written();
    if (what === "connection") return this.close();
    try {
      await this.#connection.closeWrite();
    } catch {
      // The other side was quicker.
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#gone.resolve();
    this.#queue.length = 0;
    this.#queued = 0;
    try {
      this.#connection.close();
    } catch {
      // Closed already by the system.
    }
  }

  /** Resolves when all that is queued is written, or the connection has gone. */
  async delivered(): Promise<SendFailure | undefined> {
    await this.#written();
    return this.#closed ? NOT_CONNECTED : undefined;
  }

  #written(): Promise<void> {
    return Promise.race([this.#writing, this.#gone.promise]);
  }

  async #write(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        for (let done = 0; done < next.length;) {
          done += await this.#connection.write(next.subarray(done));
        }
        this.#queued -= next.length;
      } catch {
        this.close();
      }
    }
    this.#writing = undefined;
  }
}

/**
 * Connects over TCP to the first address that answers.
 *
 * @param clock The clock for the endpoint.
 * @param hosts Literal addresses, the preferred first.
 * @param port The port.
 * @param timeout How long to wait for each, in ms.
 * @returns The connection as an endpoint, and the address that answered.
 * @throws {NetError} `REFUSED`, `TIMEOUT` or `UNREACHABLE` if none answers.
 */
export async function connectTcp(
  clock: Clock,
  hosts: readonly string[],
  port: number,
  timeout: number,
): Promise<{ endpoint: TcpEndpoint; to: Address }> {
  let failure: NetError | undefined;
  for (const host of hosts) {
    const signal = AbortSignal.timeout(timeout);
    try {
      const connection = await Deno.connect({ hostname: host, port, signal });
      return {
        endpoint: new TcpEndpoint(connection, clock, { patient: true }),
        to: { host, port },
      };
    } catch (error) {
      failure ??= connectError({ host, port }, signal.aborted, timeout, error);
    }
  }
  throw failure ?? new NetError("UNKNOWN_HOST", "Cannot connect as no address is known");
}

function connectError(to: Address, late: boolean, timeout: number, error: unknown): NetError {
  const what = `Cannot connect to ${formatAddress(to)}`;
  const cause = { cause: error };
  if (late) {
    return new NetError("TIMEOUT", `${what}: no answer within ${timeout / 1000} s`, cause);
  }
  switch (systemCode(error)) {
    case "ECONNREFUSED":
    case "ECONNRESET": // It stopped listening in this moment.
      return new NetError("REFUSED", `${what} as nothing listens there: start it first`, cause);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return new NetError("UNREACHABLE", `${what} as there is no route to it`, cause);
    default:
      return new NetError(
        "UNREACHABLE",
        `${what}: ${error instanceof Error ? error.message : String(error)}`,
        cause,
      );
  }
}

/**
 * Listens over TCP. Without a host: on every address, IPv4 and IPv6.
 *
 * @param clock The clock for the endpoint.
 * @param options Where to listen.
 * @returns The endpoint.
 * @throws {NetError} If it cannot be bound.
 */
export async function listenTcp(clock: Clock, options: BindOptions): Promise<TcpEndpoint> {
  const wanted = { family: options.family, prefer: 4 } as const;
  const hosts = options.host !== undefined
    ? (await resolve(options.host, wanted)).slice(0, 1)
    : options.family === 4
    ? ["0.0.0.0"]
    : options.family === 6
    ? ["::"]
    : Deno.build.os === "windows" // keeps `::` to IPv6; plain mode prefers IPv4
    ? ["0.0.0.0"]
    : ["::", "0.0.0.0"];
  let failure: NetError | undefined;
  for (const hostname of hosts) {
    try {
      return new TcpEndpoint(Deno.listen({ hostname, port: options.port }), clock, {
        only: options.family,
      });
    } catch (error) {
      failure = bindError("TCP", hostname, options, error);
      if (failure.code !== "UNAVAILABLE") break;
    }
  }
  throw failure ?? new NetError("BIND", `Cannot bind TCP port ${options.port}`);
}
