/**
 * What happens in a chat, as `--json` prints it. Every reporter gets these and nothing else.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";

/** Somebody. */
export interface Person {
  /** What they are called; in plain mode their address. */
  readonly name: string;
  /** Their public key; null in plain mode. */
  readonly key: string | null;
}

/** The last moment that ISO 8601 writes with a year of four digits (ECMA-262 §21.4.1.32), in ms. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * When something was sent, as `message` events say it. A clock that is far off must break neither us
 * nor who reads what we print.
 *
 * @param ms Time in ms since 1970, as its author claims it.
 * @returns ISO 8601 in UTC.
 */
export function sentTime(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString();
}

/** One event. `time` is added when it is reported. */
export type ChatEvent =
  | {
    readonly event: "ready";
    readonly mode: string;
    readonly address: Address;
    readonly key: string | null;
  }
  | {
    readonly event: "message";
    readonly id: string;
    readonly room: string;
    readonly from: Person & { readonly address: Address };
    readonly text: string;
    /** When it was sent, ISO 8601; in plain mode when it came. */
    readonly sent: string;
    readonly self: boolean;
    readonly private: boolean;
    readonly history: boolean;
  }
  | {
    readonly event: "status";
    readonly id: string;
    readonly state: "sent" | "stored" | "delivered" | "failed";
    readonly by: string | null;
    readonly reason: string | null;
  }
  | {
    readonly event: "presence";
    readonly who: Person;
    readonly state: "here" | "away" | "gone" | "renamed";
    readonly old: string | null;
  }
  | {
    readonly event: "link";
    readonly peer: string;
    readonly rtt_ms: number;
    readonly jitter_ms: number;
    readonly loss: number;
    readonly mtu: number;
    readonly address: Address;
  }
  | {
    readonly event: "notice";
    readonly level: "info" | "warning" | "error";
    readonly code: string;
    readonly text: string;
  }
  | { readonly event: "end"; readonly reason: string; readonly exit: number };
