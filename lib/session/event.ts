/**
 * What a session tells, and the packets that it takes.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { Packet } from "../wire/packet.ts";

/** Why a session was closed. */
export const CLOSE = { done: 0, replaced: 1, protocol: 2, busy: 3 } as const;

/** What happened. */
export type SessionEvent =
  | { readonly type: "confirmed" }
  | {
    readonly type: "data";
    readonly stream: number;
    readonly bytes: Uint8Array;
    readonly fin: boolean;
  }
  | { readonly type: "reset"; readonly stream: number; readonly code: number }
  | { readonly type: "datagram"; readonly bytes: Uint8Array }
  /** What was sent is unanswered for so long that the other side may have forgotten us. */
  | { readonly type: "stalled" }
  /** Nothing was heard for three heartbeats; and then something again. */
  | { readonly type: "silent" | "back" }
  | { readonly type: "moved"; readonly address: Address }
  /** As little is on its way as was asked for: more can be written. */
  | { readonly type: "drained" }
  | {
    readonly type: "closed";
    readonly by: "us" | "them";
    readonly code: number;
    readonly reason: string;
  };

/** A packet that a session can open. */
export type SessionPacket = Extract<Packet, { type: "data" | "final" }>;

/** What is known about a line: times in ms, losses as shares of 1. */
export interface Link {
  readonly rtt: number;
  readonly jitter: number;
  /** Of what we send. */
  readonly loss: number;
  /** Of what the other side sends. */
  readonly lossBack: number;
  /** Bytes of UDP payload that are known to arrive. */
  readonly mtu: number;
  /** How often the keys were changed. */
  readonly generation: number;
  /** When they were changed last. */
  readonly keyedAt: number;
}
