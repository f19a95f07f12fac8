import { assert, assertEquals } from "@std/assert";
import type { CheckedEntry, StoredEntry } from "../../lib/chat/entry_store.ts";
import { encodeRuns } from "../../lib/chat/runs.ts";
import { Tape, type TapedRun } from "../../lib/chat/tape.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { author, chain, signed } from "./authors.ts";

const BOB = author(3), LINK = {};
/** Remembered at least and at most, in bytes, as lib/chat/tape.ts has it. */
const LEAST = 1_048_576 - 65_800, MOST = 2_097_152 + 65_800;

function runsOf(entries: readonly CheckedEntry[], seq: number): TapedRun[] {
  const stored: StoredEntry[] = entries.map((each, at) => ({ ...each, seq: seq + at }));
  return encodeRuns(stored, false).map((run) => ({ ...run, from: LINK }));
}

function seqs(runs: readonly TapedRun[] | undefined): number[] | undefined {
  return runs?.flatMap(({ entries }) => entries.map(({ seq }) => seq));
}

Deno.test("Tape gives what was kept after a seq, with who brought it, for 200 seeds", () => {
  const entries = chain(BOB, 40);
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed), since = Math.floor(random() * 9), tape = new Tape(since);
    const kept: number[] = [since];
    for (let at = 0; at < entries.length;) {
      const length = 1 + Math.floor(random() * 5), seq = (kept.at(-1) ?? 0) + 1;
      const runs = runsOf(entries.slice(at, at + length), seq + Math.floor(random() * 3));
      tape.push(runs);
      kept.push(...seqs(runs) ?? []);
      at += length;
      const [after = 0] = [kept[Math.floor(random() * kept.length)]];
      const got = tape.after(after, 1_000), wanted = kept.slice(1).filter((each) => each > after);
      assert(got?.every(({ from }) => from === LINK));
      // A run that has begun is given as a whole.
      assertEquals(seqs(got)?.slice(-wanted.length || kept.length), wanted, `seed ${seed}`);
      assert((seqs(got)?.length ?? 0) - wanted.length < 5);
    }
    assertEquals(tape.after(kept.at(-1) ?? 0, 9), []);
    assertEquals(tape.after(since - 1, 9), undefined, "nobody knows what was before");
    assertEquals(tape.after(since, 2)?.length, 2);
  }
});

Deno.test("Tape remembers one to two MiB, and says where it has forgotten", () => {
  const { entry, id } = signed(BOB, { body: new Uint8Array(65_000) }), tape = new Tape(0);
  for (let seq = 1; seq <= 200; seq++) {
    tape.push(runsOf([{ entry, id }], seq));
    let oldest = seq;
    while (tape.after(oldest - 1, 1) !== undefined) oldest--;
    const runs = tape.after(oldest, 1_000) ?? [];
    const bytes = runs.reduce((sum, run) => sum + run.bytes.length, 0);
    assertEquals(seqs(runs), Array.from({ length: seq - oldest }, (_, at) => oldest + 1 + at));
    assert(bytes <= MOST && (bytes >= LEAST || oldest === 0), `${bytes} bytes`);
  }
});
