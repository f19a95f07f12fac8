/**
 * What a relay and its members make of a store that lets old entries go.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { LogFloor } from "../../lib/chat/entry_store.ts";
import { LOBBY, type MemberHost, messages, read, RoomNet } from "../support/room_net.ts";

/** How often a relay's store is asked for the logs of the lobby: once for each time that the room is made. */
function roomsMade({ relay: { store } }: RoomNet): { count: number } {
  const made = { count: 0 }, { logs } = store;
  store.logs = (room) => {
    made.count++;
    return logs.call(store, room);
  };
  return made;
}

/** The store of a relay lets all go, and says so. */
function letAllGo({ relay: { store, machine } }: RoomNet): LogFloor[] {
  const floors = store.letGo(LOBBY.number);
  machine.trimmed(LOBBY.number, floors);
  return floors;
}

/** What became of messages of one's own. */
function fates(host: MemberHost, text: string): string[] {
  const ids = messages(host).filter((each) => each.text === text).map(({ id }) => id);
  return host.told.flatMap((event) =>
    event.type === "status" && ids.includes(event.id) ? [event.state] : []
  );
}

Deno.test("Relay.trimmed() makes no room that nobody is in, and none stays that was left", () => {
  const net = new RoomNet({ delay: 10 }), made = roomsMade(net), { machine } = net.relay;
  const [author, log] = [new Uint8Array(32), new Uint8Array(8)];
  machine.trimmed(LOBBY.number, [{ author, log, floor: 5 }]);
  assertEquals(made.count, 0);
  for (let times = 1; times <= 3; times++) {
    const ann = net.join(`ann ${times}`);
    net.run(net.now + 1_000);
    assertEquals(made.count, times, "it is made for who comes");
    machine.trimmed(LOBBY.number, [{ author, log, floor: 5 }]);
    ann.machine.leave(0, "quit");
    net.run(net.now + 1_000);
    machine.trimmed(LOBBY.number, [{ author, log, floor: 5 }]);
    assertEquals(made.count, times);
  }
});

Deno.test("a relay forgets a room that was left while its entries waited for the disk", () => {
  const net = new RoomNet({ delay: 10 }), made = roomsMade(net), { store } = net.relay;
  const ann = net.join("ann");
  net.run(1_000);
  store.failure = new Error("the disk is full");
  net.say(ann, "hi");
  net.run(1_500);
  ann.machine.leave(0, "quit");
  net.run(2_000);
  store.failure = undefined;
  net.run(5_000);
  assertEquals(store.entries.length, 2);
  assertEquals(made.count, 1);
  net.join("bob");
  net.run(6_000);
  assertEquals(made.count, 2, "it is read again");
});

Deno.test("an author does not wait for what the relay has stored and let go meanwhile", () => {
  const net = new RoomNet({ delay: 10 }), ann = net.join("ann"), bob = net.join("bob");
  net.run(1_000);
  // Nothing comes back to her: she never hears that it is stored.
  net.filter = ({ to }) => to.host !== ann.address.host;
  net.say(ann, "one");
  net.say(ann, "two");
  net.run(1_500);
  assertEquals([read(bob), fates(ann, "two")], [["ann: one", "ann: two"], ["sent"]]);
  const floors = letAllGo(net);
  net.filter = undefined;
  net.restartRelay();
  net.run(120_000);
  assertEquals([fates(ann, "one")[1], fates(ann, "two")[1]], ["stored", "stored"]);
  net.say(ann, "three");
  net.run(125_000);
  assertEquals(read(bob), ["ann: one", "ann: two", "ann: three"]);
  const { entries } = net.relay.store;
  assertEquals(entries.map(({ entry: { number } }) => number), [4], "it goes on in that log");
  assert(floors.some(({ log }) => log.join() === entries[0]?.entry.log.join()));
});

Deno.test("an author whose store is older than what the relay let go says it in another log", () => {
  const net = new RoomNet({ delay: 10 }), ann = net.join("ann"), bob = net.join("bob");
  net.run(1_000);
  const old = [...ann.store.entries];
  for (const text of ["one", "two"]) net.say(ann, text);
  net.run(2_000);
  letAllGo(net);
  ann.off = true;
  net.run(3_000);
  ann.store.entries = old;
  net.restart(ann);
  ann.machine.say("three", net.now);
  net.run(120_000);
  assertEquals(read(bob), ["ann: one", "ann: two", "ann: three"]);
  assertEquals(fates(ann, "three")[1], "stored");
});
