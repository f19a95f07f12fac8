/**
 * Entries for the tests of `lib/store/`: chained, repeatable, signed by nobody, as a store checks
 * no signature.
 *
 * @module
 */

import { NO_ENTRY } from "../../lib/chat/entry.ts";
import type { CheckedEntry, EntryStore } from "../../lib/chat/entry_store.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import type { LogName } from "../../lib/wire/entry.ts";
import { randomBytes } from "../crypto/bytes.ts";

/** The room that most tests use. */
export const ROOM: Uint8Array = new Uint8Array(32).fill(7);

/** A log of a room. */
export interface MadeLog extends LogName {
  readonly room: Uint8Array;
}

/** What of an entry a test chooses. */
export interface MadeFields {
  readonly clock?: number;
  readonly time?: number;
  readonly body?: Uint8Array;
}

/** A log that is told from others by a number. */
export function madeLog(number: number, room: Uint8Array = ROOM): MadeLog {
  const random = seededRandom(number);
  return { room, author: randomBytes(random, 32), log: randomBytes(random, 8) };
}

/** The hash of an entry: the same for the same log and number. */
export function madeId({ log }: LogName, number: number): Uint8Array {
  const first = (log[0] ?? 0) * 65_536 + (log[1] ?? 0) * 256 + (log[2] ?? 0);
  return number === 0 ? NO_ENTRY : randomBytes(seededRandom(first * 1_000 + number), 32);
}

/** One entry of a log. */
export function madeEntry(log: MadeLog, number: number, fields: MadeFields = {}): CheckedEntry {
  const entry = {
    ...log,
    number,
    previous: madeId(log, number - 1),
    clock: fields.clock ?? number * 1_024,
    time: fields.time ?? number,
    body: fields.body ?? Uint8Array.of(number & 255, number >> 8 & 255),
    signature: new Uint8Array(64).fill(number),
  };
  return { entry, id: madeId(log, number) };
}

/** Entries of a log with these numbers. */
export function madeEntries(log: MadeLog, first: number, last: number): CheckedEntry[] {
  return Array.from({ length: last - first + 1 }, (_, at) => madeEntry(log, first + at));
}

/** Numbers as an entry may have them, up to the largest. */
export function anyFields(random: Random): MadeFields {
  const high = random() < 0.05;
  return {
    clock: high ? Number.MAX_SAFE_INTEGER : 1.8e15 + Math.floor(random() * 50),
    time: high ? Number.MAX_SAFE_INTEGER : Math.floor(random() * 50),
    body: randomBytes(random, Math.floor(random() * 40)),
  };
}

/** The numbers of what is kept of a room, in the order in which it was kept. */
export function numbersIn(store: EntryStore, room: Uint8Array = ROOM): number[] {
  return store.after(room, 0, Infinity).map(({ entry }) => entry.number);
}

/** A directory for one test. */
export function withDirectory(test: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "udpchat-" });
  try {
    test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Opens something, uses it, closes it. */
export function using<S extends { close(): void }, T>(store: S, action: (store: S) => T): T {
  try {
    return action(store);
  } finally {
    store.close();
  }
}
