import { assertEquals } from "@std/assert";
import { encodeBody } from "../../lib/chat/body.ts";
import { People, type Profile } from "../../lib/chat/people.ts";
import { keyTag } from "../../lib/crypto/identity.ts";
import { RoomKey } from "../../lib/crypto/room_key.ts";
import { seededRandom } from "../../lib/net/random.ts";
import type { Entry } from "../../lib/wire/entry.ts";
import { flips, utf8 } from "../crypto/bytes.ts";
import { type Author, author, signed } from "./authors.ts";

const ANN = author(1), ANN_ELSEWHERE = author(1, 2), BOB = author(2);

function called(name: string): Profile {
  return { name, staticKey: new Uint8Array(32) };
}

function at(by: Author, clock: number): Entry {
  return signed(by, { clock }).entry;
}

Deno.test("nameOf() is the key's tag before a name is known", () => {
  const people = new People(undefined);
  assertEquals(people.nameOf(ANN.author), keyTag(ANN.author));
  people.learn(at(BOB, 5), called("bob"));
  assertEquals([people.nameOf(ANN.author), people.nameOf(BOB.author)], [keyTag(ANN.author), "bob"]);
  assertEquals(people.names, ["bob"]);
});

Deno.test("learn() tells what somebody was called before, once for each change", () => {
  const people = new People(undefined);
  assertEquals(people.learn(at(ANN, 5), called("ann")), { old: undefined });
  assertEquals(people.learn(at(ANN, 6), called("ann")), undefined, "the same name");
  assertEquals(people.learn(at(ANN, 7), called("anna")), { old: "ann" });
  assertEquals(people.learn(at(BOB, 1), called("anna")), { old: undefined }, "another person");
  assertEquals(people.names, ["anna", "anna"]);
});

Deno.test("learn() keeps the name with the latest clock, in whatever order names come", () => {
  const people = new People(undefined);
  people.learn(at(ANN, 9), called("latest"));
  assertEquals(people.learn(at(ANN, 8), called("older")), undefined);
  assertEquals(people.learn(at(ANN_ELSEWHERE, 3), called("oldest")), undefined);
  assertEquals(people.nameOf(ANN.author), "latest");
  assertEquals(people.learn(at(ANN_ELSEWHERE, 10), called("from another log")), { old: "latest" });
  assertEquals(people.nameOf(ANN.author), "from another log");
});

Deno.test("learn() remembers that a name was said again, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), people = new People(undefined);
    const said = Array.from(
      { length: 12 },
      (_, clock) => ({ clock, name: "abc"[clock % 3] ?? "" }),
    );
    let latest = -1;
    for (let round = 0; round < 20; round++) {
      const { clock, name } = said[Math.floor(random() * 12)] ?? { clock: 0, name: "a" };
      const before = said[latest]?.name, wanted = clock < latest || name === before;
      const learnt = people.learn(at(ANN, clock), called(name));
      assertEquals(learnt, wanted ? undefined : { old: before }, `seed ${seed}`);
      latest = Math.max(latest, clock);
      assertEquals(people.nameOf(ANN.author), said[latest]?.name, `seed ${seed}`);
    }
  }
});

Deno.test("open() reads a room without a secret as it is", () => {
  const people = new People(undefined), body = encodeBody({ kind: "text", text: "hi" });
  assertEquals(people.open(signed(ANN, { body }).entry), { kind: "text", text: "hi" });
  assertEquals(people.open(signed(ANN, { body: utf8("\x09hi") }).entry), undefined);
  assertEquals(people.open(signed(ANN, { body: new Uint8Array(0) }).entry), undefined);
});

Deno.test("open() reads a room with a secret, and only what is sealed for author and log", () => {
  const key = new RoomKey(new Uint8Array(32).fill(7)), people = new People(key);
  const plain = encodeBody({ kind: "text", text: "hi" }), nonce = new Uint8Array(12);
  const body = key.seal(ANN.author, ANN.log, () => nonce, plain);
  assertEquals(people.open(signed(ANN, { body }).entry), { kind: "text", text: "hi" });
  for (const by of [BOB, ANN_ELSEWHERE]) {
    assertEquals(people.open(signed(by, { body }).entry), undefined, "sealed for another");
  }
  assertEquals(people.open(signed(ANN, { body: plain }).entry), undefined, "not sealed");
  for (const flipped of flips(body)) {
    assertEquals(people.open({ ...signed(ANN).entry, body: flipped }), undefined);
  }
  const other = new People(new RoomKey(new Uint8Array(32).fill(8)));
  assertEquals(other.open(signed(ANN, { body }).entry), undefined);
  assertEquals(
    new People(undefined).open(signed(ANN, { body: body.fill(99, 0, 1) }).entry),
    undefined,
  );
});

Deno.test("open() takes a profile of the author's own and of nobody else", () => {
  const people = new People(undefined), { staticKey, certificate } = ANN;
  const body = encodeBody({ kind: "profile", name: "ann", staticKey, certificate });
  const profile = { kind: "profile", name: "ann", staticKey, certificate } as const;
  assertEquals(people.open(signed(ANN, { body }).entry), profile);
  assertEquals(people.open(signed(ANN_ELSEWHERE, { body }).entry), profile);
  assertEquals(people.open(signed(BOB, { body }).entry), undefined);
});
