/**
 * Whom one knows, which key answered at an address that was typed, and which rooms were joined. SQLite, so that several
 * programs can write.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { type Layout, openDatabase, transact } from "./database.ts";

/** Somebody known. */
export interface Contact {
  /** Their Ed25519 key. */
  readonly key: Uint8Array;
  /** What they were called last. */
  readonly name: string;
  /** Their safety number was compared. */
  readonly verified: boolean;
}

/** A room that was joined. */
export interface JoinedRoom {
  /** The link or place, as `parseLink` reads it. */
  readonly link: string;
  /** It wants a passphrase. */
  readonly passphrase: boolean;
}

/** The file in a home directory. */
const FILE = "contacts.db";

const TABLES = `
  CREATE TABLE IF NOT EXISTS contacts (
    key BLOB PRIMARY KEY, name TEXT NOT NULL, verified INTEGER NOT NULL, seen INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS pins (
    address TEXT PRIMARY KEY, key BLOB NOT NULL, since INTEGER NOT NULL
  ) STRICT;
`;

/** A link has the secret of its room in it: nobody but the owner reads this file. */
const ROOMS = `
  CREATE TABLE rooms (
    link TEXT PRIMARY KEY, passphrase INTEGER NOT NULL, joined INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE ignored (key BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT;
`;

const LAYOUT: Layout = {
  settings: "",
  migrations: [TABLES, ROOMS],
  check: (database) => {
    const check = String(database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    if (check !== "ok") throw new Error(`database disk image is malformed: ${check}`);
  },
};

/** Contacts and pins. */
export class Contacts {
  readonly #database: DatabaseSync;
  /** Where a damaged database was moved to, if that happened. */
  readonly movedTo: string | undefined;

  /**
   * Opens or makes the database. A damaged one is moved aside, never deleted.
   *
   * @param home The directory, or undefined to keep nothing.
   * @throws {Error} If it cannot be opened.
   */
  constructor(home: string | undefined) {
    const path = home === undefined ? undefined : `${home}/${FILE}`;
    ({ database: this.#database, movedTo: this.movedTo } = openDatabase(path, LAYOUT));
  }

  /** Whether a home has any. */
  static kept(home: string): boolean {
    try {
      return Deno.statSync(`${home}/${FILE}`).isFile;
    } catch {
      return false;
    }
  }

  /** The key that answered at an address before. */
  pinned(address: string): Uint8Array | undefined {
    return this.#database.prepare("SELECT key FROM pins WHERE address = ?").get(address)?.["key"] as
      | Uint8Array
      | undefined;
  }

  /** Remembers the key that answers at an address. */
  pin(address: string, key: Uint8Array, now: number): void {
    this.#database.prepare(
      "INSERT INTO pins VALUES (?, ?, ?) ON CONFLICT (address) DO UPDATE SET key = excluded.key, since = excluded.since",
    ).run(address, key, Math.floor(now));
  }

  /** Somebody was met; what is known of them before is returned. */
  meet(key: Uint8Array, name: string, now: number): Contact | undefined {
    const before = this.byKey(key);
    this.#database.prepare(
      "INSERT INTO contacts VALUES (?, ?, 0, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name, seen = excluded.seen",
    ).run(key, name, Math.floor(now));
    return before;
  }

  /**
   * Some were met, as {@linkcode meet}; a disk is asked once for all of them.
   *
   * @param people Who.
   * @param now Time in ms since 1970.
   * @throws {Error} If they cannot be kept. Nothing has changed then.
   */
  meetAll(people: readonly Pick<Contact, "key" | "name">[], now: number): void {
    transact(this.#database, () => {
      for (const { key, name } of people) this.meet(key, name, now);
    });
  }

  /** Their safety number was compared, or that is taken back. */
  verify(key: Uint8Array, verified: boolean): void {
    this.#database.prepare("UPDATE contacts SET verified = ? WHERE key = ?")
      .run(verified ? 1 : 0, key);
  }

  /** Those whose safety number was compared, the one seen last first. */
  verified(): Contact[] {
    return this.#database.prepare(
      "SELECT * FROM contacts WHERE verified = 1 ORDER BY seen DESC LIMIT 1000",
    ).all().map(contact).filter((each) => each !== undefined);
  }

  /** Who has a key. */
  byKey(key: Uint8Array): Contact | undefined {
    return contact(this.#database.prepare("SELECT * FROM contacts WHERE key = ?").get(key));
  }

  /** Who is called so, the one seen last first. */
  byName(name: string): Contact[] {
    return this.#database.prepare("SELECT * FROM contacts WHERE name = ? ORDER BY seen DESC")
      .all(name).map(contact).filter((each) => each !== undefined);
  }

  /** All names, for suggestions. */
  names(): string[] {
    return this.#database.prepare(
      "SELECT DISTINCT name FROM contacts ORDER BY seen DESC LIMIT 1000",
    )
      .all().map((row) => String(row["name"]));
  }

  /** Remembers a room. */
  join({ link, passphrase }: JoinedRoom, now: number): void {
    this.#database.prepare(
      "INSERT INTO rooms VALUES (?, ?, ?) ON CONFLICT (link) DO UPDATE SET passphrase = excluded.passphrase, joined = excluded.joined",
    ).run(link, passphrase ? 1 : 0, Math.floor(now));
  }

  /** Rooms that were joined, the last one first. */
  rooms(): JoinedRoom[] {
    return this.#database.prepare("SELECT * FROM rooms ORDER BY joined DESC LIMIT 1000").all()
      .map((row) => ({ link: String(row["link"]), passphrase: row["passphrase"] === 1 }));
  }

  /**
   * Wants to hear nothing of somebody.
   *
   * @param key Who.
   * @param until Until when, in ms since 1970; 0 to hear of them again.
   */
  ignore(key: Uint8Array, until: number): void {
    this.#database.prepare(
      "INSERT INTO ignored VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET until = excluded.until",
    ).run(key, Math.floor(Math.min(until, Number.MAX_SAFE_INTEGER)));
  }

  /** Whether nothing is wanted of somebody now. */
  ignores(key: Uint8Array, now: number): boolean {
    const row = this.#database.prepare("SELECT until FROM ignored WHERE key = ?").get(key);
    return typeof row?.["until"] === "number" && row["until"] > now;
  }

  /**
   * Of whom nothing is wanted now, the longest first.
   *
   * @param now Time in ms since 1970.
   * @returns Keys, each with the time until when; Infinity where that is not known.
   */
  ignored(now: number): { readonly key: Uint8Array; readonly until: number }[] {
    const sql = "SELECT * FROM ignored WHERE until > ? ORDER BY until DESC, key";
    return this.#database.prepare(sql).all(Math.floor(now)).map((row) => ({
      key: row["key"] as Uint8Array,
      until: row["until"] === Number.MAX_SAFE_INTEGER ? Infinity : Number(row["until"]),
    }));
  }

  /** Closes the database. */
  close(): void {
    this.#database.close();
  }
}

function contact(row: Record<string, unknown> | undefined): Contact | undefined {
  if (row === undefined) return undefined;
  return {
    key: row["key"] as Uint8Array,
    name: String(row["name"]),
    verified: row["verified"] === 1,
  };
}
