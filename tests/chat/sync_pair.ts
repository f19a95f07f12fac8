/**
 * Two rooms that sync over a pipe in memory: bytes of each stream arrive in order, cut anywhere, the
 * streams independently of each other. What `lib/peer/node.ts` does around a sync, as simple as it can
 * be.
 *
 * @module
 */

import { assert } from "@std/assert";
import { HybridClock } from "../../lib/chat/clock.ts";
import type { CheckedEntry, StoredEntry } from "../../lib/chat/entry_store.ts";
import { Room, type Taken } from "../../lib/chat/room.ts";
import { encodeRuns } from "../../lib/chat/runs.ts";
import { HISTORY, LIVE, Sync } from "../../lib/chat/sync.ts";
import { equal } from "../../lib/crypto/hash.ts";
import type { Random } from "../../lib/net/random.ts";
import type { RecordReader } from "../../lib/wire/records.ts";
import { roomReader, type RoomRecord } from "../../lib/wire/room.ts";
import { MemoryStore } from "../support/memory_store.ts";
import { type Author, idsOf, ROOM, short, WALL } from "./authors.ts";

/** A record of entries. */
export type Entries = Extract<RoomRecord, { type: "entries" }>;

interface Waiting {
  readonly checked: CheckedEntry;
  readonly history: boolean;
  /** The other end sent it. */
  readonly theirs: boolean;
}

/** One end. */
export class SyncEnd {
  readonly store = new MemoryStore();
  readonly #clock = new HybridClock();
  readonly room: Room = new Room(ROOM, this.store, this.#clock);
  readonly sync: Sync;
  /** All records that were written, by stream. */
  readonly written: [RoomRecord[], RoomRecord[]] = [[], []];
  /** Hashes of what the other end says it keeps. */
  readonly keptThere: string[] = [];
  /** What the other end said that we miss. */
  missed: number | undefined;
  /** What was held here when the other end had said what it holds. */
  atPlan: string[] = [];
  /** Bytes on their way, by stream. */
  readonly wire: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  /** The session takes no more while this is set. */
  full = false;
  readonly #other = {};
  #inbox: Waiting[] = [];
  readonly #owed: [number, number] = [0, 0];
  readonly #readers: readonly RecordReader<RoomRecord>[] = [roomReader(), roomReader()];
  readonly #ears: readonly RecordReader<RoomRecord>[] = [roomReader(), roomReader()];

  /** An end that keeps nothing; who calls pushes what it says itself, who is called everything. */
  constructor(own: Author, peer: Author, calls: boolean) {
    const write = (stream: number, bytes: Uint8Array): void => this.#write(stream, bytes);
    const held = (): number =>
      this.full ? Infinity : this.wire[LIVE].length + this.wire[HISTORY].length;
    this.sync = new Sync({
      room: this.room,
      store: this.store,
      pipe: {
        write,
        get held(): number {
          return held();
        },
      },
      own: own.author,
      peer: peer.author,
      owner: this.#other,
      pushes: ({ entry }) => !calls || equal(entry.author, own.author),
    });
  }

  /** Entries that were written, in order, by their hashes. */
  sent(stream?: 0 | 1): string[] {
    const records = stream === undefined ? this.written.flat() : this.written[stream];
    return records.flatMap((record) => record.type === "entries" ? idsOf(record).map(short) : []);
  }

  /** Starts with some entries. */
  holds(entries: readonly CheckedEntry[]): void {
    this.#keep(entries.map((checked) => ({ checked, history: true, theirs: false })));
  }

  /** Says something, or hears it from somebody else than the other end. */
  hear(...entries: readonly CheckedEntry[]): void {
    for (const checked of entries) this.#inbox.push({ checked, history: false, theirs: false });
  }

  /** Takes some bytes that the other end has written. */
  read(from: SyncEnd, stream: 0 | 1, bytes: number): void {
    const piece = from.wire[stream].slice(0, bytes);
    from.wire[stream] = from.wire[stream].slice(bytes);
    for (const record of this.#readers[stream]?.push(piece) ?? []) this.#record(stream, record);
    assert(!this.#readers[stream]?.broken, "what is written can be read");
  }

  /** Keeps what waits, says so, and pushes it on. */
  commit(): void {
    this.#keep(this.#inbox.splice(0));
    for (const stream of [LIVE, HISTORY] as const) {
      if (this.#owed[stream] > 0) this.sync.kept(stream, this.#owed[stream], 0);
      this.#owed[stream] = 0;
    }
  }

  #keep(waiting: readonly Waiting[]): void {
    const seqs = this.store.append(waiting.map(({ checked }) => checked));
    const stored = waiting.map(({ checked }, at) => ({ ...checked, seq: seqs[at] ?? 0 }));
    for (const { entry } of stored) this.#clock.see(entry.clock, Infinity);
    this.room.kept(stored);
    for (let from = 0, until = 0; from < stored.length; from = until) {
      const origin = waiting[from];
      const same = (other: Waiting | undefined): boolean =>
        other?.theirs === origin?.theirs && other?.history === origin?.history;
      while (until < stored.length && same(waiting[until])) until++;
      const runs = encodeRuns(stored.slice(from, until), origin?.history ?? false);
      const by = origin?.theirs ? this.#other : undefined;
      this.room.tape.push(runs.map((run) => ({ ...run, from: by })));
    }
    this.sync.pump();
  }

  #write(stream: number, bytes: Uint8Array): void {
    assert(stream === LIVE || stream === HISTORY);
    this.written[stream].push(...this.#ears[stream]?.push(bytes) ?? []);
    const all = new Uint8Array(this.wire[stream].length + bytes.length);
    all.set(this.wire[stream]);
    all.set(bytes, this.wire[stream].length);
    this.wire[stream] = all;
  }

  #record(stream: 0 | 1, record: RoomRecord): void {
    switch (record.type) {
      case "hold":
        if (record.last) this.atPlan = held(this);
        assert(this.sync.hold(record.logs, record.last));
        this.sync.pump();
        return;
      case "want":
        this.sync.want(record, record.first, record.last);
        this.sync.pump();
        return;
      case "have":
        for (const { id } of this.sync.have(record.stream, record.count)) {
          this.keptThere.push(short(id));
        }
        return;
      case "missed":
        this.missed = record.count;
        return;
      case "entries":
        return this.#take(stream, record);
      default:
    }
  }

  #take(stream: 0 | 1, run: Entries): void {
    let taken = this.room.take(run, WALL);
    this.#queue(run, taken);
    if (taken.unsettled) {
      this.commit();
      taken = this.room.take(run, WALL);
      this.#queue(run, taken);
    }
    assert(!taken.forged && !taken.unsettled && !taken.fork, "all that is sent is true");
    assert(taken.disputed === undefined, "all that is sent fits");
    this.#owed[stream]++;
  }

  #queue({ history }: Entries, { fresh }: Taken): void {
    for (const checked of fresh) this.#inbox.push({ checked, history, theirs: true });
  }
}

/** Lets everything arrive and be kept, until both ends are quiet. */
export function settle(caller: SyncEnd, callee: SyncEnd): void {
  const ends = [[caller, callee], [callee, caller]] as const;
  for (let round = 0, idle = 0; idle < 3; round++) {
    assert(round < 1_000, "it comes to an end");
    idle++;
    for (const [from, to] of ends) {
      for (const stream of [LIVE, HISTORY] as const) {
        if (from.wire[stream].length > 0) idle = 0;
        to.read(from, stream, Infinity);
      }
      to.commit();
      to.sync.pump();
    }
  }
}

/** Lets something happen: some bytes of some stream arrive, something is kept, something is sent. */
export function step(caller: SyncEnd, callee: SyncEnd, random: Random): void {
  const back = random() < 0.5, from = back ? callee : caller, to = back ? caller : callee;
  const what = random();
  if (what < 0.6) {
    const most = random() < 0.3 ? 40 : random() < 0.8 ? 3_000 : 100_000;
    to.read(from, random() < 0.5 ? LIVE : HISTORY, Math.ceil(random() * most));
  } else if (what < 0.8) to.commit();
  else to.sync.pump();
}

/** All hashes that an end keeps, sorted. */
export function held({ store }: SyncEnd): string[] {
  return store.entries.map(({ id }) => short(id)).sort();
}

/** Entries as their hashes, sorted. */
export function hashes(entries: Iterable<CheckedEntry | StoredEntry>): string[] {
  return [...entries].map(({ id }) => short(id)).sort();
}
