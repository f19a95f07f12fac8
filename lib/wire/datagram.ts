/**
 * What every machine hands to the shell to be sent, and the sizes that datagrams may have.
 *
 * @module
 */

import type { Address } from "./address.ts";

/** Largest UDP payload over IPv4 in bytes: 65,535 less 20 (IP) and 8 (UDP), RFC 768. */
export const MAX_DATAGRAM_BYTES = 65_507;

/** One datagram (or, over TCP, one piece of a connection's bytes) that a machine wants sent. */
export interface Transmit {
  /** The payload. The machine does not change it after handing it out. */
  readonly bytes: Uint8Array;
  /** Where it goes. */
  readonly to: Address;
  /** The machine's own number for it, to know it again when it hears how sending went. */
  readonly id?: number;
  /** Over TCP: what ends once these bytes are written; datagrams have nothing to end. */
  readonly end?: ConnectionEnd;
}

/** What of a connection ends: our sending alone (the other side may go on), or all of it. */
export type ConnectionEnd = "sending" | "connection";

/** Why something could not be handed to the network. */
export interface SendFailure {
  /** The system's name for it: `EMSGSIZE`, `EINVAL`, `ENETUNREACH` …; `UNKNOWN` where it has none. */
  readonly code: string;
  /** One line for a person. */
  readonly reason: string;
}
