/**
 * A member of a room on a session with a relay (PROTOCOL.md §20.4-§20.6): joining, saying, hearing,
 * HAVE. It answers what comes; whoever uses it says how long to wait.
 *
 * @module
 */

import { same, toHex } from "./bytes.ts";
import { call } from "./call.ts";
import { certify } from "./certificate.ts";
import { freshPerson, type Person } from "./handshake.ts";
import type { LogName, RoomKeys } from "./rooms.ts";
import * as entries from "./rooms_entries.ts";
import {
  encodeRoomRecord,
  type HeldLog,
  type RoomRecord,
  RoomRecordReader,
  type Said,
} from "./rooms_records.ts";
import { rangesOf, RoomStore } from "./rooms_store.ts";
import type { Session } from "./session.ts";
import { PATIENCE_MS, Wire } from "./wire.ts";

type Of<T extends RoomRecord["type"]> = Extract<RoomRecord, { readonly type: T }>;

/** An entry that came. */
export interface Heard {
  readonly stream: 0 | 1;
  readonly history: boolean;
  readonly entry: entries.SignedEntry;
  readonly body: entries.Body;
}

/** One member. */
export class Member implements AsyncDisposable {
  readonly session: Session;
  readonly store: RoomStore;
  /** The entries that came and were new, in order. */
  readonly heard: Heard[] = [];
  /** All other records that came, in order. */
  readonly records: { readonly stream: 0 | 1; readonly record: RoomRecord }[] = [];
  /** How many ENTRIES records of each stream the other side keeps. */
  readonly had: [number, number] = [0, 0];
  /** How many ENTRIES records were said on each stream. */
  readonly said: [number, number] = [0, 0];
  readonly #readers: readonly [RoomRecordReader, RoomRecordReader];
  readonly #came: [number, number] = [0, 0];
  readonly #begun: Set<number> = new Set();
  #before: HeldLog[] = [];

  constructor(session: Session, store: RoomStore) {
    this.session = session;
    this.store = store;
    this.#readers = [new RoomRecordReader(), new RoomRecordReader()];
    session.hear = (stream, bytes) => this.#hear(stream === 1 ? 1 : 0, bytes);
  }

  /** Calls a relay, with a store of before if there is one. */
  static async call(
    relay: Deno.NetAddr,
    room: Uint8Array | RoomKeys,
    person: Person = freshPerson(),
    store: RoomStore = new RoomStore(room, person.seed),
  ): Promise<Member> {
    const instance = crypto.getRandomValues(new Uint8Array(8));
    const session = await call(new Wire(), relay, {}, { ...person, instance });
    return new Member(session, store);
  }

  /** The records of one type that came. */
  of<T extends RoomRecord["type"]>(type: T): Of<T>[] {
    return this.records.map(({ record }) => record).filter((each) => each.type === type) as Of<T>[];
  }

  /** The logs that the other side holds of mine. */
  get stored(): readonly HeldLog[] {
    return this.of("hold").flatMap(({ logs }) => logs);
  }

  /** The texts that came, in order. */
  get texts(): string[] {
    return this.heard.flatMap(({ body }) => body.kind === "text" ? [body.text] : []);
  }

  /** Says a record about this room. */
  say(record: RoomRecord, stream: 0 | 1 = 0): void {
    if (!this.#begun.has(stream)) {
      this.#begun.add(stream);
      this.session.record(encodeRoomRecord({ type: "room", room: this.store.room }), stream);
    }
    if (record.type === "entries") this.said[stream]++;
    this.session.record(encodeRoomRecord(record), stream);
  }

  /** Says ROOM, JOIN and HOLD, each log in a record of its own. */
  join(name: string): void {
    this.#before = this.store.holds();
    this.say({ type: "join", name });
    for (const log of this.store.holds()) this.say({ type: "hold", last: false, logs: [log] });
    this.say({ type: "hold", last: true, logs: [] });
  }

  /** Keeps a new entry of one's own and says it. */
  write(body: entries.Body): entries.SignedEntry {
    const entry = this.store.write(body);
    this.say(entries.runOf([entry], false));
    return entry;
  }

  /** Says a PROFILE. */
  profile(name: string, person: Person): entries.SignedEntry {
    const certificate = certify(person.seed, person.static.public);
    return this.write({ kind: "profile", name, static: person.static.public, certificate });
  }

  /** Says a TEXT. */
  text(text: string): entries.SignedEntry {
    return this.write({ kind: "text", text });
  }

  /** All that was said is kept by the other side. */
  async kept(): Promise<void> {
    await this.session.until(
      "has all",
      () => this.had[0] === this.said[0] && this.had[1] === this.said[1],
    );
  }

  /** Leaves without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.session.closed) await this.session.close(0, "bye");
    await this.session.wire[Symbol.asyncDispose]();
  }

  #hear(stream: 0 | 1, bytes: Uint8Array): void {
    const before = this.#came[stream];
    for (const said of this.#readers[stream].push(bytes)) this.#onRecord(stream, said);
    const count = this.#came[stream];
    if (count > before) this.say({ type: "have", stream, count });
  }

  #onRecord(stream: 0 | 1, { room, record }: Said): void {
    if (!same(room, this.store.room)) throw new Error(`about another room: ${toHex(room)}`);
    if (record.type === "entries") this.#onRun(stream, record);
    else this.records.push({ stream, record });
    if (record.type === "have") this.had[record.stream === 1 ? 1 : 0] = record.count;
    if (record.type === "want") this.#onWant(record);
    if (record.type === "hold" && record.last) this.#goOn();
  }

  /** What was written before joining, of one's own, and the other side lacks. */
  #goOn(): void {
    for (const { author, log, ranges } of this.#before) {
      const name = { author, log };
      if (!same(author, this.store.mine.author)) continue;
      const there = this.stored.filter((each) => same(each.log, log));
      const has = (number: number): boolean =>
        there.some((each) =>
          each.ranges.some(({ first, last }) => first <= number && number <= last)
        );
      const lacking = ranges.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at)
      ).filter((number) => !has(number));
      for (const range of rangesOf(lacking)) this.#answer(name, range.first, range.last, 0);
    }
    this.#before = [];
  }

  #onRun(stream: 0 | 1, run: entries.Run): void {
    this.#came[stream]++;
    for (const entry of entries.entriesOf(this.store.room, run)) {
      entries.checkEntry(entry);
      const taken = this.store.take(entry);
      if (taken.is === "misfit") this.want(entry, taken.neighbour, taken.neighbour);
      if (taken.is !== "kept") continue;
      const body = this.store.read(entry);
      this.heard.push({ stream, history: run.history, entry, body });
    }
  }

  /** Asks for entries of a log. */
  want({ author, log }: LogName, first: number, last: number): void {
    this.say({ type: "want", author, log, first, last });
  }

  #onWant({ author, log, first, last }: Of<"want">): void {
    const name = { author, log };
    const highest = this.store.holds().find((each) => same(each.log, log))?.ranges.at(-1)?.last ??
      0;
    const held: number[] = [];
    for (let number = first; number <= Math.min(last, highest); number++) {
      if (this.store.get(name, number)) held.push(number);
    }
    for (const range of rangesOf(held)) this.#answer(name, range.first, range.last);
  }

  /** A run of many small entries at once: the tests have no large ones. */
  #answer(name: LogName, first: number, last: number, stream: 0 | 1 = 1): void {
    for (let from = first; from <= last; from += 64) {
      const numbers = Array.from({ length: Math.min(64, last - from + 1) }, (_, at) => from + at);
      const run = numbers.flatMap((number) => this.store.get(name, number) ?? []);
      this.say(entries.runOf(run, stream === 1), stream);
    }
  }
}

/** Lets several members go on until something is so. */
export async function together(
  members: readonly Member[],
  what: string,
  isSo: () => boolean,
): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`never ${what}`);
    for (const { session } of members) await session.step(Date.now() + 5);
  }
}
