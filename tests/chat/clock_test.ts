import { assert, assertEquals, assertLess } from "@std/assert";
import { HybridClock, MAX_AHEAD_MS } from "../../lib/chat/clock.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { LOBBY, RoomNet, START } from "../support/room_net.ts";
import { author, signed, WALL } from "./authors.ts";

Deno.test("next() is the wall time in steps, and one step more where it stands still", () => {
  const clock = new HybridClock();
  assertEquals(clock.next(WALL), WALL * CLOCK_STEPS);
  assertEquals(clock.next(WALL), WALL * CLOCK_STEPS + 1);
  assertEquals(clock.next(WALL - 5_000), WALL * CLOCK_STEPS + 2);
  assertEquals(clock.next(WALL + 0.9), WALL * CLOCK_STEPS + 3, "whole ms only");
  assertEquals(clock.next(WALL + 1), (WALL + 1) * CLOCK_STEPS);
});

Deno.test("see() follows up to an hour ahead, and not a step further", () => {
  const edge = (WALL + MAX_AHEAD_MS) * CLOCK_STEPS, clock = new HybridClock();
  assertEquals(clock.see(edge + 1, WALL), false);
  assertEquals(clock.next(WALL), WALL * CLOCK_STEPS);
  assertEquals(clock.see(edge, WALL), true);
  assertEquals(clock.next(WALL), edge + 1);
  assertEquals(clock.see(edge - 1, WALL), true, "what is past is no reason to go back");
  assertEquals(clock.next(WALL), edge + 2);
  assertEquals(clock.see(Number.MAX_SAFE_INTEGER, WALL), false);
  assertEquals(clock.next(WALL + 1), edge + 3);
  assertEquals(clock.see(0, WALL), true);
});

Deno.test("HybridClock is after all that it gave or followed, for 2,000 seeds", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed), clock = new HybridClock();
    let wall = WALL, latest = 0;
    for (let step = 0; step < 60; step++) {
      // The wall clock is set, forward and back, by up to three hours.
      wall += random() < 0.1 ? Math.floor((random() - 0.5) * 6 * 3_600_000) : random() * 3;
      if (random() < 0.5) {
        const now = clock.next(wall), whole = Math.floor(wall) * CLOCK_STEPS;
        assertEquals(now, Math.max(whole, latest + 1), `seed ${seed}, step ${step}`);
        latest = now;
        continue;
      }
      const ahead = (random() - 0.3) * 2 * MAX_AHEAD_MS;
      const seen = Math.max(0, Math.floor((wall + ahead) * CLOCK_STEPS));
      const followed = seen <= (wall + MAX_AHEAD_MS) * CLOCK_STEPS;
      assertEquals(clock.see(seen, wall), followed, `seed ${seed}, step ${step}`);
      if (followed) latest = Math.max(latest, seen);
    }
  }
});

Deno.test("HybridClock puts an answer after what it answers, with clocks minutes apart, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), skews = [0, 1, 2].map(() => (random() - 0.5) * 3_000_000);
    const clocks = skews.map(() => new HybridClock());
    let last = 0;
    for (let wall = WALL; wall < WALL + 10_000; wall += random() * 500) {
      const who = Math.floor(random() * 3), own = wall + (skews[who] ?? 0);
      assert(clocks[who]?.see(last, own), "within an hour");
      const said = clocks[who]?.next(own) ?? 0;
      assertLess(last, said, `seed ${seed}`);
      last = said;
    }
    assertLess(last, (WALL + 10_000 + 3_000_000) * CLOCK_STEPS, "no further than the fastest");
  }
});

// lib/peer/node.ts, constructor: `see(store.clock(), Infinity)` follows whatever anybody has signed. With
// a clock of 2^53 - 1 in the store every say() throws (`Cannot write … as a variable-length integer`).
for (
  const [when, clock] of [["next year", (WALL + 3.2e10) * CLOCK_STEPS], ["2^53 - 1", 2 ** 53 - 1]]
) {
  Deno.test({
    name: `a program that starts again follows no clock of ${when} that it has kept`,
    fn: () => {
      const net = new RoomNet({ delay: 5 }), ann = net.join("ann"), bob = net.join("bob");
      net.run(500);
      bob.store.append([
        signed(author(66), { room: LOBBY.number, clock: Number(clock), time: START }),
      ]);
      net.restart(bob);
      net.run(2_000);
      net.say(bob, "hi");
      net.run(3_000);
      const last = bob.store.entries.at(-1)?.entry;
      assert(last);
      assertLess(last.clock, (START + MAX_AHEAD_MS) * CLOCK_STEPS);
      assert(ann.told.some((event) => event.type === "message" && event.text === "hi"));
    },
  });
}
