import { assert, assertEquals } from "@std/assert";
import type { CheckedEntry, StoredEntry } from "../../lib/chat/entry_store.ts";
import { encodeRuns } from "../../lib/chat/runs.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_BODY_BYTES } from "../../lib/wire/entry.ts";
import { MAX_ROOM_RECORD_BYTES, MAX_RUN, roomReader } from "../../lib/wire/room.ts";
import { author, chain, idsOf, signed } from "./authors.ts";

const ANN = author(1), ANN_ELSEWHERE = author(1, 2), BOB = author(2);
const CHAINS = [ANN, ANN_ELSEWHERE, BOB].map((by) => stored(chain(by, 40)));
/** More than one entry is put into a record up to so much, as lib/chat/runs.ts has it. */
const RUN_BYTES = 8_192;

function stored(entries: readonly CheckedEntry[]): StoredEntry[] {
  return entries.map((each, at) => ({ ...each, seq: at + 1 }));
}

/** What whoever reads the records gets: the hash of each entry, by record. */
function received(entries: readonly StoredEntry[], history = false): Uint8Array[][] {
  return encodeRuns(entries, history).map(({ bytes }) => {
    const reader = roomReader(), [record, ...more] = reader.push(bytes);
    assert(record?.type === "entries" && more.length === 0 && !reader.broken);
    assertEquals(record.history, history);
    return idsOf(record);
  });
}

Deno.test("encodeRuns() puts what follows each other in one log into one record", () => {
  const [ann = [], elsewhere = [], bob = []] = CHAINS;
  const lengths = (entries: readonly StoredEntry[]): number[] =>
    encodeRuns(entries, false).map((run) => run.entries.length);
  assertEquals(lengths([]), []);
  assertEquals(lengths(ann.slice(0, 9)), [9]);
  assertEquals(lengths([...ann.slice(0, 3), ...ann.slice(4, 6)]), [3, 2], "a gap");
  assertEquals(lengths([...ann.slice(0, 3), ...bob.slice(3, 6)]), [3, 3], "another author");
  assertEquals(lengths([...ann.slice(0, 3), ...elsewhere.slice(3, 6)]), [3, 3], "another log");
  assertEquals(lengths(ann.slice(0, 3).reverse()), [1, 1, 1], "backwards");
});

Deno.test("encodeRuns() gives records that read as the same entries, in order, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), entries: StoredEntry[] = [];
    for (let pieces = random() * 8; pieces > 0; pieces--) {
      const from = CHAINS[Math.floor(random() * 3)] ?? [], first = Math.floor(random() * 40);
      entries.push(...from.slice(first, first + random() * 12));
    }
    const runs = encodeRuns(entries, true);
    assertEquals(runs.flatMap((run) => run.entries), entries, `seed ${seed}`);
    assertEquals(received(entries, true), runs.map((run) => run.entries.map(({ id }) => id)));
  }
});

Deno.test("encodeRuns() keeps to 256 entries and 8 KiB, and sends a longer entry alone", () => {
  const empty = (): { body: Uint8Array } => ({ body: new Uint8Array(0) });
  const small = stored(chain(ANN, 300, { fields: empty }));
  for (const run of encodeRuns(small, false)) assert(run.bytes.length <= RUN_BYTES + 128);
  assert(encodeRuns(small, false).every(({ entries }) => entries.length <= MAX_RUN));
  assertEquals(received(small).flat(), small.map(({ id }) => id));
  const sizes = [10, MAX_BODY_BYTES, 10, 10, RUN_BYTES, 3_000, 3_000, 3_000];
  const fields = (number: number): { body: Uint8Array } => ({
    body: new Uint8Array(sizes[number - 1] ?? 0),
  });
  const mixed = stored(chain(ANN, sizes.length, { fields })), runs = encodeRuns(mixed, false);
  assertEquals(runs.map(({ entries }) => entries.length), [1, 1, 2, 1, 2, 1]);
  for (const run of runs) {
    assert(run.entries.length === 1 || run.bytes.length <= RUN_BYTES + 128);
    assert(run.bytes.length <= MAX_ROOM_RECORD_BYTES);
  }
  assertEquals(received(mixed).flat(), mixed.map(({ id }) => id));
});

Deno.test({
  name: "encodeRuns() begins another record where an entry does not follow the one before",
  fn: () => {
    const [first, second] = chain(ANN, 2), other = signed(ANN, { time: 5 });
    assert(first && second);
    const entries = stored([other, second]);
    assertEquals(received(entries), [[other.id], [second.id]]);
  },
});
