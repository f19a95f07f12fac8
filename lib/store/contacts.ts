/**
 * Whom one knows, and which key answered at an address that was typed. SQLite, so that several
 * programs can write.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** The layout of the tables; raised with each migration. */
const SCHEMA_VERSION = 1;
/** How long to wait for another program that is writing, in ms (our choice). */
const BUSY_MS = 2_000;

/** Somebody known. */
export interface Contact {
  /** Their Ed25519 key. */
  readonly key: Uint8Array;
  /** What they were called last. */
  readonly name: string;
  /** Their safety number was compared. */
  readonly verified: boolean;
}

/** The file in a home directory. */
const FILE = "contacts.db";

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
    const path = home === undefined ? ":memory:" : `${home}/${FILE}`;
    if (home !== undefined) Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    try {
      this.#database = open(path);
    } catch (error) {
      if (home === undefined || !isDamaged(error)) throw error;
      this.movedTo = moveAside(path);
      Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
      this.#database = open(path);
    }
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

  /** Their safety number was compared, or that is taken back. */
  verify(key: Uint8Array, verified: boolean): void {
    this.#database.prepare("UPDATE contacts SET verified = ? WHERE key = ?")
      .run(verified ? 1 : 0, key);
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

  /** Closes the database. */
  close(): void {
    this.#database.close();
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      throw new Error(`Cannot read ${path} as a newer udpchat has written it: use that one`);
    }
    const check = String(database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    if (check !== "ok") throw new Error(`database disk image is malformed: ${check}`);
    database.exec("PRAGMA journal_mode = WAL");
    if (version < 1) {
      database.exec(`
        CREATE TABLE IF NOT EXISTS contacts (
          key BLOB PRIMARY KEY, name TEXT NOT NULL, verified INTEGER NOT NULL, seen INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS pins (
          address TEXT PRIMARY KEY, key BLOB NOT NULL, since INTEGER NOT NULL
        ) STRICT;
        PRAGMA user_version = ${SCHEMA_VERSION};
      `);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB; the platform gives no code, only SQLite's text for them. */
function isDamaged(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return /not a database|disk image is malformed|malformed database schema/.test(text);
}

/** Moves a damaged database and its journal to a name that is free. */
function moveAside(path: string): string {
  for (let number = 1;; number++) {
    const target = `${path}.damaged-${number}`;
    try {
      Deno.statSync(target);
    } catch {
      Deno.renameSync(path, target);
      for (const part of ["-wal", "-shm"]) {
        try {
          Deno.renameSync(path + part, target + part);
        } catch {
          // There was none.
        }
      }
      return target;
    }
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
