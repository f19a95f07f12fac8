/**
 * What came and waits to be kept: a disk is asked once for all that came together. Pure.
 *
 * @module
 */

import type { CheckedEntry, EntryStore, StoredEntry } from "../chat/entry_store.ts";
import type { Room } from "../chat/room.ts";
import type { Link } from "./link.ts";

/** Entries are kept together for so long, in ms: a disk is asked once for all (our choice). */
const COMMIT_MS = 5;
/** While those of the last commit are still leaving, for so long at most, in ms: fewer, larger datagrams. */
const BUSY_MS = 50;
/** As many are kept at once at the latest (our choice: some ms of a disk). */
const COMMIT_ENTRIES = 512;
/** Where so many come together, it does not matter whose is first within some ms (our choice). */
const CROWD = 64;
/** Entries that wait for a disk that refuses them; more are not taken (our choice). */
const MAX_WAITING = 16_384;
/** And bytes of their bodies (our choice: it may take a while until somebody makes room). */
const MAX_WAITING_BYTES = 67_108_864;
/** The disk is asked again after so long, in ms (our choice). */
const RETRY_MS = 1_000;

/** What waits to be kept. */
export interface Waiting {
  readonly room: Room;
  readonly checked: CheckedEntry;
  readonly history: boolean;
  readonly stream: 0 | 1;
  readonly link: Link | undefined;
}

/** What became of a commit. */
export interface Committed {
  /** What is kept now; undefined where the disk refuses. */
  readonly rooms?: ReadonlyMap<
    Room,
    { readonly stored: readonly StoredEntry[]; readonly waiting: readonly Waiting[] }
  >;
  /** The disk takes nothing, or takes things again. */
  readonly disk?: { readonly error: Error | undefined };
}

/** Entries that wait. */
export class Inbox {
  readonly #store: EntryStore;
  #entries: Waiting[] = [];
  #bytes = 0;
  /** Something waits to be kept, or said to be kept. */
  #waits = false;
  #retryAt = -Infinity;
  #committedAt = -Infinity;
  /** What the last commit gave has not left yet. */
  #leaving = false;
  #failing = false;

  /**
   * Nothing waits.
   *
   * @param store Where entries are kept.
   */
  constructor(store: EntryStore) {
    this.#store = store;
  }

  /** So much waits that no more should be taken. */
  get full(): boolean {
    return this.#entries.length >= MAX_WAITING || this.#bytes >= MAX_WAITING_BYTES;
  }

  /** When what waits is to be kept, in ms. */
  get dueAt(): number {
    if (!this.#waits) return Infinity;
    return Math.max(this.#retryAt, this.#committedAt + (this.#leaving ? BUSY_MS : COMMIT_MS));
  }

  /** Whether it is to be kept now. */
  isDue(now: number): boolean {
    return now >= this.dueAt || this.#entries.length >= COMMIT_ENTRIES && !this.#failing;
  }

  /** Whether something of a room waits. */
  has(room: Room): boolean {
    return this.#entries.some((waiting) => waiting.room === room);
  }

  /** Something comes. */
  push(waiting: Waiting): void {
    this.#entries.push(waiting);
    this.#bytes += waiting.checked.entry.body.length;
  }

  /** Somebody waits for what came, be it nothing new. */
  wait(): void {
    this.#waits = true;
  }

  /** What the last commit gave has left. */
  left(): void {
    this.#leaving = false;
  }

  /**
   * Keeps all that waits.
   *
   * @param now Time in ms.
   * @returns What is kept.
   */
  commit(now: number): Committed {
    const entries = bySender(this.#entries);
    let seqs: number[] = [];
    try {
      if (entries.length > 0) seqs = this.#store.append(entries.map(({ checked }) => checked));
    } catch (error) {
      this.#entries = entries;
      this.#retryAt = now + RETRY_MS;
      const isNews = !this.#failing;
      this.#failing = true;
      return isNews ? { disk: { error: error as Error } } : {};
    }
    const again = this.#failing;
    this.#failing = this.#waits = false;
    this.#committedAt = now;
    this.#leaving = true;
    this.#entries = [];
    this.#bytes = 0;
    const rooms = new Map<Room, { stored: StoredEntry[]; waiting: Waiting[] }>();
    for (const [at, waiting] of entries.entries()) {
      const of = rooms.get(waiting.room) ?? { stored: [], waiting: [] };
      of.stored.push({ ...waiting.checked, seq: seqs[at] ?? 0 });
      of.waiting.push(waiting);
      rooms.set(waiting.room, of);
    }
    return again ? { rooms, disk: { error: undefined } } : { rooms };
  }
}

/**
 * In a crowd, what one sender brought side by side: it goes on in longer runs. What each said stays in its
 * order; of few, who was first is first.
 */
function bySender(entries: Waiting[]): Waiting[] {
  if (entries.length < CROWD) return entries;
  const senders = new Map<Link | undefined, Waiting[]>();
  for (const waiting of entries) {
    const others = senders.get(waiting.link);
    if (others) others.push(waiting);
    else senders.set(waiting.link, [waiting]);
  }
  return senders.size < 2 ? entries : [...senders.values()].flat();
}
