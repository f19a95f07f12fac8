/**
 * Authors, their logs and what they sign, for the tests of rooms.
 *
 * @module
 */

import { assert } from "@std/assert";
import { equal } from "../../lib/crypto/hash.ts";
import { certify, type Identity, makeIdentity } from "../../lib/crypto/identity.ts";
import { entryId, NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import type { CheckedEntry, EntryStore, StoredEntry } from "../../lib/chat/entry_store.ts";
import { logKey } from "../../lib/chat/log.ts";
import type { Room } from "../../lib/chat/room.ts";
import { CLOCK_STEPS, type EntryFields, type LogName } from "../../lib/wire/entry.ts";
import type { Run } from "../../lib/wire/room.ts";

import { toHex, utf8 } from "../crypto/bytes.ts";

/** The room of all tests. */
export const ROOM: Uint8Array = new Uint8Array(32).fill(0x52);
/** Wall time of all tests, in ms since 1970. */
export const WALL: number = Date.UTC(2026, 0, 1);

/** Somebody with one log. */
export interface Author extends LogName {
  readonly identity: Identity;
  readonly staticKey: Uint8Array;
  readonly certificate: Uint8Array;
}

/** Somebody; the same for the same numbers. */
export function author(who: number, log = 1): Author {
  const identity = makeIdentity(new Uint8Array(32).fill(who));
  const staticKey = new Uint8Array(32).fill(who + 100);
  return {
    identity,
    author: identity.publicKey,
    log: new Uint8Array(8).fill(log),
    staticKey,
    certificate: certify(identity, staticKey),
  };
}

/** One entry, signed, whatever it says. */
export function signed(by: Author, fields: Partial<EntryFields> = {}): CheckedEntry {
  const { number = 1, body = utf8(`${number}`) } = fields;
  return signEntry(by.identity, {
    room: ROOM,
    log: by.log,
    number,
    previous: NO_ENTRY,
    clock: (WALL + number) * CLOCK_STEPS,
    time: WALL + number,
    ...fields,
    body,
  });
}

/** How a log goes on. */
export interface Going {
  /** What it goes on from. */
  readonly after?: CheckedEntry | undefined;
  /** The fields of each that are not as usual. */
  readonly fields?: (number: number) => Partial<EntryFields>;
}

/** Entries of one log in a row. */
export function chain(by: Author, count: number, { after, fields }: Going = {}): CheckedEntry[] {
  const entries: CheckedEntry[] = [];
  let last = after;
  for (let each = 0; each < count; each++) {
    const number = (last?.entry.number ?? 0) + 1;
    last = signed(by, { number, previous: last?.id ?? NO_ENTRY, ...fields?.(number) });
    entries.push(last);
  }
  return entries;
}

/** Entries in a row as they are sent. */
export function runOf(entries: readonly CheckedEntry[], history = false): Run {
  const first = entries[0]?.entry;
  if (first === undefined) throw new TypeError("Cannot make a run of nothing");
  const { author, log, number, previous } = first;
  const parts = entries.map(({ entry: { clock, time, body, signature } }) => ({
    clock,
    time,
    body,
    signature,
  }));
  return { history, author, log, first: number, previous, parts };
}

/** The hash of each entry of a run, as whoever gets it reads it. */
export function idsOf({ author, log, first, previous, parts }: Run): Uint8Array[] {
  let before = previous;
  return parts.map((part, at) =>
    before = entryId({ room: ROOM, author, log, number: first + at, previous: before, ...part })
  );
}

/** The begin of a hash, short enough to be read where a test fails. */
export function short(id: Uint8Array): string {
  return toHex(id.subarray(0, 6));
}

/** Keeps what was taken. */
export function keep(
  room: Room,
  store: EntryStore,
  fresh: readonly CheckedEntry[],
): StoredEntry[] {
  const seqs = store.append(fresh);
  const stored = fresh.map((checked, at) => ({ ...checked, seq: seqs[at] ?? 0 }));
  room.kept(stored);
  return stored;
}

/** Every entry that is held follows the one that is held before it. */
export function assertChained(
  { entries }: { readonly entries: readonly StoredEntry[] },
  where: string,
): void {
  const ids = new Map(entries.map(({ entry, id }) => [`${logKey(entry)}${entry.number}`, id]));
  for (const { entry } of entries) {
    const before = ids.get(`${logKey(entry)}${entry.number - 1}`);
    assert(!before || equal(before, entry.previous), `${where}: ${entry.number}`);
  }
}
