/**
 * One room with one other program: who lacks what, and who holds what. To sync is to say how far one
 * has got and to send what the other lacks; what is said later is pushed. Pure; it writes to the two
 * streams of a session.
 *
 * ```text
 *   who calls     HOLD ─▶                        push what one wrote from where the other has got
 *   who is called ◀─ HOLD of the caller's own logs, MISSED, the newest, the rest, WANT; push everything
 *   both          ENTRIES ─▶ kept ─▶ ◀─ HAVE
 * ```
 *
 * @module
 */

import { sameBytes } from "../wire/bytes.ts";
import type { LogName } from "../wire/entry.ts";
import { RangeSet } from "../wire/ranges.ts";
import { encodeRoom, type LogHeld, type RoomRecord } from "../wire/room.ts";
import type { EntryStore, StoredEntry } from "./entry_store.ts";
import { firstBlock } from "./first_block.ts";
import { Flight } from "./flight.ts";
import { missingHere, missingThere, sayHeld, type Theirs } from "./holdings.ts";
import { logKey } from "./log.ts";
import { Proofs } from "./proofs.ts";
import { MAX_HELD_LOGS, type Room } from "./room.ts";
import { type EncodedRun, encodeRuns } from "./runs.ts";
import { joined, type TapedRun } from "./tape.ts";

/** The stream of what is said now, and the one of what was said before. */
export const LIVE = 0, HISTORY = 1;
/** Entries that come first, so that the screen is right at once (the design: 50). */
export const NEWEST = 50;
/** Entries read from the store at once (our choice: a ms). */
const BATCH = 128;
/** Batches in a row, if nothing in them is to be sent; then others have their turn (our choice). */
const MAX_STEPS = 8;
/** More than so much is not written ahead of what the other side has acknowledged, in bytes (ours). */
const AHEAD_BYTES = 131_072;
/** Beyond this, what is said now goes on the stream of history too, where it is bulk: paced, in datagrams
 * as large as the path takes, and never in the way of who is quicker, in bytes (our choice). */
const LIVE_AHEAD_BYTES = 16_384;
/** As many records that wait are sent together, as bulk (our choice: a full datagram's worth). */
const CROWD = 8;
/** Ranges of all logs that the other side may say it holds (our choice: most logs have one). */
const MAX_PIECES = 65_536;
/** Requests of the other side that wait (our choice). */
const MAX_WANTED = 1_024;
/** Requests that are made at once (our choice: the rest when the other side calls again). */
const MAX_ASKED = 1_024;

/** The session below, as far as a sync sees it. */
export interface Pipe {
  /** Writes bytes to a stream. */
  write(stream: number, bytes: Uint8Array): void;
  /** Bytes that are written and not acknowledged. */
  readonly held: number;
}

/** What a sync is about. */
export interface SyncOptions {
  /** The room. */
  readonly room: Room;
  /** Where it is kept. */
  readonly store: EntryStore;
  /** The session. */
  readonly pipe: Pipe;
  /** Our own key. */
  readonly own: Uint8Array;
  /** The other side's key. */
  readonly peer: Uint8Array;
  /** Stands for the other side on the tape of the room. */
  readonly owner: object;
  /** Which entries the other side is told of live. */
  readonly pushes: (entry: StoredEntry) => boolean;
  /** At first only what the two sides themselves said is compared; the rest when somebody asks for it. */
  readonly mesh?: boolean;
}

/** One room with one other program. */
export class Sync {
  readonly room: Room;
  /** Proofs against authors of frozen logs. */
  readonly proofs: Proofs;
  /** When the other side was told last what is kept here, in ms. */
  toldAt = -Infinity;
  readonly #store: EntryStore;
  readonly #pipe: Pipe;
  readonly #peer: Uint8Array;
  readonly #owner: object;
  readonly #own: Uint8Array;
  readonly #pushes: (entry: StoredEntry) => boolean;
  readonly #mesh: boolean;
  /** The last `seq` when the two met. */
  readonly #metAt: number;
  #called = true;
  /** Who called has said that it holds all up to this `seq`. */
  #begunAt = 0;
  /** The other side has said all that it holds. */
  #answered = false;
  /** What it is to see first. */
  #first: readonly StoredEntry[] = [];
  /** What it said that it holds, until all of it is here. */
  #pieces = 0;
  #theirs = new Map<string, Theirs & { readonly name: LogName }>();
  /** What it lacks, while it catches up. */
  #lacks: Map<string, RangeSet> | undefined;
  /** Where catching up goes on, and where it ends, as `seq`. */
  #rest: { after: number; readonly until: number } | undefined;
  readonly #wanted: { readonly name: LogName; first: number; readonly last: number }[] = [];
  /** All that was kept up to this `seq` is sent, or is catching up's. */
  #cursor: number | undefined;
  /** What is said now goes as bulk, until all of that is kept there: so the order stays. */
  #slow = false;
  /** So much was on its way live that it should. */
  #crowded = false;
  /** Records on their way. */
  readonly #flight = new Flight();
  readonly #keptHere: [number, number] = [0, 0];

  /**
   * Starts knowing nothing of the other side.
   *
   * @param options What it is about.
   */
  constructor(options: SyncOptions) {
    this.room = options.room;
    this.#store = options.store;
    this.proofs = new Proofs(options.room, options.store, options.peer);
    this.#pipe = options.pipe;
    this.#peer = options.peer;
    this.#owner = options.owner;
    this.#own = options.own;
    this.#pushes = options.pushes;
    this.#mesh = options.mesh ?? false;
    this.#metAt = options.room.last;
  }

  /** All that the other side lacks is on its way. */
  get caughtUp(): boolean {
    return this.#cursor === this.room.last && !this.#rest && this.#wanted.length === 0 &&
      this.#first.length === 0 && this.proofs.size === 0;
  }

  /** Records that the other side has not kept yet. */
  get flying(): number {
    return this.#flight.size;
  }

  /**
   * Who calls says what it holds.
   *
   * @param known All of its own that was kept up to this `seq` is there: what is later goes at once.
   */
  begin(known?: number): void {
    this.#called = false;
    this.#cursor = known;
    this.#begunAt = this.room.last;
    this.#sayHeld((name) => this.#isAbout(name, false));
  }

  /** In a mesh: asks for all that is lacking here, and offers what is lacking there. */
  askAll(): void {
    this.#sayHeld(() => true, true);
  }

  #sayHeld(which: (name: LogName) => boolean, whole = false): void {
    const logs = [...this.room.logs].filter(({ name }) => which(name));
    for (const record of sayHeld(logs, whole)) this.#write(LIVE, record);
  }

  /** Whether a log is compared. */
  #isAbout({ author }: LogName, whole: boolean): boolean {
    return whole || !this.#mesh || sameBytes(author, this.#own) || sameBytes(author, this.#peer);
  }

  /**
   * The other side says what it holds. Who is called sends what is missing there, and asks for what is
   * missing here; to who calls it is an answer, about logs of its own.
   *
   * @param logs Some of its logs.
   * @param last Whether that was all.
   * @param whole It is about all logs of the room, in a mesh.
   * @returns False where it breaks its word: more logs than there can be.
   */
  hold(logs: readonly LogHeld[], last: boolean, whole = false): boolean {
    // Once is enough: each answer costs more than the question.
    const answering = this.#rest !== undefined || this.#first.length > 0;
    if (whole ? !this.#mesh || answering : this.#answered) return true;
    for (const held of logs) {
      const { author, log, floor, ranges } = held, set = new RangeSet();
      this.#compareHeads(held);
      for (const range of ranges) set.add(range.first, range.last);
      this.#pieces += ranges.length;
      this.#theirs.set(logKey({ author, log }), { name: { author, log }, floor, ranges: set });
    }
    if (this.#theirs.size > MAX_HELD_LOGS || this.#pieces > MAX_PIECES) return false;
    if (!last) return true;
    this.#pieces = 0;
    if (whole) this.#plan(true);
    else {
      this.#answered = true;
      if (this.#called) this.#plan(false);
      else this.#goOn();
    }
    return true;
  }

  /** Two histories of one log that end at the same number: theirs is asked for, as a proof. */
  #compareHeads({ author, log, ranges, head }: LogHeld): void {
    const ours = this.room.log({ author, log }), last = ranges.at(-1)?.last;
    if (ours === undefined || ours.frozen || ours.held.largest !== last) return;
    if (last !== undefined && !sameBytes(ours.head, head)) this.ask({ author, log }, last, last);
  }

  /** Who called knows now how far its own logs are held there: it goes on from there. */
  #goOn(): void {
    const lacks = new Map<string, RangeSet>();
    for (const log of this.room.logs) {
      if (!sameBytes(log.name.author, this.#own)) continue;
      const key = logKey(log.name);
      lacks.set(key, missingThere(log, this.#theirs.get(key)));
    }
    this.#theirs = new Map();
    // It may have gone out before they said it.
    for (const { entry } of this.#flight.entries()) {
      lacks.get(logKey(entry))?.remove(entry.number, entry.number);
    }
    this.proofs.addAll((name) => this.#isAbout(name, false));
    // What others have said since is in no HOLD: who passes it on begins there.
    this.#cursor = Math.min(this.#cursor ?? this.#begunAt, this.#oldest(lacks) - 1);
  }

  /** The other side wants entries. */
  want(name: LogName, first: number, last: number): void {
    if (this.#wanted.length < MAX_WANTED) this.#wanted.push({ name, first, last });
  }

  /** Asks for entries. */
  ask({ author, log }: LogName, first: number, last: number): void {
    this.#write(LIVE, { type: "want", author, log, first, last });
  }

  /**
   * The other side keeps what it got.
   *
   * @param stream On which stream.
   * @param count So many records in all.
   * @returns The entries for which this is news.
   */
  have(stream: number, count: number): StoredEntry[] {
    if (stream !== LIVE && stream !== HISTORY) return [];
    return this.#flight.kept(stream, count);
  }

  /**
   * Records that came from the other side are kept here.
   *
   * @param stream On which stream they came.
   * @param count How many.
   * @param now Time in ms.
   */
  kept(stream: number, count: number, now: number): void {
    if (stream !== LIVE && stream !== HISTORY) return;
    this.toldAt = now;
    this.#keptHere[stream] += count;
    this.#write(LIVE, { type: "have", stream, count: this.#keptHere[stream] });
  }

  /**
   * Sends what waits, as far as the session takes it.
   *
   * @returns True where it looked for long and is not at the end: to be called again soon.
   */
  pump(): boolean {
    for (let steps = 0; this.#takes; steps++) {
      if (!this.#step()) return false;
      if (steps >= MAX_STEPS) return true;
    }
    return false;
  }

  /** Whether more can be on the way. */
  get #takes(): boolean {
    return this.#pipe.held < AHEAD_BYTES && this.#flight.takesMore;
  }

  #step(): boolean {
    if (this.#sendProof(LIVE, this.proofs.urgent())) return true;
    if (this.#first.length > 0) return this.#sendFirst();
    if (this.#cursor !== undefined && this.#cursor < this.room.last && this.#sendNews()) {
      return true;
    }
    if (this.#wanted.length > 0) return this.#answerWant();
    if (this.#rest !== undefined) return this.#catchRest();
    // Behind all else: who has it takes nothing more of that log.
    if (this.#cursor !== this.room.last) return false;
    return this.#sendProof(HISTORY, this.proofs.next(this.#flight));
  }

  /** What was kept since: live to who keeps up, else as bulk. */
  #sendNews(): boolean {
    const cursor = this.#cursor ?? 0;
    const runs = this.room.tape.after(cursor, BATCH) ?? this.#fromStore(cursor);
    if (!this.#changes(runs.length)) return false;
    const stream = this.#slow ? HISTORY : LIVE;
    if (runs.length === 0) this.#cursor = this.room.last;
    let room = AHEAD_BYTES - this.#pipe.held, piece: Uint8Array | undefined;
    for (const run of runs) {
      this.#cursor = run.entries.at(-1)?.seq ?? this.#cursor;
      if (run.from !== undefined && run.from === this.#owner) continue;
      for (const { entries, bytes } of this.#pushed(run)) {
        const longer = piece && joined(piece, bytes);
        if (piece && !longer) this.#pipe.write(stream, piece);
        piece = longer ?? bytes;
        room -= bytes.length;
        this.#flight.add(stream, { entries, bytes });
      }
      if (room <= 0 || !this.#flight.takesMore) break;
    }
    if (piece) this.#pipe.write(stream, piece);
    return true;
  }

  /**
   * From one stream to the other only when nothing is on its way there: so the order stays.
   *
   * @param waiting Records of news that wait.
   * @returns False where that is waited for.
   */
  #changes(waiting: number): boolean {
    if (this.#slow) this.#slow = this.#flight.on(HISTORY) > 0 || waiting >= CROWD;
    else {
      this.#crowded ||= this.#pipe.held >= LIVE_AHEAD_BYTES;
      if (!this.#crowded) return true;
      if (this.#flight.on(LIVE) > 0) return false;
      this.#crowded = false;
      this.#slow = waiting >= CROWD;
    }
    return true;
  }

  #sendFirst(): boolean {
    const [run] = encodeRuns(this.#first, true);
    this.#first = this.#first.slice(run?.entries.length ?? this.#first.length);
    if (run) this.#send(LIVE, [run]);
    return true;
  }

  #sendProof(stream: 0 | 1, proof: readonly EncodedRun[] | undefined): boolean {
    this.#send(stream, proof ?? []);
    return proof !== undefined;
  }

  /** It was away for so long that the tape has forgotten; who brought what is forgotten too. */
  #fromStore(cursor: number): readonly TapedRun[] {
    const batch = this.#store.after(this.room.number, cursor, BATCH);
    return encodeRuns(batch, false).map((run) => ({ ...run, from: undefined }));
  }

  #answerWant(): boolean {
    const [want] = this.#wanted;
    if (want === undefined) return false;
    const { name, first, last } = want;
    const batch = this.#store.range(this.room.number, name, first, last, BATCH);
    const sent = this.#sendHistory(encodeRuns(batch, true));
    const next = (sent?.entry.number ?? last) + 1;
    const all = batch.length < BATCH && sent === batch.at(-1);
    if (all || next > last) this.#wanted.shift();
    else want.first = next;
    return true;
  }

  #catchRest(): boolean {
    const rest = this.#rest;
    if (rest === undefined) return false;
    const batch = this.#store.after(this.room.number, rest.after, BATCH)
      .filter(({ seq }) => seq <= rest.until);
    const lacked = batch.filter(({ entry }) => this.#lacks?.get(logKey(entry))?.has(entry.number));
    const sent = this.#sendHistory(encodeRuns(lacked, true));
    rest.after = (sent === lacked.at(-1) ? batch.at(-1)?.seq : sent?.seq) ?? rest.until;
    if (rest.after >= rest.until || batch.length === 0) this.#rest = this.#lacks = undefined;
    return true;
  }

  /** As many as may be on the way; gives the last one. */
  #sendHistory(runs: readonly EncodedRun[]): StoredEntry | undefined {
    let last: StoredEntry | undefined;
    for (const run of runs) {
      this.#send(HISTORY, [run]);
      last = run.entries.at(-1);
      if (!this.#takes) break;
    }
    return last;
  }

  /** It is known what they hold: what do they lack, and what do we? */
  #plan(whole: boolean): void {
    const lacks = new Map<string, RangeSet>(), ours = new Map<string, RangeSet>();
    let missed = 0;
    for (const log of this.room.logs) {
      const key = logKey(log.name), set = missingThere(log, this.#theirs.get(key));
      if (set.empty || !this.#isAbout(log.name, whole) || this.proofs.has(log.name)) continue;
      // What one says oneself is no history, however late it comes.
      const isOurs = sameBytes(log.name.author, this.#own);
      (isOurs ? ours : lacks).set(key, set);
      if (isOurs) continue;
      for (const { first, last } of set.ranges) missed += last - first + 1;
    }
    if (!whole) this.#sayHeld(({ author }) => sameBytes(author, this.#peer));
    this.#sayFloors();
    this.#askForMissing();
    const isNew = this.#theirs.size === 0;
    this.#theirs = new Map();
    this.proofs.addAll((name) => this.#isAbout(name, whole));
    if (!whole) this.#cursor = this.#oldest(ours) - 1;
    if (missed === 0) return;
    const first = firstBlock(this.room, this.#store, lacks, NEWEST);
    this.#write(LIVE, { type: "missed", count: missed });
    for (const { entry } of first) lacks.get(logKey(entry))?.remove(entry.number, entry.number);
    this.#first = first;
    if (missed === first.length) return;
    this.#lacks = lacks;
    this.#rest = { after: isNew ? 0 : this.#oldest(lacks) - 1, until: this.room.last };
  }

  /** What they lack and nobody will bring them: it was let go here. */
  #sayFloors(): void {
    for (const { name, floor } of this.room.logs) {
      if (floor === 0) continue;
      const theirs = this.#theirs.get(logKey(name));
      const lacks = theirs === undefined || theirs.floor < floor &&
          theirs.ranges.missing(theirs.floor + 1, floor).length > 0;
      if (lacks) this.#write(LIVE, { type: "floor", ...name, floor });
    }
  }

  /** The `seq` of the oldest entry that they lack. */
  #oldest(lacks: ReadonlyMap<string, RangeSet>): number {
    let oldest = this.room.last + 1;
    for (const log of this.room.logs) {
      for (const { first, last } of lacks.get(logKey(log.name))?.ranges ?? []) {
        const seq = this.#store.oldest(this.room.number, log.name, first, last);
        if (seq !== undefined && seq < oldest) oldest = seq;
      }
    }
    return oldest;
  }

  #askForMissing(): void {
    let asked = 0;
    for (const { name, ranges } of this.#theirs.values()) {
      const log = this.room.log(name);
      // What the other side wrote itself it sends by itself, in order.
      if (log?.frozen || sameBytes(name.author, this.#peer)) continue;
      // There is no room for it: who sent it would break their word.
      if (log === undefined && this.room.isFull()) continue;
      for (const { first, last } of ranges.ranges) {
        for (const gap of missingHere(log, first, last)) {
          if (++asked > MAX_ASKED) return;
          this.ask(name, gap.first, gap.last);
        }
      }
    }
  }

  /** What of a run the other side is told of live. */
  #pushed(run: EncodedRun): readonly EncodedRun[] {
    // In a mesh what was said before the two met is no news, whoever says it.
    if (this.#mesh && (run.entries.at(-1)?.seq ?? 0) <= this.#metAt) {
      return encodeRuns(run.entries.filter(this.#pushes), true);
    }
    return run.entries.every(this.#pushes)
      ? [run]
      : encodeRuns(run.entries.filter(this.#pushes), false);
  }

  #send(stream: 0 | 1, runs: readonly EncodedRun[]): void {
    for (const run of runs) {
      this.#pipe.write(stream, run.bytes);
      this.#flight.add(stream, run);
    }
  }

  #write(stream: number, record: RoomRecord): void {
    this.#pipe.write(stream, encodeRoom(record));
  }
}
