/**
 * What rooms want of whatever keeps their entries. `lib/store` does it with SQLite, the tests with
 * arrays.
 *
 * @module
 */

import type { Entry, LogName } from "../wire/entry.ts";
import type { Range } from "../wire/ranges.ts";

/** An entry that was checked. */
export interface CheckedEntry {
  readonly entry: Entry;
  /** Its hash, 32 bytes. */
  readonly id: Uint8Array;
}

/** An entry that is kept. */
export interface StoredEntry extends CheckedEntry {
  /** When it was kept, among all: numbers rise. */
  readonly seq: number;
}

/** How far a log is held. */
export interface LogState extends LogName {
  /** Entries up to this number were trimmed. */
  readonly floor: number;
  /** Numbers above it that are held, lowest first. */
  readonly ranges: readonly Range[];
  /** The hash of the last of them; of the one at the floor, where none is held. */
  readonly head: Uint8Array;
  /** Its author signed two different entries of one number: it goes no further. */
  readonly frozen: boolean;
}

/** What was let go of a log: all up to a number. */
export interface LogFloor extends LogName {
  readonly floor: number;
  /** Nothing is known of the log any more. */
  readonly forgotten?: true;
}

/** Whose a room of two is. */
export interface Pair {
  /** The number of the room where they met. */
  readonly parent: Uint8Array;
  readonly one: Uint8Array;
  readonly other: Uint8Array;
}

/** Keeps entries. All calls are synchronous; what `append` has returned survives `kill -9`. */
export interface EntryStore {
  /** All logs of a room. */
  logs(room: Uint8Array): LogState[];
  /** The largest `seq` in a room; 0 for none. */
  last(room: Uint8Array): number;
  /**
   * The latest clock of all entries.
   *
   * @param most Later ones are wrong, and do not count.
   * @returns The clock; 0 for none.
   */
  clock(most: number): number;
  /**
   * Keeps entries, all or none.
   *
   * @param entries What to keep; none of them is held.
   * @returns The `seq` of each.
   * @throws {Error} If they cannot be kept: a full disk, no permission. Nothing has changed then.
   */
  append(entries: readonly CheckedEntry[]): number[];
  /** Entries of a room that were kept after another, in that order. */
  after(room: Uint8Array, seq: number, limit: number): StoredEntry[];
  /** The latest entries of a room by clock, the latest last; those beyond `most` do not count. */
  newest(room: Uint8Array, limit: number, most?: number): StoredEntry[];
  /** Entries of one log, by number. */
  range(room: Uint8Array, name: LogName, first: number, last: number, limit: number): StoredEntry[];
  /** The smallest `seq` of some entries of one log; undefined where none is held. */
  oldest(room: Uint8Array, name: LogName, first: number, last: number): number | undefined;
  /**
   * The log in which an author writes here; another one once it must not be gone on with.
   *
   * @param room The room.
   * @param author One's own key.
   * @param make Makes the random number of a new log, 8 bytes.
   */
  ownLog(room: Uint8Array, author: Uint8Array, make: () => Uint8Array): Uint8Array;
  /**
   * Removes the last entries of one's own log: nothing more is said in it.
   *
   * @param room The room.
   * @param name The log.
   * @param from The first number that goes.
   */
  forget(room: Uint8Array, name: LogName, from: number): void;
  /**
   * Keeps the proof that somebody signed two entries of one number, and freezes the log.
   *
   * @param held The entry that is held.
   * @param other The other one.
   */
  freeze(held: CheckedEntry, other: CheckedEntry): void;
  /**
   * The proofs against the authors of frozen logs.
   *
   * @param room The room.
   * @param name Of which log; of all where it is left out.
   * @returns Two entries of one log and number each; first the one that is held.
   */
  forks(room: Uint8Array, name?: LogName): [CheckedEntry, CheckedEntry][];
  /**
   * Remembers that a room is one of two people.
   *
   * @param room The number of the room.
   * @param pair Whose it is; their order does not matter.
   */
  addPair(room: Uint8Array, pair: Pair): void;
  /** Whose a room is, where it is one of two. */
  pairOf(room: Uint8Array): Pair | undefined;
  /**
   * With whom somebody has a room in which something is held.
   *
   * @param parent The room where they met.
   * @param key Their key.
   * @param limit So many at most: the pairs that were remembered last.
   * @returns The keys of the others.
   */
  pairsOf(parent: Uint8Array, key: Uint8Array, limit: number): Uint8Array[];
}
