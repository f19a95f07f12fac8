import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { roomKey } from "../../lib/chat/room.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { privateRoomNumber } from "../../lib/crypto/room_key.ts";
import { Away } from "../../lib/peer/away.ts";
import {
  held,
  LOBBY,
  type MemberHost,
  messages,
  RoomNet,
  secretRoom,
  START,
} from "../support/room_net.ts";

/** Members by name. */
function join(net: RoomNet, names: string, joining = {}): MemberHost[] {
  return names.split(" ").map((name) => net.join(name, joining));
}

function keyOf(host: MemberHost): Uint8Array {
  return host.credentials.identity.publicKey;
}

function sayTo(net: RoomNet, from: MemberHost, to: MemberHost, text: string): void {
  from.machine.sayTo(keyOf(to), text, net.now);
  net.flush();
}

/** What somebody read that was for one person. */
function alone(host: MemberHost): string[] {
  return messages(host).filter(({ partner }) => partner).map(({ author, text }) =>
    `${author.name}: ${text}`
  );
}

/** Presence that somebody was told of. */
function presences(host: MemberHost): string[] {
  return host.told.flatMap((event) =>
    event.type === "presence"
      ? [`${event.who.name} ${event.state}${event.text ? ` ${event.text}` : ""}`]
      : []
  );
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return bytes.some((_, at) => wanted.every((byte, each) => bytes[at + each] === byte));
}

Deno.test("a private message reaches one person, who answers; nobody else can read it", () => {
  for (const room of [LOBBY, secretRoom()]) {
    const net = new RoomNet({ delay: 20 });
    const [ann, bob, cem] = join(net, "ann bob cem", { room });
    assert(ann && bob && cem);
    net.run(1_000);
    for (let line = 0; line < 3; line++) sayTo(net, ann, bob, `for you ${line}`);
    net.run(2_000);
    assertEquals(alone(bob), [0, 1, 2].map((line) => `ann: for you ${line}`));
    assertEquals(bob.machine.lastPartner, keyOf(ann));
    sayTo(net, bob, ann, "thank you");
    net.run(3_000);
    assertEquals(alone(ann).at(-1), "bob: thank you");
    assertEquals(messages(cem), []);
    const states = ann.told.flatMap((event) => event.type === "status" ? [event.state] : []);
    assertEquals(states.filter((state) => state === "delivered").length, 3);
    const { entries } = net.relay.store;
    assert(entries.every(({ entry }) => !contains(entry.body, utf8("for you"))));
    assertEquals(cem.store.entries.filter(({ entry }) => entry.body.length > 500), []);
    assertEquals(held(cem.store), held(ann.store).filter((id) => held(cem.store).includes(id)));
    assertEquals(net.relay.machine.size, { members: 3, rooms: 1 });
  }
});

Deno.test("the relay keeps it for whoever is away, also if both restart, and once", () => {
  const net = new RoomNet({ delay: 20, loss: 20 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(3_000);
  bob.machine.leave(0, "quit");
  net.run(4_000);
  bob.off = true;
  sayTo(net, ann, bob, "while you were away");
  net.run(8_000);
  ann.machine.leave(0, "quit");
  net.run(9_000);
  net.restart(ann);
  sayTo(net, ann, bob, "typed before there is a session");
  net.restartRelay();
  net.run(40_000);
  net.restart(bob);
  net.run(60_000);
  assertEquals(alone(bob), ["ann: while you were away", "ann: typed before there is a session"]);
  net.restart(bob);
  net.run(80_000);
  assertEquals(alone(bob).length, 2, "they are known");
  sayTo(net, bob, ann, "back");
  net.run(90_000);
  assertEquals(alone(ann).at(-1), "bob: back");
});

Deno.test("a private message to somebody whose key is not known is refused, and nothing is kept", () => {
  const net = new RoomNet();
  const [ann] = join(net, "ann");
  assert(ann);
  net.run(100);
  const before = ann.store.entries.length;
  const nobody = new Uint8Array(32).fill(9);
  assertThrows(() => ann.machine.sayTo(nobody, "?", net.now), RangeError, "not known");
  const [bob] = join(net, "bob");
  assert(bob);
  net.run(500);
  const long = "x".repeat(65_500);
  assertThrows(() => sayTo(net, ann, bob, long), RangeError, "wanted at most 65439");
  assertLess(ann.store.entries.length, before + 3, "at most the names");
});

Deno.test("the room of two takes no third, and no one who was not in the room where they met", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann, bob, eve] = join(net, "ann bob eve");
  const elsewhere = net.join("zoe", { room: secretRoom() });
  assert(ann && bob && eve);
  net.run(500);
  const number = privateRoomNumber(LOBBY.number, keyOf(ann), keyOf(bob));
  // Eve is there first, and takes the number for an open room.
  const squatter = net.join("eve2", { room: { name: "squat", number } });
  net.run(1_000);
  sayTo(net, ann, bob, "only for bob");
  net.run(2_000);
  assertEquals(alone(bob), ["ann: only for bob"]);
  const ids = new Set(
    net.relay.store.entries.filter(({ entry }) => roomKey(entry.room) === roomKey(number))
      .map(({ id }) => id.join()),
  );
  assert(ids.size >= 2);
  for (const other of [squatter, eve, elsewhere]) {
    const theirs = other.store.entries.filter(({ entry: { author } }) =>
      author.join() === keyOf(ann).join()
    );
    assertEquals(theirs.filter(({ id }) => ids.has(id.join())), []);
  }
  // And when it is there, it is refused.
  const late = net.join("eve3", { room: { name: "squat", number } });
  net.run(3_000);
  assertEquals(late.machine.done?.status, 1);
});

Deno.test("somebody who is away is shown so, with why, also to who comes later, until they are back", () => {
  for (const room of [LOBBY, secretRoom()]) {
    const net = new RoomNet({ delay: 20, loss: 20 }, 4);
    const [ann, bob] = join(net, "ann bob", { room });
    assert(ann && bob);
    net.run(5_000);
    ann.machine.setAway("lunch", net.now);
    net.run(10_000);
    assertEquals(presences(bob).at(-1), "ann away lunch");
    assertEquals(bob.machine.roster.awayText(keyOf(ann)), "lunch");
    const cem = net.join("cem", { room });
    net.run(100_000);
    assertEquals(presences(cem).filter((each) => each.startsWith("ann")), [
      "ann here",
      "ann away lunch",
    ]);
    net.restartRelay();
    net.run(300_000);
    assertEquals(cem.machine.roster.awayText(keyOf(ann)), "lunch", "said again to the new one");
    ann.machine.setAway(undefined, net.now);
    net.run(310_000);
    assertEquals(presences(bob).at(-1), "ann here");
    assertEquals([bob, cem].map(({ machine }) => machine.roster.awayText(keyOf(ann))), [
      undefined,
      undefined,
    ]);
    assertEquals(
      net.relay.store.entries.filter(({ entry }) => contains(entry.body, utf8("lunch"))),
      [],
    );
  }
});

Deno.test("presence is only believed of its author, in its room, and the latest counts", () => {
  const options = (fill: number, room = LOBBY.number, seal = secretRoom().key) => ({
    identity: makeIdentity(new Uint8Array(32).fill(fill)),
    room,
    seal,
    random: (size: number) => new Uint8Array(size).fill(1),
    wall: (now: number) => START + now,
  });
  const ann = new Away(options(1)), bob = new Away(options(2));
  ann.set("tea", 5);
  const said = ann.due(5), key = options(1).identity.publicKey;
  assert(said);
  assertEquals(bob.read(said), { author: key, away: true, text: "tea", time: START + 5 });
  for (let at = 0; at < said.length; at++) {
    const forged = said.slice();
    forged[at] = (forged[at] ?? 0) ^ 1;
    assertEquals(bob.read(forged), undefined, `byte ${at}`);
    assertEquals(bob.read(said.subarray(0, at)), undefined, `cut at ${at}`);
  }
  assertEquals(new Away(options(2, new Uint8Array(32))).read(said), undefined, "another room");
  assertEquals(new Away(options(2, LOBBY.number, secretRoom(8).key)).read(said), undefined);
  assertEquals(contains(said, utf8("tea")), false, "it is sealed");
  assertEquals([ann.due(5), ann.dueAt], [undefined, 505]);
  ann.set(undefined, 600);
  let repeats = 0;
  for (let at = ann.dueAt; at !== undefined; at = ann.dueAt, repeats++) assert(ann.due(at));
  assertEquals(repeats, 7, "it is said often enough, and not for ever");
  ann.set(undefined, 700);
  assertEquals(ann.dueAt, undefined, "who is back cannot come back");
});

Deno.test("who goes away and comes back all the time does not keep the others busy", () => {
  const net = new RoomNet({ delay: 5 });
  const [ann, bob] = join(net, "ann bob");
  assert(ann && bob);
  net.run(500);
  for (let turn = 0; turn < 200; turn++) {
    ann.machine.setAway(turn % 2 === 0 ? `${turn}` : undefined, net.now);
    net.run(net.now + 10);
  }
  net.run(net.now + 10_000);
  assertLess(presences(bob).length, 30);
});
