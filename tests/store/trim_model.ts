/**
 * Entries, trimmed and forgotten, the slow and obvious way: the twin of what `Entries` does on disk.
 *
 * @module
 */

import { NO_ENTRY } from "../../lib/chat/entry.ts";
import type { CheckedEntry, LogFloor, LogState, StoredEntry } from "../../lib/chat/entry_store.ts";
import { RangeSet } from "../../lib/wire/ranges.ts";
import type { MadeLog } from "./made_entries.ts";

/** One log. */
class LogModel {
  entries: StoredEntry[] = [];
  floor = 0;
  head = NO_ENTRY;

  constructor(readonly name: MadeLog) {}

  /** Those that count as held. */
  get held(): StoredEntry[] {
    return this.entries.filter(({ entry }) => entry.number > this.floor);
  }

  /** The largest number that is held. */
  get last(): number | undefined {
    const held = this.held.map(({ entry }) => entry.number);
    return held.length > 0 ? Math.max(...held) : undefined;
  }

  /** Removes the beginning up to a number. */
  cut(until: number): void {
    const gone = this.entries.filter(({ entry }) => entry.number <= until);
    this.entries = this.entries.filter((stored) => !gone.includes(stored));
    this.floor = Math.max(this.floor, ...gone.map(({ entry }) => entry.number));
  }

  state(): LogState {
    const { author, log } = this.name, set = new RangeSet();
    for (const { entry } of this.held) set.add(entry.number, entry.number);
    return { author, log, floor: this.floor, ranges: set.ranges, head: this.head, frozen: false };
  }
}

/** One room. */
export class TrimModel {
  readonly #logs: LogModel[] = [];
  #seq = 0;

  /** Logs of which there is something to tell. */
  get #known(): LogModel[] {
    return this.#logs.filter(({ held, floor }) => held.length > 0 || floor > 0);
  }

  append(log: MadeLog, entries: readonly CheckedEntry[]): number[] {
    if (!this.#logs.some(({ name }) => name === log)) this.#logs.push(new LogModel(log));
    const model = this.#of(log);
    return entries.map((checked) => {
      const { number } = checked.entry;
      if (number > (model.last ?? model.floor)) model.head = checked.id;
      model.entries.push({ ...checked, seq: ++this.#seq });
      return this.#seq;
    });
  }

  /** The numbers of a log that are kept, lowest first. */
  numbers(log: MadeLog): number[] {
    const model = this.#logs.find(({ name }) => name === log);
    return model?.entries.map(({ entry }) => entry.number).sort((a, b) => a - b) ?? [];
  }

  /** All that is kept, in order. */
  all(): StoredEntry[] {
    return this.#logs.flatMap(({ entries }) => entries).sort((a, b) => a.seq - b.seq);
  }

  logs(): LogState[] {
    return this.#known.map((log) => log.state());
  }

  /** What the bodies take. */
  get bytes(): number {
    return this.all().reduce((sum, { entry }) => sum + entry.body.length, 0);
  }

  trim({ before, bytes }: { before?: number; bytes?: number }): LogFloor[] {
    const floors = this.#logs.map(({ floor }) => floor);
    const counts = this.#logs.map(({ entries }) => entries.length);
    if (before !== undefined) this.#trimByTime(before);
    if (bytes !== undefined) this.#trimBySize(bytes);
    return this.#logs.filter(({ floor, entries }, at) =>
      floor !== floors[at] || entries.length !== counts[at]
    ).map(({ name: { author, log }, floor }) => ({ author, log, floor }));
  }

  #trimByTime(before: number): void {
    for (const log of this.#logs) {
      const { last } = log;
      if (last === undefined) continue;
      const young = log.held.filter(({ entry }) => entry.time >= before);
      const until = Math.min(last, ...young.map(({ entry }) => entry.number)) - 1;
      if (until > log.floor) log.cut(until);
    }
  }

  #trimBySize(bytes: number): void {
    while (this.bytes > bytes) {
      const [oldest] = this.#logs.flatMap((log) =>
        log.entries.filter(({ entry }) => entry.number !== log.last)
          .map(({ entry, seq }) => ({ log, number: entry.number, clock: entry.clock, seq }))
      ).sort((a, b) => a.clock - b.clock || a.seq - b.seq);
      if (oldest === undefined) return;
      oldest.log.cut(oldest.number);
    }
  }

  forget(name: MadeLog, from: number): void {
    const log = this.#of(name), { last } = log;
    const gone = log.entries.filter(({ entry }) => entry.number >= from);
    log.entries = log.entries.filter((stored) => !gone.includes(stored));
    if (log.last === last) return;
    const end = log.last ?? log.floor;
    log.head = log.entries.find(({ entry }) => entry.number === end)?.id ??
      gone.find(({ entry }) => entry.number === end + 1)?.entry.previous ?? NO_ENTRY;
    if (log.last === undefined && log.floor === 0) this.#logs.splice(this.#logs.indexOf(log), 1);
  }

  #of(log: MadeLog): LogModel {
    return this.#logs.find(({ name }) => name === log) ?? new LogModel(log);
  }
}
