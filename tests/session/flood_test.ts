import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { LOAD, MAX_UNFINISHED } from "../../lib/session/answerer.ts";
import type { Address } from "../../lib/wire/address.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import { randomBytes } from "../crypto/bytes.ts";
import { BareHub, credentialsOf, only, shuttle, spoofedInit } from "../support/bare_hub.ts";
import { HubNet } from "../support/hub_net.ts";
import { ANN, BOB } from "../support/session_pair.ts";

const [ANNS, BOBS] = [credentialsOf(1), credentialsOf(2)];

function stranger(number: number): Address {
  return { host: `10.${number >> 16}.${number >> 8 & 255}.${number & 255}`, port: 1_024 };
}

/** A hub that has as many unfinished handshakes as it takes before it wants cookies. */
function loaded(now = 0): BareHub {
  const bob = new BareHub(BOBS), random = seededRandom(3);
  for (let number = 0; number < LOAD; number++) {
    assertEquals(bob.hear(spoofedInit(randomBytes(random, 32)), stranger(number), now).length, 1);
  }
  assertEquals(bob.hub.unfinished, LOAD);
  return bob;
}

/** The cookie that a hub under load gives. */
function cookieOf(bob: BareHub, ephemeral: Uint8Array, from: Address, now: number): Uint8Array {
  const packet = decodePacket(only(bob.hear(spoofedInit(ephemeral), from, now)));
  assert(packet?.type === "refusal" && packet.kind === "cookie");
  return packet.cookie.slice();
}

Deno.test("Hub makes no session and no further X25519 of 10,000 spoofed first messages", () => {
  const bob = new BareHub(BOBS), random = seededRandom(1);
  let sent = 0, received = 0;
  for (let number = 0; number < 10_000; number++) {
    const init = spoofedInit(randomBytes(random, 32), number + 1);
    const answers = bob.hear(init, stranger(number), number / 1_000);
    received += init.length;
    for (const answer of answers) sent += answer.length;
    assert(answers.every((answer) => answer.length <= init.length));
  }
  assertEquals([bob.hub.sessions, bob.events, bob.hub.computed], [[], [], LOAD]);
  assertEquals(bob.hub.unfinished, LOAD);
  assertLess(sent, received / 10);
});

Deno.test("Hub takes an honest caller in the middle of a flood, at 20 % loss too", () => {
  for (const loss of [0, 20]) {
    const net = new HubNet({ delay: 50, loss }, 4), random = seededRandom(4);
    const ann = net.add("192.0.2.1"), bob = net.add("192.0.2.2");
    let number = 0;
    const flood = (): void => {
      for (let each = 0; each < 100; each++) {
        const bytes = spoofedInit(randomBytes(random, 32));
        net.inject({ bytes, from: stranger(number++), to: bob.address });
      }
    };
    flood();
    net.run(100);
    ann.hub.call(bob.address, false, net.now);
    const called = net.now, computed = bob.hub.computed;
    for (let at = called; at < called + 3_000 && bob.up.length === 0; at += 10) {
      flood();
      net.run(at + 10);
    }
    assertEquals([ann.up.length, bob.up.length], [1, 1], `loss ${loss}`);
    if (loss === 0) assertLess(net.now - called, 400);
    assertEquals(bob.hub.computed, computed + 1);
    assertGreater(number, 1_000);
  }
});

Deno.test("Hub gives a cookie that is good for one address and one key alone", () => {
  const bob = loaded(), random = seededRandom(5);
  const mine = randomBytes(random, 32), other = randomBytes(random, 32);
  const cookie = cookieOf(bob, mine, ANN, 0), { computed } = bob.hub;
  assertEquals(cookieOf(bob, mine, ANN, 1), cookie, "asked twice, it is the same");
  const uses: [Uint8Array, Address][] = [
    [mine, { ...ANN, port: ANN.port + 1 }],
    [mine, { ...ANN, host: "192.0.2.3" }],
    [other, ANN],
  ];
  for (const [ephemeral, from] of uses) {
    assertEquals(bob.hear(spoofedInit(ephemeral, 7, cookie), from, 2), []);
  }
  const wrong = cookie.slice();
  wrong[15] = (wrong[15] ?? 0) ^ 1;
  assertEquals(bob.hear(spoofedInit(mine, 7, wrong), ANN, 2), []);
  assertEquals([bob.hub.computed, bob.hub.unfinished], [computed, LOAD]);
  const answer = only(bob.hear(spoofedInit(mine, 7, cookie), ANN, 2));
  assertEquals([decodePacket(answer)?.type, bob.hub.computed], ["answer", computed + 1]);
});

Deno.test("Hub changes the secret of its cookies every 120 s", () => {
  const ephemeral = randomBytes(seededRandom(6), 32);
  for (const [age, good] of [[100_000, true], [150_000, true], [250_000, false]] as const) {
    const bob = loaded(), cookie = cookieOf(bob, ephemeral, ANN, 0);
    // Something asks in between, as ever.
    for (let now = 0; now < age; now += 50_000) bob.hear(spoofedInit(ephemeral, 9), BOB, now);
    const answers = bob.hear(spoofedInit(ephemeral, 7, cookie), ANN, age);
    assertEquals(answers.length, good ? 1 : 0, `after ${age} ms`);
  }
});

Deno.test("Hub forgets a cookie's secret after a long silence as well", () => {
  const ephemeral = randomBytes(seededRandom(7), 32);
  const bob = loaded(), cookie = cookieOf(bob, ephemeral, ANN, 0);
  assertEquals(bob.hear(spoofedInit(ephemeral, 7, cookie), ANN, 3_600_000), []);
});

Deno.test("Hub that calls shows the cookie, and forgets one that leads to nothing", () => {
  const ann = new BareHub(ANNS), bob = loaded(), init = ann.call(BOB, 0);
  const refusal = only(bob.hear(init, ANN, 50));
  assertEquals(refusal.length, 22);
  const second = ann.hear(refusal, BOB, 100);
  const [packet] = second.map(decodePacket);
  assert(packet?.type === "init" && packet.cookie.some((byte) => byte !== 0));
  assertEquals(init.subarray(0, 72), only(second).subarray(0, 72), "nothing else has changed");
  assertEquals(ann.hear(refusal, BOB, 101), [], "the same refusal again changes nothing");
  let zero = false;
  for (let now = 100; now < 20_000; now = Math.max(now + 1, ann.hub.nextTimeout() ?? Infinity)) {
    for (const bytes of ann.send(now)) {
      const sent = decodePacket(bytes);
      zero = sent?.type === "init" && sent.cookie.every((byte) => byte === 0);
    }
  }
  assert(zero, "the cookie is given up");
  shuttle(ann, bob, second, 20_000);
  assertEquals(bob.up.length, 1);
});

Deno.test("Hub that calls sends little for many forged refusals", () => {
  const ann = new BareHub(ANNS), init = ann.call(BOB, 0), random = seededRandom(8);
  let sent = 0;
  for (let at = 0; at < 1_000; at++) {
    const refusal = Uint8Array.of(0xfb, 1, ...init.subarray(4, 8), ...randomBytes(random, 16));
    for (const bytes of ann.hear(refusal, BOB, 10 + at)) sent += bytes.length;
  }
  assertLess(sent, 1_000 * 22);
});

Deno.test("Hub keeps a bounded number of unfinished handshakes, each for 30 s", () => {
  const bob = loaded(), random = seededRandom(9);
  for (let number = 100; number < 1_500; number++) {
    const ephemeral = randomBytes(random, 32), from = stranger(number), now = 3 * number;
    const cookie = cookieOf(bob, ephemeral, from, now);
    assertEquals(bob.hear(spoofedInit(ephemeral, 7, cookie), from, now).length, 1);
    assert(bob.hub.unfinished <= MAX_UNFINISHED);
  }
  assertEquals(bob.hub.unfinished, MAX_UNFINISHED);
  bob.hear(spoofedInit(randomBytes(random, 32)), ANN, 40_000);
  assertEquals(bob.hub.unfinished, 1);
});

Deno.test("Hub answers many who call at once hardly more than once each, however far away they are", () => {
  const net = new HubNet({ delay: 150, jitter: 20 }, 5), bob = net.add("192.0.2.2");
  const callers = Array.from(
    { length: 300 },
    (_, at) => net.add(`198.51.100.${at % 250}`, undefined, at + 1),
  );
  for (const caller of callers) caller.hub.call(bob.address, false, net.now);
  assert(net.runUntil(() => bob.up.length === callers.length, 5_000), `${bob.up.length} of 300`);
  // A copy that comes after its third message is another question.
  assertLess(bob.hub.computed, 1.2 * callers.length);
});

Deno.test("Hub never sends more than it got, whatever comes from an address that is not proven", () => {
  for (const bob of [new BareHub(BOBS), loaded(), new BareHub(BOBS, new Uint8Array(32).fill(7))]) {
    const random = seededRandom(10), kinds = new Set<string>();
    let answered = 0;
    for (let count = 0; count < 30_000; count++) {
      const bytes = anyPacket(random), from = stranger(count);
      const sent = bob.hear(bytes, from, count / 100);
      kinds.add(decodePacket(bytes)?.type ?? "none");
      answered += sent.length;
      const size = sent.reduce((sum, each) => sum + each.length, 0);
      assert(
        size <= bytes.length,
        `${bytes.length} bytes of ${bytes[0]} are answered with ${size}`,
      );
    }
    assertEquals(kinds.size, 6, "each type, and none");
    assertGreater(answered, 0);
    assertEquals([bob.hub.sessions, bob.events], [[], []]);
  }
});

/** A packet of any type, well made or not. */
function anyPacket(random: () => number): Uint8Array {
  const type = 0xf8 + Math.floor(random() * 8), well = random() < 0.7;
  const lengths: Record<number, number> = { 0xf8: 256, 0xf9: 226, 0xfa: 200, 0xfb: 22 };
  const length = well ? lengths[type] ?? 60 : Math.floor(random() * 300);
  const bytes = randomBytes(random, length);
  if (type === 0xf8 && well) {
    bytes.set(spoofedInit(bytes.slice(0, 32)));
    if (random() < 0.3) bytes[1] = Math.floor(random() * 256);
  } else if (length > 0) bytes[0] = type;
  if (type === 0xfb && well) bytes[1] = 1;
  return bytes;
}
