/**
 * A member of a room on a session with a relay (PROTOCOL.md §20.4-§20.6): joining, saying, hearing,
 * HAVE. It answers what comes; whoever uses it says how long to wait.
 *
 * @module
 */

import { Malformed, same } from "./bytes.ts";
import { call } from "./call.ts";
import { certify } from "./certificate.ts";
import { freshPerson, type Person } from "./handshake.ts";
import { decodePresence, encodePresence, type Presence } from "./presence.ts";
import type { LogName, RoomKeys } from "./rooms.ts";
import * as entries from "./rooms_entries.ts";
import { type Listener, RoomLink } from "./rooms_link.ts";
import { type Other, privatePlace } from "./rooms_private.ts";
import type { HeldLog, RoomRecord } from "./rooms_records.ts";
import { logKey, RoomStore } from "./rooms_store.ts";
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
export class Member implements AsyncDisposable, Listener {
  readonly link: RoomLink;
  readonly store: RoomStore;
  /** The entries that came and were new, in order. */
  readonly heard: Heard[] = [];
  /** All other records that came, in order. */
  readonly records: { readonly stream: 0 | 1; readonly record: RoomRecord }[] = [];
  /** How many ENTRIES records of each stream the other side keeps. */
  readonly had: [number, number] = [0, 0];
  /** How many ENTRIES records were said on each stream. */
  readonly said: [number, number] = [0, 0];
  /** What others said of themselves, in order. */
  readonly presences: Presence[] = [];
  readonly #came: [number, number] = [0, 0];
  readonly #heardOf: [number, number] = [0, 0];
  /** The entries that were said on this session. */
  readonly #told: Set<string> = new Set();
  #isIn = false;

  constructor(link: RoomLink, store: RoomStore) {
    this.link = link;
    this.store = store;
    link.add(this);
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
    return new Member(new RoomLink(session), store);
  }

  /** The room of me and another member of this one, on the same session. */
  withOther(me: Person, other: Other, store?: RoomStore): Member {
    const place = privatePlace(this.room, me, other);
    return new Member(this.link, store ?? new RoomStore(place, me.seed));
  }

  /** The session that it is on. */
  get session(): Session {
    return this.link.session;
  }

  /** The number of the room. */
  get room(): Uint8Array {
    return this.store.room;
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

  /** The name that somebody else said last. */
  get name(): string | undefined {
    const names = this.heard.flatMap(({ body }) => body.kind === "profile" ? [body.name] : []);
    return names.at(-1);
  }

  /** Says a record about this room. */
  say(record: RoomRecord, stream: 0 | 1 = 0): void {
    if (record.type === "entries") {
      this.said[stream]++;
      for (let at = 0; at < record.parts.length; at++) {
        this.#told.add(`${logKey(record)} ${record.first + at}`);
      }
    }
    this.link.say(this.room, record, stream);
  }

  /**
   * Says ROOM, JOIN or PRIVATE, and HOLD: each log in a record of its own. What was written before
   * goes first, so it waits for the answer, and so does all that is written until then.
   */
  enter(record: RoomRecord): void {
    this.say(record);
    for (const log of this.store.holds()) this.say({ type: "hold", last: false, logs: [log] });
    this.say({ type: "hold", last: true, logs: [] });
    const { author } = this.store.mine;
    this.#isIn = !this.store.holds().some((log) => same(log.author, author));
  }

  /** Comes into a room. */
  join(name: string): void {
    this.enter({ type: "join", name });
  }

  /** Comes into the room with another member of the parent. */
  joinPrivate(parent: Uint8Array, author: Uint8Array): void {
    this.enter({ type: "private", parent, author });
  }

  /** Keeps a new entry of one's own and says it, as soon as its turn comes. */
  write(body: entries.Body): entries.SignedEntry {
    const entry = this.store.write(body);
    if (this.#isIn) this.tell(entry);
    return entry;
  }

  /** Says an entry, whatever it is. */
  tell(entry: entries.SignedEntry, stream: 0 | 1 = 0): void {
    this.say(entries.runOf([entry], false), stream);
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

  /** Says that one is away, or here. */
  showAs(person: Person, away: boolean, text = "", time: number = Date.now()): void {
    const data = encodePresence(this.store.place, person.seed, { away, time, text });
    this.session.push({ type: "datagram", data });
  }

  /** Takes what somebody says of themselves, if it is theirs: nobody has checked it before. */
  hearDatagram(data: Uint8Array): void {
    try {
      this.presences.push(decodePresence(this.store.place, data));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }

  /** Says HAVE for what has come since the last. */
  pause(): void {
    for (const stream of [0, 1] as const) {
      const count = this.#came[stream];
      if (count > this.#heardOf[stream]) this.say({ type: "have", stream, count });
      this.#heardOf[stream] = count;
    }
  }

  /** Takes a record about this room. */
  hear(stream: 0 | 1, record: RoomRecord): void {
    if (record.type === "entries") this.#onRun(stream, record);
    else this.records.push({ stream, record });
    if (record.type === "have") this.had[record.stream === 1 ? 1 : 0] = record.count;
    if (record.type === "want") this.#onWant(record);
    if (record.type === "hold" && record.last) this.onHeld();
  }

  /** All is known that the other side tells of what it holds. */
  protected onHeld(): void {
    this.goOn();
  }

  /** Says what the other side lacks of one's own logs and was not yet said on this session. */
  protected goOn(): void {
    this.#isIn = true;
    const lacking = this.store.lackedBy(this.stored).filter((entry) =>
      same(entry.author, this.store.mine.author) &&
      !this.#told.has(`${logKey(entry)} ${entry.number}`)
    );
    for (const run of entries.runsOf(lacking, false)) this.say(run);
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
    const held = this.store.lackedBy([]).filter((entry) =>
      same(entry.author, author) && same(entry.log, log) &&
      first <= entry.number && entry.number <= last
    );
    for (const run of entries.runsOf(held, true)) this.say(run, 1);
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
