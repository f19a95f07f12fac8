import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { talkRoomNumber } from "../../lib/crypto/room_key.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import type { Session } from "../../lib/session/session.ts";
import { encodeRoom } from "../../lib/wire/room.ts";
import { fates, notices, presence, read, TalkNet, told } from "../support/talk_net.ts";
import type { Person } from "../support/talk_net.ts";

const ANN = "192.0.2.1", BOB = "192.0.2.2", EVE = "192.0.2.66";
const TO_ANN = [{ host: ANN, port: 2410 }], TO_BOB = [{ host: BOB, port: 2410 }];
const HOME = { delay: 50, jitter: 10 };

/** Ann calls, bob waits; both are there. */
function talking(net: TalkNet): { ann: Person; bob: Person } {
  const ann = net.add("ann", ANN, { to: TO_BOB }), bob = net.add("bob", BOB);
  assert(net.runUntil(() => presence(ann).length + presence(bob).length === 2, 10_000));
  return { ann, bob };
}

/** The keys that answered at bob's address before: nobody's. */
function oldKey(net: TalkNet): Uint8Array {
  return new Uint8Array(32).fill(1 + Math.floor(net.random() * 250));
}

function sessionOf(person: Person): Session {
  const { session } = person.talk;
  assert(session);
  return session;
}

Deno.test("Talk tells a second caller that the line is busy, and the line goes on", () => {
  for (let seed = 0; seed < 100; seed++) {
    const net = new TalkNet({ ...HOME, loss: seed % 3 * 10 }, seed), { ann, bob } = talking(net);
    const eve = net.add("eve", EVE, { to: TO_BOB });
    net.say(eve, "let me in");
    net.say(ann, "one");
    net.run(net.now + 20_000);
    assertEquals(eve.talk.done, { status: 3, reason: "busy" }, `seed ${seed}`);
    assertEquals(fates(eve)["let me in"]?.at(-1), "failed", `seed ${seed}`);
    assertEquals(delivered(eve), [], `seed ${seed}`);
    assertEquals(notices(eve).filter((code) => code === "busy"), ["busy"]);
    assertEquals(told(bob, "up").length, 1, `seed ${seed}`);
    assert(notices(bob).includes("busy"), `seed ${seed}`);
    net.say(bob, "two");
    net.run(net.now + 10_000);
    assertEquals([read(ann), read(bob)], [["two"], ["one"]], `seed ${seed}`);
    assertEquals([ann.talk.done, bob.talk.done], [undefined, undefined]);
  }
});

Deno.test("Talk tells a stranger busy who calls while it calls somebody else", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  const eve = net.add("eve", EVE, { to: TO_ANN });
  net.say(ann, "for bob");
  net.run(5_000);
  assertEquals([eve.talk.done?.status, read(eve), told(ann, "up").length], [3, [], 0]);
  const bob = net.add("bob", BOB);
  net.run(25_000);
  assertEquals(read(bob), ["for bob"]);
});

Deno.test("Talk takes nobody at the host it calls who calls from another port", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  const eve = net.add("eve", BOB, { to: TO_ANN, port: 6_666 });
  net.say(ann, "for bob");
  net.run(5_000);
  assertEquals([read(eve), told(ann, "up").length], [[], 0]);
});

Deno.test("Talk sends and shows nothing behind a changed key until accept(), then all of it", () => {
  const net = new TalkNet(HOME), pinned = oldKey(net);
  const ann = net.add("ann", ANN, { to: TO_BOB, pinned }), bob = net.add("bob", BOB);
  net.say(ann, "secret 1");
  net.say(bob, "open up");
  net.run(2_000);
  const [changed] = told(ann, "changedKey");
  assertEquals(changed?.key, bob.credentials.identity.publicKey);
  assertEquals(changed?.pinned, pinned);
  net.say(ann, "secret 2");
  net.say(bob, "please");
  net.run(60_000);
  net.say(ann, "secret 3");
  net.run(120_000);
  assertEquals([read(ann), read(bob), presence(ann), told(ann, "up")], [[], [], [], []]);
  assertEquals(told(ann, "status"), []);
  assertEquals(told(ann, "changedKey").length, 1, "asked once");
  assertEquals(told(bob, "up").length, 0, "not even a name");
  net.act(ann, (talk, now) => talk.accept(now));
  net.run(net.now + 2_000);
  assertEquals([told(bob, "up").length, read(ann)], [1, ["open up", "please"]]);
  assertEquals(read(bob), ["secret 1", "secret 2", "secret 3"]);
  assertEquals(fates(ann)["secret 2"], ["own", "sent", "delivered"]);
  assertEquals(fates(bob)["please"], ["own", "sent", "delivered"]);
});

Deno.test("Talk sends nothing to a changed key that called first", () => {
  const net = new TalkNet(HOME), pinned = oldKey(net);
  const ann = net.add("ann", ANN, { to: TO_BOB, pinned });
  // Her calls get lost, so his is the one that leads to a session.
  net.filter = (flying) => flying.from.host !== ANN || flying.bytes[0] !== 0xf8;
  const bob = net.add("bob", BOB, { to: TO_ANN });
  net.say(ann, "secret");
  net.say(bob, "I am bob, honestly");
  net.run(10_000);
  assertEquals([read(ann), read(bob), told(ann, "up").length], [[], [], 0]);
});

Deno.test("Talk goes on with a changed key at once where that was asked for", () => {
  const net = new TalkNet(HOME);
  const ann = net.add("ann", ANN, { to: TO_BOB, pinned: oldKey(net), acceptNewKey: true });
  const bob = net.add("bob", BOB);
  net.say(ann, "hello");
  net.run(2_000);
  assertEquals([read(bob), told(ann, "changedKey")], [["hello"], []]);
});

Deno.test("Talk can accept a key after whoever has it left, and delivers when they are back", () => {
  const net = new TalkNet(HOME);
  const ann = net.add("ann", ANN, { to: TO_BOB, pinned: oldKey(net) }), bob = net.add("bob", BOB);
  net.say(ann, "hello");
  net.run(2_000);
  net.act(bob, (talk) => talk.quit());
  net.run(4_000);
  net.act(ann, (talk, now) => talk.accept(now));
  net.run(6_000);
  net.restart(bob);
  assert(net.runUntil(() => read(bob).length === 1, net.now + 20_000));
});

Deno.test("Talk takes the true key without a question after another one was refused", () => {
  const net = new TalkNet(HOME), bob = net.add("bob", BOB);
  const pinned = bob.credentials.identity.publicKey;
  bob.off = true;
  const eve = net.add("eve", BOB);
  const ann = net.add("ann", ANN, { to: TO_BOB, pinned });
  net.say(ann, "for bob");
  net.run(3_000);
  assertEquals([read(eve), told(ann, "changedKey").length], [[], 1]);
  net.act(eve, (talk) => talk.quit());
  net.run(4_000);
  net.restart(bob);
  net.say(ann, "still for bob");
  assert(net.runUntil(() => read(bob).length === 2, net.now + 20_000));
  assertEquals(read(bob), ["for bob", "still for bob"]);
});

Deno.test("Talk waits for bob also when another key answers at his address meanwhile", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  bob.off = true;
  net.say(ann, "for bob");
  net.run(net.now + 2_000);
  bob.address = { host: "203.0.113.2", port: 2410 };
  const eve = net.add("eve", BOB);
  net.run(net.now + 60_000);
  assertEquals([read(eve), delivered(ann)], [[], []]);
  net.act(eve, (talk) => talk.quit());
  net.run(net.now + 5_000);
  bob.address = { host: BOB, port: 2410 };
  net.restart(bob);
  assert(net.runUntil(() => delivered(ann).length === 1, net.now + 20_000));
  assertEquals(read(bob), ["for bob"]);
});

function delivered(person: Person): string[] {
  return Object.entries(fates(person)).filter(([, each]) => each.includes("delivered"))
    .map(([text]) => text);
}

Deno.test("Talk gives what was said to one person to nobody else", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.filter = (flying) => flying.to.host !== ANN;
  net.say(bob, "only for ann");
  net.act(ann, (talk) => talk.quit());
  net.run(net.now + 5_000);
  net.filter = undefined;
  const eve = net.add("eve", EVE, { to: TO_BOB });
  net.run(net.now + 30_000);
  assertEquals(read(eve), []);
  const other = net.add("mallory", ANN);
  net.run(net.now + 30_000);
  assertEquals(read(other), [], "nor to who has her address now");
});

Deno.test("Talk waits for the next after one has left", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  net.act(ann, (talk) => talk.quit());
  net.run(net.now + 1_000);
  assertEquals(presence(bob), ["here", "gone"]);
  const eve = net.add("eve", EVE, { to: TO_BOB });
  net.say(eve, "hello");
  net.run(net.now + 5_000);
  assertEquals([read(bob), told(bob, "up").length], [["hello"], 2]);
});

Deno.test("Talk closes a session over garbage, and lives on", () => {
  for (const garbage of [Uint8Array.of(0), new Uint8Array(8).fill(255), Uint8Array.of(1, 0x10)]) {
    const net = new TalkNet(HOME), { ann, bob } = talking(net);
    const session = sessionOf(ann);
    session.write(0, garbage);
    net.say(ann, "after that");
    net.run(net.now + 1_000);
    assert(session.closed);
    assert(presence(bob).includes("gone"));
    net.run(net.now + 30_000);
    assertEquals(read(bob), ["after that"], "ann calls again and repeats it");
    net.say(bob, "calm down");
    net.run(net.now + 5_000);
    assertEquals(read(ann), ["calm down"]);
  }
});

Deno.test("Talk keeps no line for somebody whom it closed on for garbage", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  sessionOf(ann).write(0, Uint8Array.of(0));
  net.act(ann, (talk, now) => talk.rename("x", now));
  net.run(net.now + 500);
  ann.off = true;
  const eve = net.add("eve", EVE, { to: TO_BOB });
  net.say(eve, "my turn");
  net.run(net.now + 10_000);
  assertEquals(read(bob), ["my turn"]);
});

Deno.test("Talk passes over records that it does not know", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  sessionOf(ann).write(0, Uint8Array.of(3, 77, 1, 2));
  sessionOf(ann).write(2, Uint8Array.of(0, 0, 0));
  sessionOf(ann).write(0, encodeRoom({ type: "have", stream: 0, count: 5 }));
  net.say(bob, "unmoved");
  net.say(ann, "next");
  net.run(net.now + 2_000);
  assertEquals([read(ann), read(bob)], [["unmoved"], ["next"]]);
});

Deno.test("Talk with a secret talks to who knows it, and others get silence", () => {
  const secret = new Uint8Array(32).fill(7);
  const net = new TalkNet(HOME), bob = net.add("bob", BOB, { secret });
  const eve = net.add("eve", EVE, { to: TO_BOB }), other = new Uint8Array(32).fill(8);
  const mia = net.add("mia", "192.0.2.67", { to: TO_BOB, secret: other });
  for (const person of [eve, mia]) {
    net.say(person, "hello?");
    net.act(person, (talk, now) => talk.endInput(now));
  }
  net.run(20_000);
  for (const person of [eve, mia]) {
    assertEquals(person.talk.done, { status: 3, reason: "no answer" });
    assertEquals(notices(person), ["no-answer", "undelivered"]);
  }
  assertEquals(net.log.filter(({ from }) => from.host === BOB), [], "silence");
  const ann = net.add("ann", ANN, { to: TO_BOB, secret });
  net.say(ann, "psst");
  net.run(25_000);
  assertEquals(read(bob), ["psst"]);
});

Deno.test("Talk says once that the other speaks another version, and goes on calling", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  const bob = net.add("bob", BOB);
  net.filter = (flying) => {
    if (flying.from.host !== ANN || flying.bytes[0] !== 0xf8) return true;
    const refusal = Uint8Array.of(0xfb, 2, ...flying.bytes.subarray(4, 8), 1, 9);
    net.inject({ bytes: refusal, from: flying.to, to: flying.from });
    return false;
  };
  net.say(ann, "hello");
  net.run(5_000);
  assertEquals(notices(ann), ["version"]);
  assertStringIncludes(told(ann, "notice")[0]?.text ?? "", "version 9");
  net.filter = undefined;
  assert(net.runUntil(() => read(bob).length === 1, 30_000));
});

Deno.test("Talk does not call without pause where a bad certificate answers", () => {
  const net = new TalkNet({ delay: 1 }), good = net.add("ann", ANN, { to: TO_BOB });
  const stolen = net.add("mia", "192.0.2.67").credentials;
  const bad: Credentials = { ...good.credentials, staticKey: stolen.staticKey };
  const credentials = { ...bad, identity: { ...bad.identity, publicKey: new Uint8Array(32) } };
  net.add("eve", BOB, { credentials });
  net.run(10_000);
  const asked = net.log.filter(({ from, bytes }) => from.host === ANN && bytes[0] === 0xf8);
  assert(asked.length > 2 && asked.length <= 40, `${asked.length} first messages in 10 s`);
  assertEquals(told(good, "up").length, 0);
});

Deno.test("Talk goes on calling after somebody sent its own messages back to it", () => {
  const net = new TalkNet({ delay: 10 }), ann = net.add("ann", ANN, { to: TO_BOB });
  net.filter = ({ bytes, from, to }) => {
    if (from.host === ANN) net.inject({ bytes, from: to, to: from });
    return false;
  };
  net.say(ann, "echo?");
  net.run(5_000);
  assertEquals([read(ann), told(ann, "up")], [[], []]);
  net.filter = undefined;
  const bob = net.add("bob", BOB);
  assert(net.runUntil(() => read(bob).length === 1, net.now + 20_000));
});

Deno.test("Talk waits for bob also when who answered in his place vanishes without a word", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  bob.off = true;
  net.say(ann, "for bob");
  net.run(net.now + 2_000);
  bob.address = { host: "203.0.113.2", port: 2410 };
  const eve = net.add("eve", BOB);
  net.run(net.now + 60_000);
  eve.off = true;
  eve.address = { host: EVE, port: 1 };
  net.run(net.now + 120_000);
  bob.address = { host: BOB, port: 2410 };
  net.restart(bob);
  assert(net.runUntil(() => read(bob).length === 1, net.now + 20_000));
  assertEquals(read(eve), []);
});

Deno.test("Talk with an old copy of its store says what it says in another log, and loses nothing", () => {
  for (const late of [false, true]) {
    const net = new TalkNet(HOME), { ann, bob } = talking(net);
    net.say(bob, "one");
    net.run(net.now + 2_000);
    const copy = bob.store.entries.slice();
    net.say(bob, "two");
    net.run(net.now + 2_000);
    bob.off = true;
    bob.store.entries = copy;
    net.run(net.now + 60_000);
    net.restart(bob);
    if (!late) net.say(bob, "three");
    net.say(ann, "are you back?");
    assert(net.runUntil(() => read(bob).length === 1, net.now + 30_000));
    if (late) net.say(bob, "three");
    net.run(net.now + 5_000);
    net.say(bob, "four");
    net.run(net.now + 20_000);
    assertEquals(read(ann), ["one", "two", "three", "four"], `late: ${late}`);
    assertEquals(delivered(bob).sort(), ["four", "one", "three", "two"]);
  }
});

Deno.test("Talk shows nothing of a third person, whoever brings it", () => {
  const net = new TalkNet(HOME), { ann, bob } = talking(net);
  const eve = makeIdentity(new Uint8Array(32).fill(66)), link = sessionOf(ann);
  const room = talkRoomNumber(
    ann.credentials.identity.publicKey,
    bob.credentials.identity.publicKey,
  );
  const { entry } = signEntry(eve, {
    room,
    log: new Uint8Array(8),
    number: 1,
    previous: NO_ENTRY,
    clock: 1,
    time: 1,
    body: encodeBody({ kind: "text", text: "by eve" }),
  });
  const { author, log, previous } = entry;
  link.write(
    0,
    encodeRoom({
      type: "entries",
      history: false,
      author,
      log,
      first: 1,
      previous,
      parts: [entry],
    }),
  );
  net.say(ann, "by ann");
  net.run(net.now + 2_000);
  assertEquals(read(bob), ["by ann"]);
});
