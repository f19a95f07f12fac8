import { assert, assertEquals } from "@std/assert";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { HISTORY, LIVE, NEWEST } from "../../lib/chat/sync.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { utf8 } from "../crypto/bytes.ts";
import { type Author, author, chain, short, WALL } from "./authors.ts";
import { hashes, held, settle, step, SyncEnd } from "./sync_pair.ts";

const ANN = author(1), RELAY = author(2), BOB = author(3), CEM = author(4);
const ANN_NOW = author(1, 2), BOB_NOW = author(3, 2);

/** Logs of all, a few long entries among them, said in turn. */
const LOGS = [ANN, BOB, CEM].map((by, who) =>
  chain(by, 60, {
    fields: (number) => ({
      clock: (WALL + 3 * number + who) * CLOCK_STEPS,
      ...number % 20 === 0 ? { body: new Uint8Array(30_000).fill(number) } : {},
    }),
  })
);
const EVERYTHING = LOGS.flat();
/** What others say while two sync. */
const BOB_LATER = chain(BOB_NOW, 40);

function pair(
  caller: readonly CheckedEntry[],
  callee: readonly CheckedEntry[],
): { ann: SyncEnd; relay: SyncEnd } {
  const ann = new SyncEnd(ANN, RELAY, true), relay = new SyncEnd(RELAY, ANN, false);
  ann.holds(caller);
  relay.holds(callee);
  return { ann, relay };
}

/** All, nothing, the begin, or pieces of a log. */
function some(log: readonly CheckedEntry[], random: Random): CheckedEntry[] {
  const kind = random(), length = random() * log.length;
  if (kind < 0.2) return [];
  if (kind < 0.4) return [...log];
  if (kind < 0.6) return log.slice(0, length);
  let there = random() < 0.5;
  return log.filter(() => (there = random() < 0.2 ? !there : there));
}

/** In the order in which it came: logs in any order, each mostly from its begin. */
function mixed(logs: readonly CheckedEntry[][], random: Random): CheckedEntry[] {
  const waiting = logs.map((log) => [...log]), all: CheckedEntry[] = [];
  while (waiting.some(({ length }) => length > 0)) {
    const log = waiting[Math.floor(random() * waiting.length)] ?? [];
    all.push(...random() < 0.8 ? log.splice(0, 1 + random() * 5) : log.splice(-1));
  }
  return all;
}

function say(end: SyncEnd, by: Author, text: string): CheckedEntry {
  const said = end.room.say(by.identity, by.log, utf8(text), WALL);
  end.hear(said);
  return said;
}

function storm(seed: number): void {
  const random = seededRandom(seed), where = `seed ${seed}`;
  const atFirst = [0, 1].map(() => mixed(LOGS.map((log) => some(log, random)), random));
  const [caller = [], callee = []] = atFirst, { ann, relay } = pair(caller, callee);
  const both = new Set(hashes(callee).filter((id) => hashes(caller).includes(id)));
  const wanted = new Set(hashes([...caller, ...callee])), later = [...BOB_LATER];
  const own = new Set(hashes(LOGS[0] ?? []));
  ann.sync.begin();
  for (let round = random() * 200; round > 0; round--) {
    step(ann, relay, random);
    const what = random(),
      heard = what < 0.05
        ? [say(ann, ANN_NOW, `${round}`)]
        : what < 0.1
        ? later.splice(0, 1 + random() * 3)
        : [];
    if (what >= 0.05) relay.hear(...heard);
    for (const id of hashes(heard)) wanted.add(id);
  }
  settle(ann, relay);
  assertEquals(held(ann), [...wanted].sort(), where);
  assertEquals(held(relay), [...wanted].sort(), where);
  assert(ann.sync.caughtUp && relay.sync.caughtUp, where);
  assertEquals([ann.sync.flying, relay.sync.flying], [0, 0], where);
  assertEquals(
    ann.missed ?? 0,
    relay.atPlan.filter((id) => !hashes(caller).includes(id)).length,
    where,
  );
  for (const end of [ann, relay]) {
    const sent = end.sent(), other = new Set((end === ann ? relay : ann).sent());
    assertEquals(new Set(sent).size, sent.length, `${where}: nothing is sent twice`);
    // Who calls goes on with its own log from where the other side has got.
    const again = sent.filter((id) => both.has(id) && !(end === ann && own.has(id)));
    assertEquals(again, [], `${where}: nothing is sent that both held`);
    assert(sent.every((id) => !other.has(id)), `${where}: nothing is sent back`);
    assertEquals([...end.keptThere].sort(), [...sent].sort(), `${where}: it is known what arrived`);
  }
}

Deno.test("Sync ends with both holding what either held or was told meanwhile, for 200 seeds", () => {
  for (let seed = 0; seed < 200; seed++) storm(seed);
});

Deno.test("Sync sends nothing where both hold the same", () => {
  for (const entries of [[], EVERYTHING, EVERYTHING.filter((_, at) => at % 7 !== 3)]) {
    const { ann, relay } = pair(entries, [...entries].reverse());
    ann.sync.begin();
    settle(ann, relay);
    assertEquals(ann.written.flat().map(({ type }) => type), ["hold"]);
    assertEquals(relay.written.flat().map(({ type }) => type), ["hold"]);
    assertEquals([ann.missed, relay.missed], [undefined, undefined]);
  }
});

Deno.test("Sync sends everything once to who lacks everything, whichever side that is", () => {
  for (const [caller, callee] of [[EVERYTHING, []], [[], EVERYTHING]]) {
    const { ann, relay } = pair(caller ?? [], callee ?? []);
    ann.sync.begin();
    settle(ann, relay);
    assertEquals([ann.sent().sort(), relay.sent().sort()], [
      hashes(caller ?? []),
      hashes(callee ?? []),
    ]);
    assertEquals(ann.missed, caller?.length ? undefined : EVERYTHING.length);
  }
});

Deno.test("Sync sends who is called the first entries of logs and the newest 50 first, then the rest", () => {
  const { ann, relay } = pair([], [...EVERYTHING].reverse());
  ann.sync.begin();
  settle(ann, relay);
  const byClock = EVERYTHING.toSorted((a, b) => a.entry.clock - b.entry.clock);
  const newest = byClock.slice(-NEWEST).map(({ id }) => short(id));
  const firsts = LOGS.map((log) => hashes(log.slice(0, 1)).join());
  const live = relay.sent(LIVE), rest = relay.sent(HISTORY);
  assertEquals(live.slice(0, 3).sort(), firsts.sort());
  assertEquals(live.slice(3), newest, "by clock");
  const others = [...EVERYTHING].reverse().map(({ id }) => short(id));
  assertEquals(
    rest,
    others.filter((id) => !live.includes(id)),
    "in the order in which it was kept",
  );
  const { written: [records] } = relay, at = records.findIndex(({ type }) => type === "missed");
  assertEquals(records[at], { type: "missed", count: EVERYTHING.length });
  assert(records.findIndex(({ type }) => type === "entries") > at, "the number comes first");
  const runs = relay.written.flat().flatMap((each) => each.type === "entries" ? [each] : []);
  assert(runs.every(({ history }) => history), "all of it is no news");
});

Deno.test("Sync sends of the newest 50 only what is missing, and a first entry only with it", () => {
  const [log = []] = LOGS, { ann, relay } = pair(log.slice(0, 55), log);
  ann.sync.begin();
  settle(ann, relay);
  assertEquals([ann.missed, relay.sent(LIVE)], [5, log.slice(55).map(({ id }) => short(id))]);
  const old = pair(log.slice(5), log);
  old.ann.sync.begin();
  settle(old.ann, old.relay);
  assertEquals([old.ann.missed, old.relay.sent(LIVE), old.relay.sent(HISTORY).length], [5, [], 5]);
});

Deno.test("Sync tells who calls what it holds of the caller's own logs, and of no others", () => {
  const { ann, relay } = pair([], EVERYTHING);
  ann.sync.begin();
  settle(ann, relay);
  const [hold] = relay.written[LIVE];
  assert(hold?.type === "hold" && hold.last);
  assertEquals(hold.logs.map(({ author }) => author), [ANN.author]);
  assertEquals(hold.logs[0]?.ranges, [{ first: 1, last: 60 }]);
  assertEquals(hold.logs[0]?.head, LOGS[0]?.at(-1)?.id);
});

Deno.test("Sync pushes what the caller says itself, and everything that the callee hears", () => {
  const { ann, relay } = pair([], []);
  ann.sync.begin();
  settle(ann, relay);
  const said = say(ann, ANN_NOW, "hi");
  ann.hear(...chain(CEM, 3)); // From another relay.
  relay.hear(...BOB_LATER.slice(0, 3));
  settle(ann, relay);
  assertEquals(ann.sent(), [short(said.id)]);
  assertEquals(relay.sent(), BOB_LATER.slice(0, 3).map(({ id }) => short(id)));
  const runs = [...ann.written[LIVE], ...relay.written[LIVE]]
    .flatMap((each) => each.type === "entries" ? [each] : []);
  assert(runs.every(({ history }) => !history), "all of it is news");
});
