import { assert, assertEquals } from "@std/assert";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { HybridClock } from "../../lib/chat/clock.ts";
import { Room } from "../../lib/chat/room.ts";
import { LIVE } from "../../lib/chat/sync.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { Inbox } from "../../lib/peer/inbox.ts";
import { MemoryStore } from "../support/memory_store.ts";

Deno.test("Inbox is full by bytes as well while a disk refuses, and empty again once it takes them", () => {
  const store = new MemoryStore(), number = new Uint8Array(32), inbox = new Inbox(store);
  const room = new Room(number, store, new HybridClock()), body = new Uint8Array(65_536);
  const identity = makeIdentity(new Uint8Array(32).fill(1));
  let previous = NO_ENTRY, count = 0;
  store.failure = new Error("database or disk is full");
  while (!inbox.full) {
    count++;
    const fields = { room: number, log: new Uint8Array(8), previous, clock: count, time: 0, body };
    const checked = signEntry(identity, { ...fields, number: count });
    previous = checked.id;
    inbox.push({ room, checked, history: false, stream: LIVE, link: undefined });
    assert(count <= 1_024, "64 MiB are enough");
  }
  inbox.wait();
  assert(inbox.commit(0).disk?.error);
  assert(inbox.full, "nothing is lost");
  store.failure = undefined;
  const { rooms, disk } = inbox.commit(2_000);
  assertEquals([rooms?.get(room)?.stored.length, disk?.error], [count, undefined]);
  assertEquals([inbox.full, store.entries.length], [false, count]);
});
