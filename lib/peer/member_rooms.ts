/**
 * What a member says and hears: in the room, and in the rooms of two with single people there. It
 * knows nothing of calls.
 *
 * @module
 */

import { MAX_AHEAD_MS } from "../chat/clock.ts";
import type { StoredEntry } from "../chat/entry_store.ts";
import { type Room, roomKey } from "../chat/room.ts";
import { LIVE, NEWEST } from "../chat/sync.ts";
import { equal } from "../crypto/hash.ts";
import { CLOCK_STEPS, type Entry } from "../wire/entry.ts";
import { MEMBER, type RoomRecord } from "../wire/room.ts";
import { Conversation, type ConversationOptions, messageId } from "./conversation.ts";
import { Gaps } from "./gaps.ts";
import type { Link } from "./link.ts";
import type { Author, MemberEvent } from "./member_event.ts";
import { clockNotice, missingNotice, noticeOf } from "./member_notice.ts";
import type { NodeEvent } from "./node_event.ts";
import { type Private, Privates } from "./privates.ts";
import { Roster } from "./roster.ts";
import type { Missing } from "./undelivered.ts";

/** After so long without an entry no more are expected, in ms (our choice: on a network what differs is
 * asked for with the next beacons). */
const QUIET_MS = { relay: 5_000, lan: 20_000 } as const;

/** People of whom it is told that their clock is ahead (our choice: who invents authors fills no screen). */
const MAX_AHEAD_TOLD = 16;

/** What the rooms of a member are made of. */
export interface MemberRoomsOptions extends ConversationOptions {
  /** What others see. */
  readonly name: string;
  /** Whether sessions are with a relay or with the others on a network. */
  readonly where: "relay" | "lan";
  /** Takes what happened. */
  readonly tell: (event: MemberEvent) => void;
  /** By which session somebody is reached, or anybody; undefined while there is none. */
  readonly via: (key?: Uint8Array) => Link | undefined;
}

/** The room of a member, and those of two. */
export class MemberRooms {
  /** Who is who, and who is here. */
  readonly roster: Roster;
  readonly #own: Uint8Array;
  readonly #where: "relay" | "lan";
  readonly #wall: (now: number) => number;
  readonly #gaps: Gaps;
  /** Of whom was told already that their clock is ahead, by key. */
  readonly #ahead = new Set<string>();
  readonly #tell: (event: MemberEvent) => void;
  readonly #via: (key?: Uint8Array) => Link | undefined;
  readonly #main: Conversation;
  readonly #privates: Privates;
  /** When we came, in ms since 1970. */
  readonly #since: number;
  #name: string;
  #lastPartner: Uint8Array | undefined;
  /** Entries that the relay has let go and we lack. */
  #letGo = 0;

  /**
   * The room as it is kept; one's name is said there if others do not know it.
   *
   * @param options What it is made of.
   * @param now Time in ms.
   * @throws {Error} If one's own first entry cannot be kept.
   */
  constructor(options: MemberRoomsOptions, now: number) {
    this.#own = options.hub.credentials.identity.publicKey;
    this.#where = options.where;
    this.#wall = options.wall;
    this.#gaps = new Gaps(options.room, QUIET_MS[options.where]);
    this.#tell = options.tell;
    this.#via = options.via;
    this.#name = options.name;
    this.#since = options.wall(now);
    this.#main = new Conversation(options);
    const recalled = this.#main.recall();
    this.#privates = new Privates(options, this.#main);
    this.roster = new Roster(options.room, this.#main.people, options.store);
    // A crash may have come between an entry and the history of what was read.
    for (const { id, text, entry: { author: key, time } } of recalled) {
      const author = this.#author(key), self = equal(key, this.#own);
      this.#tell({ type: "past", id, author, text, time, self, history: true });
    }
    this.#main.sayName(this.#name, now);
  }

  /** What others see. */
  get name(): string {
    return this.#name;
  }

  /** The last one with whom something was said in a room of two. */
  get lastPartner(): Uint8Array | undefined {
    return this.#lastPartner;
  }

  /** How many messages of one's own the relay has not stored. */
  get unstored(): number {
    return this.#all.reduce((sum, { delivery }) => sum + delivery.size, 0);
  }

  /** Those. */
  get missing(): Missing[] {
    return this.#all.flatMap(({ delivery }) => delivery.missing);
  }

  /**
   * Says lines in the room, all or none. They are kept before this returns.
   *
   * @param texts The messages.
   * @param now Time in ms.
   * @throws {RangeError} If one is longer than 65,536 bytes.
   * @throws {Error} If they cannot be kept; nothing was said then.
   */
  say(texts: readonly string[], now: number): void {
    this.#say(this.#main, texts, {}, now);
  }

  /**
   * Says a line to one person alone. It is kept before this returns.
   *
   * @param key Their key.
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is too long, or nothing can be sealed for them.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  sayTo(key: Uint8Array, text: string, now: number): void {
    const partner = this.#author(key);
    if (!this.#privates.reaches(key)) {
      throw new RangeError(`Cannot seal it for ${partner.name}, whose key is not known here yet`);
    }
    const talk = this.#privates.with(key), { conversation } = talk;
    conversation.sayName(this.#name, now);
    this.#lastPartner = key;
    this.#say(conversation, [text], { partner }, now);
    const link = this.#via(key);
    if (link) this.#privates.join(link, talk);
  }

  /**
   * Changes what others see, wherever something was said.
   *
   * @param name The name.
   * @param now Time in ms.
   */
  rename(name: string, now: number): void {
    this.#name = name;
    for (const conversation of this.#all) {
      if (!conversation.silent) conversation.sayName(name, now);
    }
  }

  /**
   * Takes part in the rooms of two over a session.
   *
   * @param link The session.
   * @param key With whom; with all where it is left out.
   */
  joinPrivates(link: Link, key?: Uint8Array): void {
    for (const each of this.#privates.known()) {
      if (key === undefined || equal(key, each)) {
        this.#privates.join(link, this.#privates.with(each));
      }
    }
  }

  /**
   * In a mesh: somebody asks into the room of two with them.
   *
   * @param link The session with them.
   * @param room The number of the room.
   * @returns The room; undefined where it is another one.
   */
  askedPrivate(link: Link, room: Uint8Array): Room | undefined {
    const { conversation } = this.#privates.with(link.remote.identity);
    return equal(conversation.room.number, room) ? conversation.room : undefined;
  }

  /**
   * Somebody says something about a room that is no entry.
   *
   * @param link The session.
   * @param room The number of the room.
   * @param record What it says.
   * @param now Time in ms.
   * @returns The ids of own messages that they turn out to hold.
   * @throws {Error} If the disk does not take what follows from it.
   */
  record(link: Link, room: Uint8Array, record: RoomRecord, now: number): string[] {
    const conversation = this.#of(roomKey(room));
    if (conversation === undefined) return [];
    const { delivery, log } = conversation;
    switch (record.type) {
      case "hold":
        if (conversation === this.#main) this.#gaps.wait(now);
        // It may have been stored on the way of a session that is gone.
        return conversation.heldThere(record.logs, now);
      case "delivered": {
        if (!equal(record.log, log)) return [];
        const { members } = record;
        for (const { number, holders } of record.steps) {
          const id = delivery.idOf(number);
          if (id) this.#tell({ type: "status", id, state: "delivered", holders, members });
        }
        return [];
      }
      default:
        if (conversation === this.#main) this.#mainRecord(link, record);
        return [];
    }
  }

  /**
   * How far an own message in the room got.
   *
   * @param log One's own log.
   * @param number The number of the message.
   * @returns Its id; undefined where it is not followed.
   */
  idOf(log: Uint8Array, number: number): string | undefined {
    return equal(log, this.#main.log) ? this.#main.delivery.idOf(number) : undefined;
  }

  /** Whether a room is the one where all are. */
  isMain(room: Uint8Array): boolean {
    return roomKey(room) === this.#main.room.key;
  }

  /**
   * Entries of others are kept: live, or in the first block of what one has missed.
   *
   * @param event What is kept.
   * @param now Time in ms.
   */
  kept(event: Extract<NodeEvent, { type: "kept" }>, now: number): void {
    const conversation = this.#of(event.room.key);
    if (conversation === undefined || event.link === undefined) return;
    if (conversation === this.#main) this.#gaps.wait(now);
    for (const stored of event.entries) {
      this.#onDisk(() => this.#heard(conversation, stored, event, now));
      this.#watchClock(stored.entry, now);
    }
  }

  /**
   * Something happened that is told in words.
   *
   * @param event What.
   * @param now Time in ms.
   */
  happened(event: NodeEvent, now: number): void {
    const notice = noticeOf(event, (key) => this.roster.people.nameOf(key), this.#where);
    if (notice) this.#tell(notice);
    if (event.type !== "fork") return;
    this.#onDisk(() => this.#of(event.room.key)?.forked(event, now));
  }

  #onDisk(act: () => void): void {
    try {
      act();
    } catch (error) {
      const text = `cannot keep it: ${(error as Error).message}`;
      this.#tell({ type: "notice", level: "error", code: "disk", text });
    }
  }

  /** When `tick` wants to be called, in ms. */
  get dueAt(): number | undefined {
    return this.#gaps.dueAt;
  }

  /** Tells what is missing, if it is time. */
  tick(now: number): void {
    const link = this.#via(), missing = this.#gaps.look(link?.session.stalled === false, now);
    if (missing !== undefined) this.#tell(missingNotice(missing));
  }

  /**
   * Somebody keeps entries.
   *
   * @param event Which.
   * @returns The ids of own messages for which this is news.
   */
  held({ room, entries }: Extract<NodeEvent, { type: "held" }>): string[] {
    return this.#of(room.key)?.held(entries) ?? [];
  }

  /**
   * What a pipe could not deliver leaves: run again, the script does not say it twice.
   *
   * @throws {Error} If the disk does not let it go.
   */
  takeBack(): void {
    for (const conversation of this.#all) conversation.takeBack();
  }

  /** What is only said about the room where all are. */
  #mainRecord(link: Link, record: RoomRecord): void {
    switch (record.type) {
      case "missed":
        if (record.count > NEWEST) this.#tell({ type: "missed", count: record.count });
        return;
      case "member": {
        const told = this.roster.move(record.author, record.state === MEMBER.here);
        for (const event of told) this.#tell(event);
        return;
      }
      case "floor": {
        this.#gaps.letGo(record);
        this.#letGo += record.floor;
        if (this.#letGo > record.floor) return;
        const text = "the relay no longer keeps the oldest of what was said here";
        return this.#tell({ type: "notice", level: "info", code: "trimmed", text });
      }
      case "privates":
        for (const key of record.authors) {
          if (!equal(key, this.#own)) this.#privates.join(link, this.#privates.with(key));
        }
        return;
      default:
    }
  }

  #heard(
    conversation: Conversation,
    stored: StoredEntry,
    how: Extract<NodeEvent, { type: "kept" }>,
    now: number,
  ): void {
    const { entry } = stored, history = !this.#isNews(entry, how);
    const body = conversation.read(entry, now);
    const of = this.#privates.of(how.room), self = equal(entry.author, this.#own);
    if (of === undefined) this.roster.saw(entry);
    else if (!self && !equal(entry.author, of.partner)) return;
    if (body === undefined) return;
    if (body.kind === "profile") {
      if (of) conversation.people.learn(entry, body);
      else for (const event of this.roster.learn(entry, body, history)) this.#tell(event);
      return;
    }
    const { text } = body, { time, clock } = entry, id = messageId(entry);
    const type = history && how.history && how.stream !== LIVE ? "past" : "message";
    const said = { id, author: this.#author(entry.author), text, time, clock, self, history };
    if (of && !self && type === "message") this.#lastPartner = of.partner;
    this.#tell({ type, ...said, ...(of ? { partner: this.#author(of.partner) } : {}) });
  }

  /**
   * What is said now; also what its author brings who said it before the two met, but after we came: on a
   * network somebody is met only once they have begun to say something.
   */
  #isNews({ author, time }: Entry, how: Extract<NodeEvent, { type: "kept" }>): boolean {
    if (how.late) return false;
    return !how.history ||
      (how.link !== undefined && equal(how.link.remote.identity, author) && time >= this.#since);
  }

  /** A clock that is too far ahead is not followed: their messages sort as the last for as long. */
  #watchClock({ author, clock }: Entry, now: number): void {
    const ahead = clock / CLOCK_STEPS - this.#wall(now), key = roomKey(author);
    if (ahead <= MAX_AHEAD_MS || this.#ahead.has(key)) return;
    if (this.#ahead.size >= MAX_AHEAD_TOLD) return;
    this.#ahead.add(key);
    this.#tell(clockNotice(this.#author(author).name, ahead));
  }

  #say(
    conversation: Conversation,
    texts: readonly string[],
    to: { readonly partner?: Author },
    now: number,
  ): void {
    const author = this.#author(this.#own), link = this.#via(to.partner?.key);
    for (const said of conversation.say(texts.map((text) => ({ text })), now)) {
      this.#tell({ type: "message", ...said, author, self: true, history: false, ...to });
      if (link) this.#tell({ type: "status", id: said.id, state: "sent" });
    }
  }

  #of(key: string): Conversation | undefined {
    return key === this.#main.room.key ? this.#main : this.#privates.of({ key })?.conversation;
  }

  get #all(): Conversation[] {
    const privates = [...this.#privates.all].map(({ conversation }: Private) => conversation);
    return [this.#main, ...privates];
  }

  #author(key: Uint8Array): Author {
    return { key, name: equal(key, this.#own) ? this.#name : this.roster.people.nameOf(key) };
  }
}
