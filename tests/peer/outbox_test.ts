import { assert, assertEquals, assertThrows } from "@std/assert";
import { Outbox } from "../../lib/peer/outbox.ts";
import { MAX_MESSAGE_BYTES } from "../../lib/wire/talk.ts";

const LOG = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function filled(count: number): Outbox {
  const outbox = new Outbox(LOG);
  for (let number = 1; number <= count; number++) outbox.add(`line ${number}`, number).sent = true;
  return outbox;
}

function numbers(outbox: Outbox): number[] {
  return outbox.missing.map(({ number }) => number);
}

Deno.test("Outbox numbers messages from 1, each with an id of its own", () => {
  const outbox = new Outbox(LOG), ids = new Set<string>();
  for (let number = 1; number <= 100; number++) {
    const message = outbox.add("x", 5);
    assertEquals([message.number, message.text, message.time, message.sent], [
      number,
      "x",
      5,
      false,
    ]);
    ids.add(message.id);
  }
  assertEquals(ids.size, 100);
  assertEquals(outbox.get(7)?.number, 7);
  assertEquals(outbox.get(0), undefined);
});

Deno.test("Outbox keeps a message until it is held, and tells that once", () => {
  const outbox = filled(5);
  assertEquals(outbox.held(LOG, 3).map(({ number }) => number), [1, 2, 3]);
  assertEquals(numbers(outbox), [4, 5]);
  assertEquals(outbox.held(LOG, 3), []);
  assertEquals(outbox.held(LOG, 2), []);
  assertEquals(outbox.held(LOG, 5).length, 2);
  assertEquals([numbers(outbox), outbox.get(5)], [[], undefined]);
  assertEquals(outbox.add("next", 0).number, 6);
});

Deno.test("Outbox ignores what is held of another log", () => {
  const outbox = filled(2);
  assertEquals(outbox.held(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9), 2), []);
  assertEquals(numbers(outbox), [1, 2]);
});

Deno.test("Outbox does not believe that a message is held which was never sent", () => {
  const outbox = filled(2);
  outbox.add("not sent yet", 0);
  assertEquals(outbox.held(LOG, 1_000_000).length, 2);
  assertEquals(numbers(outbox), [3]);
});

Deno.test("Outbox takes 65,536 bytes of UTF-8, and refuses more with size and limit", () => {
  const outbox = new Outbox(LOG);
  for (const letter of ["x", "\u00e4", "\u65e5", "\u{1f600}"]) {
    const bytes = new TextEncoder().encode(letter).length;
    const most = letter.repeat(Math.floor(MAX_MESSAGE_BYTES / bytes));
    outbox.add(most, 0);
    assertThrows(() => outbox.add(most + letter, 0), RangeError, "wanted at most 65536");
  }
  assertEquals(numbers(outbox), [1, 2, 3, 4], "a refused message takes no number");
});

Deno.test("Outbox is full with a thousand messages that wait", () => {
  const outbox = filled(999);
  assert(!outbox.full);
  outbox.add("one more", 0).sent = true;
  assert(outbox.full);
  outbox.held(LOG, 1);
  assert(!outbox.full);
});
