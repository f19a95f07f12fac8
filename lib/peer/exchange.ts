/**
 * What two people say on a line: a room of the two, whatever session carries it, and what was typed
 * before anybody was there. It knows nothing of calls.
 *
 * ```text
 *   say ─▶ nobody known yet: waits in memory ─┐
 *     └──▶ own log of the room of two, on disk ─▶ HAVE of the other: delivered
 * ```
 *
 * @module
 */

import { checkText } from "../chat/body.ts";
import type { EntryStore } from "../chat/entry_store.ts";
import { equal } from "../crypto/hash.ts";
import { keyTag } from "../crypto/identity.ts";
import { talkRoomNumber } from "../crypto/room_key.ts";
import type { HubOptions } from "../session/hub.ts";
import { LOG_BYTES } from "../wire/entry.ts";
import type { LogHeld } from "../wire/room.ts";
import { Conversation, messageId } from "./conversation.ts";
import type { Link } from "./link.ts";
import type { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import type { TalkEvent } from "./talk_event.ts";
import type { Missing } from "./undelivered.ts";

/** Messages that wait before reading of more stops (our choice). */
const FULL = 1_000;
/** The number of the first message in a log: what is before it says who the author is. */
const FIRST = 2;

/** What an exchange is made of. */
export interface ExchangeOptions {
  /** Where rooms are. */
  readonly node: Node;
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** What the other sees. */
  readonly name: string;
  /** Takes what happened. */
  readonly tell: (event: TalkEvent) => void;
}

/** One's own message that the other does not hold yet. */
interface Own {
  readonly id: string;
  readonly text: string;
  /** When it was typed, in ms since 1970. */
  readonly time: number;
  /** It went out at least once. */
  sent: boolean;
}

/** With one person. */
interface Pair {
  readonly partner: Uint8Array;
  readonly conversation: Conversation;
  /** All of ours that was kept up to this is known to be there; undefined where that is not known. */
  known: number | undefined;
}

/** Messages of both sides, with one person at a time. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #own: Uint8Array;
  /** The log that is begun with somebody new. */
  #log: Uint8Array;
  readonly #pairs = new Map<string, Pair>();
  #pair: Pair | undefined;
  #name: string;
  /** What the other does not hold, by its id, oldest first. */
  readonly #missing = new Map<string, Own>();
  /** Those of them that wait for somebody to come. */
  #waiting: Own[] = [];

  /**
   * An exchange with nobody.
   *
   * @param options What it is made of.
   */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#own = options.hub.credentials.identity.publicKey;
    this.#log = options.hub.random(LOG_BYTES);
    this.#name = options.name;
  }

  /** What the other sees. */
  get name(): string {
    return this.#name;
  }

  /** How many messages the other does not hold. */
  get size(): number {
    return this.#missing.size;
  }

  /** The ids of those, oldest first. */
  get missing(): Missing[] {
    return [...this.#missing.values()];
  }

  /** So much waits that no more should be read. */
  get full(): boolean {
    return this.#missing.size >= FULL;
  }

  /** What somebody is called; their key's tag before they said. */
  nameOf(partner: Uint8Array): string {
    return this.#pairOf(partner)?.conversation.people.nameOf(partner) ?? keyTag(partner);
  }

  /** Whether somebody has said who they are, now or before. */
  knows(partner: Uint8Array): boolean {
    return this.#pairOf(partner)?.conversation.people.knows(partner) ?? false;
  }

  /** The number of the room with whoever the exchange is with. */
  get room(): Uint8Array | undefined {
    return this.#pair?.conversation.room.number;
  }

  /**
   * From now on it is with this person: what waits is said to them, and what the one before them does
   * not hold.
   *
   * @param partner Their Ed25519 key.
   * @param now Time in ms.
   * @throws {Error} If it cannot be kept.
   */
  open(partner: Uint8Array, now: number): void {
    const before = this.#pair;
    if (before && equal(before.partner, partner)) return;
    const pair = this.#pairOf(partner) ?? this.#meet(partner);
    pair.conversation.sayName(this.#name, now);
    this.#pair = pair;
    if (before) {
      before.conversation.takeBack();
      before.conversation.delivery.clear();
      this.#waiting = [...this.#missing.values()];
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) pair.conversation.say(waiting, now);
    this.#log = this.#options.hub.random(LOG_BYTES);
  }

  /** It is with nobody: what is said now is for whoever comes next. */
  close(): void {
    this.#pair = undefined;
  }

  /**
   * Says lines, all or none; on disk before this returns, if it is known to whom.
   *
   * @param texts The messages.
   * @param now Time in ms.
   * @throws {RangeError} If one is longer than 65,536 bytes.
   * @throws {Error} If they cannot be kept; nothing was said then.
   */
  say(texts: readonly string[], now: number): void {
    for (const text of texts) checkText(text);
    const lines = texts.map((text) => ({ text }));
    const said = this.#pair?.conversation.say(lines, now) ?? this.#wait(texts, now);
    for (const { id, text, time } of said) {
      if (!this.#missing.has(id)) this.#missing.set(id, { id, text, time, sent: false });
      this.#options.tell({ type: "own", id, text, time });
    }
  }

  /** Whom it is for is not known: it waits. */
  #wait(texts: readonly string[], now: number): Own[] {
    const time = this.#options.wall(now),
      waiting = texts.map((text, at) => {
        const number = FIRST + this.#waiting.length + at;
        const id = messageId({ author: this.#own, log: this.#log, number });
        return { id, text, time, sent: false };
      });
    for (const own of waiting) this.#missing.set(own.id, own);
    this.#waiting.push(...waiting);
    return waiting;
  }

  /** Whoever it is with is there: what is missing there is on its way. */
  sent(): void {
    for (const own of this.#missing.values()) {
      if (own.sent) continue;
      own.sent = true;
      this.#options.tell({ type: "status", id: own.id, state: "sent" });
    }
  }

  /**
   * Changes what the other sees.
   *
   * @param name The name.
   * @param now Time in ms.
   */
  rename(name: string, now: number): void {
    this.#name = name;
    this.#pair?.conversation.sayName(name, now);
  }

  /**
   * Asks the other into the room: for who has called.
   *
   * @param link The session.
   */
  begin(link: Link): void {
    const pair = this.#pair, { node } = this.#options;
    if (pair === undefined) return;
    const { room } = pair.conversation;
    node.tell(link, room.number, { type: "join", name: "" });
    node.join(link, room).begin(pair.known);
    node.pump(link);
  }

  /**
   * The other asks into a room: for who was called.
   *
   * @param link The session.
   * @param room The number of the room.
   */
  asked(link: Link, room: Uint8Array): void {
    const pair = this.#pair;
    if (!pair || !equal(pair.conversation.room.number, room)) return;
    if (link.sync(pair.conversation.room.key) === undefined) {
      this.#options.node.join(link, pair.conversation.room);
    }
  }

  /**
   * Entries of the other are kept.
   *
   * @param event Which.
   * @param heard Takes what they say.
   */
  kept(
    { room, link, entries, history, late }: Extract<NodeEvent, { type: "kept" }>,
    heard: (
      said:
        | Omit<Extract<TalkEvent, { type: "message" }>, "type" | "partner">
        | { readonly old: string | undefined },
    ) => void,
  ): void {
    const pair = this.#pairs.get(room.key);
    if (pair === undefined || link === undefined) return;
    const { conversation, partner } = pair;
    for (const { entry } of entries) {
      const body = conversation.read(entry);
      // Nobody but the two is heard here; one's own words come back after a store was lost.
      if (body === undefined || !equal(entry.author, partner)) continue;
      if (body.kind === "profile") {
        const learnt = conversation.people.learn(entry, body);
        if (learnt !== undefined) heard(learnt);
        continue;
      }
      const id = messageId(entry), { text } = body, { time } = entry;
      heard({ id, text, time, history: history || late });
    }
  }

  /**
   * The other keeps entries.
   *
   * @param event Which.
   * @param by Their key.
   */
  held({ room, entries }: Extract<NodeEvent, { type: "held" }>, by: Uint8Array): void {
    const pair = this.#pairs.get(room.key);
    if (pair === undefined) return;
    const ids = pair.conversation.held(entries);
    for (const id of ids) {
      this.#missing.delete(id);
      this.#options.tell({ type: "status", id, state: "delivered", by });
    }
    if (pair.conversation.delivery.size === 0) pair.known = Math.max(pair.known ?? 0, room.last);
  }

  /**
   * The other said what it holds of our logs: it may hold what had no HAVE.
   *
   * @param room The key of the room.
   * @param logs What it holds.
   * @param by Their key.
   * @param now Time in ms.
   */
  holds(room: string, logs: readonly LogHeld[], by: Uint8Array, now: number): void {
    const conversation = this.#pairs.get(room)?.conversation;
    for (const id of conversation?.heldThere(logs, now) ?? []) {
      this.#missing.delete(id);
      this.#options.tell({ type: "status", id, state: "delivered", by });
    }
  }

  /** All that is missing is on disk: it goes out another time. */
  get isKept(): boolean {
    return this.#pair !== undefined && this.#waiting.length === 0;
  }

  /**
   * What a pipe could not deliver leaves: run again, the script does not say it twice.
   *
   * @throws {Error} If the disk does not let it go.
   */
  takeBack(): void {
    for (const { conversation } of this.#pairs.values()) conversation.takeBack();
  }

  #pairOf(partner: Uint8Array): Pair | undefined {
    for (const pair of this.#pairs.values()) if (equal(pair.partner, partner)) return pair;
    return undefined;
  }

  #meet(partner: Uint8Array): Pair {
    const { node, hub, store, wall } = this.#options;
    const room = node.room(talkRoomNumber(this.#own, partner));
    const conversation = new Conversation({ node, hub, store, wall, room, log: this.#log });
    const pair: Pair = {
      partner,
      conversation,
      known: conversation.silent ? room.last : undefined,
    };
    this.#pairs.set(room.key, pair);
    // A crash may have come between an entry and the history of what was read.
    for (const { id, text, entry: { author, time } } of conversation.recall()) {
      const self = equal(author, this.#own), key = self ? this.#own : author;
      const name = self ? this.#name : conversation.people.nameOf(author);
      this.#options.tell({ type: "past", id, author: { key, name }, text, time, self });
    }
    return pair;
  }
}
