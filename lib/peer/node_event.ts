/**
 * What a node is told and tells.
 *
 * @module
 */

import type { EntryStore, StoredEntry } from "../chat/entry_store.ts";
import type { Room } from "../chat/room.ts";
import type { Kind } from "../session/credentials.ts";
import type { SessionEvent } from "../session/event.ts";
import type { HubEvent, HubOptions } from "../session/hub.ts";
import type { Address } from "../wire/address.ts";
import type { LogName } from "../wire/entry.ts";
import type { RoomRecord } from "../wire/room.ts";
import type { Link } from "./link.ts";
import type { Pace } from "./throttle.ts";

/** What a node needs. */
export interface NodeOptions {
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** Somebody comes or leaves. What they say next is about it already, so it is done at once. */
  readonly asked?: (
    link: Link,
    room: Uint8Array,
    record: Extract<RoomRecord, { type: "join" | "private" | "leave" }>,
    now: number,
  ) => void;
  /** A room that is remembered while nobody is in it: one's own. */
  readonly stays?: (room: Room) => boolean;
  /** What this program is for. */
  readonly kind: Kind;
  /** All are called, and nobody is a relay. */
  readonly mesh?: boolean;
  /** Who calls is not listened to before `listen`. */
  readonly guarded?: boolean;
  /**
   * How much each person may write, and all behind one address sixteen times that; who writes more is
   * passed on more slowly.
   */
  readonly pace?: Pace | undefined;
  /** Which entries of a room the other side of a link is told of live. */
  readonly pushes: (entry: StoredEntry, link: Link) => boolean;
}

/** What happened. */
export type NodeEvent =
  | Extract<HubEvent, { type: "up" | "failed" | "version" }>
  /** Somebody is at the other end who is for something else; that session ends. */
  | {
    readonly type: "misplaced";
    readonly kind: Kind;
    readonly address: Address;
    readonly call: number | undefined;
  }
  | { readonly type: "session"; readonly link: Link; readonly event: SessionEvent }
  /** Who is not listened to says something: the first of it. */
  | { readonly type: "waits"; readonly link: Link }
  /** A record that is not about entries, on a link that is in the room. */
  | {
    readonly type: "record";
    readonly link: Link;
    readonly room: Uint8Array;
    readonly record: RoomRecord;
  }
  | {
    readonly type: "kept";
    readonly room: Room;
    readonly entries: readonly StoredEntry[];
    /** They are no news, as whoever brought them said. */
    readonly history: boolean;
    /** Later ones of their log are known already. */
    readonly late: boolean;
    /** On which stream they came: what was said long ago comes on that of history. */
    readonly stream: 0 | 1;
    /** Who brought them; undefined for what one said oneself. */
    readonly link: Link | undefined;
  }
  /** The other side of a link keeps entries. */
  | {
    readonly type: "held";
    readonly room: Room;
    readonly link: Link;
    readonly entries: readonly StoredEntry[];
  }
  /** Somebody writes too fast: the first of it since they did not. */
  | { readonly type: "slowed"; readonly link: Link; readonly room: Room }
  /** Who sends what nobody signed, or what are no records: the session ends. */
  | { readonly type: "broken"; readonly link: Link }
  /** An author signed two histories of a log. */
  | ({ readonly type: "fork"; readonly room: Room } & LogName)
  /** The disk takes nothing, or takes things again. */
  | { readonly type: "disk"; readonly error: Error | undefined };
