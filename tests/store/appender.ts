/**
 * A program that appends to a file of entries, and says after each batch what is kept now: the number
 * of its first and of its last entry, and the `seq` of the last. It goes on where the log ends.
 *
 *     appender.ts FILE LOG BATCHES
 *
 * @module
 */

import { seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import { madeEntries, madeLog, ROOM } from "./made_entries.ts";

const [path, which, batches] = Deno.args;
const store = new Entries(path), log = madeLog(Number(which));
const known = store.logs(ROOM).find(({ author }) => author.join() === log.author.join());
let number = known?.ranges.at(-1)?.last ?? 0;
const random = seededRandom(number + 1);
for (let left = Number(batches); left > 0; left--) {
  const first = number + 1, last = number + 1 + Math.floor(random() * 20);
  const seqs = store.append(madeEntries(log, first, last));
  Deno.stdout.writeSync(new TextEncoder().encode(`${first} ${last} ${seqs.at(-1)}\n`));
  number = last;
}
store.close();
