/**
 * What two programs say about rooms: records on stream 0 (live) and stream 1 (catching up). Pure.
 *
 * ```text
 *   ROOM       room (32): what follows on this stream is about that room
 *   JOIN       name of the room; nothing in a room with a secret
 *   HOLD       flags (1) | count | per log: author (32) log (8) floor head (32 if held) ranges
 *   WANT       author (32) log (8) first last
 *   ENTRIES    flags (1) author (32) log (8) first | hash before (32) | parts to the end
 *   HAVE       stream (1) count: so many entries that came on that stream are kept
 *   DELIVERED  log (8) members | count | per step: number, holders
 *   MEMBER     state (1) author (32)
 *   MISSED     count: so many entries will come, the first block included
 *   FLOOR      author (32) log (8) floor: what is before it is not kept here
 *   REFUSED    code (1) text
 *   NOTICE     code (1) text
 *   LEAVE
 *   PRIVATE    room (32) author (32): joins the room of two of the sender and that author, who met in
 *              that room
 *   PEERS      tag (8) port (2) length (1) host ...: who else is on this network, in a mesh
 *   PRIVATES   author (32) ...: with each of these one has a room of two in which something was said
 * ```
 *
 * @module
 */

import { type Address, canonicalHost, family } from "./address.ts";
import { cutText, type Reader, varintLength, Writer } from "./bytes.ts";
import {
  AUTHOR_BYTES,
  decodePart,
  encodePart,
  ENTRY_ID_BYTES,
  LOG_BYTES,
  type LogName,
  MAX_BODY_BYTES,
  PART_OVERHEAD_BYTES,
  ROOM_BYTES,
  type RunPart,
} from "./entry.ts";
import type { Range } from "./ranges.ts";
import { encodeRecord, RecordReader } from "./records.ts";

/** Record types; those below 0x10 are of a line for two. */
export const ROOM_RECORD = {
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
} as const;

/** Why somebody is not let in, or is limited. */
export const REFUSAL = { notAllowed: 1, full: 2, limited: 3 } as const;

/** Presence of a member. */
export const MEMBER = { gone: 0, here: 1 } as const;

/** The longest text of a refusal or a notice, in bytes of UTF-8 (our choice). */
export const MAX_TEXT_BYTES = 256;
/** The longest name of a room, in bytes of UTF-8 (our choice: 64 letters of any script). */
export const MAX_ROOM_NAME_BYTES = 256;
/** Ranges of one log in a HOLD (our choice: more gaps are filled again from the floor). */
export const MAX_HOLD_RANGES = 64;
/** Entries in one ENTRIES (our choice). */
export const MAX_RUN = 256;
/** The longest record: the longest entry and what is around it. */
export const MAX_ROOM_RECORD_BYTES = MAX_BODY_BYTES + PART_OVERHEAD_BYTES + 128;
/** Rooms of two that one is told of (our choice: those that were made last). */
export const MAX_PRIVATES = 256;
/** Programs that are told of at once (our choice). */
export const MAX_PEERS = 64;
/** So long is a HOLD at most before another one follows (our choice: a few datagrams). */
export const HOLD_BYTES = 8_192;

/** Where a program can be called, in somebody's word. */
export interface Peer {
  /** The random number of its run, 8 bytes. */
  readonly tag: Uint8Array;
  readonly address: Address;
}

/** What somebody holds of a log. */
export interface LogHeld extends LogName {
  /** Entries up to this number were trimmed, and are not wanted. */
  readonly floor: number;
  /** The hash of the last entry of the last range. */
  readonly head: Uint8Array;
  /** Numbers that are held, lowest first, above the floor. */
  readonly ranges: readonly Range[];
}

/** Some entries of one log in a row. */
export interface Run extends LogName {
  /** They were said before one came, and are no news. */
  readonly history: boolean;
  /** The number of the first. */
  readonly first: number;
  /** The hash of the one before the first; zeros for number 1. */
  readonly previous: Uint8Array;
  readonly parts: readonly RunPart[];
}

/** One record. */
export type RoomRecord =
  | { readonly type: "room"; readonly room: Uint8Array }
  | { readonly type: "join"; readonly name: string }
  | {
    readonly type: "hold";
    /** No more follows. */
    readonly last: boolean;
    /** In a mesh: about all logs of the room. */
    readonly whole?: true;
    readonly logs: readonly LogHeld[];
  }
  | ({ readonly type: "want"; readonly first: number; readonly last: number } & LogName)
  | ({ readonly type: "entries" } & Run)
  | { readonly type: "have"; readonly stream: number; readonly count: number }
  | {
    readonly type: "delivered";
    readonly log: Uint8Array;
    /** Members beside the author. */
    readonly members: number;
    /** So many hold the entry of a number. */
    readonly steps: readonly { readonly number: number; readonly holders: number }[];
  }
  | { readonly type: "member"; readonly state: number; readonly author: Uint8Array }
  | { readonly type: "missed"; readonly count: number }
  | ({ readonly type: "floor"; readonly floor: number } & LogName)
  | { readonly type: "refused" | "notice"; readonly code: number; readonly text: string }
  | { readonly type: "leave" }
  | {
    readonly type: "private";
    /** Where the two met. */
    readonly parent: Uint8Array;
    /** The other one. */
    readonly author: Uint8Array;
  }
  | { readonly type: "privates"; readonly authors: readonly Uint8Array[] }
  | { readonly type: "peers"; readonly peers: readonly Peer[] };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes a record.
 *
 * @param record The record.
 * @returns Its bytes, with their length in front.
 */
export function encodeRoom(record: RoomRecord): Uint8Array {
  return encodeRecord(ROOM_RECORD[record.type], encodeBody(record));
}

function encodeBody(record: RoomRecord): Uint8Array {
  switch (record.type) {
    case "room":
      return record.room;
    case "join":
      return encoder.encode(record.name);
    case "hold":
      return encodeHold(record);
    case "want":
      return logName(record, 16).varint(record.first).varint(record.last).finish();
    case "entries":
      return encodeRun(record);
    case "have":
      return new Writer(9).u8(record.stream).varint(record.count).finish();
    case "delivered": {
      const writer = new Writer(LOG_BYTES + 16 + 16 * record.steps.length).bytes(record.log)
        .varint(record.members).varint(record.steps.length);
      for (const { number, holders } of record.steps) writer.varint(number).varint(holders);
      return writer.finish();
    }
    case "member":
      return new Writer(1 + AUTHOR_BYTES).u8(record.state).bytes(record.author).finish();
    case "missed":
      return new Writer(8).varint(record.count).finish();
    case "floor":
      return logName(record, 8).varint(record.floor).finish();
    case "refused":
    case "notice": {
      const text = cutText(record.text, MAX_TEXT_BYTES);
      return new Writer(1 + text.length).u8(record.code).bytes(text).finish();
    }
    case "leave":
      return new Uint8Array(0);
    case "private":
      return new Writer(ROOM_BYTES + AUTHOR_BYTES).bytes(record.parent).bytes(record.author)
        .finish();
    case "peers": {
      const hosts = record.peers.map(({ address }) => encoder.encode(address.host));
      const writer = new Writer(hosts.reduce((sum, host) => sum + 11 + host.length, 0));
      for (const [at, { tag, address }] of record.peers.entries()) {
        const host = hosts[at] ?? new Uint8Array(0);
        writer.bytes(tag).u16(address.port).u8(host.length).bytes(host);
      }
      return writer.finish();
    }
    case "privates": {
      const writer = new Writer(AUTHOR_BYTES * record.authors.length);
      for (const author of record.authors) writer.bytes(author);
      return writer.finish();
    }
  }
}

function logName({ author, log }: LogName, more: number): Writer {
  return new Writer(AUTHOR_BYTES + LOG_BYTES + more).bytes(author).bytes(log);
}

function encodeHold({ last, whole, logs }: Extract<RoomRecord, { type: "hold" }>): Uint8Array {
  const size = logs.reduce((sum, each) => sum + heldBytes(each), 9);
  const writer = new Writer(size).u8((last ? 1 : 0) | (whole ? 2 : 0)).varint(logs.length);
  for (const { author, log, floor, head, ranges } of logs) {
    writer.bytes(author).bytes(log).varint(floor).varint(ranges.length);
    let before = floor;
    for (const range of ranges) {
      writer.varint(range.first - before - 1).varint(range.last - range.first);
      before = range.last;
    }
    if (ranges.length > 0) writer.bytes(head);
  }
  return writer.finish();
}

/** The most that a log takes in a HOLD, in bytes. */
export function heldBytes({ ranges }: LogHeld): number {
  return AUTHOR_BYTES + LOG_BYTES + ENTRY_ID_BYTES + 16 + 16 * ranges.length;
}

function encodeRun({ history, author, log, first, previous, parts }: Run): Uint8Array {
  const size = parts.reduce((sum, { body }) => sum + PART_OVERHEAD_BYTES + body.length, 0);
  const writer = new Writer(1 + AUTHOR_BYTES + LOG_BYTES + 8 + ENTRY_ID_BYTES + size);
  writer.u8(history ? 1 : 0).bytes(author).bytes(log).varint(first).bytes(previous);
  for (const part of parts) encodePart(writer, part);
  return writer.finish();
}

/** Reads the records of rooms. */
export function roomReader(): RecordReader<RoomRecord> {
  return new RecordReader(decodeRoom, MAX_ROOM_RECORD_BYTES);
}

function decodeRoom(type: number, reader: Reader): RoomRecord | "malformed" | undefined {
  return DECODERS[type]?.(reader);
}

type Decoder = (reader: Reader) => RoomRecord | "malformed";

const DECODERS: Readonly<Record<number, Decoder>> = {
  [ROOM_RECORD.room]: (reader) => {
    const room = reader.bytes(ROOM_BYTES).slice();
    return done(reader, { type: "room", room });
  },
  [ROOM_RECORD.join]: (reader) =>
    reader.left > MAX_ROOM_NAME_BYTES
      ? "malformed"
      : { type: "join", name: decoder.decode(reader.rest()) },
  [ROOM_RECORD.hold]: decodeHold,
  [ROOM_RECORD.want]: (reader) => {
    const name = readName(reader), first = reader.varint(), last = reader.varint();
    if (first < 1 || last < first) return "malformed";
    return done(reader, { type: "want", ...name, first, last });
  },
  [ROOM_RECORD.entries]: decodeRun,
  [ROOM_RECORD.have]: (reader) => {
    const stream = reader.u8(), count = reader.varint();
    return done(reader, { type: "have", stream, count });
  },
  [ROOM_RECORD.delivered]: (reader) => {
    const log = reader.bytes(LOG_BYTES).slice(), members = reader.varint(), count = reader.varint();
    if (count > reader.left / 2) return "malformed";
    const steps = Array.from({ length: count }, () => {
      const number = reader.varint(), holders = reader.varint();
      return { number, holders };
    });
    return done(reader, { type: "delivered", log, members, steps });
  },
  [ROOM_RECORD.member]: (reader) => {
    const state = reader.u8(), author = reader.bytes(AUTHOR_BYTES).slice();
    return done(reader, { type: "member", state, author });
  },
  [ROOM_RECORD.missed]: (reader) => {
    const count = reader.varint();
    return done(reader, { type: "missed", count });
  },
  [ROOM_RECORD.floor]: (reader) => {
    const name = readName(reader), floor = reader.varint();
    return done(reader, { type: "floor", ...name, floor });
  },
  [ROOM_RECORD.refused]: (reader) => decodeText(reader, "refused"),
  [ROOM_RECORD.notice]: (reader) => decodeText(reader, "notice"),
  [ROOM_RECORD.leave]: (reader) => done(reader, { type: "leave" }),
  [ROOM_RECORD.private]: (reader) => {
    const parent = reader.bytes(ROOM_BYTES).slice(), author = reader.bytes(AUTHOR_BYTES).slice();
    return done(reader, { type: "private", parent, author });
  },
  [ROOM_RECORD.peers]: decodePeers,
  [ROOM_RECORD.privates]: (reader) => {
    const count = reader.left / AUTHOR_BYTES;
    if (!Number.isInteger(count) || count > MAX_PRIVATES) return "malformed";
    const authors = Array.from({ length: count }, () => reader.bytes(AUTHOR_BYTES).slice());
    return done(reader, { type: "privates", authors });
  },
};

function decodePeers(reader: Reader): RoomRecord | "malformed" {
  const peers: Peer[] = [];
  while (reader.left > 0) {
    const tag = reader.bytes(8).slice(), port = reader.u16();
    const text = decoder.decode(reader.bytes(reader.u8()));
    if (reader.failed || peers.length >= MAX_PEERS || port === 0) return "malformed";
    const host = canonicalHost(text);
    if (family(host) === undefined) return "malformed";
    peers.push({ tag, address: { host, port } });
  }
  return done(reader, { type: "peers", peers });
}

function done(reader: Reader, record: RoomRecord): RoomRecord | "malformed" {
  return reader.done ? record : "malformed";
}

function readName(reader: Reader): LogName {
  const author = reader.bytes(AUTHOR_BYTES).slice();
  return { author, log: reader.bytes(LOG_BYTES).slice() };
}

function decodeText(reader: Reader, type: "refused" | "notice"): RoomRecord | "malformed" {
  const code = reader.u8();
  if (reader.failed || reader.left > MAX_TEXT_BYTES) return "malformed";
  return { type, code, text: decoder.decode(reader.rest()) };
}

/** Bytes that a log in a HOLD takes at least. */
const LEAST_HELD = AUTHOR_BYTES + LOG_BYTES + 2;

function decodeHold(reader: Reader): RoomRecord | "malformed" {
  const flags = reader.u8(), count = reader.varint();
  if (count > reader.left / LEAST_HELD) return "malformed";
  const logs: LogHeld[] = [];
  for (let each = 0; each < count; each++) {
    const name = readName(reader), floor = reader.varint(), pieces = reader.varint();
    if (pieces > MAX_HOLD_RANGES) return "malformed";
    const ranges: Range[] = [];
    let before = floor;
    for (let piece = 0; piece < pieces; piece++) {
      const first = before + 1 + reader.varint(), end = first + reader.varint();
      if (reader.failed || end > Number.MAX_SAFE_INTEGER) return "malformed";
      ranges.push({ first, last: end });
      before = end;
    }
    const head = reader.bytes(pieces > 0 ? ENTRY_ID_BYTES : 0).slice();
    logs.push({ ...name, floor, head, ranges });
  }
  const last = (flags & 1) !== 0;
  return done(reader, {
    type: "hold",
    last,
    ...((flags & 2) !== 0 ? { whole: true } : {}),
    logs,
  });
}

function decodeRun(reader: Reader): RoomRecord | "malformed" {
  const flags = reader.u8(), name = readName(reader), first = reader.varint();
  const previous = reader.bytes(ENTRY_ID_BYTES).slice(), parts: RunPart[] = [];
  if (reader.failed || first < 1) return "malformed";
  while (reader.left > 0) {
    const part = decodePart(reader);
    if (part === undefined || parts.length >= MAX_RUN) return "malformed";
    parts.push(part);
  }
  if (parts.length === 0 || first + parts.length > Number.MAX_SAFE_INTEGER) return "malformed";
  return done(reader, {
    type: "entries",
    history: (flags & 1) !== 0,
    ...name,
    first,
    previous,
    parts,
  });
}

/**
 * How many bytes an entry takes in a run.
 *
 * @param bodyBytes Bytes of its body.
 * @returns The most that it can be.
 */
export function partBytes(bodyBytes: number): number {
  return PART_OVERHEAD_BYTES + varintLength(bodyBytes) + bodyBytes;
}
