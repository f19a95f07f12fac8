/**
 * Who is who in a room: the names that authors gave themselves in their logs. Pure.
 *
 * @module
 */

import { keyTag } from "../crypto/identity.ts";
import type { RoomKey } from "../crypto/room_key.ts";
import { CLOCK_STEPS, type Entry } from "../wire/entry.ts";
import { type Body, decodeBody } from "./body.ts";
import { skeleton } from "./lookalike.ts";
import { roomKey as keyOf } from "./room.ts";

/** Somebody's own word about themselves. */
interface Known {
  readonly name: string;
  /** The time of that word: a later one counts. */
  readonly clock: number;
}

/** The people of one room. */
export class People {
  readonly #key: RoomKey | undefined;
  readonly #known = new Map<string, Known>();
  /** How many look like this, by their skeletons. */
  readonly #alike = new Map<string, number>();

  /**
   * Starts knowing nobody.
   *
   * @param key In a room with a secret: what bodies are sealed with.
   */
  constructor(key: RoomKey | undefined) {
    this.#key = key;
  }

  /** What somebody is called; their key's tag before they said. */
  nameOf(author: Uint8Array): string {
    return this.#known.get(keyOf(author))?.name ?? keyTag(author);
  }

  /** Whether somebody has said who they are. */
  knows(author: Uint8Array): boolean {
    return this.#known.has(keyOf(author));
  }

  /** When somebody said it, in ms since 1970; -Infinity if never. */
  saidAt(author: Uint8Array): number {
    return (this.#known.get(keyOf(author))?.clock ?? -Infinity) / CLOCK_STEPS;
  }

  /** All who have said a name. */
  get names(): string[] {
    return [...this.#known.values()].map(({ name }) => name);
  }

  /**
   * Opens an entry.
   *
   * @param entry The entry.
   * @returns What it says; undefined where it cannot be read.
   */
  open(entry: Entry): Body | undefined {
    const { author, log, body } = entry;
    const plain = this.#key ? this.#key.open(author, log, body) : body;
    return plain && decodeBody(author, plain);
  }

  /**
   * Somebody said who they are.
   *
   * @param entry The entry.
   * @param name Their name.
   * @returns What they were called before, if this is another name and the latest.
   */
  learn({ author, clock }: Entry, name: string): { readonly old: string | undefined } | undefined {
    const key = keyOf(author), before = this.#known.get(key);
    if (before !== undefined && before.clock > clock) return undefined;
    this.#known.set(key, { name, clock });
    if (before?.name !== name) {
      if (before) this.#count(before.name, -1);
      this.#count(name, 1);
    }
    return before?.name === name ? undefined : { old: before?.name };
  }

  /** Whether somebody else looks like them. */
  hasTwin(author: Uint8Array): boolean {
    const name = this.#known.get(keyOf(author))?.name;
    return name !== undefined && (this.#alike.get(skeleton(name)) ?? 0) > 1;
  }

  #count(name: string, by: 1 | -1): void {
    const look = skeleton(name), count = (this.#alike.get(look) ?? 0) + by;
    if (count > 0) this.#alike.set(look, count);
    else this.#alike.delete(look);
  }
}
