/**
 * What the machines of plain mode tell the outside.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";

/** Something happened. */
export type PlainEvent =
  | {
    readonly type: "message";
    /** Number of the message in this run, counted from 1 together with our own. */
    readonly id: number;
    /** Who sent it. */
    readonly from: Address;
    /** It came from the address we talk to, not from a third one. */
    readonly direct: boolean;
    /** The text without its final line end; not yet fit for a terminal. */
    readonly text: string;
  }
  | { readonly type: "own"; readonly id: number; readonly text: string }
  | {
    readonly type: "status";
    readonly id: number;
    readonly state: "sent" | "failed";
    readonly reason?: string;
  }
  | { readonly type: "presence"; readonly who: Address; readonly state: "here" | "gone" }
  | {
    readonly type: "notice";
    readonly level: "info" | "warning";
    /** A word for programs: `no-answer`, `cut`, `full` … */
    readonly code: string;
    /** A line for people; host names and texts in it are not yet fit for a terminal. */
    readonly text: string;
  };

/** Why a machine is finished, and the exit status that follows. */
export interface Done {
  /** The exit status. */
  readonly status: number;
  /** A word or two. */
  readonly reason: string;
}

/** Somebody who was heard. */
export interface Heard {
  /** The address. */
  readonly address: Address;
  /** When last, in ms on the shell's clock. */
  readonly at: number;
}
