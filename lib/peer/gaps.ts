/**
 * What of a room nobody who is reachable holds: told once, when nothing more comes. Pure.
 *
 * @module
 */

import { logKey } from "../chat/log.ts";
import type { Room } from "../chat/room.ts";
import type { LogFloor } from "../chat/entry_store.ts";

/** The holes of one room. */
export class Gaps {
  readonly #room: Room;
  readonly #quietMs: number;
  /** Up to where others have let logs go: what is before is told of otherwise. */
  readonly #letGo = new Map<string, number>();
  #told = 0;
  #dueAt: number | undefined;

  /**
   * Nobody was told anything.
   *
   * @param room The room.
   * @param quietMs After so long nothing more is expected, in ms.
   */
  constructor(room: Room, quietMs: number) {
    this.#room = room;
    this.#quietMs = quietMs;
  }

  /** When to look, in ms. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Something came, or somebody from whom it may come. */
  wait(now: number): void {
    this.#dueAt = now + this.#quietMs;
  }

  /** Others have let the beginning of a log go. */
  letGo({ author, log, floor }: LogFloor): void {
    const key = logKey({ author, log });
    this.#letGo.set(key, Math.max(floor, this.#letGo.get(key) ?? 0));
  }

  /**
   * Looks, if it is time.
   *
   * @param reachable Somebody is there who would have brought what is missing.
   * @param now Time in ms.
   * @returns How many are missing, where that is news; undefined where there is nothing to tell.
   */
  look(reachable: boolean, now: number): number | undefined {
    if (this.#dueAt === undefined || now < this.#dueAt) return undefined;
    this.#dueAt = undefined;
    if (!reachable) return undefined;
    const count = this.#count(), isNews = count !== this.#told;
    this.#told = count;
    return isNews && count > 0 ? count : undefined;
  }

  #count(): number {
    let count = 0;
    for (const { name, floor, frozen, held } of this.#room.logs) {
      // Nothing is taken of a frozen log, whoever holds it.
      if (frozen || held.largest === undefined) continue;
      const from = Math.max(floor, this.#letGo.get(logKey(name)) ?? 0) + 1;
      for (const { first, last } of held.missing(from, held.largest)) count += last - first + 1;
    }
    return count;
  }
}
