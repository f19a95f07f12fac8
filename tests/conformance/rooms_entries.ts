/**
 * Entries of rooms, their bodies, and runs of them with the chain of hashes (PROTOCOL.md §20.1,
 * §20.2, §20.4).
 *
 * @module
 */

import { isZero, join, Malformed, Reader, same, utf8 } from "./bytes.ts";
import { isCertified, isSignedBy, signBy } from "./certificate.ts";
import { sha256 } from "./hash.ts";
import type { LogName } from "./rooms.ts";
import { encodeVarint, LARGEST, readVarint } from "./varint.ts";

/** Longest body of an entry, sealed or not. */
export const LONGEST_BODY = 65_600;
/** The `previous` of number 1. */
export const NO_ENTRY: Uint8Array = new Uint8Array(32);

const LONGEST_TEXT = 65_536;
const LONGEST_NAME = 1024;
const MOST_PARTS = 256;
/** More than what a part has besides its body. */
const PART = 84;
/** A single entry may be longer. */
const LONGEST_RUN = 65_000;

/** What is signed of an entry. */
export interface Entry extends LogName {
  readonly room: Uint8Array;
  readonly number: number;
  /** The id of the entry before. */
  readonly previous: Uint8Array;
  /** The hybrid clock, in 1/1024 ms. */
  readonly clock: number;
  /** The author's wall time in ms. */
  readonly time: number;
  readonly body: Uint8Array;
}

/** An entry with its signature. */
export interface SignedEntry extends Entry {
  readonly signature: Uint8Array;
}

/** The fields of an entry as bytes. */
export function encodeFields(entry: Entry): Uint8Array {
  const { room, author, log, number, previous, clock, time, body } = entry;
  const place = join(room, author, log, encodeVarint(number), previous);
  return join(place, encodeVarint(clock), encodeVarint(time), body);
}

/** Reads the fields of an entry. */
export function decodeFields(bytes: Uint8Array): Entry {
  const reader = new Reader(bytes);
  const [room, author, log] = [reader.take(32), reader.take(32), reader.take(8)];
  const [number, previous] = [readVarint(reader), reader.take(32)];
  const [clock, time, body] = [readVarint(reader), readVarint(reader), reader.rest()];
  return { room, author, log, number, previous, clock, time, body };
}

/** The id of an entry, which does not depend on the signature. */
export function idOf(entry: Entry): Uint8Array {
  return sha256(encodeFields(entry));
}

function toSign(entry: Entry): Uint8Array {
  return join(utf8("udpchat/1 entry"), idOf(entry));
}

/** An entry with the signature of its author. */
export function signEntry(seed: Uint8Array, entry: Entry): SignedEntry {
  return { ...entry, signature: signBy(seed, toSign(entry)) };
}

/** Whether the signature is that of the author. */
export function isSigned(entry: SignedEntry): boolean {
  return isSignedBy(entry.author, toSign(entry), entry.signature);
}

/** Throws if an entry can be no entry, whatever else is held. */
export function checkEntry(entry: SignedEntry): void {
  if (entry.number < 1) throw new Malformed("an entry of number 0");
  if (entry.number === 1 && !isZero(entry.previous)) throw new Malformed("number 1 has a previous");
  if (entry.body.length > LONGEST_BODY) throw new Malformed("body too long");
  if (!isSigned(entry)) throw new Malformed("signature is not good");
}

/** What an entry says. */
export type Body =
  | { readonly kind: "text"; readonly text: string }
  | {
    readonly kind: "profile";
    readonly name: string;
    readonly static: Uint8Array;
    readonly certificate: Uint8Array;
  }
  | { readonly kind: "other"; readonly plain: Uint8Array };

/** A body in the clear. */
export function encodeBody(body: Body): Uint8Array {
  if (body.kind === "other") return body.plain;
  if (body.kind === "text") return join(Uint8Array.of(1), utf8(body.text));
  return join(Uint8Array.of(2), body.static, body.certificate, utf8(body.name));
}

function decodeText(reader: Reader, longest: number): string {
  if (reader.left > longest) throw new Malformed("text too long");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(reader.rest());
}

/** Reads a body in the clear. A profile whose certificate is not good is malformed. */
export function decodeBody(author: Uint8Array, plain: Uint8Array): Body {
  const reader = new Reader(plain);
  const kind = reader.number(1);
  if (kind === 1) return { kind: "text", text: decodeText(reader, LONGEST_TEXT) };
  if (kind !== 2) return { kind: "other", plain };
  const [key, certificate] = [reader.take(32), reader.take(64)];
  if (!isCertified(author, key, certificate)) throw new Malformed("certificate is not good");
  return { kind: "profile", static: key, certificate, name: decodeText(reader, LONGEST_NAME) };
}

/** An entry in a run, without what follows from its place. */
export interface Part {
  readonly clock: number;
  readonly time: number;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Entries of one log that follow each other. */
export interface Run extends LogName {
  readonly type: "entries";
  /** Whether it was said before the receiver joined. */
  readonly history: boolean;
  readonly first: number;
  /** The `previous` of the first. */
  readonly previous: Uint8Array;
  readonly parts: readonly Part[];
}

/** `2n` or `-2n - 1`. */
export function zigzag(number: number): number {
  return number >= 0 ? 2 * number : -2 * number - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function encodePart({ clock, time, body, signature }: Part): Uint8Array {
  const late = encodeVarint(zigzag(time - Math.floor(clock / 1024)));
  return join(encodeVarint(clock), late, encodeVarint(body.length), body, signature);
}

function readPart(reader: Reader): Part {
  const clock = readVarint(reader);
  const time = Math.floor(clock / 1024) + unzigzag(readVarint(reader));
  if (time < 0 || time > LARGEST) throw new Malformed(`no time: ${time}`);
  const length = readVarint(reader);
  if (length > LONGEST_BODY) throw new Malformed("body too long");
  return { clock, time, body: reader.take(length), signature: reader.take(64) };
}

/** The body of an ENTRIES record. */
export function encodeRun(run: Run): Uint8Array {
  const front = join(Uint8Array.of(run.history ? 1 : 0), run.author, run.log);
  return join(front, encodeVarint(run.first), run.previous, ...run.parts.map(encodePart));
}

/** Reads the body of an ENTRIES record. Flags that are not known are ignored (a guess). */
export function readRun(reader: Reader): Run {
  const history = (reader.number(1) & 1) === 1;
  const [author, log] = [reader.take(32), reader.take(8)];
  const [first, previous] = [readVarint(reader), reader.take(32)];
  if (first < 1) throw new Malformed("an entry of number 0");
  const parts: Part[] = [];
  while (reader.left > 0) {
    if (parts.length === MOST_PARTS) throw new Malformed("too many parts");
    parts.push(readPart(reader));
  }
  if (parts.length === 0) throw new Malformed("no parts");
  if (first > LARGEST - parts.length + 1) throw new Malformed("a number too large");
  return { type: "entries", history, author, log, first, previous, parts };
}

/** The entries of a run: each has the id of the one before. None is checked. */
export function entriesOf(room: Uint8Array, run: Run): SignedEntry[] {
  let { previous } = run;
  return run.parts.map((part, at) => {
    const name = { room, author: run.author, log: run.log };
    const entry: SignedEntry = { ...name, number: run.first + at, previous, ...part };
    previous = idOf(entry);
    return entry;
  });
}

/** Entries of one log that follow each other as a run. */
export function runOf(entries: readonly SignedEntry[], history: boolean): Run {
  const [first] = entries;
  if (!first) throw new RangeError("no entry");
  const { author, log, number, previous } = first;
  const parts = entries.map(({ clock, time, body, signature }) => ({
    ...{ clock, time, body, signature },
  }));
  return { type: "entries", history, author, log, first: number, previous, parts };
}

/** Whether an entry follows in a run, which must fit into a record. */
function follows(run: readonly SignedEntry[], next: SignedEntry): boolean {
  const last = run.at(-1);
  if (!last || run.length === MOST_PARTS) return false;
  const size = [...run, next].reduce((sum, { body }) => sum + body.length + PART, 0);
  return same(last.author, next.author) && same(last.log, next.log) &&
    last.number + 1 === next.number && size <= LONGEST_RUN;
}

/** Entries as runs, in the same order. */
export function runsOf(entries: readonly SignedEntry[], history: boolean): Run[] {
  const runs: SignedEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run && follows(run, entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs.map((run) => runOf(run, history));
}
