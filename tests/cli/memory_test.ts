import { assertEquals } from "@std/assert";
import { Memory } from "../../lib/cli/memory.ts";
import type { RoomMessage } from "../../lib/peer/member_event.ts";
import { Contacts } from "../../lib/store/contacts.ts";
import { History } from "../../lib/store/history.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

function message(fill: number, id: string, more: Partial<RoomMessage> = {}): RoomMessage {
  const author = { key: new Uint8Array(32).fill(fill), name: `name${fill}` };
  return { id, author, text: id, time: 0, self: false, history: false, ...more };
}

Deno.test("Memory makes contacts of those who say something, once for each key", async () => {
  const clock = new VirtualClock(), history = new History(undefined);
  const contacts = new Contacts(undefined), asked: string[][] = [];
  const failures: Error[] = [];
  const memory = new Memory(history, clock, (error) => failures.push(error), {
    meetAll: (people, now) => {
      asked.push(people.map(({ name }) => name));
      contacts.meetAll(people, now);
    },
  });
  try {
    memory.add("tea", message(1, "a"));
    memory.add("tea", message(2, "b", { history: true }));
    memory.add("tea", message(1, "c"));
    memory.add("tea", message(3, "mine", { self: true }));
    await clock.advance(1_000);
    memory.add("tea", message(1, "d"));
    await clock.advance(1_000);
    assertEquals(asked, [["name1", "name2"]]);
    assertEquals(contacts.names().sort(), ["name1", "name2"]);
    assertEquals(history.last("tea", 10).length, 5);
    assertEquals([failures, clock.pending], [[], 0]);
  } finally {
    contacts.close();
    history.close();
  }
});

Deno.test("Memory goes on where contacts cannot be kept", async () => {
  const clock = new VirtualClock(), history = new History(undefined), failures: string[] = [];
  const memory = new Memory(history, clock, ({ message }) => failures.push(message), {
    meetAll: () => {
      throw new Error("disk full");
    },
  });
  try {
    memory.add("tea", message(1, "a"));
    await clock.advance(1_000);
    assertEquals([failures, history.last("tea", 10).length], [["disk full"], 1]);
  } finally {
    history.close();
  }
});
