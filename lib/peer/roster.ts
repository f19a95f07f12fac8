/**
 * Who is in a room: names that people gave themselves, and who is here now. Pure.
 *
 * @module
 */

import type { People, Profile } from "../chat/people.ts";
import type { Room } from "../chat/room.ts";
import type { EntryStore } from "../chat/entry_store.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { Entry } from "../wire/entry.ts";
import type { Whereabouts } from "./away.ts";
import type { MemberEvent } from "./member_event.ts";

/** What is told of somebody. */
type Presence = Extract<MemberEvent, { type: "presence" }>;

/** Entries that are looked at for who said something when (our choice). */
const LOOKED_BACK = 1_000;
/** People of whom it is remembered where they are (our choice: as many as are told of). */
const MAX_WHEREABOUTS = 1_024;
/** Characters of a key's tag behind a name that is not the only one of its kind. */
const TAG_SHOWN = 4;

/** The people of one room. */
export class Roster {
  readonly people: People;
  readonly #room: Room;
  readonly #here = new Set<string>();
  /** When somebody said something last, in ms since 1970. */
  readonly #lastSaid = new Map<string, number>();
  /** Those who bear the name of somebody else who is known. */
  readonly #doubted = new Set<string>();
  /** What people said about being away, the latest of each. */
  readonly #whereabouts = new Map<string, Whereabouts>();
  /** Those of them whose name is not known yet. */
  readonly #nameless = new Set<string>();

  /**
   * Learns from what is kept who said something when.
   *
   * @param room The room.
   * @param people Who is who.
   * @param store Where it is kept.
   */
  constructor(room: Room, people: People, store: EntryStore) {
    this.#room = room;
    this.people = people;
    for (const { entry } of store.newest(room.number, LOOKED_BACK)) this.saw(entry);
  }

  /** Somebody said something. */
  saw({ author, time }: Entry): void {
    const key = keyText(author);
    this.#lastSaid.set(key, Math.max(time, this.#lastSaid.get(key) ?? 0));
  }

  /** When somebody said something last, in ms since 1970; undefined where it is long ago. */
  lastSaid(key: Uint8Array): number | undefined {
    return this.#lastSaid.get(keyText(key));
  }

  /** The keys of those who are here, as {@linkcode keyText} writes them. */
  get here(): ReadonlySet<string> {
    return this.#here;
  }

  /** Why somebody who is here is away; undefined where they are not. */
  awayText(key: Uint8Array): string | undefined {
    const text = keyText(key), where = this.#whereabouts.get(text);
    return where?.away && this.#here.has(text) ? where.text : undefined;
  }

  /** Everybody who has ever said anything here. */
  get authors(): Uint8Array[] {
    const authors = new Map<string, Uint8Array>();
    for (const { name } of this.#room.logs) authors.set(keyText(name.author), name.author);
    return [...authors.values()];
  }

  /**
   * What somebody is called here: with the tag of their key where another one looks alike.
   *
   * @param key Who.
   */
  label(key: Uint8Array): string {
    const name = this.people.nameOf(key), tag = keyTag(key);
    const isPlain = !this.people.hasTwin(key) && !this.#doubted.has(keyText(key));
    return name === tag || isPlain ? name : `${name}~${tag.slice(0, TAG_SHOWN)}`;
  }

  /** Somebody bears the name of somebody else who is known: they are always shown with their tag. */
  doubt(key: Uint8Array): void {
    this.#doubted.add(keyText(key));
  }

  /**
   * Who is called so.
   *
   * @param name A name, a label, or the beginning of a key's text.
   * @returns Their keys; more than one where several look alike.
   */
  find(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    const all = this.authors.map((key) => ({ key, label: this.label(key).toLowerCase() }));
    const exact = all.filter(({ label }) => label === wanted);
    if (exact.length > 0) return exact.map(({ key }) => key);
    return all.filter(({ key, label }) =>
      label.split("~")[0] === wanted || (wanted.length >= 4 && keyText(key).startsWith(wanted))
    ).map(({ key }) => key);
  }

  /** Nobody is known to be here: the relay will say who is. */
  clear(): void {
    this.#here.clear();
    this.#nameless.clear();
  }

  /**
   * Somebody has come or gone. Whose name is not known yet is told of with their name.
   *
   * @param key Who.
   * @param isHere Which of both.
   * @returns What is to be told.
   */
  move(key: Uint8Array, isHere: boolean): Presence[] {
    const text = keyText(key), who = { key, name: this.people.nameOf(key) };
    if (isHere ? this.#here.has(text) : !this.#here.delete(text)) return [];
    if (!isHere) {
      this.#whereabouts.delete(text);
      return this.#nameless.delete(text) ? [] : [{ type: "presence", who, state: "gone" }];
    }
    this.#here.add(text);
    if (this.people.knows(key)) {
      return [{ type: "presence", who, state: "here" }, ...this.#awayOf(key)];
    }
    this.#nameless.add(text);
    return [];
  }

  /**
   * Somebody said where they are. It may come before it is known that they are here.
   *
   * @param said What they said.
   * @returns What is to be told.
   */
  whereabouts(said: Whereabouts): Presence[] {
    const text = keyText(said.author), before = this.#whereabouts.get(text);
    if (before !== undefined && before.time >= said.time) return [];
    if (before === undefined && this.#whereabouts.size >= MAX_WHEREABOUTS) return [];
    this.#whereabouts.set(text, said);
    if (!this.#here.has(text) || this.#nameless.has(text)) return [];
    if (said.away) return this.#awayOf(said.author);
    const who = { key: said.author, name: this.people.nameOf(said.author) };
    return before?.away ? [{ type: "presence", who, state: "here" }] : [];
  }

  #awayOf(key: Uint8Array): Presence[] {
    const text = this.awayText(key);
    if (text === undefined) return [];
    const who = { key, name: this.people.nameOf(key) };
    return [{ type: "presence", who, state: "away", text }];
  }

  /**
   * Somebody said who they are.
   *
   * @param entry The entry.
   * @param profile What they said.
   * @param history It is no news.
   * @returns What is to be told.
   */
  learn(entry: Entry, profile: Profile, history: boolean): Presence[] {
    const { name } = profile, who = { key: entry.author, name };
    const learnt = this.people.learn(entry, profile);
    const told: Presence[] = [];
    if (this.#nameless.delete(keyText(entry.author))) {
      told.push({ type: "presence", who, state: "here" }, ...this.#awayOf(entry.author));
    }
    if (learnt?.old === undefined || history) return told;
    return [...told, { type: "presence", who, state: "renamed", old: learnt.old }];
  }
}
