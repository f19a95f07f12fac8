/**
 * People who walk, sleep and change networks while they talk.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";
import { ANN, BOB, type End, joined, SessionPair } from "../support/session_pair.ts";

const HOUR_MS = 3_600_000;

/** Writes a line on both sides and wants both to arrive within some ms. */
function talk(pair: SessionPair, most: number, what: string): void {
  const arrived = (end: End): number => joined(end, 0).length;
  const wanted = [arrived(pair.ann) + 5, arrived(pair.bob) + 5];
  pair.ann.session.write(0, utf8("hello"));
  pair.bob.session.write(0, utf8("hello"));
  pair.flush();
  const there = (): boolean => arrived(pair.ann) === wanted[0] && arrived(pair.bob) === wanted[1];
  assert(pair.runUntil(there, pair.now + most), `${what}: not within ${most} ms`);
}

Deno.test("Session goes on when first one end moves and then the other, at 20 % loss", () => {
  for (let seed = 0; seed < 100; seed++) {
    const pair = new SessionPair({ seed, spec: { delay: 50, jitter: 10, loss: 20 } });
    for (let turn = 0; turn < 10; turn++) {
      const end = turn % 2 === 0 ? pair.ann : pair.bob;
      end.address = { host: `198.51.100.${turn}`, port: 1_000 + turn };
      talk(pair, 17_000, `seed ${seed}, turn ${turn}`);
      pair.run(pair.now + 35_000);
    }
    // Whoever did not move knows the new address at the latest with a heartbeat.
    pair.run(pair.now + 40_000);
    assertEquals(pair.ann.session.address, pair.bob.address, `seed ${seed}`);
    assertEquals(pair.bob.session.address, pair.ann.address, `seed ${seed}`);
  }
});

Deno.test("Session moves there and back again between two networks", () => {
  const pair = new SessionPair({ spec: { delay: 30 } });
  const phone = { host: "203.0.113.5", port: 40_000 };
  for (let turn = 0; turn < 20; turn++) {
    pair.bob.address = turn % 2 === 0 ? phone : BOB;
    talk(pair, 2_500, `turn ${turn}`);
    pair.run(pair.now + 5_000);
    assertEquals(pair.ann.session.address, pair.bob.address);
  }
  assertEquals(pair.ann.events.filter(({ type }) => type === "moved").length, 20);
});

Deno.test("Session moves in the middle of a bulk transfer, also while a large datagram is tried", () => {
  for (let seed = 0; seed < 60; seed++) {
    const pair = new SessionPair({ seed, spec: { delay: 20, jitter: seed % 3 * 5 } });
    const bytes = randomBytes(seededRandom(seed), 400_000);
    pair.run(1_000);
    pair.ann.session.write(1, bytes);
    pair.bob.session.write(1, bytes);
    pair.flush();
    pair.run(pair.now + seed * 2);
    const end = seed % 2 === 0 ? pair.ann : pair.bob;
    end.address = { host: "198.51.100.9", port: 9 };
    const done = (): boolean => pair.ann.session.held + pair.bob.session.held === 0;
    assert(pair.runUntil(done, pair.now + 30_000), `seed ${seed}`);
    for (const each of [pair.ann, pair.bob]) assertEquals(joined(each, 1), bytes, `seed ${seed}`);
  }
});

Deno.test("Session wakes up after both programs slept for hours", () => {
  for (const hours of [0.1, 1, 24, 1_000]) {
    const pair = new SessionPair({ spec: { delay: 50, loss: 10 } });
    talk(pair, 5_000, "before");
    pair.ann.session.write(1, new Uint8Array(100_000));
    pair.flush();
    pair.run(pair.now + 100);
    // Time jumps: no timer was served meanwhile, and what was on its way arrives late.
    pair.now += hours * HOUR_MS;
    pair.step();
    talk(pair, 5_000, `${hours} hours later`);
    pair.run(pair.now + 30_000);
    assertEquals(joined(pair.bob, 1).length, 100_000);
    assertEquals([pair.ann.session.held, pair.ann.session.closed], [0, false]);
    assertLess(pair.ann.session.link.rtt, 1_000);
  }
});

Deno.test("Session does not mind a clock that steps back", () => {
  const pair = new SessionPair({ spec: { delay: 50 } });
  pair.run(60_000);
  for (const { session } of [pair.ann, pair.bob]) {
    session.tick(1_000);
    assertEquals(session.poll(1_000), undefined);
    assert((session.nextTimeout() ?? 0) > 0);
  }
  talk(pair, 1_000, "after the step");
});

Deno.test("Session follows nobody who only repeats what the other said", () => {
  const spy = { host: "203.0.113.66", port: 666 };
  for (let seed = 0; seed < 30; seed++) {
    const random = seededRandom(seed);
    const pair = new SessionPair({
      seed,
      spec: { delay: 50, loss: 20 },
      mangle: (flying) => random() < 0.5 ? [{ ...flying, from: { ...spy } }, flying] : [flying],
    });
    for (let turn = 0; turn < 20; turn++) talk(pair, 20_000, `seed ${seed}, turn ${turn}`);
    assertEquals([pair.ann.session.address, pair.bob.session.address], [BOB, ANN], `seed ${seed}`);
  }
});
