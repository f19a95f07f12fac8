import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import type { Session } from "../../lib/session/session.ts";
import { CLOSE } from "../../lib/session/event.ts";
import { randomBytes } from "../crypto/bytes.ts";
import { HubNet, type HubNode } from "../support/hub_net.ts";
import type { Flying } from "../support/session_pair.ts";

const ANN = "192.0.2.1", BOB = "192.0.2.2";
const HOME = { delay: 50, jitter: 10 };

/** Sessions that can be used now. */
function alive(node: HubNode): readonly Session[] {
  return node.hub.sessions.filter((session) => session.confirmed && !session.closed);
}

/** The one session of a program. */
function sessionOf(node: HubNode): Session {
  const [session] = alive(node);
  assert(session);
  return session;
}

function texts(node: HubNode): string {
  return node.heard.map(({ text }) => text).join("");
}

/** Ann has called bob, and both have the session. */
function talking(net: HubNet): { ann: HubNode; bob: HubNode } {
  const ann = net.add(ANN), bob = net.add(BOB);
  ann.hub.call(bob.address, false, net.now);
  assert(net.runUntil(() => alive(ann).length === 1 && alive(bob).length === 1, 20_000));
  return { ann, bob };
}

Deno.test("Hub comes to one session, the same one, when both call at once, for 500 seeds", () => {
  let both = 0;
  for (let seed = 0; seed < 500; seed++) {
    const net = new HubNet({ delay: 50, jitter: 30, loss: seed % 4 * 10 }, seed);
    const ann = net.add(ANN), bob = net.add(BOB);
    ann.hub.call(bob.address, false, 0);
    net.run(net.random() * 250);
    bob.hub.call(ann.address, false, net.now);
    net.run(net.now + 6_000);
    const [hers, his] = [alive(ann), alive(bob)];
    assertEquals([hers.length, his.length], [1, 1], `seed ${seed}`);
    if (ann.events.concat(bob.events).some(isReplaced)) both++;
    net.say(ann, sessionOf(ann), "from ann");
    net.say(bob, sessionOf(bob), "from bob");
    net.run(net.now + 10_000);
    assertEquals([texts(ann), texts(bob)], ["from bob", "from ann"], `seed ${seed}`);
  }
  assert(both > 100, `only ${both} seeds had two sessions`);
});

function isReplaced(event: HubNode["events"][number]): boolean {
  return event.type === "session" && event.event.type === "closed" &&
    event.event.code === CLOSE.replaced;
}

Deno.test("Hub replaces a session that seems dead, and the new one stays", () => {
  for (let seed = 0; seed < 100; seed++) {
    const net = new HubNet({ ...HOME, loss: seed % 3 * 10 }, seed), { ann, bob } = talking(net);
    const old = sessionOf(ann);
    net.run(net.now + 5_000);
    const caller = seed % 2 === 0 ? ann : bob, called = caller === ann ? bob : ann;
    caller.hub.call(called.address, true, net.now);
    net.run(net.now + 10_000);
    assertEquals([alive(ann).length, alive(bob).length], [1, 1], `seed ${seed}`);
    assert(sessionOf(ann) !== old && old.closed, `seed ${seed}`);
    net.say(ann, sessionOf(ann), "a");
    net.say(bob, sessionOf(bob), "b");
    net.run(net.now + 5_000);
    assertEquals([texts(ann), texts(bob)], ["b", "a"], `seed ${seed}`);
  }
});

Deno.test("Hub replaces again and again, also when both do so at once", () => {
  for (let seed = 0; seed < 50; seed++) {
    const net = new HubNet({ ...HOME, loss: 10 }, seed), { ann, bob } = talking(net);
    for (let round = 0; round < 4; round++) {
      net.run(net.now + 15_000);
      ann.hub.call(bob.address, true, net.now);
      net.run(net.now + net.random() * 200);
      bob.hub.call(ann.address, true, net.now);
      net.run(net.now + 8_000);
      assertEquals([alive(ann).length, alive(bob).length], [1, 1], `seed ${seed}, ${round}`);
      net.say(ann, sessionOf(ann), `${round}`);
      net.run(net.now + 3_000);
    }
    assertEquals(texts(bob), "0123", `seed ${seed}`);
  }
});

Deno.test("Hub tells that a session stalls when the peer restarted, and makes a new one", () => {
  const net = new HubNet(HOME), { ann, bob } = talking(net), old = sessionOf(ann);
  net.say(ann, old, "before ");
  net.run(2_000);
  net.restart(bob);
  net.say(ann, old, "lost");
  const stalled = (): boolean =>
    ann.events.some((event) => event.type === "session" && event.event.type === "stalled");
  const from = net.now;
  assert(net.runUntil(stalled, from + 2_000));
  assertEquals(net.log.some(({ at, from: sender }) => at > from && sender.host === BOB), false);
  ann.hub.call(bob.address, true, net.now);
  assert(net.runUntil(() => bob.up.length === 1, net.now + 1_000));
  const [event] = bob.events.slice(-1);
  assert(event);
  net.run(net.now + 1_000);
  const [, fresh] = alive(ann);
  assert(fresh);
  net.say(ann, fresh, "after");
  net.run(net.now + 1_000);
  assertEquals(texts(bob), "before after");
});

Deno.test("Hub delivers nothing of a recorded session that is played again", () => {
  const net = new HubNet(HOME), { ann, bob } = talking(net);
  for (const text of ["one ", "two ", "three"]) {
    net.say(ann, sessionOf(ann), text);
    net.run(net.now + 500);
  }
  const record = net.log.filter(({ to }) => to.host === BOB).map(({ bytes, from, to }) => {
    return { bytes: bytes.slice(), from, to };
  });
  const up = bob.up.length, { heardAt } = sessionOf(bob);
  net.filter = ({ to }) => to.host !== ANN;
  play(net, record);
  assertEquals([texts(bob), bob.up.length], ["one two three", up]);
  assertLess(sessionOf(bob).heardAt - heardAt, net.now - heardAt);
  play(net, record.map((each) => ({ ...each, from: { host: "203.0.113.6", port: 66 } })));
  assertEquals([texts(bob), bob.up.length], ["one two three", up]);
  assertEquals(sessionOf(bob).address.host, ANN, "and nobody moved");
  net.restart(bob);
  bob.heard.length = 0;
  play(net, record);
  assertEquals([texts(bob), bob.up.length, bob.hub.sessions.length], ["", 0, 0]);
  net.run(net.now + 60_000);
  assertEquals([texts(bob), bob.up.length], ["", 0]);
});

function play(net: HubNet, record: readonly Flying[]): void {
  for (const each of record) {
    net.inject(each);
    net.run(net.now + 5);
  }
  net.run(net.now + 200);
}

Deno.test("Hub drops 100,000 datagrams of junk without an answer, and the session goes on", () => {
  const net = new HubNet({ delay: 1 }), { ann, bob } = talking(net), random = seededRandom(1);
  net.run(1_000);
  net.log.length = 0;
  const from = { host: "203.0.113.66", port: 666 };
  const index = [0, 8, 16, 24].map((shift) => sessionOf(bob).local >>> shift & 255).reverse();
  for (let count = 0; count < 100_000; count++) {
    const junk = randomBytes(random, Math.floor(random() * 60));
    // A first message of another version would be answered, with 8 bytes.
    if (junk[0] === 0xf8) junk[0] = 0;
    // Of a third the type is ours, of a third the session's index too.
    if (count % 3 > 0 && junk.length > 0) junk[0] = 0xf9 + Math.floor(random() * 7);
    if (count % 3 > 1 && junk.length > 5) junk.set(index, 1);
    bob.hub.receive(junk, count % 2 ? from : ann.address, net.now);
  }
  net.flush();
  assertEquals(net.log, []);
  const { malformed, unknown, forged } = bob.hub.counters;
  assertEquals(malformed + unknown + forged, 100_000);
  assert(malformed > 30_000 && unknown > 10_000 && forged > 10_000);
  net.say(ann, sessionOf(ann), "still here");
  net.say(bob, sessionOf(bob), "me too");
  net.run(net.now + 100);
  assertEquals([texts(ann), texts(bob)], ["me too", "still here"]);
});

Deno.test("Hub holds several sessions at once, and mixes nothing up", () => {
  const net = new HubNet({ ...HOME, loss: 10 }), bob = net.add(BOB);
  const people = Array.from({ length: 30 }, (_, at) => net.add(`198.51.100.${at}`));
  for (const person of people) person.hub.call(bob.address, false, 0);
  const all = (): boolean => [...people, bob].every((node) => alive(node).length > 0);
  assert(net.runUntil(() => alive(bob).length === 30 && all(), 60_000));
  for (const [at, person] of people.entries()) {
    net.say(person, sessionOf(person), `I am ${person.address.host} ${at}`);
  }
  for (const session of alive(bob)) net.say(bob, session, `you are ${session.address.host}`);
  net.run(net.now + 10_000);
  for (const [at, person] of people.entries()) {
    assertEquals(texts(person), `you are ${person.address.host}`);
    assertEquals(
      bob.heard.filter(({ text }) => text === `I am ${person.address.host} ${at}`).length,
      1,
    );
  }
  sessionOf(people[3] ?? bob).close(CLOSE.done, "bye");
  people[3]?.hub.touch(sessionOf(people[3]));
  net.run(net.now + 2_000);
  assertEquals(alive(bob).length, 29);
});

Deno.test("Hub sends eight datagrams of a session in a row, and then has others their turn", () => {
  const net = new HubNet({ delay: 5 }), ann = net.add("192.0.2.1");
  const others = ["192.0.2.2", "192.0.2.3"].map((host) => net.add(host));
  for (const { address } of others) ann.hub.call(address, false, net.now);
  assert(net.runUntil(() => ann.up.length === 2, 5_000));
  net.run(net.now + 1_000);
  for (const session of ann.up) {
    session.write(0, new Uint8Array(30_000));
    ann.hub.touch(session);
  }
  const sent: string[] = [];
  for (let next = ann.hub.poll(net.now); next; next = ann.hub.poll(net.now)) {
    sent.push(next.to.host);
  }
  const turns = sent.join(" ").match(/(\S+)(?: \1)*/g)?.map((turn) => turn.split(" ").length) ?? [];
  assertEquals(turns.slice(0, 4), [8, 8, 8, 8]);
});

Deno.test("Hub keeps two runs of one person apart", () => {
  const net = new HubNet(HOME), { ann, bob } = talking(net);
  net.run(1_000);
  const other = net.add("192.0.2.9");
  other.hub = ann.hub;
  net.nodes.pop();
  net.restart(ann);
  ann.hub.call(bob.address, false, net.now);
  net.run(net.now + 2_000);
  assertEquals([bob.up.length, alive(bob).length], [2, 2], "the old one may still be alive");
});

Deno.test("Hub closes and forgets a session, and the other does so too", () => {
  const net = new HubNet(HOME), { ann, bob } = talking(net);
  const session = sessionOf(ann);
  session.close(CLOSE.done, "bye");
  ann.hub.touch(session);
  net.run(net.now + 200);
  assertEquals([ann.hub.sessions, bob.hub.sessions], [[], []]);
  const closed = bob.events.at(-1);
  assert(closed?.type === "session" && closed.event.type === "closed");
  assertEquals([closed.event.by, closed.event.reason], ["them", "bye"]);
  assertEquals([ann.hub.nextTimeout(), bob.hub.nextTimeout()], [undefined, undefined]);
  net.log.length = 0;
  net.run(net.now + 100_000);
  assertEquals(net.log, []);
});

Deno.test("Hub gives a session up after a day of silence, not after 23 hours", () => {
  const net = new HubNet(HOME), { ann, bob } = talking(net);
  net.filter = () => false;
  const start = net.now;
  net.run(start + 23 * 3_600_000);
  assertEquals([alive(ann).length, alive(bob).length], [1, 1]);
  net.run(start + 25 * 3_600_000);
  assertEquals([ann.hub.sessions, bob.hub.sessions], [[], []]);
});
