/**
 * What a line for two is told and tells.
 *
 * @module
 */

import type { EntryStore } from "../chat/entry_store.ts";
import type { HubOptions } from "../session/hub.ts";
import type { Address } from "../wire/address.ts";

/** How a line is used. */
export interface TalkOptions {
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** What the other sees. */
  readonly name: string;
  /** Whom to call, at any of these addresses; none to wait. */
  readonly to: readonly Address[];
  /** The key that answered there before. */
  readonly pinned?: Uint8Array | undefined;
  /** Somebody is there to be asked about a changed key; else it ends the call. */
  readonly asks?: boolean;
  /** Go on with another key. */
  readonly acceptNewKey?: boolean;
  /** How long to wait for delivery after the end of input, in ms. */
  readonly timeout: number;
  /** Go on after the end of input. */
  readonly stay?: boolean;
}

/** The person at the other end. */
export interface Partner {
  /** Their Ed25519 key. */
  readonly key: Uint8Array;
  /** What they are called; their key's tag before they said. */
  readonly name: string;
  /** Where they are. */
  readonly address: Address;
}

/** What happened. */
export type TalkEvent =
  | { readonly type: "up"; readonly partner: Partner; readonly again: boolean }
  | {
    readonly type: "message";
    readonly id: string;
    readonly partner: Partner;
    readonly text: string;
    /** Wall time of the author in ms since 1970. */
    readonly time: number;
    /** Caught up on: it was said to a program of ours that has lost it. */
    readonly history: boolean;
  }
  /** It was said before this program began. */
  | {
    readonly type: "past";
    readonly id: string;
    readonly author: Pick<Partner, "key" | "name">;
    readonly text: string;
    readonly time: number;
    readonly self: boolean;
  }
  | { readonly type: "own"; readonly id: string; readonly text: string; readonly time: number }
  | {
    readonly type: "status";
    readonly id: string;
    readonly state: "sent" | "delivered" | "failed";
    readonly by?: Uint8Array;
    readonly reason?: string;
  }
  | {
    readonly type: "presence";
    readonly partner: Partner;
    readonly state: "here" | "away" | "gone" | "renamed";
    readonly old?: string;
    /** Why they are away. */
    readonly text?: string;
  }
  /** The address that was typed answers with another key than before: everything waits. */
  | { readonly type: "changedKey"; readonly key: Uint8Array; readonly pinned: Uint8Array }
  /** The other is not heard: their name may stand for another address by now. */
  | { readonly type: "resolve" }
  | {
    readonly type: "notice";
    readonly level: "info" | "warning" | "error";
    readonly code: string;
    readonly text: string;
  };
