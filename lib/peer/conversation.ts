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
import { equal, sha256 } from "../crypto/hash.ts";
import { certify, keyText } from "../crypto/identity.ts";
import type { HubOptions } from "../session/hub.ts";
import { Writer } from "../wire/bytes.ts";
import { within } from "../wire/ranges.ts";
import type { LogHeld } from "../wire/room.ts";
import { AUTHOR_BYTES, type Entry, LOG_BYTES, type LogName } from "../wire/entry.ts";
import { Delivery } from "./delivery.ts";
import type { Node } from "./node.ts";

/** Characters of a hash that name a message (80 bits: enough to tell all of a room apart). */
const ID_CHARACTERS = 16;
/** Entries that are looked at for what was said last (our choice: as many as wait for a history). */
const LOOKED_BACK = 1_000;
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
  /** The number of one's own log, where none is known yet; a random one if it is left out. */
  readonly log?: Uint8Array;
}

/** A message of one's own that was said just now. */
export interface Said {
  /** What people and programs call it. */
  readonly id: string;
  readonly text: string;
  /** Wall time in ms since 1970. */
  readonly time: number;
}

/** A message as it is kept. */
export interface Recalled {
  /** What people and programs call it. */
  readonly id: string;
  readonly text: string;
  /** Who said it, and when. */
  readonly entry: Entry;
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
  /** Up to this number it was known here what is in that log: what others bring beyond it is not ours. */
  #known: number;

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
    this.#known = this.#last;
  }

  /** The number of the log in which one writes. */
  get log(): Uint8Array {
    return this.#log;
  }

  /** Nothing was ever said in that log. */
  get silent(): boolean {
    return this.#last === 0;
  }

  get #last(): number {
    return this.room.log({ author: this.#own, log: this.#log })?.last ?? 0;
  }

  /**
   * Reads what was said last: names that people took later than with the first entry of their logs are
   * learnt.
   *
   * @returns What was said, the latest last.
   */
  recall(): Recalled[] {
    const recalled: Recalled[] = [];
    for (const { entry } of this.#options.store.newest(this.room.number, LOOKED_BACK)) {
      const body = this.people.open(entry);
      if (body?.kind === "profile") this.people.learn(entry, body);
      else if (body) recalled.push({ id: messageId(entry), text: body.text, entry });
    }
    return recalled;
  }

  /**
   * Says lines, all or none. They are kept before this returns.
   *
   * @param lines The messages; what they are called here and when they were typed, where that was before.
   * @param now Time in ms.
   * @throws {RangeError} If one is longer than 65,536 bytes.
   * @throws {Error} If they cannot be kept; nothing was said then.
   */
  say(lines: readonly (Partial<Said> & { readonly text: string })[], now: number): Said[] {
    const bodies = lines.map(({ text, time }) => ({ body: { kind: "text", text } as const, time }));
    return this.#write(bodies, now).map(({ entry }, at) => {
      const id = lines[at]?.id ?? messageId(entry), text = lines[at]?.text ?? "";
      this.delivery.add(entry.number, { id, text });
      return { id, text, time: entry.time };
    });
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
    for (const { entry } of this.#write([{ body }], now)) this.people.learn(entry, body);
  }

  /**
   * Reads an entry that was kept.
   *
   * @param entry The entry.
   * @param now Time in ms; where it is left out, what nobody keeps yet stays where it was said.
   * @returns What it says; undefined where it cannot be read.
   * @throws {Error} If it is of our log, and the disk does not take what follows from that.
   */
  read(entry: Entry, now?: number): Body | undefined {
    const ours = equal(entry.author, this.#own) && equal(entry.log, this.#log);
    if (ours && now === undefined) this.#moveOn();
    else if (ours && now !== undefined) this.#sayElsewhere(now);
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
   * Others say what they hold of our logs, and what they held and let go: that was stored. If it is more
   * than we have of it, or something else, our store is an old copy: what is said goes on in another
   * log, also what they cannot have.
   *
   * @param logs What they hold.
   * @param now Time in ms.
   * @returns The ids of own messages that they turn out to hold.
   * @throws {Error} If the disk does not take it.
   */
  heldThere(logs: readonly LogHeld[], now: number): string[] {
    const name = { author: this.#own, log: this.#log };
    const theirs = logs.find(({ author, log }) =>
      equal(author, name.author) && equal(log, name.log)
    );
    if (theirs === undefined) return [];
    const { floor, ranges, head } = theirs, last = ranges.at(-1)?.last ?? floor;
    if (last === 0) return [];
    // Some of what they hold may have come already, and be no sign that it is ours.
    const ours = last > this.#known ? undefined : this.room.idAt(name, last);
    // Of what is wholly gone there they do not say the hash.
    if (ours && (ranges.length === 0 || equal(ours, head))) {
      return this.delivery.stored((number) => number <= floor || within(ranges, number));
    }
    this.#sayElsewhere(now);
    return [];
  }

  /**
   * Somebody signed another history of a log. If it is ours, another program has a copy of our store: what is
   * said goes on in another log, also what nobody keeps yet.
   *
   * @param name The log.
   * @param now Time in ms.
   * @throws {Error} If the disk does not take it.
   */
  forked({ author, log }: LogName, now: number): void {
    if (equal(author, this.#own) && equal(log, this.#log)) this.#sayElsewhere(now);
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
  #moveOn(): void {
    const name = { author: this.#own, log: this.#log };
    this.#options.store.forget(this.room.number, name, this.#last + 1);
    this.#log = this.#ownLog();
    this.#known = this.#last;
  }

  #sayElsewhere(now: number): void {
    const { store } = this.#options, name = { author: this.#own, log: this.#log };
    const unheld = [...this.delivery.waiting].flatMap(([number, { id, text }]) => {
      const [stored] = store.range(this.room.number, name, number, number, 1);
      return stored ? [{ id, text, time: stored.entry.time }] : [];
    });
    this.#moveOn();
    if (unheld.length === 0) return;
    this.delivery.clear();
    this.sayName(this.people.nameOf(this.#own), now);
    this.say(unheld, now);
  }

  #ownLog(): Uint8Array {
    const { store, hub, log } = this.#options;
    const make = (): Uint8Array =>
      log && !this.room.log({ author: this.#own, log }) ? log : hub.random(LOG_BYTES);
    return store.ownLog(this.room.number, this.#own, make);
  }

  #write(
    said: readonly { readonly body: Body; readonly time?: number | undefined }[],
    now: number,
  ): StoredEntry[] {
    const { node, hub, seal } = this.#options, log = this.#log;
    const sealed = said.map(({ body, time }) => {
      const plain = encodeBody(body);
      return { body: seal?.seal(this.#own, log, hub.random, plain) ?? plain, time };
    });
    const stored = node.say(this.room, log, sealed, now);
    this.#known = this.#last;
    return stored;
  }
}

/**
 * What people and programs call a message: the same for all who have it.
 *
 * @param entry Its author, log and number.
 * @returns 16 characters.
 */
export function messageId({ author, log, number }: LogName & { readonly number: number }): string {
  const name = new Writer(AUTHOR_BYTES + LOG_BYTES + 8).bytes(author).bytes(log).varint(number);
  return keyText(sha256(name.finish())).slice(0, ID_CHARACTERS);
}
