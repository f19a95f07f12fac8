/**
 * What a member of a room is told and tells.
 *
 * @module
 */

import type { EntryStore } from "../chat/entry_store.ts";
import type { RoomSeal } from "../chat/people.ts";
import type { HubOptions } from "../session/hub.ts";
import type { Address } from "../wire/address.ts";

/** The room, as its members know it. */
export interface RoomPlace {
  /** What people call it. */
  readonly name: string;
  /** Its number, 32 bytes. */
  readonly number: Uint8Array;
  /** In a room with a secret: what bodies are sealed with. */
  readonly key?: RoomSeal | undefined;
}

/** How a room is joined. */
export interface MemberOptions {
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** What others see. */
  readonly name: string;
  readonly room: RoomPlace;
  /** The relay, at any of these addresses. */
  readonly to: readonly Address[];
  /** The relay's key, as a link has it or as it answered there before. */
  readonly pinned?: Uint8Array | undefined;
  /** Whether a key is the one that a link names. */
  readonly expects?: ((key: Uint8Array) => boolean) | undefined;
  /** Go on with another key. */
  readonly acceptNewKey?: boolean;
  /** Somebody is there to be asked about a changed key; else it ends. */
  readonly asks?: boolean;
  /** How long to wait for delivery after the end of input, in ms. */
  readonly timeout: number;
  /** Go on after the end of input. */
  readonly stay?: boolean;
}

/** Somebody in the room. */
export interface Author {
  /** Their Ed25519 key. */
  readonly key: Uint8Array;
  /** What they call themselves; their key's tag before they said. */
  readonly name: string;
}

/** A message in the room. */
export interface RoomMessage {
  readonly id: string;
  readonly author: Author;
  readonly text: string;
  /** Wall time of the author in ms since 1970. */
  readonly time: number;
  /** What sorts it among those of others; undefined for what one says just now. */
  readonly clock?: number;
  /** Said by this program or by another of the same person. */
  readonly self: boolean;
  /** Caught up on, not live. */
  readonly history: boolean;
  /** In a room of two: the other one, for whom or from whom it is. */
  readonly partner?: Author;
}

/** What happened. */
export type MemberEvent =
  | {
    readonly type: "up";
    readonly key: Uint8Array;
    readonly address: Address;
    readonly again: boolean;
  }
  | ({ readonly type: "message" } & RoomMessage)
  /** Caught up on, behind what is shown: to be found by a search. */
  | ({ readonly type: "past" } & RoomMessage)
  | {
    readonly type: "status";
    readonly id: string;
    readonly state: "sent" | "stored" | "delivered" | "failed";
    /** Who holds it: the relay's key; null for members, who are only counted. */
    readonly by?: Uint8Array;
    /** So many of so many members hold it. */
    readonly holders?: number;
    readonly members?: number;
    readonly reason?: string;
  }
  | {
    readonly type: "presence";
    readonly who: Author;
    readonly state: "here" | "away" | "gone" | "renamed";
    readonly old?: string;
    /** Why they are away. */
    readonly text?: string;
  }
  /** So many messages were said while one was away. */
  | { readonly type: "missed"; readonly count: number }
  | { readonly type: "changedKey"; readonly key: Uint8Array; readonly pinned: Uint8Array }
  /** The relay is not heard: its name may stand for another address by now. */
  | { readonly type: "resolve" }
  | {
    readonly type: "notice";
    readonly level: "info" | "warning" | "error";
    readonly code: string;
    readonly text: string;
  };
