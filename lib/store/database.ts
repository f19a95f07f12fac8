/**
 * Opening a database: made for its owner alone, brought to the layout of this program, moved aside
 * where it is damaged. It knows nothing of what is kept.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** How long to wait for another program that is writing, in ms (our choice). */
const BUSY_MS = 2_000;
/** Only the owner may read; SQLite gives its journals the same mode. */
const FILE_MODE = 0o600;
/** Somebody may write. */
const ANY_WRITE = 0o222;

/** What a database holds. */
export interface Layout {
  /** SQL that must come before the first table is made, and at each opening. */
  readonly settings: string;
  /** SQL that brings the tables from one version to the next; the first makes them. */
  readonly migrations: readonly string[];
  /** Reads as much as is needed to see damage, and throws what SQLite throws then. */
  readonly check: (database: DatabaseSync) => void;
}

/** A database, ready to be used. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Where a damaged one was moved to, if that happened. */
  readonly movedTo: string | undefined;
}

/**
 * Opens or makes a database. A damaged one is moved aside, never deleted.
 *
 * @param path The file, or undefined to keep nothing.
 * @param layout What is in it.
 * @returns The database.
 * @throws {Deno.errors.PermissionDenied} If it cannot be written.
 * @throws {Error} If it cannot be opened otherwise, or a newer program has written it.
 */
export function openDatabase(path: string | undefined, layout: Layout): OpenDatabase {
  if (path === undefined) return { database: open(":memory:", layout), movedTo: undefined };
  makeFile(path);
  try {
    return { database: open(path, layout), movedTo: undefined };
  } catch (error) {
    if (isReadOnly(error)) {
      const why = (error as Error).message;
      throw new Deno.errors.PermissionDenied(`Cannot write ${path} (${why})`, { cause: error });
    }
    if (!isDamaged(error)) throw error;
    const movedTo = moveAside(path);
    makeFile(path);
    return { database: open(path, layout), movedTo };
  }
}

/**
 * Does something in one transaction: all of it, or nothing where it throws.
 *
 * @param database The database; no transaction is open in it.
 * @param action What to do.
 * @returns What the action returns.
 * @throws {Error} What the action or the commit throws. Nothing has changed then.
 */
export function transact<T>(database: DatabaseSync, action: () => T): T {
  // The right to write is asked for first: a reader that turns writer may be refused at once.
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = action();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk makes SQLite itself roll back.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Makes a file that only its owner can read. One that is there is left alone: to open and close it
 * would drop the locks that another connection of this program holds on it (POSIX).
 */
function makeFile(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: FILE_MODE }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    // SQLite would read it, and leave journals behind that nobody may write either.
    if (Deno.uid() !== 0 && ((Deno.statSync(path).mode ?? ANY_WRITE) & ANY_WRITE) === 0) {
      throw new Deno.errors.PermissionDenied(`Cannot write ${path} (nobody may write it)`);
    }
  }
}

function open(path: string, { settings, migrations, check }: Layout): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    const version = versionOf(database);
    if (version > migrations.length) {
      throw new Error(`Cannot read ${path} as a newer udpchat has written it: use that one`);
    }
    const current = version === migrations.length;
    // Of this layout it is looked at before anything is written.
    if (current) check(database);
    database.exec(`${settings}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    migrate(database, migrations);
    if (!current) check(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Also fails where the file cannot be written, so that this is known from the beginning. */
function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  transact(database, () => {
    // Another program may have been first.
    const version = versionOf(database);
    for (const sql of migrations.slice(version)) database.exec(sql);
    if (version < migrations.length) database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
export function isDamaged(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return /not a database|disk image is malformed|malformed database schema/.test(text);
}

/** SQLITE_READONLY, and SQLITE_CANTOPEN where the file is there but no journal can be made. */
function isReadOnly(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return /readonly database|unable to open database file/.test(text);
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
