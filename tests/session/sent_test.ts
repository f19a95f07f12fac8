import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { type Patiences, Sent, type SentPacket } from "../../lib/session/sent.ts";

function packet(number: number, at: number, copyOf?: number, elicits = true): SentPacket {
  return { number, at, size: 100, elicits, bulk: false, probe: false, frames: [], copyOf };
}

/** Three numbers behind, or so old in ms; bulk may be older. */
function within(age: number, bulk = age): Patiences {
  return { chat: { packets: 3, age }, bulk: { packets: 3, age: bulk } };
}

function numbers(packets: readonly SentPacket[]): number[] {
  return packets.map(({ number }) => number);
}

Deno.test("Sent takes a packet three numbers behind for lost (RFC 9002 6.1.1)", () => {
  const sent = new Sent();
  for (let number = 0; number < 6; number++) sent.add(packet(number, 0));
  const outcome = sent.acknowledge([{ first: 4, last: 4 }], within(1_000), 10);
  assert(outcome);
  assertEquals([numbers(outcome.acknowledged), numbers(outcome.lost)], [[4], [0, 1]]);
  assertEquals([sent.count, sent.awaited, outcome.news], [3, 3, true]);
});

Deno.test("Sent takes a packet that is late for lost, and says when (RFC 9002 6.1.2)", () => {
  const sent = new Sent();
  sent.add(packet(0, 0));
  sent.add(packet(1, 20));
  assertEquals(sent.lossAt(within(90)), undefined, "nothing later was acknowledged");
  assertEquals(sent.takeLost(within(90), 1e6), []);
  sent.acknowledge([{ first: 1, last: 1 }], within(90), 50);
  assertEquals(sent.lossAt(within(90)), 90);
  assertEquals(sent.takeLost(within(90), 89.9), []);
  assertEquals(numbers(sent.takeLost(within(90), 90)), [0]);
  assertEquals([sent.count, sent.awaited, sent.lossAt(within(90))], [0, 0, undefined]);
});

Deno.test("Sent waits for bulk as long as it is told, and no longer for chat behind it", () => {
  const sent = new Sent(), patience = within(90, 150);
  sent.add({ ...packet(0, 0), bulk: true });
  sent.add({ ...packet(1, 1), bulk: true });
  sent.add(packet(2, 10));
  sent.add(packet(3, 20));
  sent.acknowledge([{ first: 3, last: 3 }], { ...patience, bulk: { packets: 9, age: 150 } }, 50);
  assertEquals(sent.lossAt(patience), 100);
  assertEquals(numbers(sent.takeLost({ ...patience, bulk: { packets: 9, age: 150 } }, 100)), [2]);
  assertEquals(sent.lossAt(patience), 150);
});

Deno.test("Sent refuses an ACK of what was never sent", () => {
  const sent = new Sent();
  assertEquals(sent.acknowledge([{ first: 0, last: 0 }], within(1), 0), undefined);
  sent.add(packet(0, 0));
  sent.add(packet(1, 0, undefined, false));
  assertEquals(sent.acknowledge([{ first: 0, last: 2 }], within(1), 0), undefined);
  assertEquals(sent.count, 1, "nothing has changed; ACKs alone are not kept");
  assert(sent.acknowledge([{ first: 0, last: 1 }], within(1), 0));
});

Deno.test("Sent waits for nobody whose copy arrived, and for no copy", () => {
  const sent = new Sent();
  sent.add(packet(0, 0));
  sent.add(packet(1, 5, 0));
  assertEquals([sent.awaited, sent.count, sent.oldest?.number], [1, 2, 0]);
  sent.acknowledge([{ first: 1, last: 1 }], within(1_000), 50);
  assertEquals([sent.awaited, sent.oldest], [0, undefined]);
  assertEquals(
    sent.lossAt(within(1_000)),
    1_000,
    "the first is still to be counted as lost or not",
  );
});

Deno.test("Sent has no news in an ACK that repeats itself", () => {
  const sent = new Sent();
  for (let number = 0; number < 3; number++) sent.add(packet(number, 0));
  assertEquals(sent.acknowledge([{ first: 2, last: 2 }], within(1e3), 1)?.news, true);
  assertEquals(sent.acknowledge([{ first: 2, last: 2 }], within(1e3), 1)?.news, false);
  const late = sent.acknowledge([{ first: 0, last: 2 }], within(1e3), 1);
  assertEquals([late?.news, numbers(late?.acknowledged ?? [])], [false, [0, 1]]);
  assertEquals(sent.largestAcknowledged, 2);
});

Deno.test("Sent gives every packet one fate, for 2,000 seeds", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed), sent = new Sent(), fates = new Map<number, string>();
    const kept: number[] = [];
    let now = 0;
    const settle = (packets: readonly SentPacket[], fate: string): void => {
      for (const { number } of packets) {
        assert(!fates.has(number), `seed ${seed}: ${number} is ${fates.get(number)} and ${fate}`);
        fates.set(number, fate);
      }
    };
    for (let number = 0; number < 80; number++) {
      now += random() * 30;
      const elicits = random() < 0.8, copyOf = random() < 0.2 ? kept.at(-1) : undefined;
      sent.add(packet(number, now, copyOf, elicits));
      if (elicits) kept.push(number);
      if (random() < 0.4) {
        const last = Math.floor(random() * (number + 1));
        const first = Math.max(0, last - Math.floor(random() * 6));
        const outcome = sent.acknowledge([{ first, last }], within(60), now);
        assert(outcome, `seed ${seed}`);
        settle(outcome.acknowledged, "acknowledged");
        settle(outcome.lost, "lost");
        for (const each of outcome.acknowledged) {
          assert(each.number >= first && each.number <= last);
        }
      }
      const due = sent.lossAt(within(60));
      settle(sent.takeLost(within(60), now), "lost");
      assert(due === undefined || due <= now === (sent.lossAt(within(60)) !== due), `seed ${seed}`);
      assertEquals(sent.count, kept.length - fates.size, `seed ${seed}`);
      assert(sent.awaited <= sent.count);
    }
    settle(
      sent.acknowledge([{ first: 0, last: 79 }], within(60), now)?.acknowledged ?? [],
      "acknowledged",
    );
    assertEquals([fates.size, sent.count, sent.awaited], [kept.length, 0, 0], `seed ${seed}`);
  }
});
