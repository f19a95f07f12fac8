/**
 * A program that writes to a file of entries for a while: it says `writing`, adds many rooms in one
 * transaction, and ends.
 *
 *     blocker.ts FILE ROOMS
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

const [path = "", rooms] = Deno.args;
const database = new DatabaseSync(path);
database.exec("BEGIN IMMEDIATE");
Deno.stdout.writeSync(new TextEncoder().encode("writing\n"));
const add = database.prepare("INSERT INTO rooms (number) VALUES (randomblob(32))");
for (let left = Number(rooms); left > 0; left--) add.run();
database.exec("COMMIT");
database.close();
