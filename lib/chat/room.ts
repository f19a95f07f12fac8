/**
 * A room: a set of signed, append-only logs, one per author and store. It checks what comes from
 * others and appends what one says. Pure; keeping is the store's.
 *
 * ```text
 *   run ─▶ take: hash, chain, signature ─▶ pending ─▶ store.append ─▶ kept ─▶ held, pushed on
 * ```
 *
 * @module
 */

import type { Identity } from "../crypto/identity.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { Entry, LogName } from "../wire/entry.ts";
import type { Run } from "../wire/room.ts";
import type { HybridClock } from "./clock.ts";
import { checkEntry, entryId, NO_ENTRY, signEntry } from "./entry.ts";
import type { CheckedEntry, EntryStore, LogFloor, StoredEntry } from "./entry_store.ts";
import { Log, logKey } from "./log.ts";
import { Tape } from "./tape.ts";

/** Logs in one room (our choice: each author has one for each store that they ever had). */
export const MAX_LOGS = 16_384;
/** And in all: who invents authors, and passes on what they say, keeps out nobody who writes (ours). */
export const MAX_ALL_LOGS: number = 2 * MAX_LOGS;
/** Logs that are wholly gone and not forgotten; they keep nobody out. Of each a newcomer is told: with all
 * others these are less than a link takes that does not read (our choice). */
export const MAX_GONE_LOGS = 4_096;
/** So many may the others hold: all of a relay, and one's own of before. */
export const MAX_HELD_LOGS: number = MAX_ALL_LOGS + 64;
/** Gaps in one log (our choice: what comes beyond is not taken, and asked for again later). */
export const MAX_GAPS = 64;

/**
 * A room's number as the key of a map.
 *
 * @param number 32 bytes.
 */
export function roomKey(number: Uint8Array): string {
  return number.toHex();
}

/** Two signed entries of one number. */
export interface Fork {
  readonly held: CheckedEntry;
  readonly other: CheckedEntry;
}

/** What became of a run. */
export interface Taken {
  /** New ones, to be kept. */
  readonly fresh: readonly CheckedEntry[];
  /** More of it cannot be taken: too many logs, or too many gaps. */
  readonly refused?: true;
  /** It does not fit what is not kept yet: to be taken again once that is. */
  readonly unsettled?: true;
  /** The run cannot be true: its sender did not check it. */
  readonly forged: boolean;
  /** One before it is another than the one that is held: to be asked for, as a proof. */
  readonly disputed?: number;
  /** Two signed entries of one number. */
  readonly fork?: Fork;
}

const NOTHING: Taken = { fresh: [], forged: false };

/** One room. */
export class Room {
  /** Its number, 32 bytes. */
  readonly number: Uint8Array;
  /** The same as the key of a map. */
  readonly key: string;
  /** What was kept last. */
  readonly tape: Tape;
  readonly #store: EntryStore;
  readonly #clock: HybridClock;
  readonly #logs = new Map<string, Log>();
  #last: number;
  #frozen = 0;

  /**
   * A room as it is kept.
   *
   * @param number Its number.
   * @param store Where it is kept.
   * @param clock Of this program.
   */
  constructor(number: Uint8Array, store: EntryStore, clock: HybridClock) {
    this.number = number;
    this.key = roomKey(number);
    this.#store = store;
    this.#clock = clock;
    for (const state of store.logs(number)) {
      this.#logs.set(logKey(state), new Log(state));
      if (state.frozen) this.#frozen++;
    }
    this.#last = store.last(number);
    this.tape = new Tape(this.#last);
  }

  /** All logs. */
  get logs(): Iterable<Log> {
    return this.#logs.values();
  }

  /** How many logs there are. */
  get size(): number {
    return this.#logs.size;
  }

  /**
   * Whether there are as many logs as there may be. Those that are wholly gone do not count.
   *
   * @param most So many may be there.
   */
  isFull(most: number = MAX_LOGS): boolean {
    if (this.#logs.size < most) return false;
    let count = 0;
    for (const log of this.#logs.values()) if (!log.gone) count++;
    return count >= most;
  }

  /** How many logs go no further, as their authors signed two histories. */
  get frozen(): number {
    return this.#frozen;
  }

  /** The largest `seq`. */
  get last(): number {
    return this.#last;
  }

  /** The latest clock that is believed: what lies beyond it is from a clock that is wrong. */
  get clock(): number {
    return this.#clock.last;
  }

  /** A log, if anything of it is held. */
  log(name: LogName): Log | undefined {
    return this.#logs.get(logKey(name));
  }

  /**
   * Says something in a log of one's own. It is not kept yet.
   *
   * @param identity Who says it.
   * @param log In which log.
   * @param body What is said.
   * @param wall Wall time in ms.
   * @param time When it was typed, where that was earlier.
   * @returns The entry.
   */
  say(
    identity: Identity,
    log: Uint8Array,
    body: Uint8Array,
    wall: number,
    time: number = wall,
  ): CheckedEntry {
    const own = this.#open({ author: identity.publicKey, log });
    const number = Math.max(own.last, ...own.pending.keys()) + 1;
    const checked = signEntry(identity, {
      room: this.number,
      log,
      number,
      previous: number === 1 ? NO_ENTRY : this.#idOf(own, number - 1) ?? NO_ENTRY,
      clock: this.#clock.next(wall),
      time,
      body,
    });
    own.pending.set(number, { id: checked.id, previous: checked.entry.previous });
    return checked;
  }

  /**
   * Takes what somebody sent. Nothing is held before `kept`.
   *
   * @param run Some entries of one log.
   * @param wall Wall time in ms.
   * @param most Logs that there may be; in those that are known it goes on.
   * @returns What became of it.
   */
  take(run: Run, wall: number, most = MAX_LOGS): Taken {
    let log = this.log(run);
    if (log?.frozen) return NOTHING;
    if (log === undefined && this.isFull(most)) return { ...NOTHING, refused: true };
    const fresh: CheckedEntry[] = [];
    let { first: number, previous } = run;
    for (const part of run.parts) {
      const entry = {
        room: this.number,
        author: run.author,
        log: run.log,
        number,
        previous,
        ...part,
      };
      if (number <= (log?.floor ?? 0)) previous = entryId(entry); // It was let go.
      else if (log?.has(number)) {
        const fork = this.#compare(log, entry);
        if (fork !== undefined) return { fresh, ...fork };
        previous = entryId(entry);
      } else {
        if (log && tooManyGaps(log, number)) return { fresh, forged: false, refused: true };
        if (number === 1 && !sameBytes(previous, NO_ENTRY)) return { fresh, forged: true };
        const disputed = this.#disputed(log, entry);
        const id = checkEntry(entry);
        if (id === undefined) return { fresh, forged: true };
        if (disputed === "unsettled") return { fresh, forged: false, unsettled: true };
        if (disputed !== undefined) return { fresh, forged: false, disputed };
        log ??= this.#open(run);
        log.pending.set(number, { id, previous });
        this.#clock.see(part.clock, wall);
        fresh.push({ entry, id });
        previous = id;
      }
      number++;
    }
    return { fresh, forged: false };
  }

  /**
   * The hash of an entry that is held.
   *
   * @param name The log.
   * @param number Which entry.
   */
  idAt(name: LogName, number: number): Uint8Array | undefined {
    const log = this.log(name);
    return log?.held.has(number) ? this.#idOf(log, number) : undefined;
  }

  /**
   * Entries are kept now.
   *
   * @param entries What was kept, in order.
   */
  kept(entries: readonly StoredEntry[]): void {
    for (const { entry, id, seq } of entries) {
      this.#open(entry).keep(entry.number, id);
      this.#last = Math.max(this.#last, seq);
    }
  }

  /** Entries could not be kept: they may come again. */
  dropped(entries: readonly CheckedEntry[]): void {
    for (const { entry } of entries) this.log(entry)?.pending.delete(entry.number);
  }

  /** The store has let old entries go. */
  trimmed(floors: readonly LogFloor[]): void {
    for (const { floor, forgotten, ...name } of floors) {
      const log = this.log(name);
      log?.raise(floor);
      if (forgotten && log?.gone) this.#logs.delete(logKey(name));
    }
  }

  /** An author signed two histories: the log goes no further. */
  freeze(name: LogName): void {
    const log = this.log(name);
    if (log === undefined || log.frozen) return;
    log.frozen = true;
    this.#frozen++;
  }

  #open(name: LogName): Log {
    const key = logKey(name), known = this.#logs.get(key);
    if (known !== undefined) return known;
    const { author, log } = name;
    const made = new Log({ author, log, floor: 0, ranges: [], head: NO_ENTRY, frozen: false });
    this.#logs.set(key, made);
    return made;
  }

  /** Whether an entry that is held is this one; a fork where it is another, and both are signed. */
  #compare(log: Log, entry: Entry): Pick<Taken, "forged" | "fork" | "unsettled"> | undefined {
    const id = entryId(entry), at = log.idOf(entry.number);
    if (at !== undefined && sameBytes(at, id)) return undefined;
    const [held] = this.#read(entry, entry.number);
    if (held !== undefined && sameBytes(held.id, id)) return undefined;
    if (checkEntry(entry) === undefined) return { forged: true };
    if (held !== undefined) return { forged: false, fork: { held, other: { entry, id } } };
    return log.pending.has(entry.number) ? { forged: false, unsettled: true } : undefined;
  }

  /** The number of a neighbour that does not fit; or that it cannot be told before it is kept. */
  #disputed(log: Log | undefined, entry: Entry): number | "unsettled" | undefined {
    const { number } = entry;
    const before = number === 1
      ? NO_ENTRY
      : log?.has(number - 1)
      ? this.#idOf(log, number - 1)
      : log?.idOf(number - 1); // It was let go, and its hash is known.
    if (before !== undefined && !sameBytes(before, entry.previous)) return number - 1;
    const next = log?.pending.get(number + 1);
    if (next && !sameBytes(next.previous, entryId(entry))) return "unsettled";
    if (!log?.held.has(number + 1)) return undefined;
    const [after] = this.#read(entry, number + 1);
    return after && !sameBytes(after.entry.previous, entryId(entry)) ? number + 1 : undefined;
  }

  #idOf(log: Log, number: number): Uint8Array | undefined {
    return log.idOf(number) ?? this.#read(log.name, number)[0]?.id;
  }

  #read(name: LogName, number: number): StoredEntry[] {
    return this.#store.range(this.number, name, number, number, 1);
  }
}

function tooManyGaps(log: Log, number: number): boolean {
  return log.held.ranges.length + log.pending.size >= MAX_GAPS && !log.has(number - 1) &&
    !log.has(number + 1);
}
