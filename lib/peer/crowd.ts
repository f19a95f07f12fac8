/**
 * Who is in a room with us, by session: somebody may be there by two for a moment. Pure.
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import type { Address } from "../wire/address.ts";
import type { Beacon } from "../wire/beacon.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { Link } from "./link.ts";

/** Sessions in one room. */
export class Crowd implements Iterable<Link> {
  readonly #links = new Set<Link>();
  /** By how many sessions each is there. */
  readonly #people = new Map<string, number>();

  /** All sessions. */
  [Symbol.iterator](): Iterator<Link> {
    return this.#links.values();
  }

  /** How many people there are. */
  get size(): number {
    return this.#people.size;
  }

  /** Somebody is there by a session. */
  add(link: Link): void {
    if (this.#links.has(link)) return;
    this.#links.add(link);
    this.#people.set(link.key, (this.#people.get(link.key) ?? 0) + 1);
  }

  /** They are not any more; false where they were not. */
  delete(link: Link): boolean {
    if (!this.#links.delete(link)) return false;
    const left = (this.#people.get(link.key) ?? 1) - 1;
    if (left > 0) this.#people.set(link.key, left);
    else this.#people.delete(link.key);
    return true;
  }

  /** Whether a session is one of them. */
  has(link: Link): boolean {
    return this.#links.has(link);
  }

  /** A session with somebody, or with anybody. */
  with(key?: Uint8Array): Link | undefined {
    for (const link of this.#links) {
      if (key === undefined || equal(link.remote.identity, key)) return link;
    }
    return undefined;
  }

  /** The sessions with one run of a program. */
  of(instance: Uint8Array): Link[] {
    return [...this.#links].filter(({ remote }) => sameBytes(remote.instance, instance));
  }

  /** A beacon came from where sessions lead: they are alive. One from elsewhere says nothing of them. */
  vouch({ tag, port }: Beacon, { host }: Address, now: number): void {
    for (const { session } of this.of(tag)) {
      const { address } = session;
      if (address.host === host && address.port === port) session.vouch(now);
    }
  }
}
