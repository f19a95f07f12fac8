/**
 * A room on one network, without a server: whoever is heard is called, everybody sends the own entries to
 * everybody, and anybody answers for what somebody who left has said. A pure machine, driven by
 * {@linkcode Shell}.
 *
 *     beacon ─▶ neighbour ─▶ session ─▶ the logs of the two ─▶ what differs for long: all, from one
 *
 * @module
 */

import type { EntryStore } from "../chat/entry_store.ts";
import { type Room, roomKey } from "../chat/room.ts";
import { equal } from "../crypto/hash.ts";
import type { HubOptions } from "../session/hub.ts";
import { KIND } from "../session/credentials.ts";
import { CLOSE, type SessionEvent } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import type { Address } from "../wire/address.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { Transmit } from "../wire/datagram.ts";
import type { RoomRecord } from "../wire/room.ts";
import { Away } from "./away.ts";
import { Backlog } from "./backlog.ts";
import { Crowd } from "./crowd.ts";
import { type Done, Ending } from "./ending.ts";
import { Gathering } from "./gathering.ts";
import { whoIsThere } from "./kinds.ts";
import type { Link } from "./link.ts";
import type { MemberEvent, RoomPlace } from "./member_event.ts";
import { tooMany } from "./member_notice.ts";
import { MemberRooms } from "./member_rooms.ts";
import { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import type { Roster } from "./roster.ts";
import { Signal, type Signalled } from "./signal.ts";
import { Spread } from "./spread.ts";
import { undelivered } from "./undelivered.ts";

/** Messages that wait before reading of more stops (our choice). */
const FULL = 1_000;
/** What is said of messages that are on disk. */
const KEPT = " yet, kept for whoever comes";
/** More people than this are too many for a mesh: they are told to use a relay (the design). */
const MANY = 60;

/** How a network is joined. */
export interface MeshOptions {
  /** Keys and randomness; with a secret only who knows it is answered. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** What others see. */
  readonly name: string;
  readonly room: RoomPlace;
  /** Sent to here it reaches everybody. */
  readonly everybody: Address;
  /** The port of our sessions. */
  readonly port: number;
  /** Whom to call in any case. */
  readonly peers?: readonly Address[];
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Of what was said before one came so much is shown at once; all where it is left out. */
  readonly shown?: number | undefined;
  /** How long to wait for delivery after the end of input, in ms. */
  readonly timeout: number;
  /** Go on after the end of input. */
  readonly stay?: boolean;
}

/** One member of one room on a network. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #node: Node;
  readonly #room: Room;
  readonly #rooms: MemberRooms;
  readonly #gathering: Gathering;
  readonly #away: Away;
  readonly #backlog: Backlog;
  readonly #signal: Signal;
  readonly #spread: Spread;
  readonly #own: Uint8Array;
  readonly #tag: Uint8Array;
  readonly #crowd = new Crowd();
  #events: MemberEvent[] = [];
  #everUp = false;
  #toldMany = false;
  readonly #ending: Ending;

  /**
   * Starts looking for others.
   *
   * @param options How the network is joined.
   * @param now Time in ms.
   * @throws {Error} If one's own first entry cannot be kept.
   */
  constructor(options: MeshOptions, now: number) {
    this.#options = options;
    this.#ending = new Ending(options);
    const { hub, store, wall, name, room: { number, key: seal }, port, everybody } = options;
    const { identity, instance } = hub.credentials;
    this.#own = identity.publicKey;
    this.#tag = instance;
    this.#node = new Node({
      kind: KIND.lan,
      hub,
      store,
      wall,
      mesh: true,
      pushes: ({ entry }) => equal(entry.author, this.#own),
      stays: () => true,
      asked: (link, asked, record) => this.#asked(link, asked, record),
    }, now);
    this.#room = this.#node.room(number);
    this.#signal = new Signal({ room: this.#room, tag: this.#tag, port, everybody });
    this.#backlog = new Backlog(
      (event) => void this.#events.push(event),
      options.shown ?? Infinity,
      wall(now),
    );
    const via = (key?: Uint8Array): Link | undefined => this.#crowd.with(key);
    this.#rooms = new MemberRooms({
      ...{ node: this.#node, hub, store, wall, room: this.#room, seal, name, via },
      where: "lan",
      tell: (event) => this.#backlog.tell(event),
    }, now);
    this.#spread = new Spread({
      rooms: this.#rooms,
      members: () => this.size,
      tell: (event) => void this.#events.push(event),
    });
    this.#away = new Away({ identity, room: number, seal, random: hub.random, wall });
    this.#gathering = new Gathering({
      hub: this.#node.hub,
      own: roomKey(this.#tag),
      peers: options.peers ?? [],
      random: options.random,
      stalls: (tag) => {
        const links = this.#crowd.of(Uint8Array.fromHex(tag));
        return links.length > 0 && links.every(({ session }) => session.stalled);
      },
    }, now);
  }

  /** Why it is over, once it is. */
  get done(): Done | undefined {
    return this.#ending.done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#rooms.unstored >= FULL;
  }

  /** What others see. */
  get name(): string {
    return this.#rooms.name;
  }

  /** Our own key. */
  get key(): Uint8Array {
    return this.#own;
  }

  /** Who is who, and who is here. */
  get roster(): Roster {
    return this.#rooms.roster;
  }

  /** Why we are away; undefined while we are not. */
  get away(): string | undefined {
    return this.#away.text;
  }

  /** Who is answered by `/reply`. */
  get lastPartner(): Uint8Array | undefined {
    return this.#rooms.lastPartner;
  }

  /** How many people are here with us. */
  get size(): number {
    return this.#crowd.size;
  }

  /** The session with somebody, or with anybody. */
  sessionWith(key?: Uint8Array): Session | undefined {
    return this.#crowd.with(key)?.session;
  }

  /** Says a line, as {@linkcode sayAll}. */
  say(text: string, now: number): void {
    this.sayAll([text], now);
  }

  /**
   * Says lines, all or none. They are kept before this returns.
   *
   * @param texts The messages.
   * @param now Time in ms.
   * @throws {RangeError} If one is longer than 65,536 bytes.
   * @throws {Error} If they cannot be kept; nothing was said then.
   */
  sayAll(texts: readonly string[], now: number): void {
    if (this.#ending.closed) return;
    this.#rooms.say(texts, now);
    if (this.full) this.#ending.fill(now);
  }

  /**
   * Says a line to one person alone. It is kept before this returns.
   *
   * @param partner Their key.
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is too long, or nothing can be sealed for them.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  sayTo(partner: Uint8Array, text: string, now: number): void {
    if (!this.#ending.closed) this.#rooms.sayTo(partner, text, now);
  }

  /** Changes what others see. */
  rename(name: string, now: number): void {
    this.#rooms.rename(name, now);
  }

  /** Goes away for a reason, or comes back where there is none; the others are told. */
  setAway(text: string | undefined, now: number): void {
    this.#away.set(text, now);
    this.#tellPresence(now);
  }

  /** Nobody's key is expected here. */
  readonly accept = (): boolean => false;

  /** A line was refused before it came here: it counts as not delivered. */
  lose(): void {
    this.#ending.lost++;
  }

  /**
   * No more lines will come: leave when somebody holds all, or the time is over.
   *
   * @param now Time in ms.
   */
  endInput(now: number): void {
    this.#ending.end(now);
    this.#leaveIfReady();
  }

  /** The person leaves now. What nobody holds yet goes out when they are back. */
  quit(): void {
    this.leave(0, "quit");
  }

  /**
   * Leaves now; the others are told.
   *
   * @param status The exit status where somebody holds all.
   * @param reason A word or two.
   */
  leave(status: number, reason: string): void {
    if (this.#ending.done) return;
    // How far the last lines got is known, and not told yet.
    this.#spread.flush();
    const { missing } = this.#rooms, kept = this.#ending.ended ? "" : KEPT;
    this.#events.push(...undelivered(missing, "not delivered to anybody", kept));
    this.#gathering.end();
    for (const { session } of this.#node.links) this.#node.close(session, CLOSE.done, reason);
    this.#signal.say(true);
    if (this.#ending.ended) this.#takeBack();
    this.#ending.finish({ status, reason }, missing.length > 0, this.#everUp);
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    const signalled = this.#signal.read(bytes);
    if (signalled === undefined) this.#node.hub.receive(bytes, from, now);
    else if (signalled !== "other") this.#hear(signalled, from, now);
    this.#work(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#node.hub.tick(now);
    this.#work(now);
    this.#gathering.tick(now);
    if (this.#gathering.isDue(now) && !this.#ending.done) {
      this.#signal.say(false, this.#gathering.deaf(now));
    }
    for (const tag of this.#gathering.differing(now)) this.#askAll(tag);
    this.#gossip(now);
    this.#backlog.tick(now);
    this.#rooms.tick(now);
    this.#tellPresence(now);
    this.#spread.tick(now);
    if (!this.#ending.isOver(now)) return;
    if (!this.#everUp && this.#rooms.unstored > 0) {
      this.#notice("error", "no-answer", "nobody is on this network: udpchat doctor finds out why");
    }
    this.leave(0, "time is over");
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    return this.#signal.poll() ?? this.#node.poll(now);
  }

  /** A refused send is a lost datagram. */
  sent(): void {}

  /** What happened since the last call. */
  events(): MemberEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#ending.done) return undefined;
    const away = this.#crowd.size > 0 ? this.#away.dueAt : undefined;
    const times = [this.#node.nextTimeout(), away, this.#ending.deadline, this.#spread.dueAt];
    const all = [...times, this.#backlog.dueAt, this.#rooms.dueAt, this.#gathering.dueAt];
    return all.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  #hear({ beacon, tag, same }: Signalled, from: Address, now: number): void {
    if (this.#ending.done) return;
    if (beacon.leaving) return this.#gathering.left(tag);
    // Beacons to everybody leave from a port of their own.
    const alone = from.port === beacon.port;
    this.#gathering.hear(tag, { ...from, port: beacon.port }, { same, alone }, now);
    this.#crowd.vouch(beacon, from, now);
  }

  #work(now: number): void {
    const before = this.#rooms.unstored;
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
    if (this.#rooms.unstored < before) this.#ending.progress(now);
    this.#leaveIfReady();
  }

  #event(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "up": {
        const link = this.#node.linkOf(event.session);
        if (this.#ending.done || !link) return this.#node.close(event.session, CLOSE.done, "gone");
        this.#gathering.up(roomKey(event.remote.instance), event.session.address, now);
        return event.call === undefined ? undefined : this.#begin(link, now);
      }
      case "failed":
        return this.#gathering.failed(event.call, now);
      case "misplaced":
        if (event.call === undefined) return;
        this.#notice("warning", "misplaced", whoIsThere(event.kind, event.address));
        return this.#gathering.misplaced(event.call);
      case "session":
        return this.#session(event.link, event.event, now);
      case "record":
        return this.#record(event.link, event.room, event.record, now);
      case "kept":
        for (const stored of event.entries) {
          if (event.room === this.#room && !event.link) this.#spread.follow(stored);
        }
        this.#backlog.now = now;
        return this.#rooms.kept(event, now);
      case "held":
        return this.#spread.held(event, event.room === this.#room, now);
      default:
        return this.#rooms.happened(event, now);
    }
  }

  /** Whom we called is asked into the room. */
  #begin(link: Link, now: number): void {
    const { room } = this.#options;
    this.#node.tell(link, room.number, { type: "join", name: room.key ? "" : room.name });
    this.#node.join(link, this.#room).begin();
    this.#node.pump(link);
    this.#joined(link, now);
  }

  /** Somebody asks into the room, or into the one of two with them. */
  #asked(link: Link, number: Uint8Array, record: RoomRecord): void {
    const now = link.session.heardAt;
    if (record.type === "join" && sameBytes(number, this.#room.number)) {
      if (link.sync(this.#room.key) !== undefined) return;
      this.#node.join(link, this.#room);
      return this.#joined(link, now);
    }
    if (record.type !== "private" || !this.#crowd.has(link)) return;
    const room = this.#rooms.askedPrivate(link, number);
    if (room && link.sync(room.key) === undefined) this.#node.join(link, room);
  }

  #joined(link: Link, now: number): void {
    const { identity } = link.remote;
    this.#crowd.add(link);
    this.#everUp = true;
    this.#backlog.meet(now);
    this.#spread.came(link.key);
    this.#events.push(...this.roster.move(identity, true));
    this.#rooms.joinPrivates(link, identity);
    if (this.#away.text !== undefined) this.#away.again(now);
    if (this.size <= MANY || this.#toldMany) return;
    this.#toldMany = true;
    this.#notice("warning", "many", tooMany(MANY));
  }

  #session(link: Link, event: SessionEvent, now: number): void {
    if (event.type === "datagram") {
      const where = this.#away.read(event.bytes);
      if (where && equal(where.author, link.remote.identity)) {
        this.#events.push(...this.roster.whereabouts(where));
      }
    } else if (event.type === "closed" || event.type === "silent") this.#gone(link, event, now);
    else if (event.type === "back" && link.sync(this.#room.key)) this.#joined(link, now);
    else if (event.type === "stalled") this.#gathering.stalled(roomKey(link.remote.instance), now);
  }

  #gone(link: Link, event: SessionEvent, now: number): void {
    const { identity, instance } = link.remote;
    const replaced = event.type === "closed" && event.code === CLOSE.replaced;
    const others = [...this.#node.links].some((each) =>
      each !== link && !each.session.closing && sameBytes(each.remote.instance, instance)
    );
    if (!others) this.#gathering.down(roomKey(instance), event.type === "closed" && !replaced, now);
    if (!this.#crowd.delete(link) || this.#crowd.with(identity) || (replaced && others)) return;
    // Those who stay have not gone because we leave.
    if (this.#ending.done) return;
    this.#spread.forget(identity);
    this.#events.push(...this.roster.move(identity, false));
  }

  #record(link: Link, room: Uint8Array, record: RoomRecord, now: number): void {
    if (!this.#crowd.has(link)) return;
    if (record.type === "peers") {
      for (const { tag, address } of record.peers) {
        if (!sameBytes(tag, this.#tag)) this.#gathering.told(roomKey(tag), address, now);
      }
      return;
    }
    // Who is here is known by sessions, and what was missed by what comes.
    if (record.type !== "hold" && record.type !== "floor") return;
    try {
      this.#spread.delivered(this.#rooms.record(link, room, record, now), link.remote.identity);
    } catch (error) {
      this.#notice("error", "disk", `cannot keep it: ${(error as Error).message}`);
    }
  }

  /** Somebody has held something else for long: they are asked for all. */
  #askAll(tag: string): void {
    for (const link of this.#crowd.of(Uint8Array.fromHex(tag))) {
      link.sync(this.#room.key)?.askAll();
      this.#node.hub.touch(link.session);
    }
  }

  /** Who is not heard by beacons is told who else is here, and the others of them. */
  #gossip(now: number): void {
    for (const { to, peers } of this.#gathering.gossip(now)) {
      for (const link of this.#crowd.of(Uint8Array.fromHex(to))) {
        this.#node.tell(link, this.#room.number, { type: "peers", peers });
      }
    }
  }

  #tellPresence(now: number): void {
    const bytes = this.#crowd.size > 0 ? this.#away.due(now) : undefined;
    if (!bytes) return;
    for (const { session } of this.#crowd) {
      session.datagram(bytes);
      this.#node.hub.touch(session);
    }
  }

  #takeBack(): void {
    try {
      this.#rooms.takeBack();
    } catch (error) {
      this.#notice("error", "disk", `cannot take it back: ${(error as Error).message}`);
    }
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(): void {
    if (!this.#ending.ended || this.#ending.done || this.#rooms.unstored > 0) return;
    this.leave(0, "end of input");
  }
}
