/**
 * A member of a room on a relay: it calls, catches up, says what is typed and hears how far it got. A
 * pure machine, driven by {@linkcode Shell}.
 *
 * ```text
 *   say ─▶ own log, on disk ─▶ relay: stored ─▶ members: delivered to 3 of 4
 * ```
 *
 * @module
 */

import { encodeBody } from "../chat/body.ts";
import type { StoredEntry } from "../chat/entry_store.ts";
import type { Room } from "../chat/room.ts";
import { LIVE, NEWEST } from "../chat/sync.ts";
import { equal } from "../crypto/hash.ts";
import { certify, keyText } from "../crypto/identity.ts";
import type { HubEvent } from "../session/hub.ts";
import { CLOSE, type SessionEvent } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import type { Address } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { LOG_BYTES } from "../wire/entry.ts";
import { within } from "../wire/ranges.ts";
import { MEMBER, type RoomRecord } from "../wire/room.ts";
import { Calls } from "./calls.ts";
import { Delivery } from "./delivery.ts";
import type { Link } from "./link.ts";
import type { MemberDone, MemberEvent, MemberOptions } from "./member_event.ts";
import { noticeOf } from "./member_notice.ts";
import { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import { Roster } from "./roster.ts";

/** Messages that wait before reading of more stops (our choice). */
const FULL = 1_000;
/** Characters of an entry's hash that name a message (80 bits: enough to tell all of a room apart). */
const ID_CHARACTERS = 16;
/** After so long one's name is said again, as a relay lets old entries go, in ms (ours: a week). */
const NAME_MS = 7 * 86_400_000;
/** A relay that has not stored what it got after so long is asked whether it is there, in ms (ours). */
const NUDGE_MS = 2_000;
/** Bytes of a nonce that seals a body. */
const NONCE_BYTES = 12;

/** One member of one room. */
export class Member {
  /** Who is who, and who is here. */
  readonly roster: Roster;
  readonly #options: MemberOptions;
  readonly #node: Node;
  readonly #room: Room;
  readonly #calls: Calls;
  readonly #own: Uint8Array;
  #log: Uint8Array;
  #name: string;
  #events: MemberEvent[] = [];
  #link: Link | undefined;
  readonly #delivery = new Delivery();
  #everUp = false;
  #changed: Uint8Array | undefined;
  #accepted: Uint8Array | undefined;
  #lost = 0;
  /** Entries that the relay has let go and we lack. */
  #letGo = 0;
  #ended = false;
  /** When to see whether a relay that stores nothing is still there, in ms. */
  #nudgeAt: number | undefined;
  #deadline: number | undefined;
  #done: MemberDone | undefined;

  /**
   * Starts calling.
   *
   * @param options How the room is joined.
   * @param now Time in ms.
   * @throws {Error} If one's own first entry cannot be kept.
   */
  constructor(options: MemberOptions, now: number) {
    this.#options = options;
    this.#own = options.hub.credentials.identity.publicKey;
    this.#name = options.name;
    this.#node = new Node({
      hub: options.hub,
      store: options.store,
      wall: options.wall,
      pushes: ({ entry }) => equal(entry.author, this.#own),
      stays: () => true,
    }, now);
    this.#room = this.#node.room(options.room.number);
    this.roster = new Roster(this.#room, options.store, options.room.key);
    this.#log = this.#ownLog();
    this.#sayName(now);
    this.#calls = new Calls(this.#node.hub, options.to);
    this.#calls.begin(false, now);
  }

  /** Why it is over, once it is. */
  get done(): MemberDone | undefined {
    return this.#done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#delivery.size >= FULL;
  }

  /** What others see. */
  get name(): string {
    return this.#name;
  }

  /** Our own key. */
  get key(): Uint8Array {
    return this.#own;
  }

  /** The session with the relay. */
  get session(): Session | undefined {
    return this.#link?.session;
  }

  /**
   * Says a line. It is kept before this returns.
   *
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is longer than 65,536 bytes.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  say(text: string, now: number): void {
    if (this.#done || this.#ended) return;
    const stored = this.#write(encodeBody({ kind: "text", text }), now), id = idOf(stored);
    this.#delivery.add(stored.entry.number, id);
    const author = { key: this.#own, name: this.#name }, { time } = stored.entry;
    this.#events.push({ type: "message", id, author, text, time, self: true, history: false });
    if (this.#link) this.#events.push({ type: "status", id, state: "sent" });
    this.#nudgeAt ??= now + NUDGE_MS;
  }

  /**
   * Changes what others see.
   *
   * @param name The name.
   * @param now Time in ms.
   */
  rename(name: string, now: number): void {
    this.#name = name;
    this.#sayName(now);
  }

  /** A line was refused before it came here: it counts as not delivered. */
  lose(): void {
    this.#lost++;
  }

  /**
   * No more lines will come: leave when all is stored, or nothing more was for too long.
   *
   * @param now Time in ms.
   */
  endInput(now: number): void {
    if (this.#ended || this.#options.stay) return;
    this.#ended = true;
    this.#deadline = now + this.#options.timeout;
    this.#leaveIfReady();
  }

  /** The person leaves now. What is not stored yet goes out when they are back. */
  quit(): void {
    this.leave(0, "quit");
  }

  /**
   * Leaves now; the relay is told.
   *
   * @param status The exit status where all is stored.
   * @param reason A word or two.
   */
  leave(status: number, reason: string): void {
    if (this.#done) return;
    for (const id of this.#delivery.missing) {
      this.#events.push({ type: "status", id, state: "failed", reason: "not stored yet" });
    }
    const count = this.#delivery.size;
    if (count > 0) {
      const what = count === 1 ? "1 message is" : `${count} messages are`;
      this.#notice("warning", "undelivered", `${what} not stored by the relay`);
    }
    this.#calls.stop();
    for (const { session } of this.#node.links) this.#node.close(session, CLOSE.done, reason);
    this.#takeBack();
    const lost = count > 0 || this.#lost > 0;
    this.#done = status === 0 && lost
      ? this.#everUp ? { status: 4, reason: "not delivered" } : { status: 3, reason: "no answer" }
      : { status, reason };
  }

  /**
   * The person says yes to a changed key of the relay.
   *
   * @param now Time in ms.
   * @returns False where there is none to say yes to.
   */
  accept(now: number): boolean {
    if (!this.#changed || this.#accepted) return false;
    this.#accepted = this.#changed;
    this.#calls.begin(false, now);
    return true;
  }

  /** The relay's name stands for other addresses now. */
  move(to: readonly Address[], now: number): void {
    this.#calls.move(to, now);
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
    const { retryAt } = this.#calls;
    if (retryAt !== undefined && now >= retryAt && !this.#done) {
      this.#calls.begin(this.#everUp, now);
    }
    if (this.#nudgeAt !== undefined && now >= this.#nudgeAt) this.#nudge(now);
    if (this.#deadline === undefined || now < this.#deadline || this.#done) return;
    if (this.#everUp) this.leave(0, "time is over");
    else {
      this.#notice("error", "no-answer", "nobody answered: is udpchat serve running there?");
      this.leave(3, "no answer");
    }
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    return this.#node.hub.poll(now);
  }

  /** A refused send is a lost datagram. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): MemberEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const times = [this.#node.nextTimeout(), this.#calls.retryAt, this.#deadline, this.#nudgeAt];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  /** It may have been killed between getting something and storing it: then nothing is on its way. */
  #nudge(now: number): void {
    this.#nudgeAt = this.#delivery.size > 0 ? now + NUDGE_MS : undefined;
    if (this.#nudgeAt === undefined || this.#link === undefined) return;
    this.#link.session.ping();
    this.#node.hub.touch(this.#link.session);
  }

  #work(now: number): void {
    const before = this.#delivery.size;
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
    // A relay that takes its time is not one that does not answer.
    if (this.#ended && this.#delivery.size < before) this.#deadline = now + this.#options.timeout;
    this.#leaveIfReady();
  }

  #event(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "up":
        return this.#up(event, now);
      case "failed":
        return this.#calls.failed(event.call, now);
      case "session":
        return this.#session(event.link, event.event, now);
      case "record":
        return this.#record(event.record);
      case "kept":
        for (const stored of event.entries) {
          if (event.link) this.#heard(stored, event);
        }
        return;
      case "held":
        return this.#stored(event.entries);
      default: {
        const notice = noticeOf(event, (key) => this.roster.people.nameOf(key));
        if (notice) this.#events.push(notice);
      }
    }
  }

  #up({ session, remote, call }: Extract<HubEvent, { type: "up" }>, now: number): void {
    if (this.#done || call === undefined) return this.#node.close(session, CLOSE.done, "no call");
    const { pinned, expects, acceptNewKey, asks, room } = this.#options, key = remote.identity;
    if (expects && !expects(key)) {
      this.#notice("error", "relay", "another relay answers than the one that the link names");
      return this.leave(1, "other relay");
    }
    const accepted = acceptNewKey || (this.#accepted && equal(this.#accepted, key));
    if (pinned && !equal(pinned, key) && !accepted) {
      this.#calls.stop();
      this.#changed = key;
      this.#node.close(session, CLOSE.done, "not accepted");
      this.#events.push({ type: "changedKey", key, pinned });
      if (asks === false) this.leave(3, "changed key");
      return;
    }
    const link = [...this.#node.links].find((each) => each.session === session);
    if (link === undefined) return;
    const before = this.#link?.session;
    if (before && before !== session) this.#node.close(before, CLOSE.replaced, "another session");
    this.#calls.answered();
    this.#link = link;
    this.roster.clear();
    this.#events.push({ type: "up", key, address: session.address, again: this.#everUp });
    this.#everUp = true;
    const name = room.key ? "" : room.name;
    this.#node.tell(link, room.number, { type: "join", name });
    this.#node.join(link, this.#room).begin();
    this.#node.pump(link);
    void now;
  }

  #session(link: Link, event: SessionEvent, now: number): void {
    if (link !== this.#link) return;
    if (event.type === "closed") {
      this.#link = undefined;
      if (this.#done || event.code === CLOSE.replaced && event.by === "us") return;
      this.#notice("warning", "away", "the relay has gone; calling again");
      this.#calls.failed(undefined, now);
      this.#events.push({ type: "resolve" });
    } else if (event.type === "stalled" || event.type === "silent") {
      if (event.type === "silent") {
        this.#notice("warning", "away", "the relay is not reachable; calling again");
      }
      this.#events.push({ type: "resolve" });
      this.#calls.begin(true, now);
    } else if (event.type === "back") {
      this.#calls.stop();
      this.#notice("info", "back", "the relay is reachable again");
    }
  }

  #record(record: RoomRecord): void {
    switch (record.type) {
      case "refused":
        this.#notice("error", "refused", `the relay refuses: ${record.text}`);
        return this.leave(1, "refused");
      case "notice":
        return this.#notice("warning", "relay", record.text);
      case "missed":
        if (record.count > NEWEST) this.#events.push({ type: "missed", count: record.count });
        return;
      case "member":
        this.#events.push(...this.roster.move(record.author, record.state === MEMBER.here));
        return;
      case "floor":
        this.#letGo += record.floor;
        if (this.#letGo > record.floor) return;
        return this.#notice(
          "info",
          "trimmed",
          "the relay no longer keeps the oldest of what was said here",
        );
      case "hold":
        // It may have been stored on the way of a session that is gone.
        for (const { log, ranges } of record.logs) {
          if (!equal(log, this.#log)) continue;
          this.#storedOwn((number) => within(ranges, number));
        }
        return;
      case "delivered": {
        if (!equal(record.log, this.#log)) return;
        const { members } = record;
        for (const { number, holders } of record.steps) {
          const id = this.#delivery.idOf(number);
          if (id) this.#events.push({ type: "status", id, state: "delivered", holders, members });
        }
        return;
      }
      default:
    }
  }

  /** Somebody said something: live, or in the first block of what one has missed. */
  #heard(stored: StoredEntry, how: Extract<NodeEvent, { type: "kept" }>): void {
    const history = how.history || how.late;
    const { entry } = stored, body = this.roster.people.open(entry);
    this.roster.saw(entry);
    if (equal(entry.author, this.#own) && equal(entry.log, this.#log)) this.#moveOn(entry.number);
    if (body === undefined) return;
    if (body.kind === "profile") {
      this.#events.push(...this.roster.learn(entry, body.name, history));
      return;
    }
    const author = { key: entry.author, name: this.roster.people.nameOf(entry.author) };
    const self = equal(entry.author, this.#own), { text } = body, { time } = entry;
    const type = how.history && how.stream !== LIVE ? "past" : "message";
    this.#events.push({ type, id: idOf(stored), author, text, time, self, history });
  }

  /** The relay keeps entries. */
  #stored(entries: readonly StoredEntry[]): void {
    const numbers = new Set(
      entries.map(({ entry }) => entry).filter(({ author, log }) =>
        equal(author, this.#own) && equal(log, this.#log)
      ).map(({ number }) => number),
    );
    if (numbers.size > 0) this.#storedOwn((number) => numbers.has(number));
  }

  #storedOwn(has: (number: number) => boolean): void {
    const by = this.#link?.remote.identity;
    for (const id of this.#delivery.stored(has)) {
      this.#events.push({ type: "status", id, state: "stored", ...(by ? { by } : {}) });
    }
  }

  #ownLog(): Uint8Array {
    const { store, room, hub } = this.#options;
    return store.ownLog(room.number, this.#own, () => hub.random(LOG_BYTES));
  }

  /** Others hold more of our log than we: our store is an old copy. What we say now goes elsewhere. */
  #moveOn(number: number): void {
    const { store, room } = this.#options;
    store.forget(room.number, { author: this.#own, log: this.#log }, number + 1);
    this.#log = this.#ownLog();
  }

  /** What a pipe could not deliver leaves: run again, the script does not say it twice. */
  #takeBack(): void {
    const { first } = this.#delivery;
    if (!this.#ended || first === undefined) return;
    const name = { author: this.#own, log: this.#log };
    try {
      this.#options.store.forget(this.#room.number, name, first);
    } catch (error) {
      this.#notice("error", "disk", `cannot take it back: ${(error as Error).message}`);
    }
  }

  #write(body: Uint8Array, now: number): StoredEntry {
    const { hub, room } = this.#options, log = this.#log;
    const sealed = room.key?.seal(this.#own, log, hub.random(NONCE_BYTES), body) ?? body;
    return this.#node.say(this.#room, log, sealed, now);
  }

  /** The first entry of a log says who its author is; another one when the name changes. */
  #sayName(now: number): void {
    const own = this.#room.log({ author: this.#own, log: this.#log });
    const said = this.roster.people.saidAt(this.#own), age = this.#options.wall(now) - said;
    const same = this.roster.people.nameOf(this.#own) === this.#name && age < NAME_MS;
    if (own && own.last > 0 && same) return;
    const { identity, staticKey: { publicKey: staticKey } } = this.#options.hub.credentials;
    const certificate = certify(identity, staticKey);
    const body = encodeBody({ kind: "profile", name: this.#name, staticKey, certificate });
    this.roster.people.learn(this.#write(body, now).entry, this.#name);
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(): void {
    if (!this.#ended || this.#done || this.#delivery.size > 0 || !this.#everUp) return;
    this.leave(0, "end of input");
  }
}

function idOf({ id }: StoredEntry): string {
  return keyText(id).slice(0, ID_CHARACTERS);
}
