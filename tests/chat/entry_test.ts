import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { checkEntry, entryId, NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { sha256 } from "../../lib/crypto/hash.ts";
import { certify, verify } from "../../lib/crypto/identity.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { encodeFields, type Entry } from "../../lib/wire/entry.ts";
import { flips, lengthened, randomBytes, truncations, utf8 } from "../crypto/bytes.ts";
import { author, ROOM, signed, WALL } from "./authors.ts";

const ANN = author(1), BOB = author(2);
const { entry: ENTRY, id: ID } = signed(ANN, { number: 3, previous: new Uint8Array(32).fill(9) });

Deno.test("signEntry() makes what checkEntry() takes, under the same hash", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(seed), by = author(Math.floor(random() * 9));
    const { entry, id } = signEntry(by.identity, {
      room: randomBytes(random, 32),
      log: randomBytes(random, 8),
      number: Math.floor(random() * 2 ** 53),
      previous: randomBytes(random, 32),
      clock: Math.floor(random() * 2 ** 53),
      time: Math.floor(random() * 2 ** 53),
      body: randomBytes(random, Math.floor(random() * 200)),
    });
    assertEquals(entry.author, by.author);
    assertEquals(id, sha256(encodeFields(entry)));
    assertEquals(checkEntry(entry), id, `seed ${seed}`);
    assertEquals(signed(by).entry.signature, signed(by).entry.signature, "always the same");
  }
});

Deno.test("checkEntry() refuses every bit that is changed in any field", () => {
  for (const name of ["room", "author", "log", "previous", "body", "signature"] as const) {
    for (const changed of flips(ENTRY[name])) {
      assertEquals(checkEntry({ ...ENTRY, [name]: changed }), undefined, name);
    }
  }
  for (const name of ["number", "clock", "time"] as const) {
    for (const value of [0, 1, ENTRY[name] - 1, ENTRY[name] + 1, 2 ** 53 - 1]) {
      assertEquals(checkEntry({ ...ENTRY, [name]: value }), undefined, `${name} ${value}`);
    }
  }
  assertEquals(checkEntry({ ...ENTRY, body: lengthened(ENTRY.body) }), undefined);
  assertEquals(checkEntry(ENTRY), ID);
});

Deno.test("checkEntry() refuses a signature of another length, another author or another room", () => {
  for (const signature of [...truncations(ENTRY.signature), lengthened(ENTRY.signature)]) {
    assertEquals(checkEntry({ ...ENTRY, signature }), undefined);
  }
  const byBob = signed(BOB, { ...ENTRY }).entry,
    elsewhere = signed(ANN, {
      ...ENTRY,
      room: new Uint8Array(32),
    });
  assert(checkEntry(byBob));
  assertEquals(checkEntry({ ...ENTRY, signature: byBob.signature }), undefined);
  assertEquals(checkEntry({ ...byBob, author: ENTRY.author }), undefined);
  assertEquals(checkEntry({ ...ENTRY, signature: elsewhere.entry.signature }), undefined);
});

Deno.test("checkEntry() takes no signature of something else", () => {
  const plain = ANN.identity.sign(ID), certificate = certify(ANN.identity, ID);
  for (const signature of [plain, certificate]) {
    assertEquals(checkEntry({ ...ENTRY, signature }), undefined);
  }
  const labelled = Uint8Array.of(...utf8("udpchat/1 entry"), ...ID);
  assert(verify(ENTRY.author, labelled, ENTRY.signature), "docs/PROTOCOL.md, §20.1");
});

Deno.test("checkEntry() is only undefined for keys that are none", () => {
  const none = new Uint8Array(32), ones = new Uint8Array(32).fill(255);
  for (const key of [none, ones, new Uint8Array(31), new Uint8Array(0)]) {
    assertEquals(checkEntry({ ...ENTRY, author: key }), undefined);
  }
});

Deno.test("entryId() covers every field and not the signature", () => {
  const other: Entry = { ...ENTRY, signature: new Uint8Array(64) };
  assertEquals(entryId(other), ID);
  const changes: Partial<Entry>[] = [
    { room: NO_ENTRY },
    { author: BOB.author },
    { log: new Uint8Array(8) },
    { number: 4 },
    { previous: NO_ENTRY },
    { clock: 1 },
    { time: 1 },
    { body: utf8("4") },
  ];
  for (const change of changes) assertNotEquals(entryId({ ...ENTRY, ...change }), ID);
  assertEquals(NO_ENTRY, new Uint8Array(32));
  assertEquals([ENTRY.room, ENTRY.time], [ROOM, WALL + 3]);
});
