/**
 * A room as one who talks in it has it: the own log, how far it got, and what the others say. Whether
 * the room is on a relay, between two people on a line, or of two people on a relay is for others to
 * know.
 *
 * @module
 */

import { type Body, encodeBody } from "../chat/body.ts";
import type { EntryStore, StoredEntry } from "../chat/entry_store.ts";
import { People, type RoomSeal } from "../chat/people.ts";
import type { Room } from "../chat/room.ts";
import { equal } from "../crypto/hash.ts";
import { certify, keyText } from "../crypto/identity.ts";
import type { HubOptions } from "../session/hub.ts";
import { type Entry, LOG_BYTES } from "../wire/entry.ts";
import { Delivery } from "./delivery.ts";
import type { Node } from "./node.ts";

/** Characters of an entry's hash that name a message (80 bits: enough to tell all of a room apart). */
const ID_CHARACTERS = 16;
/** After so long one's name is said again, as a relay lets old entries go, in ms (ours: a week). */
const NAME_MS = 7 * 86_400_000;

/** What a conversation is made of. */
export interface ConversationOptions {
  /** Where rooms are. */
  readonly node: Node;
  /** Keys and randomness. */
  readonly hub: HubOptions;
  /** Where entries are kept. */
  readonly store: EntryStore;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
  /** The room. */
  readonly room: Room;
  /** How bodies are sealed; in the clear where it is left out. */
  readonly seal?: RoomSeal | undefined;
}

/** A message of one's own that was said just now. */
export interface Said {
  /** What people and programs call it. */
  readonly id: string;
  /** Wall time in ms since 1970. */
  readonly time: number;
}

/** One room, and what one says there. */
export class Conversation {
  readonly room: Room;
  /** Who is who. */
  readonly people: People;
  /** How far one's own messages got. */
  readonly delivery: Delivery = new Delivery();
  readonly #options: ConversationOptions;
  readonly #own: Uint8Array;
  #log: Uint8Array;

  /**
   * A room as it is kept.
   *
   * @param options What it is made of.
   */
  constructor(options: ConversationOptions) {
    const { room, store, seal, hub } = options;
    this.#options = options;
    this.#own = hub.credentials.identity.publicKey;
    this.room = room;
    this.people = new People(seal);
    for (const { name } of room.logs) {
      const [first] = store.range(room.number, name, 1, 1, 1);
      const body = first && this.people.open(first.entry);
      if (first && body?.kind === "profile") this.people.learn(first.entry, body);
    }
    this.#log = this.#ownLog();
  }

  /** The number of the log in which one writes. */
  get log(): Uint8Array {
    return this.#log;
  }

  /** Nothing was ever said in that log. */
  get silent(): boolean {
    return (this.room.log({ author: this.#own, log: this.#log })?.last ?? 0) === 0;
  }

  /**
   * Says a line. It is kept before this returns.
   *
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is longer than 65,536 bytes.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  say(text: string, now: number): Said {
    const stored = this.#write({ kind: "text", text }, now), id = messageId(stored);
    this.delivery.add(stored.entry.number, id);
    return { id, time: stored.entry.time };
  }

  /**
   * Says one's name, if others do not know it yet or would forget it: the first entry of a log says
   * who its author is, another one when the name changes.
   *
   * @param name The name.
   * @param now Time in ms.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  sayName(name: string, now: number): void {
    const age = this.#options.wall(now) - this.people.saidAt(this.#own);
    const same = this.people.nameOf(this.#own) === name && age < NAME_MS;
    if (!this.silent && same) return;
    const { identity, staticKey: { publicKey: staticKey } } = this.#options.hub.credentials;
    const certificate = certify(identity, staticKey);
    const body = { kind: "profile", name, staticKey, certificate } as const;
    this.people.learn(this.#write(body, now).entry, body);
  }

  /**
   * Reads an entry that was kept.
   *
   * @param entry The entry.
   * @returns What it says; undefined where it cannot be read.
   */
  read(entry: Entry): Body | undefined {
    const ours = equal(entry.author, this.#own) && equal(entry.log, this.#log);
    if (ours) this.#moveOn(entry.number);
    return this.people.open(entry);
  }

  /**
   * Others keep entries.
   *
   * @param entries The entries, of anybody.
   * @returns The ids of own messages for which this is news.
   */
  held(entries: readonly StoredEntry[]): string[] {
    const numbers = new Set(
      entries.map(({ entry }) => entry).filter(({ author, log }) =>
        equal(author, this.#own) && equal(log, this.#log)
      ).map(({ number }) => number),
    );
    return numbers.size > 0 ? this.delivery.stored((number) => numbers.has(number)) : [];
  }

  /**
   * What a pipe could not deliver leaves: run again, the script does not say it twice.
   *
   * @throws {Error} If the disk does not let it go.
   */
  takeBack(): void {
    const { first } = this.delivery;
    if (first === undefined) return;
    const name = { author: this.#own, log: this.#log };
    this.#options.store.forget(this.room.number, name, first);
  }

  /** Others hold more of our log than we: our store is an old copy. What we say now goes elsewhere. */
  #moveOn(number: number): void {
    const name = { author: this.#own, log: this.#log };
    this.#options.store.forget(this.room.number, name, number + 1);
    this.#log = this.#ownLog();
  }

  #ownLog(): Uint8Array {
    const { store, hub } = this.#options;
    return store.ownLog(this.room.number, this.#own, () => hub.random(LOG_BYTES));
  }

  #write(body: Body, now: number): StoredEntry {
    const { node, hub, seal } = this.#options, log = this.#log, plain = encodeBody(body);
    const sealed = seal?.seal(this.#own, log, hub.random, plain) ?? plain;
    return node.say(this.room, log, sealed, now);
  }
}

/**
 * What people and programs call a message.
 *
 * @param stored Its entry.
 * @returns 16 characters.
 */
export function messageId({ id }: StoredEntry): string {
  return keyText(id).slice(0, ID_CHARACTERS);
}
