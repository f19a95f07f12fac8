import { assert, assertEquals } from "@std/assert";
import { Reordering } from "../../lib/session/reordering.ts";
import type { SentPacket } from "../../lib/session/sent.ts";
import { SessionPair } from "../support/session_pair.ts";

const RTT = 100;

function packet(number: number, at: number): SentPacket {
  return { number, at, size: 100, elicits: true, bulk: true, probe: false, frames: [] };
}

function numbers(packets: readonly SentPacket[]): number[] {
  return packets.map(({ number }) => number);
}

const FIRST = { packets: 3, roundTrips: 9 / 8 };

Deno.test("Reordering begins with the thresholds of RFC 9002 6.1, and keeps to them for chat", () => {
  const reordering = new Reordering(), all = (): boolean => true;
  assertEquals([reordering.chat, reordering.bulk], [FIRST, FIRST]);
  reordering.lost(packet(1, 0));
  assertEquals(reordering.arrived((number) => number === 2, 5, RTT, 50), []);
  assertEquals(reordering.bulk, FIRST);
  assertEquals(numbers(reordering.arrived(all, 60, RTT, 200)), [1]);
  assertEquals(reordering.chat, FIRST);
});

Deno.test("Reordering waits for as many numbers and round trips as those that came late took", () => {
  const reordering = new Reordering(), all = (): boolean => true;
  reordering.lost(packet(1, 0));
  reordering.lost(packet(2, 1));
  assertEquals(numbers(reordering.arrived(all, 9, RTT, 50)), [1, 2]);
  assertEquals(reordering.bulk, { packets: 9, roundTrips: 9 / 8 }, "late by numbers, not by time");
  assertEquals(reordering.arrived(all, 9, RTT, 50), [], "each once");
  for (const [number, at] of [[3, 60], [4, 61]] as const) reordering.lost(packet(number, at));
  reordering.arrived(all, 6, RTT, 190);
  assertEquals(reordering.bulk, { packets: 9, roundTrips: 11 / 8 }, "one step each round trip");
  for (let round = 0; round < 10; round++) {
    reordering.lost(packet(10 + round, 200 + round * RTT));
    reordering.arrived(all, 5_000, RTT, 500 + round * RTT);
  }
  assertEquals(reordering.bulk, { packets: 512, roundTrips: 17 / 8 }, "and never more than this");
  reordering.lost(packet(90, 61_390));
  reordering.arrived(all, 95, RTT, 61_400);
  assertEquals(reordering.bulk, { packets: 6, roundTrips: 9 / 8 }, "forgotten in a minute");
});

Deno.test("Reordering remembers 512 lost packets, and those of three seconds", () => {
  const all = (): boolean => true, many = new Reordering(), old = new Reordering();
  for (let number = 0; number < 600; number++) many.lost(packet(number, 0));
  const kept = Array.from({ length: 512 }, (_, at) => at + 88);
  assertEquals(numbers(many.arrived(all, 600, RTT, 1)), kept);
  for (const [number, at] of [[1, 0], [2, 1_000], [3, 3_500]] as const) {
    old.lost(packet(number, at));
  }
  assertEquals(numbers(old.arrived(all, 4, RTT, 3_600)), [2, 3]);
});

Deno.test("Session sends bulk over a path that reorders about as fast as over one that does not", () => {
  const seconds = (spec: object, seed: number): number => {
    const pair = new SessionPair({ seed, spec: { delay: 50, ...spec } });
    pair.ann.session.write(1, new Uint8Array(1_000_000));
    pair.flush();
    assert(pair.runUntil(() => pair.ann.session.held === 0, 120_000), `seed ${seed}`);
    assert(pair.ann.session.link.loss < 0.02, `seed ${seed}: ${pair.ann.session.link.loss} lost`);
    return pair.now / 1_000;
  };
  const straight = seconds({}, 1);
  for (let seed = 1; seed <= 5; seed++) {
    for (const spec of [{ jitter: 10 }, { reorder: 10 }]) {
      const took = seconds(spec, seed);
      assert(took < 2 * straight, `seed ${seed}: ${took} s, straight ${straight} s`);
    }
    assert(seconds({ jitter: 30 }, seed) < 5 * straight, `seed ${seed}`);
  }
});
