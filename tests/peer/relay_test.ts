import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { MAX_LOGS } from "../../lib/chat/room.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import {
  held,
  LOBBY,
  type MemberHost,
  messages,
  read,
  RoomNet,
  secretRoom,
  START,
} from "../support/room_net.ts";

/** The notices that somebody was told, by code. */
function codes(host: MemberHost): string[] {
  return host.told.flatMap((event) => event.type === "notice" ? [event.code] : []);
}

/** What became of the messages of one's own, by text. */
function fates(host: MemberHost): Record<string, string[]> {
  const texts = new Map(messages(host).map(({ id, text }) => [id, text]));
  const fates: Record<string, string[]> = {};
  for (const event of host.told) {
    if (event.type === "status") (fates[texts.get(event.id) ?? ""] ??= []).push(event.state);
  }
  return fates;
}

/** Members by name. */
function join(net: RoomNet, names: string, joining = {}): MemberHost[] {
  return names.split(" ").map((name) => net.join(name, joining));
}

Deno.test("members of a room hear each other, once and in order, and learn how far they got", () => {
  for (const room of [LOBBY, secretRoom()]) {
    const net = new RoomNet({ delay: 20 });
    const [ann, bob, cem] = join(net, "ann bob cem", { room });
    assert(ann && bob && cem);
    net.run(1_000);
    for (let line = 0; line < 5; line++) net.say(ann, `line ${line}`);
    net.say(bob, "hi");
    net.run(3_000);
    assertEquals(read(bob), [0, 1, 2, 3, 4].map((line) => `ann: line ${line}`));
    assertEquals(read(cem).sort(), [...read(bob), "bob: hi"].sort());
    assertEquals(fates(ann)["line 0"], ["sent", "stored", "delivered"]);
    const last = ann.told.findLast(({ type }) => type === "status");
    assert(last?.type === "status");
    assertEquals([last.holders, last.members], [2, 2]);
    for (const { store } of net.members) assertEquals(held(store), held(net.relay.store));
  }
});

Deno.test("members are told who is here, who comes, goes and takes another name", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann] = join(net, "ann");
  assert(ann);
  net.run(500);
  const [bob] = join(net, "bob");
  assert(bob);
  net.run(1_000);
  net.say(bob, "hi");
  bob.machine.rename("bobby", net.now);
  net.run(2_000);
  bob.machine.leave(0, "quit");
  net.run(3_000);
  const seen = ann.told.flatMap((event) => event.type === "presence" ? [event] : []);
  assertEquals(seen.map(({ state }) => state), ["here", "renamed", "gone"]);
  assertEquals(seen.map(({ who }) => who.name).slice(1), ["bobby", "bobby"]);
  assertEquals([...bob.machine.roster.here].length, 1);
  assertEquals(ann.machine.roster.here.size, 0);
  const heard = ann.machine.roster.lastSaid(bob.credentials.identity.publicKey) ?? 0;
  assert(heard >= START + 1_000 && heard < START + 2_000, `${heard - START}`);
});

Deno.test("who comes later sees the newest 50 first, who said them, and how many there were", () => {
  for (const room of [LOBBY, secretRoom()]) {
    const net = new RoomNet({ delay: 20 });
    const [ann, bob] = join(net, "ann bob", { room });
    assert(ann && bob);
    net.run(500);
    for (let line = 0; line < 300; line++) {
      net.say(line % 2 ? ann : bob, `${line}`);
      if (line % 10 === 0) net.run(net.now + 50);
    }
    net.run(net.now + 2_000);
    const cem = net.join("cem", { room }), from = net.now;
    net.run(from + 5_000);
    const block = messages(cem).filter(({ self }) => !self);
    assertEquals(
      block.map(({ text }) => text),
      Array.from({ length: 50 }, (_, at) => `${250 + at}`),
    );
    assert(block.every(({ history }) => history));
    assertEquals([...new Set(block.map(({ author }) => author.name))].sort(), ["ann", "bob"]);
    assertLess((block.at(-1)?.at ?? Infinity) - from, 200, "before the rest");
    const missed = cem.told.find(({ type }) => type === "missed");
    assert(missed?.type === "missed");
    assertEquals(missed.count, 302);
    assertEquals(held(cem.store), held(net.relay.store));
  }
});

Deno.test("what was said while one was away comes when one is back, and nothing of it twice", () => {
  const net = new RoomNet({ delay: 20 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  net.say(ann, "one");
  net.run(1_000);
  bob.off = true;
  for (const text of ["two", "three"]) net.say(ann, text);
  net.run(60_000);
  net.restart(bob);
  bob.machine.say("mine", net.now);
  net.run(62_000);
  assertEquals(read(bob), ["ann: one", "ann: two", "ann: three"]);
  assertEquals(read(ann), ["bob: mine"]);
});

Deno.test("what is said while the relay is away is on disk, and goes out by itself", () => {
  const net = new RoomNet({ delay: 20 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  net.relay.off = true;
  net.say(ann, "into the dark");
  net.run(2_000);
  ann.off = true; // Killed.
  net.run(100_000);
  net.restartRelay();
  net.restart(ann);
  net.run(140_000);
  assertEquals(read(bob), ["ann: into the dark"]);
  assert(codes(bob).includes("away"));
});

Deno.test("a relay that lost its store gets everything back from its members", () => {
  const net = new RoomNet({ delay: 20 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  for (let line = 0; line < 400; line++) net.say(ann, `${line}`);
  net.run(5_000);
  const before = held(net.relay.store);
  assertEquals(before.length, 402);
  bob.off = true;
  net.restartRelay(net.relay, false);
  net.run(60_000);
  assertEquals(held(net.relay.store), before, "also what bob wrote, who is away");
});

Deno.test("who is not allowed is told so, and hears nothing", () => {
  const known = makeIdentity(new Uint8Array(32).fill(9)).publicKey;
  const net = new RoomNet({ delay: 5 }, 1, (key) => key.join() === known.join());
  const [eve] = join(net, "eve");
  assert(eve);
  net.run(2_000);
  assertEquals(eve.machine.done, { status: 1, reason: "refused" });
  assertEquals(codes(eve), ["refused"]);
  assertEquals(net.relay.machine.size, { members: 0, rooms: 0 });
});

Deno.test("who crashes is gone for the others after three heartbeats, and takes nobody's place", () => {
  const net = new RoomNet({ delay: 5 }, 1, undefined, undefined, 2),
    [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(2_000);
  for (let crash = 0; crash < 5; crash++) {
    bob.off = true;
    net.run(net.now + 100);
    net.restart(bob);
    net.run(net.now + 2_000);
    assertEquals(bob.machine.done, undefined, "let in again while the session of before is there");
    assertEquals(net.relay.machine.size.members, 2);
  }
  bob.off = true;
  net.run(net.now + 50_000);
  const last = ann.told.findLast(({ type }) => type === "presence");
  assert(last?.type === "presence");
  assertEquals([last.who.name, last.state], ["bob", "gone"]);
  assertEquals(net.relay.machine.size.members, 1);
  net.restart(bob);
  net.run(net.now + 2_000);
  assertEquals(net.relay.machine.size.members, 2);
});

Deno.test("who joins too often waits until the relay lets them in again, and loses nothing", () => {
  const net = new RoomNet({ delay: 5 }), [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  for (let again = 0; again < 400; again++) {
    bob.machine.leave(0, "quit");
    net.flush();
    net.run(net.now + 20);
    net.restart(bob);
    net.run(net.now + 60);
  }
  net.say(bob, "at last");
  assert(bob.told.some((event) => event.type === "notice" && event.code === "refused"));
  net.run(net.now + 15_000);
  assertEquals(bob.machine.done, undefined);
  assertEquals(read(ann).at(-1), "bob: at last");
});

Deno.test("a pipe leaves with 0 when the relay has stored all, with 3 when there is none", () => {
  const net = new RoomNet({ delay: 20 });
  const ann = net.join("ann", { stay: false }), bob = net.join("bob", { stay: false });
  ann.machine.say("hi", net.now);
  ann.machine.endInput(net.now);
  net.run(1_000);
  assertEquals(ann.machine.done, { status: 0, reason: "end of input" });
  assertEquals(fates(ann)["hi"]?.at(-1), "stored");
  net.relay.off = true;
  bob.machine.say("hi", net.now);
  bob.machine.endInput(net.now);
  net.run(20_000);
  assertEquals(bob.machine.done?.status, 4, "it was up before");
  const cem = net.join("cem", { stay: false });
  cem.machine.endInput(net.now);
  net.run(40_000);
  assertEquals(cem.machine.done, { status: 3, reason: "no answer" });
});

Deno.test("another key behind the relay's address stops everything until it is accepted", () => {
  const net = new RoomNet({ delay: 5 });
  const pinned = makeIdentity(new Uint8Array(32).fill(9)).publicKey;
  const ann = net.join("ann", { pinned });
  net.run(3_000);
  assertEquals(ann.machine.done, { status: 3, reason: "changed key" });
  assertEquals(net.relay.store.entries, []);
});

Deno.test("a full disk at the relay: nothing is acknowledged, and all is there when it is free again", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  net.relay.store.failure = new Error("database or disk is full");
  for (let line = 0; line < 20; line++) net.say(ann, `${line}`);
  net.run(5_000);
  assertEquals([read(bob), fates(ann)["0"]], [[], ["sent"]]);
  assertEquals(net.relay.told.filter(({ type }) => type === "disk").length, 1);
  net.relay.store.failure = undefined;
  net.run(10_000);
  assertEquals(read(bob), Array.from({ length: 20 }, (_, line) => `ann: ${line}`));
  assertEquals(fates(ann)["19"]?.at(-1), "delivered");
});

Deno.test("a full disk at the relay: what waits is there for who comes after its author went", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann] = join(net, "ann");
  assert(ann);
  net.run(500);
  net.relay.store.failure = new Error("database or disk is full");
  net.say(ann, "last words");
  net.run(2_000);
  ann.machine.leave(0, "quit");
  net.run(120_000);
  const [bob] = join(net, "bob");
  assert(bob);
  net.run(122_000);
  assertEquals(read(bob), []);
  net.relay.store.failure = undefined;
  net.run(140_000);
  assertEquals(read(bob), ["ann: last words"]);
});

Deno.test("a full disk at a member: what cannot be kept was not said, and the rest goes on", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  ann.store.failure = new Error("database or disk is full");
  try {
    net.say(ann, "lost");
    assert(false, "it must say so");
  } catch (error) {
    assertStringIncludes((error as Error).message, "disk is full");
  }
  net.say(bob, "hi");
  net.run(2_000);
  assertEquals([read(ann), read(bob)], [[], []], "what cannot be kept is not shown");
  ann.store.failure = undefined;
  net.say(ann, "again");
  net.run(5_000);
  assertEquals([read(ann), read(bob)], [["bob: hi"], ["ann: again"]]);
});

Deno.test("a relay asks the disk once for many messages", () => {
  const net = new RoomNet({ delay: 5 });
  const many = join(net, Array.from({ length: 10 }, (_, at) => `m${at}`).join(" "));
  net.run(1_000);
  const before = net.relay.store.commits;
  for (let line = 0; line < 20; line++) for (const each of many) net.say(each, `${line}`);
  net.run(3_000);
  assertEquals(net.relay.store.entries.length, 10 + 200);
  assertLess(net.relay.store.commits - before, 20);
});

Deno.test("a member that is slow delays nobody, and gets everything in the end", () => {
  const net = new RoomNet({ delay: 20 });
  const [ann, bob, slow] = join(net, "ann bob slow");
  assert(ann && bob && slow);
  net.run(500);
  // 40 kB a second go to the slow one, less than half of what is said.
  let window = 0, bytes = 0;
  net.filter = (flying, now) => {
    if (flying.to.host !== slow.address.host) return true;
    if (now - window >= 100) [window, bytes] = [now, 0];
    bytes += flying.bytes.length;
    return bytes <= 4_000;
  };
  const text = "x".repeat(1_000);
  for (let line = 0; line < 600; line++) {
    net.say(ann, `${line} ${text}`);
    if (line % 10 === 0) net.run(net.now + 100);
  }
  net.run(net.now + 1_000);
  assertEquals(read(bob).length, 600);
  assertLess(slow.store.entries.length, 600);
  net.filter = undefined;
  net.run(net.now + 30_000);
  assertEquals(held(slow.store), held(net.relay.store));
  assertEquals(read(slow).length, 600, "it was only slow, and is told everything live");
});

Deno.test("who comes after old entries were let go is told so, and does not wait for them", () => {
  const net = new RoomNet({ delay: 10 });
  const [ann] = join(net, "ann");
  assert(ann);
  net.run(500);
  for (let line = 1; line <= 300; line++) net.say(ann, `${line}`);
  net.run(5_000);
  const { store } = net.relay, [first] = store.entries;
  assert(first);
  const { room, author, log } = first.entry;
  store.entries = store.entries.filter(({ entry }) => entry.number > 200);
  net.relay.machine.trimmed(room, [{ author, log, floor: 200 }]);
  const bob = net.join("bob");
  net.run(15_000);
  assertEquals(codes(bob), ["trimmed"]);
  assertEquals(read(bob).length, 50);
  assertEquals(bob.store.entries.length, 101 + 1, "what is left, and bob's name");
  assertEquals(ann.store.entries.length, 302, "who had it keeps it");
});

Deno.test("a member that floods is slowed down and told so; the others do not notice", () => {
  const net = new RoomNet({ delay: 10 }, 1, undefined, { burst: 20, perSecond: 10 });
  const [ann, bob, cem] = join(net, "ann bob cem");
  assert(ann && bob && cem);
  net.run(1_000);
  for (let line = 0; line < 100; line++) net.say(ann, `${line}`);
  net.run(1_500);
  assert(read(bob).length < 40, `${read(bob).length} of a flood at once`);
  const from = net.now;
  net.say(cem, "excuse me");
  assert(net.runUntil(() => read(bob).includes("cem: excuse me"), from + 200));
  assert(codes(ann).includes("relay"), "it is told");
  net.run(from + 20_000);
  assertEquals(read(bob).filter((line) => line.startsWith("ann")).length, 100, "nothing is lost");
});

Deno.test("two histories of one log are found out where they meet, though both are whole", () => {
  const net = new RoomNet({ delay: 5 }), [bob] = join(net, "bob");
  assert(bob);
  const eve = makeIdentity(new Uint8Array(32).fill(66)), log = new Uint8Array(8).fill(6);
  const said = (text: string): CheckedEntry =>
    signEntry(eve, {
      room: LOBBY.number,
      log,
      number: 1,
      previous: NO_ENTRY,
      clock: START * 1_024,
      time: START,
      body: new TextEncoder().encode(text),
    });
  net.run(500);
  for (const [store, text] of [[bob.store, "yes"], [net.relay.store, "no"]] as const) {
    store.append([said(text)]);
  }
  net.restartRelay();
  net.restart(bob);
  net.run(20_000);
  assertEquals(net.relay.told.filter(({ type }) => type === "fork").length, 1);
  assertEquals(net.relay.store.proofs.length, 1);
});

Deno.test("a room that is full of invented authors is open to who writes, and to who goes on", () => {
  const net = new RoomNet({ delay: 10 }), [ann] = join(net, "ann");
  assert(ann);
  net.run(500);
  const { store } = net.relay, { logs } = store;
  const invented = Array.from({ length: MAX_LOGS }, (_, at) => ({
    author: new Uint8Array(32).fill(at & 255).fill(at >> 8, 0, 1),
    log: new Uint8Array(8),
    ...{ floor: 0, ranges: [], head: NO_ENTRY, frozen: false },
  }));
  store.logs = (room) => [...invented, ...logs.call(store, room)];
  net.restartRelay();
  net.run(60_000);
  const [bob] = join(net, "bob");
  assert(bob);
  net.run(61_000);
  net.say(bob, "let me in");
  net.say(ann, "you are");
  net.run(65_000);
  assertEquals([read(ann), read(bob)], [["bob: let me in"], ["ann: you are"]]);
  assertEquals(fates(bob)["let me in"]?.at(-1), "delivered");
});

Deno.test("entries of clocks far ahead are not the newest for ever", () => {
  const net = new RoomNet({ delay: 10 }), eve = net.join("eve"), ann = net.join("ann");
  net.run(500);
  // Before each of them her clock is years ahead, and then right again.
  const { identity } = eve.credentials, log = new Uint8Array(8).fill(9);
  let previous = new Uint8Array(32);
  for (let number = 1; number <= 60; number++) {
    const clock = Number.MAX_SAFE_INTEGER - 100 + number, time = START + 1e12;
    const body = encodeBody({ kind: "text", text: `buy ${number}` });
    const { number: room } = LOBBY;
    const checked = signEntry(identity, { room, log, number, previous, clock, time, body });
    net.relay.store.append([checked]);
    previous = checked.id.slice();
  }
  net.restartRelay();
  net.run(60_000);
  net.say(ann, "hello");
  net.run(61_000);
  const bob = net.join("bob");
  net.run(65_000);
  assertEquals(read(bob), ["ann: hello"]);
  assertEquals(held(bob.store), held(net.relay.store), "they are kept all the same");
});

Deno.test("a relay that alters or invents what others said is found out, in any room", () => {
  for (const room of [LOBBY, secretRoom()]) {
    const net = new RoomNet({ delay: 10 });
    const [ann] = join(net, "ann", { room });
    assert(ann);
    net.run(500);
    for (const text of ["one", "two", "three"]) net.say(ann, text);
    net.run(2_000);
    const { store } = net.relay;
    store.entries = store.entries.map((stored) =>
      stored.entry.number !== 3 ? stored : {
        ...stored,
        entry: { ...stored.entry, body: stored.entry.body.map((byte) => byte ^ 1) },
      }
    );
    const bob = net.join("bob", { room });
    net.run(5_000);
    assert(codes(bob).includes("forged"));
    assert(!read(bob).some((line) => !["ann: one", "ann: two", "ann: three"].includes(line)));
    assertEquals(codes(ann).includes("forged"), false);
  }
});
