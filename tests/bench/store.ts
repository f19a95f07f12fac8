/**
 * What a large store costs: start-up, search and catching up with a million entries.
 *
 * @module
 */

import { openRoomNumber } from "../../lib/crypto/room_key.ts";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { Entries } from "../../lib/store/entries.ts";
import { History, type Message } from "../../lib/store/history.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { Crowd, TEXT } from "./crowd.ts";
import { processorTime } from "./process.ts";
import { pause } from "./python.ts";
import { median, say, serve } from "./report.ts";

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const MILLION = 1_000_000, AUTHORS = 100, BATCH = 10_000;
const WORDS = "the quick brown fox jumps over a lazy dog and runs home again before it rains".split(
  " ",
);

/** Entries that nobody signed: the store does not look. */
function* batches(): Generator<CheckedEntry[]> {
  const room = openRoomNumber("lobby"), begin = Date.now() - MILLION;
  const authors = Array.from({ length: AUTHORS }, () => crypto.getRandomValues(new Uint8Array(32)));
  const log = new Uint8Array(8), signature = new Uint8Array(64);
  const body = new TextEncoder().encode(`\x01${TEXT}`);
  const previous = authors.map(() => new Uint8Array(32));
  for (let from = 0; from < MILLION; from += BATCH) {
    yield Array.from({ length: BATCH }, (_, at) => {
      const each = from + at, by = each % AUTHORS, id = crypto.getRandomValues(new Uint8Array(32));
      const entry = {
        room,
        author: authors[by] ?? id,
        log,
        number: Math.floor(each / AUTHORS) + 1,
        previous: previous[by] ?? id,
        clock: (begin + each) * CLOCK_STEPS,
        time: begin + each,
        body,
        signature,
      };
      previous[by] = id;
      return { entry, id };
    });
  }
}

function messages(from: number): Message[] {
  return Array.from({ length: BATCH }, (_, at) => {
    const each = from + at, rare = each % 100_000 === 77 ? "thunderstorm " : "";
    const text = Array.from({ length: 8 }, (_, word) => WORDS[(each * 7 + word * 13) % 16]).join(
      " ",
    );
    return {
      id: `${each}`,
      room: "lobby",
      author: new Uint8Array(32),
      name: `name${each % AUTHORS}`,
      text: rare + text,
      sent: 1.7e12 + each * 1_000,
      self: false,
      private: false,
    };
  });
}

function timed(what: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const begin = performance.now();
    what();
    return performance.now() - begin;
  });
  return median(times);
}

/** How fast a member that holds nothing gets what a relay keeps. */
async function catchUp(path: string): Promise<void> {
  const begin = performance.now();
  await using server = await serve([here("relay_end.ts"), path]);
  const opened = performance.now() - begin;
  say(`| a relay starts with it, program included | ${opened.toFixed(0)} ms | < 1,000 ms |`);
  await using all = new Crowd({ host: "127.0.0.1", port: server.port });
  await all.join(1);
  let heard = 0;
  const [member] = all.members;
  if (member) member.machine.onEntries = (_author, _first, count) => heard += count;
  const before = await processorTime(server.pid), from = heard, since = performance.now();
  await pause(5_000);
  const seconds = (performance.now() - since) / 1_000, got = heard - from;
  const cost = (await processorTime(server.pid) - before) / got;
  say(
    `| a member catches up | ${(got / seconds / 1_000).toFixed(1)} thousand entries a second, ` +
      `${cost.toFixed(1)} us of the relay each | |`,
  );
}

/** All of them. */
export async function stores(): Promise<void> {
  if (Deno.build.os !== "linux") return say("skipped: a relay's processor time is read from /proc");
  const home = await Deno.makeTempDir();
  try {
    say("\n| with a million entries | | reach for |");
    say("| --- | --- | --- |");
    const begin = performance.now(), entries = new Entries(`${home}/rooms.db`);
    for (const batch of batches()) entries.append(batch);
    entries.close();
    const each = (performance.now() - begin) / MILLION * 1_000;
    say(`| kept, 10,000 together | ${each.toFixed(1)} us each | |`);
    const open = timed(() => new Entries(`${home}/rooms.db`).close());
    say(`| the store opens | ${open.toFixed(1)} ms | < 1,000 ms |`);
    await catchUp(`${home}/rooms.db`);
    const history = new History(`${home}/history.db`);
    for (let from = 0; from < MILLION; from += BATCH) history.add(messages(from));
    for (const words of ["thunderstorm", "fox", "quick brown fox", "nothing of it"]) {
      const ms = timed(() => history.search({ words, limit: 50 }));
      say(`| search for ${words} | ${ms.toFixed(1)} ms | < 100 ms |`);
    }
    const ms = timed(() => history.search({ words: "fox", from: "name7", limit: 50 }));
    say(`| search for fox, of one author | ${ms.toFixed(1)} ms | < 100 ms |`);
    history.close();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
