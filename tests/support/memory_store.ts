/**
 * A store of arrays: slow and obvious, the twin of the one on disk.
 *
 * @module
 */

import type {
  CheckedEntry,
  EntryStore,
  LogFloor,
  LogState,
  Pair,
  StoredEntry,
} from "../../lib/chat/entry_store.ts";
import type { LogName } from "../../lib/wire/entry.ts";
import { RangeSet } from "../../lib/wire/ranges.ts";

/** Entries in the order in which they were kept. */
export class MemoryStore implements EntryStore {
  entries: StoredEntry[] = [];
  /** Two signed entries of one number each. */
  readonly proofs: [CheckedEntry, CheckedEntry][] = [];
  /** Thrown by `append` while it is set: a full disk. */
  failure: Error | undefined;
  /** How often entries were kept. */
  commits = 0;
  readonly #pairs: { readonly room: Uint8Array; readonly pair: Pair }[] = [];
  readonly #own = new Map<string, Uint8Array>();
  /** Logs that were wholly let go, as they were then. */
  #gone: (LogState & { readonly room: Uint8Array })[] = [];
  readonly #floors = new Map<string, number>();
  #seq = 0;

  /** The same once more: somebody copies the file. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    copy.entries = [...this.entries];
    copy.proofs.push(...this.proofs);
    copy.#pairs.push(...this.#pairs);
    for (const [key, log] of this.#own) copy.#own.set(key, log);
    for (const [key, floor] of this.#floors) copy.#floors.set(key, floor);
    copy.#seq = this.#seq;
    return copy;
  }

  /** Lets the beginnings of all logs of a room go, never the last entry of one. */
  trim(room: Uint8Array, share: number): LogFloor[] {
    const floors = this.logs(room).map(({ author, log, ranges }) => {
      const last = (ranges.at(-1)?.last ?? 1) - 1;
      return {
        author,
        log,
        floor: Math.max(this.#floor(room, { author, log }), Math.floor(last * share)),
      };
    });
    for (const { floor, ...name } of floors) this.#floors.set(keyOf(room, name), floor);
    this.entries = this.entries.filter(({ entry }) =>
      !equal(entry.room, room) || entry.number > this.#floor(room, entry)
    );
    return floors;
  }

  #floor(room: Uint8Array, name: LogName): number {
    return this.#floors.get(keyOf(room, name)) ?? 0;
  }

  logs(room: Uint8Array): LogState[] {
    const logs = new Map<string, { name: LogName; held: RangeSet; head: StoredEntry }>();
    for (const stored of this.#of(room)) {
      const { author, log, number } = stored.entry, key = `${author.join()}/${log.join()}`;
      const state = logs.get(key) ??
        { name: { author, log }, held: new RangeSet(), head: stored };
      if (number > this.#floor(room, { author, log })) state.held.add(number, number);
      if (number > state.head.entry.number) state.head = stored;
      logs.set(key, state);
    }
    const states = [...logs.values()].map(({ name, held, head }) => ({
      ...name,
      floor: Math.max(
        this.#floor(room, name),
        this.#gone.find((state) => equal(state.room, room) && same(state, name))?.floor ?? 0,
      ),
      ranges: held.ranges,
      head: head.id,
      frozen: this.forks(room, name).length > 0,
    }));
    const gone = this.#gone.filter((state) =>
      equal(state.room, room) && !states.some((each) => same(each, state))
    );
    return [...states, ...gone];
  }

  /** Lets all entries of a room go. */
  letGo(room: Uint8Array): LogFloor[] {
    const states = this.logs(room).map((state) => ({
      ...state,
      room,
      floor: state.ranges.at(-1)?.last ?? state.floor,
      ranges: [],
    }));
    this.#gone = [...this.#gone.filter((state) => !equal(state.room, room)), ...states];
    this.entries = this.entries.filter(({ entry }) => !equal(entry.room, room));
    return states.map(({ author, log, floor }) => ({ author, log, floor }));
  }

  last(room: Uint8Array): number {
    return this.#of(room).at(-1)?.seq ?? 0;
  }

  clock(most: number): number {
    return this.entries.map(({ entry }) => entry.clock).filter((clock) => clock <= most)
      .reduce((latest, clock) => Math.max(latest, clock), 0);
  }

  append(entries: readonly CheckedEntry[]): number[] {
    if (this.failure) throw this.failure;
    this.commits++;
    return entries.map((checked) => {
      const again = this.entries.some(({ entry }) =>
        same(entry, checked.entry) && entry.number === checked.entry.number &&
        equal(entry.room, checked.entry.room)
      );
      if (again) throw new Error(`entry ${checked.entry.number} is kept twice`);
      this.entries.push({ ...checked, seq: ++this.#seq });
      return this.#seq;
    });
  }

  after(room: Uint8Array, seq: number, limit: number): StoredEntry[] {
    return this.#of(room).filter((stored) => stored.seq > seq).slice(0, limit);
  }

  newest(room: Uint8Array, limit: number, most = Infinity): StoredEntry[] {
    return this.#of(room).filter(({ entry }) => entry.clock <= most).sort((a, b) =>
      a.entry.clock - b.entry.clock
    ).slice(-limit);
  }

  range(
    room: Uint8Array,
    name: LogName,
    first: number,
    last: number,
    limit: number,
  ): StoredEntry[] {
    return this.#of(room)
      .filter(({ entry }) => same(entry, name) && entry.number >= first && entry.number <= last)
      .sort((a, b) => a.entry.number - b.entry.number).slice(0, limit);
  }

  oldest(room: Uint8Array, name: LogName, first: number, last: number): number | undefined {
    const seqs = this.range(room, name, first, last, Infinity).map(({ seq }) => seq);
    return seqs.length > 0 ? Math.min(...seqs) : undefined;
  }

  ownLog(room: Uint8Array, author: Uint8Array, make: () => Uint8Array): Uint8Array {
    const key = `${room.join()}/${author.join()}`, known = this.#own.get(key);
    const usable = known && this.forks(room, { author, log: known }).length === 0;
    const log = usable ? known : make();
    this.#own.set(key, log);
    return log;
  }

  forget(room: Uint8Array, name: LogName, from: number): void {
    this.#own.delete(`${room.join()}/${name.author.join()}`);
    this.entries = this.entries.filter(({ entry }) =>
      !(equal(entry.room, room) && same(entry, name) && entry.number >= from)
    );
  }

  freeze(held: CheckedEntry, other: CheckedEntry): void {
    this.proofs.push([held, other]);
  }

  forks(room: Uint8Array, name?: LogName): [CheckedEntry, CheckedEntry][] {
    return this.proofs.filter(([{ entry }]) =>
      equal(entry.room, room) && (name === undefined || same(entry, name))
    );
  }

  addPair(room: Uint8Array, pair: Pair): void {
    if (this.failure) throw this.failure;
    if (!this.pairOf(room)) this.#pairs.push({ room, pair });
  }

  pairOf(room: Uint8Array): Pair | undefined {
    return this.#pairs.find((each) => equal(each.room, room))?.pair;
  }

  pairsOf(parent: Uint8Array, key: Uint8Array, limit: number): Uint8Array[] {
    return this.#pairs.filter(({ room, pair }) =>
      equal(pair.parent, parent) && (equal(pair.one, key) || equal(pair.other, key)) &&
      this.#of(room).length > 0
    ).reverse().slice(0, limit).map(({ pair: { one, other } }) => equal(one, key) ? other : one);
  }

  #of(room: Uint8Array): StoredEntry[] {
    return this.entries.filter(({ entry }) => equal(entry.room, room));
  }
}

function keyOf(room: Uint8Array, { author, log }: LogName): string {
  return `${room.join()}/${author.join()}/${log.join()}`;
}

function same(a: LogName, b: LogName): boolean {
  return equal(a.author, b.author) && equal(a.log, b.log);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
