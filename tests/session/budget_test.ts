import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { Budget, Budgets } from "../../lib/session/budget.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import type { Address } from "../../lib/wire/address.ts";
import { randomBytes } from "../crypto/bytes.ts";
import { BareHub, credentialsOf, spoofedInit } from "../support/bare_hub.ts";

/** How many tokens it gives at a moment. */
function taken(budget: Budget, now: number): number {
  let count = 0;
  while (budget.take(now)) count++;
  return count;
}

Deno.test("Budget gives a burst, then so many a second, and never saves more than the burst", () => {
  const budget = new Budget({ burst: 5, perSecond: 2 }, 1_000);
  assertEquals(taken(budget, 1_000), 5);
  assertEquals([taken(budget, 1_499), taken(budget, 1_500), taken(budget, 1_500)], [0, 1, 0]);
  assertEquals(taken(budget, 3_600_000), 5);
  assertEquals(taken(budget, 3_000_000), 0, "a clock that jumps back gives nothing");
});

Deno.test("Budgets are one for each, and the one not seen for longest is forgotten", () => {
  const budgets = new Budgets({ burst: 1, perSecond: 0 }, 3);
  assertEquals(["a", "b", "a", "c"].map((key) => budgets.take(key, 0)), [true, true, false, true]);
  assertEquals(budgets.size, 3);
  assert(budgets.take("d", 0), "b makes room");
  assertEquals(["a", "c", "d"].map((key) => budgets.take(key, 0)), [false, false, false]);
  assertEquals([budgets.take("b", 0), budgets.size], [true, 3]);
});

/** Asks as somebody who shows each cookie that it is asked for; true if there is an answer. */
function ask(bob: BareHub, random: () => number, from: Address, now: number): boolean {
  const ephemeral = randomBytes(random, 32);
  const said = bob.hear(spoofedInit(ephemeral), from, now).map(decodePacket);
  if (said.some((packet) => packet?.type === "answer")) return true;
  const [packet] = said;
  if (packet?.type !== "refusal" || packet.kind !== "cookie") return false;
  return bob.hear(spoofedInit(ephemeral, 7, packet.cookie), from, now).length === 1;
}

Deno.test("Hub does 256 handshakes with one address, then 32 a second; others have their own", () => {
  for (
    const [mine, other] of [["192.0.2.1", "192.0.2.2"], ["2001:db8::1", "2001:db8:0:1::1"]] as const
  ) {
    const bob = new BareHub(credentialsOf(2)), random = seededRandom(1);
    let answered = 0;
    for (let each = 0; each < 1_000; each++) {
      // The next port, or the next address of the same household, is the same subscriber.
      const host = mine.includes(":") ? `${mine.slice(0, -1)}${each + 2}` : mine;
      if (ask(bob, random, { host, port: 1_000 + each }, each)) answered++;
    }
    assertEquals([answered, bob.hub.computed], [256 + 31, 256 + 31], mine);
    assert(ask(bob, random, { host: other, port: 1 }, 1_000), other);
    assertEquals(ask(bob, random, { host: mine, port: 1 }, 1_000), true, "a token has come back");
    assertEquals(ask(bob, random, { host: mine, port: 1 }, 1_000), false);
  }
});

Deno.test("Hub does 1,024 handshakes at once in all, then 400 a second; this machine is not counted", () => {
  const bob = new BareHub(credentialsOf(2)), random = seededRandom(2);
  let answered = 0;
  for (let each = 0; each < 2_000; each++) {
    const from = { host: `10.0.${each >> 8}.${each & 255}`, port: 1 };
    if (ask(bob, random, from, each / 2)) answered++;
  }
  assertEquals([answered, bob.hub.computed], [1_024 + 399, 1_024 + 399]);
  assert(ask(bob, random, { host: "127.0.0.1", port: 1 }, 1_000));
});

Deno.test("Hub makes 2,048 cookies at once, then 20,000 a second", () => {
  const bob = new BareHub(credentialsOf(2)), random = seededRandom(3);
  let refused = 0;
  const flood = (now: number): void => {
    for (let each = 0; each < 4_000; each++) {
      const bytes = spoofedInit(randomBytes(random, 32));
      refused += bob.hear(bytes, { host: `10.0.${each >> 8}.${each & 255}`, port: 1 }, now)
        .filter((answer) => decodePacket(answer)?.type === "refusal").length;
    }
  };
  flood(0);
  assertEquals(refused, 2_048);
  flood(100);
  assertEquals(refused, 2_048 + 2_000);
});
