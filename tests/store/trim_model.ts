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

/** Logs of any rooms. */
export class TrimModel {
  readonly #logs: LogModel[] = [];
  /** When somebody looked, and what was the last entry then. */
  #moments: { readonly at: number; readonly seq: number }[] = [];
  #seq = 0;

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

  /** All that is kept in a room, in order. */
  all(room: Uint8Array): StoredEntry[] {
    return this.#in(room).flatMap(({ entries }) => entries).sort((a, b) => a.seq - b.seq);
  }

  /** Logs of a room of which there is something to tell. */
  logs(room: Uint8Array): LogState[] {
    return this.#in(room).filter(({ held, floor }) => held.length > 0 || floor > 0)
      .map((log) => log.state());
  }

  trim(wall: number, keep: number, bytes: number): LogFloor[] {
    const floors = this.#logs.map(({ floor }) => floor);
    const counts = this.#logs.map(({ entries }) => entries.length);
    this.#moments = this.#moments.filter(({ at }) => at < wall);
    this.#moments.push({ at: wall, seq: this.#seq });
    this.#trimByAge(wall - keep);
    for (const room of new Set(this.#logs.map(({ name }) => name.room))) {
      this.#trimBySize(room, bytes);
    }
    return this.#logs.filter(({ floor, entries }, at) =>
      floor !== floors[at] || entries.length !== counts[at]
    ).map(({ name: { author, log }, floor }) => ({ author, log, floor }));
  }

  #trimByAge(until: number): void {
    const known = this.#moments.filter(({ at }) => at <= until).map(({ seq }) => seq);
    const old = Math.max(0, ...known);
    for (const log of this.#logs) {
      log.cut(
        Math.max(
          0,
          ...log.entries.filter(({ seq }) => seq <= old).map(({ entry }) => entry.number),
        ),
      );
    }
  }

  #trimBySize(room: Uint8Array, most: number): void {
    for (;;) {
      const all = this.all(room), [oldest] = all;
      const bytes = all.reduce((sum, { entry }) => sum + entry.body.length, 0);
      if (bytes <= most || oldest === undefined) return;
      const log = this.#in(room).find(({ entries }) => entries.includes(oldest));
      log?.cut(Math.min(...log.entries.map(({ entry }) => entry.number)));
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

  #in(room: Uint8Array): LogModel[] {
    return this.#logs.filter(({ name }) => name.room === room);
  }

  #of(log: MadeLog): LogModel {
    return this.#logs.find(({ name }) => name === log) ?? new LogModel(log);
  }
}
