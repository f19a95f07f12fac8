/**
 * What is held of logs here and there, and what is missing. Pure.
 *
 * @module
 */

import { type Range, RangeSet } from "../wire/ranges.ts";
import {
  heldBytes,
  HOLD_BYTES,
  type LogHeld,
  MAX_HOLD_RANGES,
  type RoomRecord,
} from "../wire/room.ts";
import { NO_ENTRY } from "./entry.ts";
import type { Log } from "./log.ts";

/** What the other side holds of a log. */
export interface Theirs {
  readonly floor: number;
  readonly ranges: RangeSet;
}

/**
 * Says what is held.
 *
 * @param logs Which logs.
 * @param whole They are all logs of the room.
 * @returns HOLD, in pieces of a few datagrams; the last one says that it is the last.
 */
export function sayHeld(logs: readonly Log[], whole: boolean): RoomRecord[] {
  const records: RoomRecord[] = [];
  const flag = whole ? { whole: true as const } : {};
  let held: LogHeld[] = [], size = 0;
  for (const log of logs) {
    const each = heldOf(log);
    if (size + heldBytes(each) > HOLD_BYTES) {
      records.push({ type: "hold", last: false, ...flag, logs: held });
      held = [];
      size = 0;
    }
    held.push(each);
    size += heldBytes(each);
  }
  return [...records, { type: "hold", last: true, ...flag, logs: held }];
}

function heldOf({ name, floor, head, held }: Log): LogHeld {
  const ranges: Range[] = held.ranges.slice(-MAX_HOLD_RANGES).map((range) => ({ ...range }));
  return { ...name, floor, head: ranges.length > 0 ? head : NO_ENTRY, ranges };
}

/**
 * What of a log they lack; what they trimmed they do not want.
 *
 * @param log The log as we hold it.
 * @param theirs What they hold of it.
 */
export function missingThere(log: Log, theirs: Theirs | undefined): RangeSet {
  const missing = new RangeSet();
  for (const { first, last } of log.held.ranges) {
    const from = Math.max(first, (theirs?.floor ?? 0) + 1);
    if (from > last) continue;
    for (const gap of theirs?.ranges.missing(from, last) ?? [{ first: from, last }]) {
      missing.add(gap.first, gap.last);
    }
  }
  return missing;
}

/**
 * What of a range we lack; what we trimmed we do not want.
 *
 * @param log The log, if we know it.
 * @param first The first number.
 * @param last The last number.
 */
export function missingHere(log: Log | undefined, first: number, last: number): Range[] {
  const from = Math.max(first, (log?.floor ?? 0) + 1);
  if (from > last) return [];
  return log?.held.missing(from, last) ?? [{ first: from, last }];
}
