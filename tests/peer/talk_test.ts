import { assert, assertEquals, assertLess } from "@std/assert";
import { MAX_MESSAGE_BYTES } from "../../lib/chat/body.ts";
import { ECHO, encodeEcho } from "../../lib/wire/echo.ts";
import { fates, presence, read, TalkNet, told } from "../support/talk_net.ts";
import type { Person } from "../support/talk_net.ts";

const ANN = "192.0.2.1", BOB = "192.0.2.2";
const TO_ANN = [{ host: ANN, port: 2410 }], TO_BOB = [{ host: BOB, port: 2410 }];
const GOOD = ["own", "sent", "delivered"];
/** One way 50 ms, as most homes are apart. */
const HOME = { delay: 50, jitter: 10 };

/** Ann calls, bob waits. */
function pair(net: TalkNet): { ann: Person; bob: Person } {
  return { ann: net.add("ann", ANN, { to: TO_BOB }), bob: net.add("bob", BOB) };
}

/** A pair that is talking. */
function talking(net: TalkNet): { ann: Person; bob: Person } {
  const both = pair(net);
  assert(net.runUntil(() => presence(both.ann).length + presence(both.bob).length === 2, 10_000));
  return both;
}

function lines(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${name} ${at}`);
}

/** All arrived once and in order, and each author was told so. */
function wellRead(author: Person, reader: Person, texts: readonly string[], note = ""): void {
  assertEquals(read(reader), [...texts], note);
  assertEquals(fates(author), Object.fromEntries(texts.map((text) => [text, GOOD])), note);
}

Deno.test("Talk delivers both ways and says who is there", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.say(ann, "hello");
  net.say(bob, "hi");
  net.run(2_000);
  wellRead(ann, bob, ["hello"]);
  wellRead(bob, ann, ["hi"]);
  assertEquals(told(ann, "up").map(({ again }) => again), [false]);
  const here = told(ann, "presence")[0];
  assertEquals([here?.partner.name, here?.partner.address], ["bob", bob.address]);
  assertEquals(here?.partner.key, bob.credentials.identity.publicKey);
  assertEquals(ann.talk.partner?.name, "bob");
  const message = told(bob, "message")[0];
  assertEquals([message?.partner.name, message?.id], ["ann", told(ann, "own")[0]?.id]);
  assertEquals(message?.time, told(ann, "own")[0]?.time);
});

Deno.test("Talk delivers everything once and in order at 30 % loss, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const net = new TalkNet({ ...HOME, loss: 30, dup: 10, reorder: 10 }, seed);
    const both = seed % 2 === 0;
    const ann = net.add("ann", ANN, { to: TO_BOB });
    const bob = net.add("bob", BOB, both ? { to: TO_ANN } : {});
    const [hers, his] = [lines("ann", 8), lines("bob", 8)];
    for (let at = 0; at < 8; at++) {
      net.say(ann, hers[at] ?? "");
      net.say(bob, his[at] ?? "");
      net.run(net.now + net.random() * 800);
    }
    net.runUntil(() => delivered(ann) + delivered(bob) === 16, 60_000);
    wellRead(ann, bob, hers, `ann to bob, seed ${seed}`);
    wellRead(bob, ann, his, `bob to ann, seed ${seed}`);
  }
});

function delivered(person: Person): number {
  return told(person, "status").filter(({ state }) => state === "delivered").length;
}

Deno.test("Talk delivers the first line p95 within 450 ms and p99 within 700 ms at 20 % loss", () => {
  for (const [loss, p95, p99] of [[0, 260, 260], [10, 450, 700], [20, 450, 700]] as const) {
    const times: number[] = [];
    for (let seed = 0; seed < 1_000; seed++) {
      const net = new TalkNet({ delay: 50, loss }, 1_000 + seed), { ann, bob } = pair(net);
      net.say(ann, "first");
      assert(net.runUntil(() => read(bob).length > 0, 30_000), `seed ${seed}`);
      times.push(net.now);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? Infinity;
    const found = `${loss} % loss: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`;
    assert(at(0.95) <= p95 && at(0.99) <= p99, found);
  }
});

Deno.test("Talk keeps what is typed before the other is there", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  for (const text of lines("early", 5)) net.say(ann, text);
  net.run(3_600_000);
  assertEquals(told(ann, "status"), []);
  const bob = net.add("bob", BOB);
  net.say(bob, "sorry, I slept");
  assert(net.runUntil(() => delivered(ann) === 5 && delivered(bob) === 1, net.now + 17_000));
  wellRead(ann, bob, lines("early", 5));
  wellRead(bob, ann, ["sorry, I slept"]);
});

Deno.test("Talk says away after 45 s and here when the other returns, and nothing is lost", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.say(ann, "one");
  net.run(5_000);
  bob.off = true;
  net.say(ann, "two");
  net.run(44_000);
  assertEquals(presence(ann), ["here"]);
  net.run(47_000);
  assertEquals(presence(ann), ["here", "away"]);
  for (let minute = 1; minute < 60; minute++) {
    net.run(minute * 60_000);
    net.say(ann, `minute ${minute}`);
  }
  bob.off = false;
  const back = net.now;
  assert(net.runUntil(() => delivered(ann) === 61, back + 17_000));
  net.run(back + 30_000);
  assertEquals(presence(ann), ["here", "away", "here"]);
  const wanted = ["one", "two", ...Array.from({ length: 59 }, (_, at) => `minute ${at + 1}`)];
  wellRead(ann, bob, wanted);
});

Deno.test("Talk is quickly there again when the other speaks after an outage", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  let out = true;
  net.filter = () => !out;
  for (const text of lines("ann", 3)) net.say(ann, text);
  net.run(600_000);
  out = false;
  net.say(bob, "I am back");
  assert(net.runUntil(() => delivered(ann) === 3 && delivered(bob) === 1, net.now + 3_000));
  wellRead(ann, bob, lines("ann", 3));
});

Deno.test("Talk goes on with a peer that restarted, and repeats only what it never held", () => {
  for (let seed = 0; seed < 100; seed++) {
    const net = new TalkNet({ ...HOME, loss: seed % 3 * 10 }, seed), { ann, bob } = talking(net);
    net.say(ann, "before");
    assert(net.runUntil(() => delivered(ann) === 1, 10_000));
    bob.off = true;
    net.say(ann, "meanwhile");
    net.run(net.now + net.random() * 20_000);
    net.restart(bob);
    net.say(bob, "I am new");
    assert(
      net.runUntil(() => delivered(ann) === 2 && delivered(bob) === 1, net.now + 40_000),
      `seed ${seed}`,
    );
    net.say(ann, "after");
    assert(net.runUntil(() => delivered(ann) === 3, net.now + 20_000), `seed ${seed}`);
    wellRead(ann, bob, ["before", "meanwhile", "after"], `seed ${seed}`);
    wellRead(bob, ann, ["I am new"], `seed ${seed}`);
    assert(told(ann, "up").length === 2, `seed ${seed}`);
  }
});

Deno.test("Talk finds a restarted peer within 17 s also when nobody types", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.run(60_000);
  net.restart(bob);
  net.say(bob, "waiting for you");
  assert(net.runUntil(() => read(ann).length === 1, net.now + 17_000));
  assertEquals(told(ann, "up").map(({ again }) => again), [false, true]);
});

Deno.test("Talk goes on after the caller restarted: the same key is not a second caller", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.say(bob, "one");
  net.run(2_000);
  net.restart(ann);
  net.say(bob, "two");
  net.say(ann, "again me");
  assert(net.runUntil(() => delivered(bob) === 2 && delivered(ann) === 1, 30_000));
  assertEquals(read(ann), ["one", "two"]);
  assertEquals(read(bob), ["again me"]);
});

Deno.test("Talk goes on from another address, hours later too", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  ann.address = { host: "198.51.100.7", port: 40_000 };
  net.say(ann, "from the train");
  net.say(bob, "good");
  assert(net.runUntil(() => delivered(ann) === 1 && delivered(bob) === 1, 10_000));
  ann.off = true;
  net.say(bob, "asleep?");
  net.run(5 * 3_600_000);
  ann.address = { host: "203.0.113.9", port: 50_000 };
  ann.off = false;
  net.say(ann, "back");
  assert(net.runUntil(() => delivered(ann) === 2 && delivered(bob) === 2, net.now + 20_000));
  wellRead(ann, bob, ["from the train", "back"]);
  wellRead(bob, ann, ["good", "asleep?"]);
  net.run(net.now + 5_000);
  assertEquals(bob.talk.partner?.address, ann.address);
});

Deno.test("Talk asks for the name again when nobody answers, and calls where it stands now", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  bob.off = true;
  net.say(ann, "where are you");
  assert(net.runUntil(() => told(ann, "resolve").length > 0, 5_000));
  bob.address = { host: "203.0.113.77", port: 2410 };
  net.restart(bob);
  net.act(ann, (talk, now) => talk.move([bob.address], now));
  assert(net.runUntil(() => delivered(ann) === 1, net.now + 3_000));
  assertEquals(read(bob), ["where are you"]);
});

Deno.test("Talk makes one line of two calls at once, for 300 seeds with loss", () => {
  for (let seed = 0; seed < 300; seed++) {
    const net = new TalkNet({ delay: 50, jitter: 20, loss: seed % 4 * 10 }, seed);
    const ann = net.add("ann", ANN, { to: TO_BOB });
    net.run(net.random() * 300);
    const bob = net.add("bob", BOB, { to: TO_ANN });
    net.say(ann, "a");
    net.say(bob, "b");
    assert(
      net.runUntil(() => delivered(ann) + delivered(bob) === 2, 30_000),
      `seed ${seed}`,
    );
    net.run(net.now + 5_000);
    assertEquals([read(ann), read(bob)], [["b"], ["a"]], `seed ${seed}`);
    net.say(ann, "a2");
    net.say(bob, "b2");
    net.run(net.now + 10_000);
    assertEquals([read(ann), read(bob)], [["b", "b2"], ["a", "a2"]], `seed ${seed}`);
    assertEquals(presence(ann), ["here"], `seed ${seed}`);
  }
});

Deno.test("Talk sends 64 KiB of text, and refuses one byte more with size and limit", () => {
  const net = new TalkNet({ ...HOME, loss: 5 }), { ann, bob } = talking(net);
  const text = "\u65e5".repeat(Math.floor(MAX_MESSAGE_BYTES / 3)) + "x";
  assertEquals(new TextEncoder().encode(text).length, MAX_MESSAGE_BYTES);
  net.say(ann, text);
  let refused = "";
  try {
    net.say(ann, `${text}y`);
  } catch (error) {
    refused = (error as RangeError).message;
  }
  assertEquals(refused, "Cannot send a message of 65537 bytes: wanted at most 65536");
  net.say(ann, "short");
  assert(net.runUntil(() => delivered(ann) === 2, 60_000));
  assert(read(bob)[0] === text);
  assertEquals(read(bob)[1], "short");
});

Deno.test("Talk tells a new name, with the old one", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.act(bob, (talk, now) => talk.rename("bobby", now));
  net.run(2_000);
  const last = told(ann, "presence").at(-1);
  assertEquals([last?.state, last?.partner.name, last?.old], ["renamed", "bobby", "bob"]);
  assertEquals(bob.talk.name, "bobby");
  net.restart(ann);
  assert(net.runUntil(() => told(ann, "presence").length === 3, net.now + 20_000));
  assertEquals(told(ann, "presence").at(-1)?.partner.name, "bobby", "the name is told again");
});

Deno.test("Talk answers echo questions, and nothing else on a datagram", () => {
  const net = new TalkNet({ delay: 50 }), { ann, bob } = talking(net);
  net.run(2_000);
  const { session } = ann.talk;
  assert(session);
  const before = session.bytes.received;
  for (const bytes of [encodeEcho(ECHO.ask, 7), Uint8Array.of(9), new Uint8Array(0)]) {
    session.datagram(bytes);
  }
  net.say(ann, "now");
  net.run(2_500);
  assert(session.bytes.received > before);
  assertEquals(bob.talk.session?.closed, false);
  const busiest = net.log.filter(({ at, from }) => at > 2_000 && from.host === BOB);
  assertLess(busiest.length, 8);
});

Deno.test("Talk keeps its promise against a hundred lines at once", () => {
  const net = new TalkNet({ ...HOME, loss: 10 }), { ann, bob } = talking(net);
  for (const text of lines("line", 100)) net.say(ann, text);
  assert(net.runUntil(() => delivered(ann) === 100, 30_000));
  wellRead(ann, bob, lines("line", 100));
});
