/**
 * What one member holds of a room, in memory (PROTOCOL.md §20.1, §20.5). It does no networking.
 *
 * @module
 */

import { Malformed, same, toHex } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import { type LogName, type Place, placeOf, type RoomKeys } from "./rooms.ts";
import * as entries from "./rooms_entries.ts";
import type { HeldLog, HeldRange } from "./rooms_records.ts";

type SignedEntry = entries.SignedEntry;

const HOUR = 3_600_000 * 1024;

/** What became of an entry that came. */
export type Taken =
  | { readonly is: "kept" | "held" | "fork" }
  /** Not kept, as this neighbour that is held is none of it. */
  | { readonly is: "misfit"; readonly neighbour: number };

interface Log extends LogName {
  readonly numbers: Map<number, SignedEntry>;
  readonly forks: SignedEntry[];
}

/** A log's name as the key of a map. */
export function logKey({ author, log }: LogName): string {
  return toHex(author) + toHex(log);
}

/** The ranges of some numbers, in rising order. */
export function rangesOf(numbers: Iterable<number>): HeldRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges;
}

/** The logs of one room, and the own one among them. */
export class RoomStore {
  readonly place: Place;
  /** Author and log of what is said here. */
  readonly mine: LogName;
  readonly #seed: Uint8Array;
  readonly #logs: Map<string, Log> = new Map();
  #clock = 0;

  /** The room is its number if it is open, its keys, or all that is to know. */
  constructor(room: Uint8Array | RoomKeys | Place, seed: Uint8Array) {
    this.place = "seal" in room ? room : placeOf(room);
    this.#seed = seed;
    this.mine = { author: identityOf(seed), log: crypto.getRandomValues(new Uint8Array(8)) };
  }

  /** The number of the room. */
  get room(): Uint8Array {
    return this.place.room;
  }

  #log(name: LogName): Log {
    const known = this.#logs.get(logKey(name));
    if (known) return known;
    const { author, log } = name;
    const fresh: Log = { author, log, numbers: new Map(), forks: [] };
    this.#logs.set(logKey(name), fresh);
    return fresh;
  }

  #keep(entry: SignedEntry): void {
    this.#log(entry).numbers.set(entry.number, entry);
    if (entry.clock < Date.now() * 1024 + HOUR) this.#clock = Math.max(this.#clock, entry.clock);
  }

  /** The entry of a log and number, if it is held. */
  get(name: LogName, number: number): SignedEntry | undefined {
    return this.#logs.get(logKey(name))?.numbers.get(number);
  }

  /** Entries of other people with the number of one that is held. */
  forksOf(name: LogName): readonly SignedEntry[] {
    return this.#log(name).forks;
  }

  /** Makes the next entry of the own log, without keeping it. */
  draft(body: entries.Body, changes: Partial<entries.Entry> = {}): SignedEntry {
    const number = changes.number ?? Math.max(0, ...this.#log(this.mine).numbers.keys()) + 1;
    const before = this.get(this.mine, number - 1);
    const [plain, time] = [entries.encodeBody(body), Date.now()];
    return entries.signEntry(this.#seed, {
      ...{ ...this.mine, room: this.room, number, time },
      previous: before ? entries.idOf(before) : entries.NO_ENTRY,
      clock: Math.max(time * 1024, this.#clock + 1),
      body: this.place.seal(this.mine, plain),
      ...changes,
    });
  }

  /** Makes the next entry of the own log and keeps it. */
  write(body: entries.Body): SignedEntry {
    const entry = this.draft(body);
    this.#keep(entry);
    return entry;
  }

  /** Takes an entry that came and was checked by itself: it must fit to what is held. */
  take(entry: SignedEntry): Taken {
    const log = this.#log(entry);
    const known = log.numbers.get(entry.number);
    const id = entries.idOf(entry);
    if (known && same(entries.idOf(known), id)) return { is: "held" };
    if (known) log.forks.push(entry);
    if (log.forks.length > 0) return { is: "fork" };
    const [before, after] = [-1, 1].map((step) => log.numbers.get(entry.number + step));
    if (before && !same(entry.previous, entries.idOf(before))) {
      return { is: "misfit", neighbour: before.number };
    }
    if (after && !same(after.previous, id)) return { is: "misfit", neighbour: after.number };
    this.#keep(entry);
    return { is: "kept" };
  }

  /** What an entry says. What is not of the two, does not open or is malformed says nothing. */
  read(entry: SignedEntry): entries.Body {
    const { two } = this.place;
    const isShown = !two || two.some((author) => same(author, entry.author));
    if (!isShown) return { kind: "other", plain: entry.body };
    try {
      return entries.decodeBody(entry.author, this.place.open(entry, entry.body));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { kind: "other", plain: entry.body };
    }
  }

  /** What is held, for HOLD. */
  holds(): HeldLog[] {
    return [...this.#logs.values()].map(({ author, log, numbers }) => {
      const ranges = rangesOf(numbers.keys());
      const last = numbers.get(ranges.at(-1)?.last ?? 0);
      return { author, log, floor: 0, ranges, last: last && entries.idOf(last) };
    });
  }

  /** All entries that somebody lacks who holds these logs, log by log in rising order. */
  lackedBy(there: readonly HeldLog[]): SignedEntry[] {
    return [...this.#logs.values()].flatMap((log) => {
      const held = there.find((each) => logKey(each) === logKey(log));
      const isThere = (number: number): boolean =>
        held !== undefined && (number <= held.floor ||
          held.ranges.some(({ first, last }) => first <= number && number <= last));
      const lacking = [...log.numbers.values()].filter(({ number }) => !isThere(number));
      return lacking.sort((one, other) => one.number - other.number);
    });
  }

  /** What I lack of a log of which somebody holds so much. */
  lackingOf(there: HeldLog): HeldRange[] {
    const numbers = there.ranges.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, at) => first + at)
    );
    return rangesOf(numbers.filter((number) => !this.get(there, number)));
  }
}
