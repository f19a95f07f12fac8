/**
 * Members that were written from PROTOCOL.md alone meet in rooms of the real relay.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { same } from "./bytes.ts";
import { freshPerson } from "./handshake.ts";
import { openRoom, type RoomKeys, secretRoom } from "./rooms.ts";
import { idOf } from "./rooms_entries.ts";
import { Member, together } from "./rooms_member.ts";
import { startRelay } from "./rooms_process.ts";

interface Place {
  readonly title: string;
  /** What JOIN says. */
  readonly name: string;
  readonly room: Uint8Array | RoomKeys;
}

const SECRET = crypto.getRandomValues(new Uint8Array(32));
const PLACES: readonly Place[] = [
  { title: "an open room", name: "tea&käse", room: openRoom("tea&käse") },
  { title: "a room with a secret", name: "", room: secretRoom(SECRET) },
];

for (const { title, name, room } of PLACES) {
  Deno.test(`rooms: what is said in ${title} is kept, and heard by who comes later`, async () => {
    await using relay = startRelay();
    const [ann, bob] = [freshPerson(), freshPerson()];
    await using first = await Member.call(await relay.address(), room, ann);
    first.join(name);
    const [profile, text] = [first.profile("ann", ann), first.text("Grüße 🌍")];
    await first.kept();
    assertEquals(first.had, [2, 0]);
    assertEquals(first.of("hold"), [{ type: "hold", last: true, logs: [] }]);
    await using second = await Member.call(await relay.address(), room, bob);
    second.join(name);
    await second.session.until("has heard two", () => second.heard.length === 2);
    assertEquals(second.of("missed"), [{ type: "missed", count: 2 }]);
    assertEquals(second.heard.map(({ entry }) => entry), [profile, text]);
    assert(second.heard.every(({ history, stream }) => history && stream === 0));
    const [who, what] = second.heard.map(({ body }) => body);
    assert(who?.kind === "profile" && who.name === "ann");
    assert(same(who.static, ann.static.public));
    assertEquals<unknown>(what, { kind: "text", text: "Grüße 🌍" });
  });

  Deno.test(`rooms: members of ${title} hear each other live, and that they were heard`, async () => {
    await using relay = startRelay();
    const [ann, bob] = [freshPerson(), freshPerson()];
    await using first = await Member.call(await relay.address(), room, ann);
    await using second = await Member.call(await relay.address(), room, bob);
    const both = [first, second];
    for (const each of both) each.join(name);
    const isJoined = (): boolean => both.every((each) => each.of("member").length > 0);
    await together(both, "both here", isJoined);
    first.profile("ann", ann);
    second.profile("bob", bob);
    const texts = ["one", "two", "three"];
    texts.forEach((text) => first.text(text));
    second.text("four");
    await together(both, "heard", () => second.texts.length === 3 && first.texts.length === 1);
    assertEquals(second.texts, texts);
    assertEquals(first.texts, ["four"]);
    assert(both.every(({ heard }) => heard.every((each) => !each.history && each.stream === 0)));
    assertEquals(both.map((each) => each.of("missed").length), [0, 0]);
    const held = new Map<number, number>();
    await together(both, "delivered", () => {
      for (const { log, members, entries } of first.of("delivered")) {
        assert(same(log, first.store.mine.log));
        assertEquals(members, 1);
        for (const { number, holders } of entries) held.set(number, holders);
      }
      return held.size === 4 && [...held.values()].every((holders) => holders === 1);
    });
    await together(both, "kept", () => first.had[0] === 4 && second.had[0] === 2);
  });

  Deno.test(`rooms: who comes back to ${title} gets only what was missed`, async () => {
    await using relay = startRelay();
    const [ann, bob] = [freshPerson(), freshPerson()];
    await using stays = await Member.call(await relay.address(), room, bob);
    stays.join(name);
    stays.profile("bob", bob);
    const before = await Member.call(await relay.address(), room, ann);
    before.join(name);
    before.profile("ann", ann);
    before.text("before");
    await together([before, stays], "both know all", () => {
      return before.had[0] === 2 && before.heard.length === 1 && stays.heard.length === 2;
    });
    await before[Symbol.asyncDispose]();
    stays.text("while ann was away");
    await stays.kept();
    const { store } = before;
    const offline = store.write({ kind: "text", text: "written offline" });
    await using after = await Member.call(await relay.address(), room, ann, store);
    after.join(name);
    await together([after, stays], "all", () => stays.heard.length === 3 && after.had[0] === 1);
    assertEquals(after.of("missed"), [{ type: "missed", count: 1 }]);
    assertEquals(after.texts, ["while ann was away"]);
    assertEquals(stays.texts, ["before", "written offline"]);
    assertEquals(after.of("want"), [], "what is one's own is not asked for");
    const last = store.get(store.mine, 2);
    assert(last);
    const stored = [{ ...store.mine, floor: 0, ranges: [{ first: 1, last: 2 }], last: idOf(last) }];
    assertEquals(after.stored, stored);
    assertEquals(offline.number, 3);
  });
}

Deno.test("rooms: rooms of one relay do not hear each other", async () => {
  await using relay = startRelay();
  const [one, other] = PLACES;
  assert(one && other);
  await using first = await Member.call(await relay.address(), one.room);
  await using second = await Member.call(await relay.address(), other.room);
  first.join(one.name);
  second.join(other.name);
  first.text("in the one");
  second.text("in the other");
  const both = [first, second];
  await together(both, "kept", () => both.every((each) => each.had[0] === 1));
  for (const { session } of both) await session.settled();
  assertEquals(both.map((each) => each.heard.length + each.of("member").length), [0, 0]);
});

Deno.test("rooms: of a long history the newest 50 come first, the rest as bulk", async () => {
  await using relay = startRelay();
  const room = openRoom("history");
  const people = [freshPerson(), freshPerson()];
  let said = 0;
  for (const person of people) {
    await using member = await Member.call(await relay.address(), room, person);
    member.join("history");
    member.profile("somebody", person);
    for (let each = 0; each < 80; each++) member.text(`${++said}`);
    await member.kept();
  }
  await using late = await Member.call(await relay.address(), room);
  late.join("history");
  await late.session.until("has all", () => late.heard.length === 162);
  assertEquals(late.of("missed"), [{ type: "missed", count: 162 }]);
  const on = (stream: 0 | 1): number[] =>
    late.heard.filter((each) => each.stream === stream).map(({ entry }) => entry.number);
  const newest = Array.from({ length: 50 }, (_, at) => 32 + at);
  assertEquals(on(0), [1, ...newest]);
  const rest = Array.from({ length: 30 }, (_, at) => 2 + at);
  assertEquals(on(1), [...Array.from({ length: 81 }, (_, at) => 1 + at), ...rest]);
  assert(late.heard.every(({ history }) => history));
});

Deno.test("rooms: texts of the greatest length go up and down, beyond all first limits", async () => {
  await using relay = startRelay();
  const room = openRoom("large");
  await using author = await Member.call(await relay.address(), room);
  author.join("large");
  const texts = Array.from({ length: 20 }, (_, at) => `${at % 10}`.repeat(65_536));
  texts.forEach((text) => author.text(text));
  await author.kept();
  await using late = await Member.call(await relay.address(), room);
  late.join("large");
  await late.session.until("has all", () => late.texts.length === texts.length);
  assert(late.texts.join() === texts.join());
});
