/**
 * What this machine has seen, as people read it: kept to be searched.
 *
 * All words of a search must be there, in any case and with any accents; what is no letter and no digit
 * only separates words. Newest first is the order in which messages came here, as ranking a million
 * of them would take half a second.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openDatabase, transact } from "./database.ts";
import { ROOMS } from "./schema.ts";

/** Messages read at once by an export (our choice: a few ms). */
const PAGE = 1_000;

/** A message as it was read. */
export interface Message {
  /** What tells it from all others. */
  readonly id: string;
  /** The name of the room. */
  readonly room: string;
  /** The author's key. */
  readonly author: Uint8Array;
  /** The author's name, then. */
  readonly name: string;
  /** What was said. NUL is kept as its picture, U+2400. */
  readonly text: string;
  /** Wall time of the author in ms since 1970. */
  readonly sent: number;
  /** One said it oneself. */
  readonly self: boolean;
  /** It was for one person. */
  readonly private: boolean;
}

/** A message that is kept. */
export interface SeenMessage extends Message {
  /** When it came here, among all: numbers rise. */
  readonly seq: number;
}

/** What is looked for; all of it must be true. */
export interface Search {
  /** Words, anything between them. Where all are punctuation, nothing is found. */
  readonly words?: string;
  /** The name of the room. */
  readonly room?: string;
  /** The author's name, exactly. */
  readonly from?: string;
  /** Sent at this time in ms, or later. */
  readonly since?: number;
  /** Sent before this time in ms. */
  readonly until?: number;
  /** Nothing of these authors. */
  readonly without?: readonly Uint8Array[];
  /** So many at most. */
  readonly limit: number;
}

/** Part of a question to the database: SQL, and what its question marks stand for. */
type Condition = readonly [sql: string, ...values: (string | number)[]];

/** Not said by any of some authors; {@linkcode keysOf} writes them. */
const NOT_BY = "hex(messages.author) NOT IN (SELECT value FROM json_each(?))";

/** Messages in a file. */
export class History {
  /** Where a damaged database was moved to, if that happened. */
  readonly movedTo: string | undefined;
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #last: StatementSync;
  readonly #between: StatementSync;
  readonly #page: StatementSync;
  /** Searches by their SQL. */
  readonly #searches = new Map<string, StatementSync>();

  /**
   * Opens or makes the file. A damaged one is moved aside, never deleted.
   *
   * @param path The file, which may be that of entries; undefined to keep nothing.
   * @throws {Deno.errors.PermissionDenied} If it cannot be written.
   * @throws {Error} If it cannot be opened otherwise, or a newer program has written it.
   */
  constructor(path: string | undefined) {
    ({ database: this.#database, movedTo: this.movedTo } = openDatabase(path, ROOMS));
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#add = prepare(
      "INSERT INTO messages (id, room, author, name, text, sent, self, private) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    );
    this.#last = prepare(
      `SELECT * FROM messages WHERE room = ? AND ${NOT_BY} ORDER BY sent DESC, seq DESC LIMIT ?`,
    );
    this.#between = prepare(
      "SELECT min(seq) AS first, max(seq) AS last FROM messages WHERE sent >= ? AND sent < ?",
    );
    this.#page = prepare(
      `SELECT * FROM messages WHERE (sent, seq) > (?, ?) ORDER BY sent, seq LIMIT ${PAGE}`,
    );
  }

  /**
   * Keeps messages, all or none. Those that are there stay as they are.
   *
   * @param messages What was read, the oldest first.
   * @returns How many are new.
   * @throws {Error} If they cannot be kept. Nothing has changed then.
   */
  add(messages: readonly Message[]): number {
    if (messages.length === 0) return 0;
    return transact(this.#database, () => {
      let added = 0;
      for (const { id, room, author, name, text, sent, self, private: secret } of messages) {
        const { changes } = this.#add.run(
          clean(id),
          clean(room),
          author,
          clean(name),
          clean(text),
          Math.floor(sent),
          self ? 1 : 0,
          secret ? 1 : 0,
        );
        added += Number(changes);
      }
      return added;
    });
  }

  /**
   * Looks for messages. Any words are safe.
   *
   * @param search What is looked for.
   * @returns What was found; what came last is first.
   */
  search(search: Search): SeenMessage[] {
    const { words, room, from, since, until, without = [], limit } = search;
    const terms = termsOf(words ?? ""), where: Condition[] = [];
    if (room !== undefined) where.push(["messages.room = ?", clean(room)]);
    if (from !== undefined) where.push(["messages.name = ?", clean(from)]);
    if (without.length > 0) where.push([NOT_BY, keysOf(without)]);
    const source = terms === "" ? "messages" : "words CROSS JOIN messages ON seq = words.rowid";
    const rowid = terms === "" ? "seq" : "words.rowid";
    if (terms !== "") where.push(["words MATCH ?", terms]);
    if (since !== undefined || until !== undefined) {
      const first = since ?? Number.MIN_SAFE_INTEGER, after = until ?? Number.MAX_SAFE_INTEGER;
      const ends = this.#between.get(first, after);
      if (typeof ends?.["first"] !== "number") return [];
      // Time and order of coming go together, roughly: few others are looked at.
      where.push([`${rowid} BETWEEN ? AND ?`, ends["first"], Number(ends["last"])]);
      where.push(["messages.sent >= ? AND messages.sent < ?", first, after]);
    }
    const all = where.map(([sql]) => sql).join(" AND ") || "TRUE";
    const sql = `SELECT messages.* FROM ${source} WHERE ${all} ORDER BY ${rowid} DESC LIMIT ?`;
    const values = where.flatMap(([, ...values]) => values);
    return this.#prepared(sql).all(...values, whole(limit)).map(readRow);
  }

  /**
   * The last messages of a room by the time at which they were sent.
   *
   * @param room The name of the room.
   * @param count How many.
   * @param without Nothing of these authors.
   * @returns Messages, the last one last.
   */
  last(room: string, count: number, without: readonly Uint8Array[] = []): SeenMessage[] {
    return this.#last.all(clean(room), keysOf(without), whole(count)).map(readRow).reverse();
  }

  /**
   * All messages by the time at which they were sent. Only some of them are in memory at a time.
   *
   * @returns Messages, the oldest first; also such as are added meanwhile, where they are newer.
   */
  *export(): Generator<SeenMessage, void> {
    let sent = Number.MIN_SAFE_INTEGER, seq = 0;
    for (;;) {
      const page = this.#page.all(sent, seq).map(readRow);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      ({ sent, seq } = last);
    }
  }

  /**
   * Somebody has another name: what was said with them alone goes on under it. Where several people had the
   * old name, what they said cannot be told apart, and stays.
   *
   * @param author Their key.
   * @param room What it is called from now on, beginning with `@`.
   * @throws {Error} If the disk does not take it. Nothing has changed then.
   */
  moveTalk(author: Uint8Array, room: string): void {
    const last = this.#prepared(
      "SELECT room FROM messages WHERE room >= '@' AND room < 'A' AND author = ? " +
        "ORDER BY seq DESC LIMIT 1",
    ).get(author)?.["room"];
    if (typeof last !== "string" || last === clean(room)) return;
    const others = this.#prepared(
      "SELECT 1 FROM messages WHERE room = ? AND self = 0 AND author <> ? LIMIT 1",
    ).get(last, author);
    if (others !== undefined) return;
    transact(
      this.#database,
      () => this.#prepared("UPDATE messages SET room = ? WHERE room = ?").run(clean(room), last),
    );
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#searches.get(sql) ?? this.#database.prepare(sql);
    this.#searches.set(sql, known);
    return known;
  }
}

/** Keys as SQLite's own functions can read them, as many as there are. */
function keysOf(keys: readonly Uint8Array[]): string {
  return JSON.stringify(keys.map((key) => key.toHex().toUpperCase()));
}

/** What SQLite gives back as it got it: it ends a text at a NUL. */
function clean(text: string): string {
  return text.replaceAll("\0", "\u2400");
}

/** Each word once and in quotes, in which FTS5 knows no operators; it ignores those without letters. */
function termsOf(words: string): string {
  const each = new Set(words.replaceAll("\0", " ").split(/\s+/).filter((word) => word !== ""));
  return [...each].map((word) => `"${word.replaceAll('"', '""')}"`).join(" ");
}

/** As a number that SQLite knows: it has no infinity. */
function whole(number: number): number {
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

function readRow(row: Record<string, unknown>): SeenMessage {
  return {
    seq: row["seq"] as number,
    id: row["id"] as string,
    room: row["room"] as string,
    author: row["author"] as Uint8Array,
    name: row["name"] as string,
    text: row["text"] as string,
    sent: row["sent"] as number,
    self: row["self"] === 1,
    private: row["private"] === 1,
  };
}
