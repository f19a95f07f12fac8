/**
 * Who is who in a room: the names that authors gave themselves in their logs. Pure.
 *
 * @module
 */

import { keyTag } from "../crypto/identity.ts";
import { CLOCK_STEPS, type Entry } from "../wire/entry.ts";
import { type Body, decodeBody } from "./body.ts";
import { skeleton } from "./lookalike.ts";
import { roomKey as keyOf } from "./room.ts";

/** How the bodies of a room are sealed. */
export interface RoomSeal {
  /**
   * Seals a body.
   *
   * @param author Whose entry it is for.
   * @param log In which log.
   * @param random Makes random bytes.
   * @param body What was said.
   */
  seal(
    author: Uint8Array,
    log: Uint8Array,
    random: (size: number) => Uint8Array,
    body: Uint8Array,
  ): Uint8Array;
  /**
   * Opens a body.
   *
   * @param author Whose entry it is.
   * @param log In which log.
   * @param sealed Anything that claims to be sealed.
   * @returns What was said, or undefined.
   */
  open(author: Uint8Array, log: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** Somebody's own word about themselves. */
export interface Profile {
  readonly name: string;
  /** The X25519 key to which others can seal, 32 bytes; it was certified. */
  readonly staticKey: Uint8Array;
}

/** A profile and when it was said. */
interface Known extends Profile {
  /** The time of that word: a later one counts. */
  readonly clock: number;
}

/** The people of one room. */
export class People {
  readonly #seal: RoomSeal | undefined;
  readonly #known = new Map<string, Known>();
  /** How many look like this, by their skeletons. */
  readonly #alike = new Map<string, number>();

  /**
   * Starts knowing nobody.
   *
   * @param seal How bodies are sealed; in the clear where it is left out.
   */
  constructor(seal: RoomSeal | undefined) {
    this.#seal = seal;
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

  /** The X25519 key of somebody; undefined before they said it. */
  staticKeyOf(author: Uint8Array): Uint8Array | undefined {
    return this.#known.get(keyOf(author))?.staticKey;
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
    const plain = this.#seal ? this.#seal.open(author, log, body) : body;
    return plain && decodeBody(author, plain);
  }

  /**
   * Somebody said who they are.
   *
   * @param entry The entry.
   * @param profile What they said.
   * @returns What they were called before, if this is another name and the latest.
   */
  learn(
    { author, clock }: Pick<Entry, "author" | "clock">,
    { name, staticKey }: Profile,
  ): { readonly old: string | undefined } | undefined {
    const key = keyOf(author), before = this.#known.get(key);
    if (before !== undefined && before.clock > clock) return undefined;
    this.#known.set(key, { name, staticKey, clock });
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
