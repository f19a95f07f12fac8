/**
 * The records of rooms (PROTOCOL.md §20.4), and the room that each is about.
 *
 * @module
 */

import { join, Malformed, Reader, utf8 } from "./bytes.ts";
import { RecordCutter } from "./records.ts";
import type { LogName } from "./rooms.ts";
import { encodeRun, readRun, type Run } from "./rooms_entries.ts";
import { encodeVarint, LARGEST, readVarint } from "./varint.ts";

/** Longest record: type and body. */
export const LONGEST_RECORD = 65_812;

const MOST_RANGES = 64;
const LONGEST_NAME = 256;
const MOST_AUTHORS = 256;

/** Numbers that are held, both ends included. */
export interface HeldRange {
  readonly first: number;
  readonly last: number;
}

/** What is held of a log. */
export interface HeldLog extends LogName {
  /** Up to here nothing is held and nothing wanted. */
  readonly floor: number;
  /** In rising order, all above the floor. */
  readonly ranges: readonly HeldRange[];
  /** The id of the last entry of the last range. */
  readonly last: Uint8Array | undefined;
}

/** How many hold an entry. */
export interface Holders {
  readonly number: number;
  readonly holders: number;
}

/** Where a program can be called (PROTOCOL.md §21). */
export interface Peer {
  readonly tag: Uint8Array;
  readonly host: string;
  readonly port: number;
}

/** Any record of rooms. */
export type RoomRecord =
  | { readonly type: "room"; readonly room: Uint8Array }
  | { readonly type: "join"; readonly name: string }
  | { readonly type: "hold"; readonly last: boolean; readonly logs: readonly HeldLog[] }
  | LogName & { readonly type: "want"; readonly first: number; readonly last: number }
  | Run
  | { readonly type: "have"; readonly stream: number; readonly count: number }
  | {
    readonly type: "delivered";
    readonly log: Uint8Array;
    readonly members: number;
    readonly entries: readonly Holders[];
  }
  | { readonly type: "member"; readonly here: boolean; readonly author: Uint8Array }
  | { readonly type: "missed"; readonly count: number }
  | LogName & { readonly type: "floor"; readonly floor: number }
  | { readonly type: "refused"; readonly code: number; readonly text: string }
  | { readonly type: "notice"; readonly code: number; readonly text: string }
  | { readonly type: "leave" }
  | { readonly type: "private"; readonly parent: Uint8Array; readonly author: Uint8Array }
  | { readonly type: "privates"; readonly authors: readonly Uint8Array[] }
  | { readonly type: "peers"; readonly peers: readonly Peer[] }
  | { readonly type: "other" };

/** The type bytes. */
const TYPES = {
  room: 0x10,
  join: 0x11,
  hold: 0x12,
  want: 0x13,
  entries: 0x14,
  have: 0x15,
  delivered: 0x16,
  member: 0x17,
  missed: 0x18,
  floor: 0x19,
  refused: 0x1a,
  notice: 0x1b,
  leave: 0x1c,
  private: 0x1d,
  privates: 0x1e,
  peers: 0x1f,
  other: 0x7f,
} as const satisfies Record<RoomRecord["type"], number>;

function byte(value: number): Uint8Array {
  return Uint8Array.of(value);
}

function encodeLog({ author, log, floor, ranges, last }: HeldLog): Uint8Array {
  let before = floor;
  const numbers = ranges.flatMap((range) => {
    const pair = [range.first - before - 1, range.last - range.first];
    before = range.last;
    return pair;
  });
  const front = join(author, log, encodeVarint(floor), encodeVarint(ranges.length));
  return join(front, ...numbers.map(encodeVarint), last ?? new Uint8Array());
}

function readLog(reader: Reader): HeldLog {
  const [author, log] = [reader.take(32), reader.take(8)];
  const [floor, count] = [readVarint(reader), readVarint(reader)];
  if (count > MOST_RANGES) throw new Malformed("too many ranges");
  let before = floor;
  const ranges = Array.from({ length: count }, () => {
    const first = before + 1 + readVarint(reader);
    const last = first + readVarint(reader);
    if (last > LARGEST) throw new Malformed("a number too large");
    before = last;
    return { first, last };
  });
  return { author, log, floor, ranges, last: count > 0 ? reader.take(32) : undefined };
}

function encodeBody(record: RoomRecord): Uint8Array {
  switch (record.type) {
    case "room":
      return record.room;
    case "join":
      return utf8(record.name);
    case "hold": {
      const front = join(byte(record.last ? 1 : 0), encodeVarint(record.logs.length));
      return join(front, ...record.logs.map(encodeLog));
    }
    case "want": {
      const numbers = join(encodeVarint(record.first), encodeVarint(record.last));
      return join(record.author, record.log, numbers);
    }
    case "entries":
      return encodeRun(record);
    case "have":
      return join(byte(record.stream), encodeVarint(record.count));
    case "delivered": {
      const { log, members, entries } = record;
      const pairs = entries.flatMap(({ number, holders }) => [number, holders]);
      return join(log, ...[members, entries.length, ...pairs].map(encodeVarint));
    }
    case "member":
      return join(byte(record.here ? 1 : 0), record.author);
    case "missed":
      return encodeVarint(record.count);
    case "floor":
      return join(record.author, record.log, encodeVarint(record.floor));
    case "refused":
    case "notice":
      return join(byte(record.code), utf8(record.text));
    case "private":
      return join(record.parent, record.author);
    case "peers":
      return join(
        ...record.peers.map(({ tag, host, port }) =>
          join(tag, Uint8Array.of(port >> 8, port & 255, host.length), utf8(host))
        ),
      );
    case "privates":
      return join(...record.authors);
    case "leave":
    case "other":
      return new Uint8Array();
  }
}

/** A record with its length in front. */
export function encodeRoomRecord(record: RoomRecord): Uint8Array {
  const body = join(byte(TYPES[record.type]), encodeBody(record));
  return join(encodeVarint(body.length), body);
}

/** 0 or 1. */
function readFlag(reader: Reader): boolean {
  const value = reader.number(1);
  if (value > 1) throw new Malformed(`neither 0 nor 1: ${value}`);
  return value === 1;
}

function readText(reader: Reader): string {
  if (reader.left > LONGEST_NAME) throw new Malformed("text too long");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(reader.rest());
}

function readHold(reader: Reader): RoomRecord {
  const [last, count] = [readFlag(reader), readVarint(reader)];
  const logs: HeldLog[] = [];
  while (logs.length < count) logs.push(readLog(reader));
  return { type: "hold", last, logs };
}

function readWant(reader: Reader): RoomRecord {
  const [author, log] = [reader.take(32), reader.take(8)];
  const [first, last] = [readVarint(reader), readVarint(reader)];
  if (first < 1 || last < first) throw new Malformed("wants no entry");
  return { type: "want", author, log, first, last };
}

function readHave(reader: Reader): RoomRecord {
  return { type: "have", stream: readFlag(reader) ? 1 : 0, count: readVarint(reader) };
}

function readDelivered(reader: Reader): RoomRecord {
  const [log, members, count] = [reader.take(8), readVarint(reader), readVarint(reader)];
  const entries: Holders[] = [];
  while (entries.length < count) {
    entries.push({ number: readVarint(reader), holders: readVarint(reader) });
  }
  return { type: "delivered", log, members, entries };
}

function readFloor(reader: Reader): RoomRecord {
  const [author, log] = [reader.take(32), reader.take(8)];
  return { type: "floor", author, log, floor: readVarint(reader) };
}

function readPrivates(reader: Reader): RoomRecord {
  const authors: Uint8Array[] = [];
  while (reader.left > 0) authors.push(reader.take(32));
  if (authors.length > MOST_AUTHORS) throw new Malformed("too many authors");
  return { type: "privates", authors };
}

function readBody(type: number, reader: Reader): RoomRecord {
  switch (type) {
    case TYPES.room:
      return { type: "room", room: reader.take(32) };
    case TYPES.join:
      return { type: "join", name: readText(reader) };
    case TYPES.hold:
      return readHold(reader);
    case TYPES.want:
      return readWant(reader);
    case TYPES.entries:
      return readRun(reader);
    case TYPES.have:
      return readHave(reader);
    case TYPES.delivered:
      return readDelivered(reader);
    case TYPES.member:
      return { type: "member", here: readFlag(reader), author: reader.take(32) };
    case TYPES.missed:
      return { type: "missed", count: readVarint(reader) };
    case TYPES.floor:
      return readFloor(reader);
    case TYPES.refused:
      return { type: "refused", code: reader.number(1), text: readText(reader) };
    case TYPES.notice:
      return { type: "notice", code: reader.number(1), text: readText(reader) };
    case TYPES.leave:
      return { type: "leave" };
    case TYPES.private:
      return { type: "private", parent: reader.take(32), author: reader.take(32) };
    case TYPES.peers: {
      const peers: Peer[] = [];
      while (reader.left > 0) {
        const [tag, port, length] = [reader.take(8), reader.number(2), reader.number(1)];
        peers.push({ tag, port, host: new TextDecoder().decode(reader.take(length)) });
      }
      return { type: "peers", peers };
    }
    case TYPES.privates:
      return readPrivates(reader);
    default:
      reader.rest();
      return { type: "other" };
  }
}

/** Reads a record without its length; nothing may follow its body (a guess). */
export function decodeRoomRecord(bytes: Uint8Array): RoomRecord {
  const reader = new Reader(bytes);
  const record = readBody(reader.number(1), reader);
  reader.end();
  return record;
}

/** A record and the room that it is about. */
export interface Said {
  readonly room: Uint8Array;
  readonly record: RoomRecord;
}

/** Reads one stream of a session; what comes before the first ROOM is passed over. */
export class RoomRecordReader {
  readonly #cutter: RecordCutter = new RecordCutter(LONGEST_RECORD);
  #room: Uint8Array | undefined;

  #read(bytes: Uint8Array): Said[] {
    if (!this.#room && bytes[0] !== TYPES.room) return [];
    const record = decodeRoomRecord(bytes);
    if (record.type === "room") this.#room = record.room;
    if (!this.#room || record.type === "room" || record.type === "other") return [];
    return [{ room: this.#room, record }];
  }

  /** The records that are complete with these bytes. */
  push(bytes: Uint8Array): Said[] {
    return this.#cutter.push(bytes).flatMap((each) => this.#read(each));
  }
}
