import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { Congestion } from "../../lib/session/congestion.ts";

const SIZE = 1_200;
const RTT = 100;

/** Sends as long as the window allows. */
function fill(congestion: Congestion): number {
  let sent = 0;
  while (congestion.inFlight + SIZE <= congestion.window) {
    congestion.sent(SIZE);
    sent++;
  }
  return sent;
}

Deno.test("Congestion starts with ten datagrams, and doubles each round trip (RFC 9002 7.3.1)", () => {
  const congestion = new Congestion(SIZE);
  for (let sent = fill(congestion), round = 0; round < 6; round++) {
    assertEquals(sent, 10 * 2 ** round);
    let next = 0;
    for (; sent > 0; sent--) {
      congestion.acknowledged(SIZE, round * RTT);
      next += fill(congestion);
    }
    sent = next;
  }
});

Deno.test("Congestion halves once for all losses of a round trip, and then grows by one datagram", () => {
  const congestion = new Congestion(SIZE);
  fill(congestion);
  const before = congestion.window;
  congestion.lost(SIZE, 0, 100);
  assertEquals(congestion.window, before / 2);
  congestion.lost(SIZE, 10, 110);
  congestion.lost(SIZE, 100, 120);
  assertEquals(congestion.window, before / 2, "the same round trip");
  congestion.acknowledged(SIZE, 90);
  assertEquals(congestion.window, before / 2, "sent before the loss was seen");
  while (congestion.inFlight > 0) congestion.forget(SIZE);
  const sent = fill(congestion), from = congestion.window;
  for (let packet = 0; packet < sent; packet++) {
    congestion.acknowledged(SIZE, 130);
    congestion.sent(SIZE);
  }
  const grown = congestion.window - from;
  assert(grown > 0.8 * SIZE && grown < 1.2 * SIZE, `${grown} bytes in a round trip`);
  congestion.lost(SIZE, 140, 200);
  assert(congestion.window < from);
});

Deno.test("Congestion takes a reduction back once all its losses came late, and not before", () => {
  const congestion = new Congestion(SIZE);
  fill(congestion);
  const before = congestion.window;
  for (const sentAt of [10, 20, 30]) congestion.lost(SIZE, sentAt, 100);
  congestion.spurious(10);
  congestion.spurious(30);
  assertEquals(congestion.window, before / 2, "one of the three may be lost");
  congestion.spurious(20);
  assertEquals(congestion.window, before);
  congestion.spurious(20);
  assertEquals(congestion.window, before, "and once only");
  congestion.lost(SIZE, 110, 200);
  congestion.spurious(210);
  assertEquals(congestion.window, before / 2, "sent after the reduction: not its cause");
});

Deno.test("Congestion never falls below two datagrams, nor below 0 in flight", () => {
  const congestion = new Congestion(SIZE);
  for (let round = 1; round < 20; round++) {
    congestion.sent(SIZE);
    congestion.lost(SIZE, round * 10, round * 10 + 5);
  }
  assertEquals(congestion.window, 2 * SIZE);
  congestion.forget(SIZE);
  assertEquals(congestion.inFlight, 0);
  congestion.resize(16_384);
  assertEquals(congestion.window, 2 * 16_384);
});

Deno.test("Congestion does not grow a window that is not used", () => {
  const congestion = new Congestion(SIZE), before = congestion.window;
  for (let packet = 0; packet < 100; packet++) {
    congestion.sent(SIZE);
    congestion.acknowledged(SIZE, packet);
  }
  assertEquals(congestion.window, before);
});

Deno.test("Congestion paces: after a burst of ten a datagram at a time, 5/4 of the window an RTT", () => {
  const congestion = new Congestion(SIZE);
  for (let packet = 0; packet < 10; packet++) {
    assertEquals(congestion.readyAt(SIZE, RTT, 1_000), 1_000);
    congestion.sent(SIZE);
  }
  assertEquals(congestion.readyAt(SIZE, RTT, 1_000), undefined, "the window is full");
  for (let packet = 0; packet < 10; packet++) congestion.acknowledged(SIZE, 1_000);
  const at = congestion.readyAt(SIZE, RTT, 1_000) ?? 0;
  const wanted = SIZE / (1.25 * congestion.window / RTT);
  assert(Math.abs(at - 1_000 - wanted) < 1e-6, `${at - 1_000} ms, wanted ${wanted}`);
  assertEquals(congestion.readyAt(SIZE, RTT, at), at);
});

Deno.test("Congestion keeps its promises for 500 seeds of random fates", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = seededRandom(seed), congestion = new Congestion(SIZE);
    const flying: number[] = [];
    let now = 0, bytes = 0;
    for (let step = 0; step < 300; step++) {
      now += random() * 10;
      const at = congestion.readyAt(SIZE, RTT, now);
      assert(at === undefined || at >= now, `seed ${seed}`);
      if (at !== undefined && at <= now) {
        congestion.sent(SIZE);
        flying.push(now);
        bytes += SIZE;
        assert(congestion.inFlight <= congestion.window, `seed ${seed}`);
      }
      if (flying.length > 0 && random() < 0.6) {
        const sentAt = flying.shift() ?? 0, kind = random();
        if (kind < 0.8) congestion.acknowledged(SIZE, sentAt);
        else if (kind < 0.9) congestion.lost(SIZE, sentAt, now);
        else congestion.forget(SIZE);
      }
      assertEquals(congestion.inFlight, flying.length * SIZE, `seed ${seed}`);
      assert(congestion.window >= 2 * SIZE);
    }
    assert(bytes > 0);
  }
});
