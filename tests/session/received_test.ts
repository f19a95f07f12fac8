import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_ACK_DELAY_MS, Received } from "../../lib/session/received.ts";

/** So many packets in order, within 1 ms each. */
function load(received: Received, count: number, from = 0, now = 0): void {
  for (let number = from; number < from + count; number++) {
    received.add(number, true, now + (number - from) * 0.1);
    if (received.dueAt !== undefined && received.dueAt <= now) received.sent();
  }
}

Deno.test("Received acknowledges a lone packet at once, and nothing twice", () => {
  const received = new Received();
  assertEquals([received.dueAt, received.frame(0)], [undefined, undefined]);
  received.add(0, true, 5);
  assertEquals(received.dueAt, 5);
  assertEquals(received.frame(5), { type: "ack", ranges: [{ first: 0, last: 0 }], delay: 0 });
  assertEquals(received.frame(7)?.delay, 2);
  received.sent();
  assertEquals(received.dueAt, undefined);
});

Deno.test("Received never acknowledges an acknowledgement for its own sake", () => {
  const received = new Received();
  for (let number = 0; number < 50; number++) received.add(number, false, number);
  assertEquals(received.dueAt, undefined);
  received.add(50, true, 50);
  assertEquals(received.frame(50)?.ranges[0]?.last, 50);
});

Deno.test("Received waits under load for a second packet, at most 20 ms", () => {
  const received = new Received();
  load(received, 40);
  received.sent();
  received.add(40, true, 10);
  assertEquals(received.dueAt, 10 + MAX_ACK_DELAY_MS);
  received.add(41, true, 11);
  assertEquals(received.dueAt, 11, "the second");
  received.sent();
  received.add(43, true, 12);
  assertEquals(received.dueAt, 12, "a gap is told at once");
  received.sent();
  received.add(42, true, 13);
  assertEquals(received.dueAt, 13, "and so is what fills it");
});

Deno.test("Received tells gaps under load, the newest range first", () => {
  const received = new Received();
  for (let number = 0; number < 60; number++) if (number % 10 > 1) received.add(number, true, 0);
  const ranges = received.frame(0)?.ranges ?? [];
  assertEquals(ranges.slice(0, 2), [{ first: 52, last: 59 }, { first: 42, last: 49 }]);
  assertEquals(ranges.length, 6);
});

Deno.test("Received tells only what came, for 1,000 seeds, and always the newest", () => {
  for (let seed = 0; seed < 1_000; seed++) {
    const random = seededRandom(seed), received = new Received(), came = new Set<number>();
    let now = 0, head = 0;
    for (let step = 0; step < 200; step++) {
      now += random() * (seed % 2 ? 1 : 40);
      head += random() < 0.2 ? 1 + Math.floor(random() * 200) : 1;
      const number = Math.max(0, head - Math.floor(random() ** 4 * 30));
      if (came.has(number)) continue;
      came.add(number);
      received.add(number, random() < 0.8, now);
      const due = received.dueAt;
      assert(due === undefined || due <= now + MAX_ACK_DELAY_MS, `seed ${seed}`);
      const frame = received.frame(now);
      assert(frame && frame.ranges.length <= 64 && frame.delay >= 0);
      assertEquals(frame.ranges[0]?.last, Math.max(...came), `seed ${seed}`);
      let below = Infinity;
      for (const { first, last } of frame.ranges) {
        assert(first <= last && last < below - 1, `seed ${seed}: ranges touch or overlap`);
        below = first;
        for (let each = first; each <= last; each++) {
          assert(came.has(each), `seed ${seed}: ${each}`);
        }
      }
      if (random() < 0.4) received.sent();
    }
  }
});
