/**
 * Rooms over sessions: what comes is checked, kept and passed on, and everybody hears how far it got.
 * A relay is a node that is always there; a member is one that calls. A pure machine's core: the two
 * policies own it and decide who is called and who is let in.
 *
 * ```text
 *   session ─▶ records ─▶ room.take ─▶ inbox ─ every few ms ─▶ store.append ─▶ HAVE
 *                                                                   └▶ push to the other syncs
 * ```
 *
 * @module
 */

import type { EntryStore, StoredEntry } from "../chat/entry_store.ts";
import { HybridClock, MAX_AHEAD_MS } from "../chat/clock.ts";
import { isHalf } from "../chat/proofs.ts";
import {
  type Fork,
  MAX_ALL_LOGS,
  MAX_HELD_LOGS,
  MAX_LOGS,
  Room,
  roomKey,
  type Taken,
} from "../chat/room.ts";
import { encodeRuns } from "../chat/runs.ts";
import { HISTORY, LIVE, type Sync } from "../chat/sync.ts";
import type { TapedRun } from "../chat/tape.ts";
import { Hub, type HubEvent } from "../session/hub.ts";
import { CLOSE } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { Transmit } from "../wire/datagram.ts";
import { CLOCK_STEPS } from "../wire/entry.ts";
import { encodeRoom, partBytes, type RoomRecord } from "../wire/room.ts";
import { answerEcho } from "./echo.ts";
import { belong } from "./kinds.ts";
import { type HeardRecord, Link } from "./link.ts";
import type { NodeEvent, NodeOptions } from "./node_event.ts";
import { Inbox } from "./inbox.ts";
import { batchesOf, type Origin, OWN } from "./origin.ts";
import { Receipts } from "./receipts.ts";
import { Paces, type Throttle } from "./throttle.ts";

/** Pieces of those who are not listened to yet (our choice; each a datagram's worth). */
const MAX_UNHEARD = 256;
/** What comes late and is not older than this is news to those who were there, in ms (our choice). */
const NEWS_MS = 600_000;
/** What was said before costs so much of what is said now (our choice). */
const HISTORY_COST = 1 / 20;

/** ENTRIES that came. */
type Entries = Extract<RoomRecord, { type: "entries" }>;

/** One that waits as its sender writes too fast. */
interface Slowed {
  readonly sync: Sync;
  readonly stream: 0 | 1;
  readonly run: Entries;
}

/** Rooms, sessions and a store, joined. */
export class Node {
  readonly hub: Hub;
  readonly store: EntryStore;
  readonly #options: NodeOptions;
  readonly #clock: HybridClock = new HybridClock();
  readonly #rooms = new Map<string, Room>();
  readonly #links = new Map<Session, Link>();
  /** Who takes part in a room. */
  readonly #linksOf = new Map<Room, Set<Link>>();
  /** Those for whom a long search in the store goes on with the next turn. */
  readonly #again = new Set<Link>();
  /** Those that have something waiting as they write too fast. */
  readonly #slowed = new Set<Link>();
  readonly #paces: Paces | undefined;
  readonly #inbox: Inbox;
  readonly #receipts = new Receipts<Link>();
  #events: NodeEvent[] = [];

  /**
   * Starts with what is kept.
   *
   * @param options What it needs.
   * @param now Time in ms.
   */
  constructor(options: NodeOptions, now: number) {
    this.#options = options;
    this.store = options.store;
    this.#inbox = new Inbox(options.store);
    const { hub, kind } = options;
    this.hub = new Hub({ ...hub, credentials: { ...hub.credentials, kind } });
    this.#paces = options.pace && new Paces(options.pace);
    const most = (options.wall(now) + MAX_AHEAD_MS) * CLOCK_STEPS;
    this.#clock.see(options.store.clock(most), options.wall(now));
  }

  /** All links. */
  get links(): Iterable<Link> {
    return this.#links.values();
  }

  /**
   * A room; it is made where it is new.
   *
   * @param number Its number.
   */
  room(number: Uint8Array): Room {
    const key = roomKey(number), known = this.#rooms.get(key);
    if (known !== undefined) return known;
    const room = new Room(number, this.store, this.#clock);
    this.#rooms.set(key, room);
    return room;
  }

  /** A room that somebody is in, or that something waits for; it is not made. */
  open(number: Uint8Array): Room | undefined {
    return this.#rooms.get(roomKey(number));
  }

  /**
   * Says something; it is kept at once, all or nothing.
   *
   * @param room Where.
   * @param log In which log of one's own.
   * @param said Bodies; each with the time when it was typed, in ms since 1970, where that was earlier.
   * @param now Time in ms.
   * @returns The entries.
   * @throws {Error} If they cannot be kept; nothing was said then.
   */
  say(
    room: Room,
    log: Uint8Array,
    said: readonly { readonly body: Uint8Array; readonly time?: number | undefined }[],
    now: number,
  ): StoredEntry[] {
    const { identity } = this.#options.hub.credentials, wall = this.#options.wall(now);
    const checked = said.map(({ body, time }) => room.say(identity, log, body, wall, time));
    let seqs: number[];
    try {
      seqs = this.store.append(checked);
    } catch (error) {
      room.dropped(checked);
      throw error;
    }
    const stored = checked.map((each, at) => ({ ...each, seq: seqs[at] ?? 0 }));
    this.#kept(room, stored, stored.map(() => OWN), now);
    return stored;
  }

  /**
   * Takes part in a room with the other side of a link.
   *
   * @param link The link.
   * @param room The room.
   */
  join(link: Link, room: Room): Sync {
    const links = this.#linksOf.get(room) ?? new Set();
    this.#linksOf.set(room, links.add(link));
    const { hub, pushes, mesh = false } = this.#options, own = hub.credentials.identity.publicKey;
    return link.join(room, this.store, own, (entry) => pushes(entry, link), mesh);
  }

  /**
   * Takes no part any more.
   *
   * @param link The link.
   * @param room The room.
   */
  leave(link: Link, room: Room): void {
    const sync = link.sync(room.key);
    if (sync) this.#receipts.forget(sync);
    link.leave(room.key);
    this.#part(link, room);
  }

  #part(link: Link, room: Room): void {
    const links = this.#linksOf.get(room);
    links?.delete(link);
    if (links?.size !== 0) return;
    this.#linksOf.delete(room);
    this.#forget(room);
  }

  /** It is read from the store again when somebody comes; what waits to be kept needs it till then. */
  #forget(room: Room): void {
    if (this.#linksOf.has(room) || this.#inbox.has(room) || this.#options.stays?.(room)) return;
    if (this.#rooms.get(room.key) === room) this.#rooms.delete(room.key);
  }

  /**
   * Listens to who called, from the beginning.
   *
   * @param link The link.
   * @param now Time in ms.
   */
  listen(link: Link, now: number): void {
    const unheard = link.unheard ?? [];
    link.unheard = undefined;
    for (const { stream, bytes } of unheard) this.#data(link, stream, bytes, now);
  }

  /** The link of a session; undefined where it is over. */
  linkOf(session: Session): Link | undefined {
    return this.#links.get(session);
  }

  /** Something that came is not kept or not acknowledged yet. */
  get owes(): boolean {
    return this.#receipts.size > 0;
  }

  /** Says something about a room that is no entry. */
  tell(link: Link, room: Uint8Array, record: RoomRecord): void {
    link.write(room, LIVE, encodeRoom(record));
    this.hub.touch(link.session);
  }

  /** Lets everything that may go on a link go. */
  pump(link: Link): void {
    if (link.session.closing) return;
    let more = false;
    for (const sync of link.syncs) more = sync.pump() || more;
    if (more) this.#again.add(link);
    link.wakeIfBehind();
    this.hub.touch(link.session);
  }

  /** Ends a session. */
  close(session: Session, code: number, reason: string): void {
    session.close(code, reason);
    this.hub.touch(session);
  }

  /**
   * Takes what the hub has heard, and keeps what is due.
   *
   * @param now Time in ms.
   */
  work(now: number): void {
    for (const event of this.hub.events()) this.#hubEvent(event, now);
    this.#goOn(now);
    for (const link of this.#again) {
      this.#again.delete(link);
      this.pump(link);
      break;
    }
    if (this.#inbox.isDue(now)) this.#commit(now);
    if (now >= this.#receipts.at) this.#tell(now);
  }

  /**
   * What to send next.
   *
   * @param now Time in ms.
   */
  poll(now: number): Transmit | undefined {
    const transmit = this.hub.poll(now);
    if (transmit === undefined) this.#inbox.left();
    return transmit;
  }

  /** What happened since the last call. */
  events(): NodeEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `work` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#again.size > 0) return 0;
    const own = Math.min(this.#inbox.dueAt, this.#receipts.at);
    let next = Math.min(this.hub.nextTimeout() ?? Infinity, own);
    for (const { throttle } of this.#slowed) next = Math.min(next, throttle?.dueAt ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  #hubEvent(event: HubEvent, now: number): void {
    if (event.type === "up") {
      const { session, call, remote: { kind } } = event;
      if (!belong(this.#options.kind, kind)) {
        const { address } = session;
        this.close(session, CLOSE.done, "for something else");
        this.#events.push({ type: "misplaced", kind, address, call });
        return;
      }
      const link = new Link(event.session, event.remote, event.call === undefined);
      if (this.#options.guarded && event.call === undefined) link.unheard = [];
      this.#links.set(event.session, link);
    }
    if (event.type !== "session") {
      this.#events.push(event);
      return;
    }
    const link = this.#links.get(event.session);
    if (link === undefined) return;
    if (event.event.type === "data") this.#data(link, event.event.stream, event.event.bytes, now);
    else {
      if (event.event.type === "drained") this.pump(link);
      if (event.event.type === "datagram" && answerEcho(link.session, event.event.bytes)) {
        this.hub.touch(link.session);
      }
      if (event.event.type === "closed") {
        this.#links.delete(event.session);
        this.#slowed.delete(link);
        this.#again.delete(link);
        for (const sync of link.syncs) {
          this.#receipts.forget(sync);
          this.#part(link, sync.room);
        }
      }
      this.#events.push({ type: "session", link, event: event.event });
    }
  }

  #data(link: Link, stream: number, bytes: Uint8Array, now: number): void {
    if (stream !== LIVE && stream !== HISTORY) return;
    if (link.unheard) {
      link.unheard.push({ stream, bytes });
      if (link.unheard.length === 1) this.#events.push({ type: "waits", link });
      if (link.unheard.length > MAX_UNHEARD) this.close(link.session, CLOSE.done, "not accepted");
      return;
    }
    for (const heard of link.read(stream, bytes)) {
      if (!this.#record(link, stream, heard, now)) return this.#refuse(link);
    }
    if (link.broken) this.#refuse(link);
  }

  #refuse(link: Link): void {
    if (!link.session.closing) this.#events.push({ type: "broken", link });
    this.close(link.session, CLOSE.protocol, "no records");
  }

  /** Gives false where the other side broke its word. */
  #record(link: Link, stream: 0 | 1, { room, key, record }: HeardRecord, now: number): boolean {
    const sync = link.sync(key);
    if (record.type === "join" || record.type === "private" || record.type === "leave") {
      this.#options.asked?.(link, room, record, now);
      return true;
    }
    if (sync === undefined || !ABOUT_ENTRIES.has(record.type)) {
      this.#events.push({ type: "record", link, room, record });
      return true;
    }
    switch (record.type) {
      case "hold":
        if (!sync.hold(record.logs, record.last, record.whole)) return false;
        this.#events.push({ type: "record", link, room, record });
        this.pump(link);
        return true;
      case "want":
        sync.want(record, record.first, record.last);
        this.pump(link);
        return true;
      case "have": {
        const entries = sync.have(record.stream, record.count);
        if (entries.length > 0) {
          this.#events.push({ type: "held", room: sync.room, link, entries });
        }
        if (!sync.caughtUp) this.pump(link);
        return true;
      }
      case "entries":
        return this.#entries(link, { sync, stream, run: record }, now);
      default:
        return true;
    }
  }

  /** What was said before goes faster: it was asked for, or so its sender says. */
  #entries(link: Link, slowed: Slowed, now: number): boolean {
    const paces = this.#paces, { sync, run } = slowed;
    if (paces === undefined) return this.#take(link, slowed, now);
    const { host } = link.session.address;
    const throttle = link.throttle ??= paces.throttle<Slowed>(link.key, host, now);
    const cost = run.parts.length * (run.history ? HISTORY_COST : 1);
    const bytes = run.parts.reduce((sum, { body }) => sum + partBytes(body.length), 0);
    const what = throttle.push(slowed, cost, bytes, now);
    if (what === "go") return this.#take(link, slowed, now);
    this.#slowed.add(link);
    if (throttle.size === 1) this.#events.push({ type: "slowed", link, room: sync.room });
    if (what === "full") this.close(link.session, CLOSE.done, "you write too much: call again");
    return true;
  }

  /** What had to wait and need not any more. */
  #goOn(now: number): void {
    for (const link of this.#slowed) {
      const throttle = link.throttle as Throttle<Slowed> | undefined;
      for (let next = throttle?.take(now); next !== undefined; next = throttle?.take(now)) {
        if (!this.#take(link, next, now)) this.#refuse(link);
      }
      if (throttle?.size === 0) this.#slowed.delete(link);
    }
  }

  #take(link: Link, { sync, stream, run }: Slowed, now: number): boolean {
    // It waited and was left meanwhile: the room may be another object now.
    if (link.sync(sync.room.key) !== sync) return true;
    // Nothing more can be kept for now: a HAVE must not pass over what was not taken.
    if (this.#inbox.full) {
      this.close(link.session, CLOSE.done, "nothing can be kept for now: call again");
      return true;
    }
    const { room } = sync, most = mostLogs(link, run);
    let taken = room.take(run, this.#options.wall(now), most);
    if (taken.unsettled) {
      // It does not fit what waits to be kept: once that is kept it is clear what it is.
      this.#queue(link, room, run, stream, taken);
      this.#commit(now);
      taken = room.take(run, this.#options.wall(now), most);
    }
    this.#queue(link, room, run, stream, taken);
    // There may be no room for half of a proof: that is nobody's fault.
    if (taken.forged || taken.unsettled || taken.refused && !isHalf(run)) return false;
    if (taken.disputed !== undefined) sync.ask(run, taken.disputed, taken.disputed);
    const proof = sync.proofs.heard(stream, run), fork = taken.fork ?? proof;
    if (fork !== undefined) this.#freeze(room, fork, now);
    this.#receipts.take(sync, link, stream);
    this.#inbox.wait();
    return true;
  }

  /** An author signed two histories: the log goes no further, and all others get the proof. */
  #freeze(room: Room, { held, other }: Fork, now: number): void {
    room.freeze(held.entry);
    try {
      this.store.freeze(held, other);
    } catch (error) {
      // Frozen for as long as we run; the proof will come again.
      this.#events.push({ type: "disk", error: error as Error });
    }
    // What was taken of it before goes out before the proof.
    this.#commit(now);
    const { author, log } = held.entry;
    this.#events.push({ type: "fork", room, author, log });
    for (const link of this.#linksOf.get(room) ?? []) {
      link.sync(room.key)?.proofs.add({ author, log });
      this.pump(link);
    }
  }

  #queue(link: Link, room: Room, run: Entries, stream: 0 | 1, { fresh }: Taken): void {
    for (const checked of fresh) {
      this.#inbox.push({ room, checked, history: run.history, stream, link });
    }
  }

  #commit(now: number): void {
    const { rooms, disk } = this.#inbox.commit(now);
    if (disk) this.#events.push({ type: "disk", ...disk });
    if (rooms === undefined) return;
    for (const [room, { stored, waiting }] of rooms) {
      this.#kept(room, stored, waiting, now);
      this.#forget(room);
    }
    this.#receipts.keep();
    this.#tell(now);
  }

  /** Says what is kept. */
  #tell(now: number): void {
    for (const { session } of this.#receipts.tell(now)) this.hub.touch(session);
  }

  /** Entries of one room are kept: the others are told. */
  #kept(
    room: Room,
    stored: readonly StoredEntry[],
    origins: readonly Origin[],
    now: number,
  ): void {
    const old = this.#options.wall(now) - NEWS_MS;
    // What comes late is news all the same, unless it is old or later ones of that log were passed on.
    const late = stored.map((each) => {
      const isLate = each.entry.number < (room.log(each.entry)?.last ?? 0);
      room.kept([each]);
      return isLate;
    });
    const runs: TapedRun[] = [];
    for (const { origin, entries, late: isLate, past } of batchesOf(stored, origins, late, old)) {
      const { link } = origin;
      for (const run of encodeRuns(entries, past)) runs.push({ ...run, from: link });
      this.#events.push({ type: "kept", room, entries, ...origin, late: isLate });
    }
    room.tape.push(runs);
    for (const link of this.#linksOf.get(room) ?? []) this.pump(link);
  }
}

/** Who writes is let in where who passes on is not; whom we called has looked already. */
function mostLogs({ calledUs, remote }: Link, { author }: Entries): number {
  if (!calledUs) return MAX_HELD_LOGS;
  return sameBytes(author, remote.identity) ? MAX_ALL_LOGS : MAX_LOGS;
}

const ABOUT_ENTRIES: ReadonlySet<RoomRecord["type"]> = new Set(["hold", "want", "have", "entries"]);
