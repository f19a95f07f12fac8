/**
 * What the two halves of a session share: `session.ts` takes in, `sender.ts` gives out. Pure.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { Transmit } from "../wire/datagram.ts";
import type { Frame } from "../wire/frame.ts";
import type { SessionKeys } from "./keys.ts";
import { BASE_MTU, Path } from "./path.ts";
import { Received } from "./received.ts";
import { Recovery } from "./recovery.ts";
import { ReplayWindow } from "./replay.ts";
import { Streams } from "./streams.ts";

/** Gives so many random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** What a session is made of. */
export interface SessionOptions {
  /** Whether this side sent the first message. */
  readonly initiator: boolean;
  /** The number by which the other side names this session. */
  readonly local: number;
  /** The number by which we name it to the other side. */
  readonly remote: number;
  /** Keys of the handshake. */
  readonly keys: SessionKeys;
  /** Where the other side is; it has proved itself in the handshake. */
  readonly address: Address;
  /** Message 3 of the handshake, for the initiator. */
  readonly final?: Uint8Array;
  /** The round trip that the handshake took, in ms; undefined where it is not known. */
  readonly rtt?: number | undefined;
  /** Randomness for challenges and keys. */
  readonly random: RandomBytes;
  /** Time in ms. */
  readonly now: number;
  /** The largest datagram to try, in bytes. */
  readonly mtu?: number | undefined;
}

/** Frames that want to be acknowledged (RFC 9002 §2). */
export const ELICITING: ReadonlySet<Frame["type"]> = new Set([
  "ping",
  "stream",
  "maxData",
  "maxStreamData",
  "reset",
  "rekey",
  "rekeyAnswer",
  "rekeyRequest",
  "pathChallenge",
  "pathResponse",
  "datagram",
]);

/** One end's whole memory of a session. */
export class SessionState {
  readonly remote: number;
  readonly initiator: boolean;
  readonly keys: SessionKeys;
  readonly random: RandomBytes;
  readonly path: Path;
  readonly recovery: Recovery = new Recovery(BASE_MTU);
  readonly received: Received = new Received();
  readonly replay: ReplayWindow = new ReplayWindow();
  readonly streams: Streams = new Streams();
  /** Ready datagrams, for a second address. */
  readonly outbox: Transmit[] = [];
  /** Frames that go to one address, wherever the other side is taken to be. */
  readonly directed: { readonly to: Address; readonly frame: Frame }[] = [];
  /** Unreliable datagrams. */
  readonly datagrams: Uint8Array[] = [];
  /** Frames of the session itself that are to be sent. */
  readonly control: Frame[] = [];
  /** Message 3, until the other side has answered. */
  final: Uint8Array | undefined;
  /** The next packet's number. */
  number = 0;
  /** A PING is wanted. */
  ping: boolean;
  /** What the path carries is wanted, though nothing large waits. */
  measure = false;
  /** Something was said since the keys were changed. */
  used = false;
  /** The number of the first packet under these keys. */
  keyedAt = 0;
  /** When bulk may go on, in ms. */
  paceAt: number | undefined;
  /** Bytes of datagrams, both ways. */
  readonly bytes: { sent: number; received: number } = { sent: 0, received: 0 };

  /**
   * The state after the handshake.
   *
   * @param options What the session is made of.
   */
  constructor(options: SessionOptions) {
    this.remote = options.remote;
    this.initiator = options.initiator;
    this.keys = options.keys;
    this.random = options.random;
    this.path = new Path(options.address, options.mtu);
    this.final = options.final;
    if (options.rtt !== undefined) this.recovery.path.begin(options.rtt);
    // The first line is worth two packets until the other side has answered.
    this.recovery.eager = options.final !== undefined;
    // Message 3 must arrive, and its sender must hear that it did.
    this.ping = true;
  }
}
