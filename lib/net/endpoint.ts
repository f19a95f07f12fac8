/**
 * One socket's worth of network behind a small interface. `udp.ts` implements it over
 * `Deno.listenDatagram`, `tcp.ts` over connections, `memory.ts` over nothing at all; whoever uses
 * an endpoint cannot tell which.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { ConnectionEnd, SendFailure } from "../wire/datagram.ts";

/** What came in. Over UDP always `data`; over TCP a connection also opens and closes. */
export type Arrival =
  | {
    readonly kind: "data";
    /** The payload. Valid until the next arrival is asked for: copy what is to be kept. */
    readonly bytes: Uint8Array;
    /** Who sent it, in canonical form. */
    readonly from: Address;
  }
  | { readonly kind: "open" | "close"; readonly from: Address };

/** What an endpoint has seen go wrong, for `--verbose` and for tests. Never an exception. */
export interface EndpointCounters {
  /** Datagrams (TCP: reads) received. */
  received: number;
  /** Datagrams (TCP: writes) handed to the system. */
  sent: number;
  /** Sends that the system refused. */
  sendFailures: number;
  /** Receives that the system refused (Windows reports other people's closed ports here). */
  receiveFailures: number;
  /** Dropped on purpose: of the wrong family, or because a queue was full. */
  dropped: number;
}

/**
 * The close contract: `close()` may be called at any time and any number of times, from anywhere.
 * It ends every `incoming()` iteration normally (a pending one included), and makes every later
 * `send()` resolve to a failure with code `CLOSED`. What was sent before is on its way; over TCP
 * what is still queued is dropped. Nothing throws. An endpoint is never reopened.
 */
export interface Endpoint {
  /** Where it is bound; more than one where the system needs one socket a family. */
  readonly addresses: readonly Address[];
  /** Live counters. */
  readonly counters: Readonly<EndpointCounters>;
  /**
   * Hands a datagram to the system. Never rejects.
   *
   * @param bytes The payload.
   * @param to A literal address, never a name.
   * @returns Undefined once it is handed over, or why it could not be.
   */
  send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined>;
  /**
   * Over TCP: ends a connection, or our half of it, once what is queued on it is written.
   *
   * @param to The other end.
   * @param what What ends.
   */
  end?(to: Address, what: ConnectionEnd): void;
  /** Resolves when what was sent has really left; endpoints without it send at once. */
  settled?(): Promise<void>;
  /** Everything that comes in, until `close()`. Never throws. Iterated by one consumer only. */
  incoming(): AsyncIterable<Arrival>;
  /** See the close contract above. */
  close(): void;
}

/** Fresh counters, all zero. */
export function newCounters(): EndpointCounters {
  return { received: 0, sent: 0, sendFailures: 0, receiveFailures: 0, dropped: 0 };
}

/** What `send()` answers once an endpoint is closed. */
export const CLOSED: SendFailure = { code: "CLOSED", reason: "the socket is closed" };

/**
 * The network could not be set up: unknown host, address in use, no permission. Caught by the
 * command line, which prints the message and exits 1 (3 for `REFUSED` and `TIMEOUT`).
 */
export class NetError extends Error {
  /** The class name, for logs. */
  override readonly name = "NetError";
  /** Which kind of failure: `IN_USE`, `UNKNOWN_HOST`, `FAMILY`, `REFUSED` … */
  readonly code: string;

  /**
   * Makes the error.
   *
   * @param code Which kind of failure.
   * @param message What cannot be done, why, and what to try.
   * @param options The cause.
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The system's short name of an error.
 *
 * @param error Whatever a system call threw.
 * @returns Its code (`EMSGSIZE`, `EADDRINUSE` …), or `UNKNOWN`.
 */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  return NAMED_CODES[(error as Error | null)?.name ?? ""] ?? "UNKNOWN";
}

/** Deno's error classes that come without a `code`. */
const NAMED_CODES: Readonly<Record<string, string>> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  BadResource: "CLOSED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  Interrupted: "EINTR",
  NotCapable: "EPERM",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};

/** What the codes mean to a person. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "the system does not allow it",
  EADDRNOTAVAIL: "that address cannot be reached from here",
  EAFNOSUPPORT: "the address is of another family than the socket",
  EHOSTUNREACH: "no route to that address",
  EINVAL: "the address is not one that can be sent to",
  EMSGSIZE: "it is too large for a datagram",
  ENETDOWN: "the network is down",
  ENETUNREACH: "no route to that network",
  ENOBUFS: "the system is out of buffers",
  EPERM: "the system does not allow it",
};

/**
 * Turns what a send threw into a value.
 *
 * @param error Whatever the system call threw.
 * @returns The code, and one line for a person.
 */
export function sendFailure(error: unknown): SendFailure {
  const code = systemCode(error);
  if (code === "CLOSED") return CLOSED;
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return { code, reason: known ?? (error instanceof Error ? error.message : describe(error)) };
}

/** Anything can be thrown, also what has no text at all. */
function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "no reason is given";
  }
}
