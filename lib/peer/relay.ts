/**
 * A relay: a node that is always there. It lets members into rooms, keeps what they push, passes it on
 * and tells authors how far it got. A pure machine, driven by {@linkcode Shell}.
 *
 * @module
 */

import { Progress } from "../chat/progress.ts";
import type { LogFloor, Pair } from "../chat/entry_store.ts";
import { roomKey } from "../chat/room.ts";
import { privateRoomNumber } from "../crypto/room_key.ts";
import { Budgets } from "../session/budget.ts";
import { KIND } from "../session/credentials.ts";
import { CLOSE } from "../session/event.ts";
import type { Address } from "../wire/address.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { decodePresence } from "../wire/presence.ts";
import { MAX_PRIVATES, MEMBER, REFUSAL, type RoomRecord } from "../wire/room.ts";
import type { Link } from "./link.ts";
import { Node } from "./node.ts";
import type { NodeEvent, NodeOptions } from "./node_event.ts";

/** Members of a room who are told who comes and goes (our choice: in larger ones nobody could follow). */
const MAX_ANNOUNCED = 256;
/** Rooms that one may join, one after the other or at once (our choice: some, and all rooms
 * of two in one of them; then a script that says a line each second). */
const JOINS = { burst: MAX_PRIVATES + 64, perSecond: 2 };
/** People of whom it is remembered how often they did that (our choice). */
const MAX_BUDGETS = 8_192;
/** Words about being away that are passed on of each (our choice: nobody comes and goes faster). */
const PRESENCES = { burst: 16, perSecond: 0.5 };
/** Authors hear together what is new of their entries, this often in ms (our choice). */
const REPORT_MS = 100;

/** What a relay needs. */
export interface RelayOptions extends Omit<NodeOptions, "pushes" | "kind"> {
  /** Who may come in, by key; everybody where it is left out. */
  readonly allowed?: ((key: Uint8Array) => boolean) | undefined;
  /** Members of one room at once. */
  readonly maxMembers: number;
}

/** What happened. */
export type RelayEvent =
  | { readonly type: "here" | "gone"; readonly key: Uint8Array; readonly room: Uint8Array }
  | { readonly type: "refused"; readonly key: Uint8Array; readonly reason: string }
  | { readonly type: "slowed"; readonly key: Uint8Array }
  | Extract<NodeEvent, { type: "disk" }>
  | { readonly type: "fork"; readonly author: Uint8Array; readonly room: Uint8Array };

/** A room of a relay, as far as it is more than its entries. */
interface Hall {
  readonly number: Uint8Array;
  readonly members: Set<Link>;
  /** The same by key: somebody may be here twice, as a new session comes before the old one goes. */
  readonly byKey: Map<string, Set<Link>>;
  readonly progress: Progress;
  /** What members said last about being away. */
  readonly presences: Map<Link, Uint8Array>;
  /** Whose it is, where it is a room of two. */
  readonly pair: Pair | undefined;
  /** It is on disk whose it is: not before something is said there, as anybody can ask into many. */
  isKnown: boolean;
  /** In a room of two: those who were told that something is said there. */
  readonly told: WeakSet<Link>;
}

/** One relay. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #node: Node;
  readonly #halls = new Map<string, Hall>();
  readonly #joins = new Budgets(JOINS, MAX_BUDGETS);
  readonly #presences = new Budgets(PRESENCES, MAX_BUDGETS);
  /** Those of whom was told already that they join too often. */
  readonly #limited = new WeakSet<Link>();
  #events: RelayEvent[] = [];
  #reportAt: number | undefined;
  #keptCount = 0;
  #droppedBefore = 0;
  #done: { status: number; reason: string } | undefined;

  /**
   * Opens.
   *
   * @param options What it needs.
   * @param now Time in ms.
   */
  constructor(options: RelayOptions, now: number) {
    this.#options = options;
    this.#node = new Node({
      ...options,
      kind: KIND.relay,
      pushes: () => true,
      asked: (link, room, record, at) =>
        record.type === "leave"
          ? this.#gone(link, roomKey(room))
          : this.#join(link, room, record, at),
    }, now);
  }

  /** The exit status and why, once it is over. */
  get done(): { readonly status: number; readonly reason: string } | undefined {
    return this.#done;
  }

  /** Members and rooms that are open. */
  get size(): { readonly members: number; readonly rooms: number } {
    let members = 0, rooms = 0;
    for (const { pair, byKey: { size } } of this.#halls.values()) {
      if (pair) continue;
      rooms++;
      members += size;
    }
    return { members, rooms };
  }

  /** Entries kept and datagrams dropped since this was last asked. */
  takeCounts(): { readonly kept: number; readonly dropped: number } {
    const { malformed, unknown, forged } = this.#node.hub.counters;
    const dropped = malformed + unknown + forged - this.#droppedBefore, kept = this.#keptCount;
    this.#droppedBefore += dropped;
    this.#keptCount = 0;
    return { kept, dropped };
  }

  /**
   * The store has let old entries go. A room that nobody is in is read again when somebody comes.
   *
   * @param room Of which room.
   * @param floors Up to which number, by log.
   */
  trimmed(room: Uint8Array, floors: readonly LogFloor[]): void {
    this.#node.open(room)?.trimmed(floors);
  }

  /** Leaves; members are told. */
  leave(status: number, reason: string): void {
    if (this.#done) return;
    for (const { session } of this.#node.links) this.#node.close(session, CLOSE.done, reason);
    this.#done = { status, reason };
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#node.hub.receive(bytes, from, now);
    this.#work(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#node.hub.tick(now);
    this.#work(now);
    if (this.#reportAt !== undefined && now >= this.#reportAt) this.#report(now);
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    return this.#node.poll(now);
  }

  /** A refused send is a lost datagram. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): RelayEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const node = this.#node.nextTimeout();
    if (node === undefined || this.#reportAt === undefined) return node ?? this.#reportAt;
    return Math.min(node, this.#reportAt);
  }

  #work(now: number): void {
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
  }

  #event(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "session":
        if (event.event.type === "datagram") {
          return this.#presence(event.link, event.event.bytes, now);
        }
        // Whoever is back calls again by itself: others must not take for present who crashed.
        if (event.event.type === "silent") {
          return this.#node.close(event.link.session, CLOSE.done, "not heard any more");
        }
        if (event.event.type !== "closed") return;
        for (const key of this.#halls.keys()) this.#gone(event.link, key);
        return;
      case "kept":
        return this.#kept(event, now);
      case "held":
        return this.#held(event, now);
      case "disk":
        this.#events.push(event);
        return;
      case "slowed": {
        const { perSecond } = this.#options.pace ?? { perSecond: 0 };
        const text = `you write faster than this relay takes: ${perSecond} messages a second are ` +
          "passed on, the others wait";
        this.#node.tell(event.link, event.room.number, {
          type: "notice",
          code: REFUSAL.limited,
          text,
        });
        this.#events.push({ type: "slowed", key: event.link.remote.identity });
        return;
      }
      case "fork":
        this.#events.push({ type: "fork", author: event.author, room: event.room.number });
        return;
      default:
    }
  }

  #join(
    link: Link,
    number: Uint8Array,
    record: Extract<RoomRecord, { type: "join" | "private" }>,
    now: number,
  ): void {
    const key = link.remote.identity, room = roomKey(number);
    if (link.sync(room) !== undefined) return;
    const pair = record.type === "join"
      ? undefined
      : { parent: record.parent, one: key, other: record.author };
    const refusal = this.#refusal(link, number, pair, now);
    if (refusal) {
      this.#node.tell(link, number, { type: "refused", ...refusal });
      if (refusal.code === REFUSAL.limited) {
        // Whoever asks without end fills nobody's log.
        if (this.#limited.has(link)) return;
        this.#limited.add(link);
      }
      this.#events.push({ type: "refused", key, reason: refusal.text });
      return;
    }
    const hall = this.#halls.get(room) ?? {
      number,
      members: new Set<Link>(),
      byKey: new Map<string, Set<Link>>(),
      progress: new Progress(),
      presences: new Map<Link, Uint8Array>(),
      pair,
      isKnown: false,
      told: new WeakSet<Link>(),
    };
    this.#halls.set(room, hall);
    const joined = this.#node.room(number);
    // It may have been killed between keeping what was said there and whose room it is.
    if (joined.last > 0) this.#know(hall);
    this.#node.join(link, joined);
    hall.members.add(link);
    hall.byKey.set(link.key, (hall.byKey.get(link.key) ?? new Set()).add(link));
    hall.progress.came(link.key);
    if (!hall.pair) this.#enter(hall, link);
  }

  /** Why somebody is not let in. */
  #refusal(
    link: Link,
    number: Uint8Array,
    pair: Pair | undefined,
    now: number,
  ): { readonly code: number; readonly text: string } | undefined {
    const { allowed, maxMembers } = this.#options, key = link.remote.identity;
    if (!this.#joins.take(link.key, now)) {
      return { code: REFUSAL.limited, text: "you join too often: wait a little" };
    }
    if (allowed && !allowed(key)) {
      return { code: REFUSAL.notAllowed, text: "this relay does not know your key" };
    }
    const hall = this.#halls.get(roomKey(number));
    const isThere = hall?.byKey.has(link.key) ?? false;
    if (!pair && !isThere && (hall?.byKey.size ?? 0) >= maxMembers) {
      return { code: REFUSAL.full, text: `the room is full: ${maxMembers} are in it` };
    }
    const isPair = hall ? hall.pair !== undefined : this.#options.store.pairOf(number);
    const ofTwo = { code: REFUSAL.notAllowed, text: "this room is one of two people" };
    if (!pair) return isPair ? ofTwo : undefined;
    const { parent, one, other } = pair;
    const met = this.#halls.get(roomKey(parent));
    const theirs = sameBytes(number, privateRoomNumber(parent, one, other));
    if (!theirs || sameBytes(one, other) || met?.pair || !met?.members.has(link)) return ofTwo;
    // Somebody took their number for a room of another kind: nothing is said there.
    if (hall && !isPair) {
      for (const each of [...hall.members]) {
        this.#gone(each, roomKey(number));
      }
    }
    return undefined;
  }

  /** Something is kept in a room: if it is one of two, it is remembered whose it is. */
  #know(hall: Hall): void {
    if (hall.pair === undefined || hall.isKnown) return;
    try {
      this.#options.store.addPair(hall.number, hall.pair);
      hall.isKnown = true;
    } catch (error) {
      this.#events.push({ type: "disk", error: error as Error });
    }
  }

  /** Somebody is in a room where all are told of it. */
  #enter(hall: Hall, link: Link): void {
    const { members, number, presences } = hall, key = link.remote.identity;
    this.#announce(hall, link, MEMBER.here);
    this.#events.push({ type: "here", key, room: number });
    if (members.size <= MAX_ANNOUNCED) {
      for (const other of members) {
        if (other === link) continue;
        const author = other.remote.identity;
        this.#node.tell(link, number, { type: "member", state: MEMBER.here, author });
        const presence = presences.get(other);
        if (presence) link.session.datagram(presence);
      }
    }
    const authors = this.#options.store.pairsOf(number, key, MAX_PRIVATES);
    if (authors.length > 0) this.#node.tell(link, number, { type: "privates", authors });
  }

  /** Somebody is away or back: the others in that room are told, once each. */
  #presence(link: Link, bytes: Uint8Array, now: number): void {
    const presence = decodePresence(bytes);
    if (!presence || !sameBytes(presence.author, link.remote.identity)) return;
    const hall = this.#halls.get(roomKey(presence.room));
    if (!hall?.members.has(link)) return;
    if (!this.#presences.take(link.key, now)) return;
    hall.presences.set(link, bytes);
    if (hall.members.size > MAX_ANNOUNCED) return;
    for (const { session } of hall.members) {
      if (session === link.session) continue;
      session.datagram(bytes);
      this.#node.hub.touch(session);
    }
  }

  /** Something is said in a room of two: who is not in it is told, where the two met. */
  #invite(hall: Hall, pair: Pair, author: Uint8Array): void {
    const other = sameBytes(pair.one, author) ? pair.other : pair.one;
    for (const link of this.#halls.get(roomKey(pair.parent))?.byKey.get(roomKey(other)) ?? []) {
      if (hall.members.has(link) || hall.told.has(link)) continue;
      hall.told.add(link);
      this.#node.tell(link, pair.parent, { type: "privates", authors: [author] });
    }
  }

  #gone(link: Link, key: string): void {
    const hall = this.#halls.get(key);
    if (!hall?.members.delete(link)) return;
    hall.presences.delete(link);
    // With a session the last of a room is gone already.
    const room = this.#node.open(hall.number);
    if (room) this.#node.leave(link, room);
    if (hall.members.size === 0) this.#halls.delete(key);
    const author = link.remote.identity, others = hall.byKey.get(link.key);
    others?.delete(link);
    const isLast = others === undefined || others.size === 0;
    if (isLast) {
      hall.byKey.delete(link.key);
      hall.progress.forget(author);
    }
    if (hall.pair) return;
    this.#events.push({ type: "gone", key: author, room: hall.number });
    for (const [number, { pair }] of this.#halls) {
      if (pair && sameBytes(pair.parent, hall.number)) this.#gone(link, number);
    }
    if (isLast) this.#announce(hall, link, MEMBER.gone);
  }

  #announce(hall: Hall, about: Link, state: number): void {
    if (hall.members.size > MAX_ANNOUNCED) return;
    const author = about.remote.identity;
    for (const link of hall.members) {
      if (link === about || sameBytes(link.remote.identity, author)) continue;
      this.#node.tell(link, hall.number, { type: "member", state, author });
    }
  }

  #kept(event: Extract<NodeEvent, { type: "kept" }>, now: number): void {
    const hall = this.#halls.get(event.room.key);
    if (hall) this.#know(hall);
    for (const stored of event.entries) {
      if (hall && event.link && sameBytes(stored.entry.author, event.link.remote.identity)) {
        hall.progress.follow(stored);
        if (hall.pair) this.#invite(hall, hall.pair, stored.entry.author);
      }
    }
    this.#reportAt ??= now + REPORT_MS;
    this.#keptCount += event.entries.length;
  }

  #held(event: Extract<NodeEvent, { type: "held" }>, now: number): void {
    const progress = this.#halls.get(event.room.key)?.progress, { key } = event.link;
    for (const { seq } of event.entries) progress?.held(seq, key);
    this.#reportAt ??= now + REPORT_MS;
  }

  #report(now: number): void {
    this.#reportAt = undefined;
    for (const hall of this.#halls.values()) {
      const members = hall.byKey.size - 1;
      for (const { author, log, steps } of hall.progress.reports()) {
        const told = steps.map(({ number, holders }) => ({
          number,
          holders: Math.min(members, holders),
        }));
        for (const link of hall.byKey.get(roomKey(author)) ?? []) {
          this.#node.tell(link, hall.number, { type: "delivered", log, members, steps: told });
        }
      }
      if (hall.progress.hasNews) this.#reportAt = now + REPORT_MS;
    }
  }
}
