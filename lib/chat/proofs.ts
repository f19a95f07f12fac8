/**
 * Proofs that an author signed two entries of one number, on their way to one other program and from
 * it: two ENTRIES of one entry each, one right after the other. Who gets both needs to believe nobody.
 * Pure.
 *
 * @module
 */

import { sameBytes } from "../wire/bytes.ts";
import type { LogName } from "../wire/entry.ts";
import type { Run } from "../wire/room.ts";
import { checkEntry, entryId } from "./entry.ts";
import type { CheckedEntry, EntryStore } from "./entry_store.ts";
import type { Flight } from "./flight.ts";
import { logKey } from "./log.ts";
import type { Fork, Room } from "./room.ts";
import { type EncodedRun, encodeRuns } from "./runs.ts";

/** Proofs that answer one HOLD (our choice: there is hardly ever one; the rest with the next). */
const MAX_PROOFS = 64;

/**
 * Whether a run may be half of a proof.
 *
 * @param run Entries that came.
 */
export function isHalf({ history, parts }: Run): boolean {
  return history && parts.length === 1;
}

/** Proofs about the logs of one room, to and from one other program. */
export class Proofs {
  readonly #room: Room;
  readonly #store: EntryStore;
  readonly #peer: Uint8Array;
  #waiting: LogName[] = [];
  /** Logs of which the other side has the proof, or will have: once a session is enough. */
  readonly #known = new Set<string>();
  /** What came last, by stream. */
  readonly #half: [Run | undefined, Run | undefined] = [undefined, undefined];

  /**
   * Nothing is known of the other side.
   *
   * @param room The room.
   * @param store Where it is kept.
   * @param peer The other side's key.
   */
  constructor(room: Room, store: EntryStore, peer: Uint8Array) {
    this.#room = room;
    this.#store = store;
    this.#peer = peer;
  }

  /** How many wait to be sent. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Whether the other side knows that a log is frozen: it takes nothing of it. */
  has(name: LogName): boolean {
    return this.#known.has(logKey(name));
  }

  /** A log is frozen here: the other side is to have the proof, unless it does. */
  add(name: LogName): void {
    const key = logKey(name);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#waiting.push(name);
  }

  /**
   * The other side is to have the proofs of some logs, not all of them at once.
   *
   * @param which Which logs the two talk about.
   */
  addAll(which: (name: LogName) => boolean): void {
    for (const { name, frozen } of this.#room.logs) {
      if (this.size >= MAX_PROOFS) return;
      if (frozen && which(name)) this.add(name);
    }
  }

  /**
   * Takes the next one against the other side itself. It goes before all else: what they say in that log
   * is taken by nobody any more.
   *
   * @returns Its two records, which bring no entries; undefined where there is none.
   */
  urgent(): readonly EncodedRun[] | undefined {
    return this.#take(({ author }) => sameBytes(author, this.#peer));
  }

  /**
   * Takes the next one that can go: who has a proof takes nothing more of that log, so what is on its
   * way of it comes first.
   *
   * @param flight What is on its way.
   * @returns The same; undefined where there is none, for now.
   */
  next(flight: Flight): readonly EncodedRun[] | undefined {
    const flying = new Set<string>();
    if (this.size > 0) { for (const { entry } of flight.entries()) flying.add(logKey(entry)); }
    return this.#take((name) => !flying.has(logKey(name)));
  }

  #take(which: (name: LogName) => boolean): readonly EncodedRun[] | undefined {
    const at = this.#waiting.findIndex(which);
    const [name] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (name === undefined) return undefined;
    // A disk may have refused it.
    const [proof = []] = this.#store.forks(this.#room.number, name);
    return encodeRuns(proof.map((half) => ({ ...half, seq: 0 })), true)
      .map(({ bytes }) => ({ entries: [], bytes }));
  }

  /**
   * Entries came, and were looked at by themselves. What is held here does not matter: it may be one of
   * the two, none of them, or let go.
   *
   * @param stream On which stream.
   * @param run What came.
   * @returns The proof, where this and what came right before are one.
   */
  heard(stream: 0 | 1, run: Run): Fork | undefined {
    const before = this.#half[stream], key = logKey(run);
    this.#half[stream] = isHalf(run) ? run : undefined;
    if (!before || !isHalf(run) || before.first !== run.first || logKey(before) !== key) {
      return undefined;
    }
    const held = this.#only(before), other = this.#only(run);
    if (!held || !other || sameBytes(held.id, other.id)) return undefined;
    const log = this.#room.log(run);
    if (log && !log.frozen && !(checkEntry(held.entry) && checkEntry(other.entry))) {
      return undefined;
    }
    this.#known.add(key);
    return log && !log.frozen ? { held, other } : undefined;
  }

  #only({ author, log, first: number, previous, parts: [part] }: Run): CheckedEntry | undefined {
    const entry = part && { room: this.#room.number, author, log, number, previous, ...part };
    return entry && { entry, id: entryId(entry) };
  }
}
