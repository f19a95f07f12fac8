/**
 * To how many of those who are here an own message has come. Pure.
 *
 * @module
 */

import type { StoredEntry } from "../chat/entry_store.ts";
import { Progress } from "../chat/progress.ts";
import type { MemberEvent } from "./member_event.ts";
import type { MemberRooms } from "./member_rooms.ts";
import type { NodeEvent } from "./node_event.ts";

/** It is told together, this often in ms (our choice). */
const REPORT_MS = 100;

/** What is needed. */
export interface SpreadOptions {
  readonly rooms: MemberRooms;
  /** How many others are here. */
  readonly members: () => number;
  /** Takes what is to be told. */
  readonly tell: (event: MemberEvent) => void;
}

/** Own messages in the room where all are. */
export class Spread {
  readonly #options: SpreadOptions;
  readonly #progress = new Progress();
  #dueAt: number | undefined;

  /**
   * Nothing was said.
   *
   * @param options What is needed.
   */
  constructor(options: SpreadOptions) {
    this.#options = options;
  }

  /** When `tick` wants to be called, in ms. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** An own message was said. */
  follow(stored: StoredEntry): void {
    this.#progress.follow(stored);
  }

  /** Somebody is here. */
  came(member: string): void {
    this.#progress.came(member);
  }

  /** Somebody has left. */
  forget(author: Uint8Array): void {
    this.#progress.forget(author);
  }

  /**
   * Somebody holds entries.
   *
   * @param event Which.
   * @param isForAll They are in the room where all are.
   * @param now Time in ms.
   */
  held(event: Extract<NodeEvent, { type: "held" }>, isForAll: boolean, now: number): void {
    const ids = this.#options.rooms.held(event), { key, remote } = event.link;
    if (!isForAll) return this.delivered(ids, remote.identity);
    for (const { seq } of event.entries) this.#progress.held(seq, key);
    this.#dueAt ??= now + REPORT_MS;
  }

  /** To one person, or found out afterwards: nobody counts. */
  delivered(ids: readonly string[], by: Uint8Array): void {
    for (const id of ids) this.#options.tell({ type: "status", id, state: "delivered", by });
  }

  /** Tells what is new, if it is time. */
  tick(now: number): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.#report();
    this.#dueAt = this.#progress.hasNews ? now + REPORT_MS : undefined;
  }

  /** Tells all that is new. */
  flush(): void {
    while (this.#progress.hasNews) this.#report();
    this.#dueAt = undefined;
  }

  #report(): void {
    const { rooms, members: count, tell } = this.#options, members = count();
    for (const { log, steps } of this.#progress.reports()) {
      for (const { number, holders: most } of steps) {
        const id = rooms.idOf(log, number), holders = Math.min(members, most);
        if (id) tell({ type: "status", id, state: "delivered", holders, members });
      }
    }
  }
}
