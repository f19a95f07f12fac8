/**
 * The tables of what is said in rooms: entries as they were signed, and messages as they were read.
 * One layout for both, so that they may share a file or not.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { Layout } from "./database.ts";

/**
 * Entries. Each index on a room or a log ends in `seq` by itself, as all of SQLite's do. What is
 * small stands before what is big, so that it is read without it. AUTOINCREMENT, as a `seq` that
 * somebody has heard of must never be that of another entry.
 */
const ENTRIES = `
  CREATE TABLE rooms (id INTEGER PRIMARY KEY, number BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE own (
    room INTEGER NOT NULL, author BLOB NOT NULL, log BLOB NOT NULL, PRIMARY KEY (room, author)
  ) STRICT;
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY, room INTEGER NOT NULL, author BLOB NOT NULL, log BLOB NOT NULL,
    floor INTEGER NOT NULL, frozen INTEGER NOT NULL, bytes INTEGER NOT NULL,
    head BLOB NOT NULL, ranges BLOB NOT NULL, UNIQUE (room, author, log)
  ) STRICT;
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, room INTEGER NOT NULL, log INTEGER NOT NULL,
    number INTEGER NOT NULL, clock INTEGER NOT NULL, time INTEGER NOT NULL, id BLOB NOT NULL,
    previous BLOB NOT NULL, signature BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (log, number)
  ) STRICT;
  CREATE INDEX entries_by_room ON entries (room);
  CREATE INDEX entries_by_clock ON entries (room, clock);
  CREATE TABLE forks (
    log INTEGER NOT NULL, number INTEGER NOT NULL, other INTEGER NOT NULL,
    clock INTEGER NOT NULL, time INTEGER NOT NULL, id BLOB NOT NULL, previous BLOB NOT NULL,
    signature BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (log, number, other)
  ) STRICT;
`;

/** Messages, and the words in them. The index keeps no text of its own. */
const MESSAGES = `
  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sent INTEGER NOT NULL, self INTEGER NOT NULL,
    private INTEGER NOT NULL, author BLOB NOT NULL, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL,
    name TEXT NOT NULL, text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_time ON messages (sent);
  CREATE INDEX messages_by_room ON messages (room);
  CREATE INDEX messages_by_room_and_time ON messages (room, sent);
  CREATE INDEX messages_by_name ON messages (name);
  CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
  );
  CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO words (rowid, text) VALUES (new.seq, new.text);
  END;
  CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.seq, old.text);
  END;
  CREATE TRIGGER messages_changed AFTER UPDATE ON messages BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.seq, old.text);
    INSERT INTO words (rowid, text) VALUES (new.seq, new.text);
  END;
`;

/** Rooms of two people who met in another one. */
const PAIRS = `
  CREATE TABLE pairs (
    room INTEGER PRIMARY KEY, parent BLOB NOT NULL, one BLOB NOT NULL, other BLOB NOT NULL
  ) STRICT;
  CREATE INDEX pairs_by_one ON pairs (parent, one);
  CREATE INDEX pairs_by_other ON pairs (parent, other);
`;

/**
 * When what was kept, and how large each room is: so it is known what is to go without a look at each
 * log. The sum is kept by triggers, so whoever changes a log need not think of it; logs that are wholly
 * gone are counted by an index of their own.
 */
const RETENTION = `
  CREATE TABLE marks (at INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
  ALTER TABLE rooms ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE rooms SET bytes = coalesce((SELECT sum(bytes) FROM logs WHERE room = rooms.id), 0);
  CREATE INDEX rooms_by_bytes ON rooms (bytes);
  CREATE INDEX logs_gone ON logs (room) WHERE ranges = x'';
  CREATE TRIGGER logs_changed AFTER UPDATE OF bytes ON logs WHEN new.bytes <> old.bytes BEGIN
    UPDATE rooms SET bytes = bytes + new.bytes - old.bytes WHERE id = new.room;
  END;
  CREATE TRIGGER logs_removed AFTER DELETE ON logs WHEN old.bytes <> 0 BEGIN
    UPDATE rooms SET bytes = bytes - old.bytes WHERE id = old.room;
  END;
`;

/** What is read when it is opened: a row of each end, so that a million cost no more than a few. */
const ENDS = [
  "SELECT * FROM rooms LIMIT 1",
  "SELECT * FROM rooms ORDER BY bytes LIMIT 1",
  "SELECT * FROM marks LIMIT 1",
  "SELECT * FROM own LIMIT 1",
  "SELECT * FROM logs LIMIT 1",
  "SELECT * FROM logs ORDER BY room LIMIT 1",
  "SELECT * FROM entries ORDER BY seq LIMIT 1",
  "SELECT * FROM entries ORDER BY seq DESC LIMIT 1",
  "SELECT * FROM entries ORDER BY room, seq LIMIT 1",
  "SELECT * FROM entries ORDER BY room, clock LIMIT 1",
  "SELECT * FROM entries ORDER BY log, number LIMIT 1",
  "SELECT * FROM messages ORDER BY seq LIMIT 1",
  "SELECT * FROM messages ORDER BY seq DESC LIMIT 1",
  "SELECT * FROM messages ORDER BY sent LIMIT 1",
  "SELECT * FROM pairs LIMIT 1",
  "SELECT rowid FROM words WHERE words MATCH 'a' LIMIT 1",
];

/** The file of a program's rooms. */
export const ROOMS: Layout = {
  // Pages that become free can be given back; that must be said before there are tables. The journal
  // is cut to 4 MiB, which is where SQLite begins it anew.
  settings: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_size_limit = 4194304",
  migrations: [ENTRIES + MESSAGES, PAIRS, RETENTION],
  check: (database: DatabaseSync): void => {
    for (const sql of ENDS) database.prepare(sql).get();
  },
};
