/**
 * The test vectors of rooms, reproduced by an implementation that was written from PROTOCOL.md
 * alone.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromHex, isZero, join, Malformed, Reader, same, toHex } from "./bytes.ts";
import { identityOf, isCertified } from "./certificate.ts";
import { decodeLink, encodeLink, openBody, openRoom, relayHash, sealBody } from "./rooms.ts";
import * as entries from "./rooms_entries.ts";
import { decodeRoomRecord, encodeRoomRecord, RoomRecordReader } from "./rooms_records.ts";
import * as vectors from "./rooms_vectors.ts";
import { readVarint } from "./varint.ts";
import { personVector } from "./vectors.ts";

const { BOTH_ROOMS, NAME, OPEN_ENTRIES, ROOMS } = vectors;
const SEED = fromHex(ROOMS.author.seed);

Deno.test("rooms: the author is ann of the other vectors", () => {
  assertEquals(toHex(identityOf(SEED)), ROOMS.author.identity);
  assertEquals(ROOMS.author.identity, personVector("ann").identity);
});

Deno.test("rooms: an open room is named by the hash of its name", () => {
  assertEquals(toHex(openRoom(ROOMS.open_room.name)), ROOMS.open_room.room);
});

Deno.test("rooms: a room with a secret is named by its secret", () => {
  const room = BOTH_ROOMS.find(({ keys }) => keys !== undefined);
  assertEquals(vectors.hexOf(room?.keys?.room), ROOMS.secret_room.room);
});

Deno.test("rooms: a link is reproduced and read back", () => {
  assertEquals(toHex(relayHash(fromHex(ROOMS.relay.identity))), ROOMS.relay.hash);
  const link = {
    ...{ host: "relay.example", port: 4000, name: "tea&käse" },
    ...{ secret: fromHex(ROOMS.secret_room.secret), relay: fromHex(ROOMS.relay.hash) },
  };
  assertEquals(encodeLink(link), ROOMS.link);
  assertEquals(decodeLink(ROOMS.link), link);
  const usual = encodeLink({ ...link, port: 2410 });
  assert(usual.startsWith("udpchat://relay.example/tea"));
  assertEquals(decodeLink(usual).port, 2410);
  const [front = "", end = ""] = ROOMS.link.split("#");
  assertEquals(decodeLink(`${front}#${end.toUpperCase()}`), link);
});

Deno.test("rooms: what is no link is refused", () => {
  const [front = "", end = ""] = ROOMS.link.split("#");
  const wrong = [
    ...[front, `${front}#`, `${front}#${end.slice(1)}`, `${front}#${end}aa`],
    ...[`${front}#${end.slice(0, -1)}v`, ROOMS.link.replace("udpchat:", "http:")],
    ...[ROOMS.link.replace("4000", "0"), ROOMS.link.replace("4000", "65536")],
    ...[ROOMS.link.replace("relay.example", ""), ROOMS.link.replace("%A4", "%A")],
  ];
  for (const each of wrong) assertThrows(() => decodeLink(each), Malformed);
});

for (const { title, room, entries: list, keys } of BOTH_ROOMS) {
  Deno.test(`rooms: the entries of the ${title} are reproduced from their inputs`, () => {
    let previous = entries.NO_ENTRY;
    for (const vector of list) {
      const { number, clock, time, plain } = vector;
      const sealed = fromHex(vector.body);
      const nonce = sealed.slice(0, 12);
      const body = keys ? sealBody(keys, NAME, fromHex(plain), nonce) : fromHex(plain);
      assertEquals(toHex(body), vector.body);
      const bare = { ...NAME, room: fromHex(room), number, previous, clock, time, body };
      assertEquals(toHex(entries.encodeFields(bare)), vector.fields);
      assertEquals(toHex(entries.idOf(bare)), vector.id);
      assertEquals(toHex(entries.signEntry(SEED, bare).signature), vector.signature);
      previous = entries.idOf(bare);
    }
  });

  Deno.test(`rooms: the entries of the ${title} are read back and checked`, () => {
    for (const vector of list) {
      const entry = vectors.entryOf(room, vector);
      const read = entries.decodeFields(fromHex(vector.fields));
      assertEquals<entries.Entry>({ ...read, signature: entry.signature } as typeof entry, entry);
      entries.checkEntry(entry);
      const plain = keys ? openBody(keys, NAME, entry.body) : entry.body;
      assertEquals(toHex(plain), vector.plain);
    }
  });

  Deno.test(`rooms: one turned bit in an entry of the ${title} is noticed`, () => {
    for (const vector of list) {
      const signature = fromHex(vector.signature);
      for (const fields of vectors.flips(fromHex(vector.fields))) {
        const check = (): void =>
          entries.checkEntry({ ...entries.decodeFields(fields), signature });
        assertThrows(check, Malformed);
      }
      const entry = vectors.entryOf(room, vector);
      for (const turned of vectors.flips(signature)) {
        assertThrows(() => entries.checkEntry({ ...entry, signature: turned }), Malformed);
      }
    }
  });
}

Deno.test("rooms: the bodies say who is talking and what", () => {
  const [profile, hi, green] = ROOMS.open_room.entries.map(({ plain }) => fromHex(plain));
  assert(profile && hi && green);
  const ann = personVector("ann");
  const [key, certificate] = [fromHex(ann.static_public), fromHex(ann.certificate)];
  const said: readonly entries.Body[] = [
    { kind: "profile", name: "ann", static: key, certificate },
    { kind: "text", text: "hi" },
    { kind: "text", text: "Grüße 🌍" },
  ];
  [profile, hi, green].forEach((plain, at) => {
    const body = said[at];
    assert(body);
    assertEquals<entries.Body>(entries.decodeBody(NAME.author, plain), body);
    assertEquals(toHex(entries.encodeBody(body)), toHex(plain));
  });
});

Deno.test("rooms: a profile whose certificate is not good says nothing", () => {
  const [profile] = ROOMS.open_room.entries.map(({ plain }) => fromHex(plain));
  assert(profile);
  for (const turned of vectors.flips(profile.slice(0, 97), 1)) {
    assertThrows(() => entries.decodeBody(NAME.author, turned), Malformed);
  }
  const bob = fromHex(personVector("bob").identity);
  assertThrows(() => entries.decodeBody(bob, profile), Malformed);
  assert(!isCertified(bob, profile.slice(1, 33), profile.slice(33, 97)));
  assertThrows(() => entries.decodeBody(NAME.author, profile.slice(0, 96)), Malformed);
});

Deno.test("rooms: texts and names have their limits, other kinds are kept", () => {
  const [profile] = ROOMS.open_room.entries.map(({ plain }) => fromHex(plain));
  assert(profile);
  const front = profile.slice(0, 97);
  const text = (size: number): Uint8Array => join(Uint8Array.of(1), new Uint8Array(size).fill(97));
  assertEquals(entries.decodeBody(NAME.author, text(65_536)).kind, "text");
  assertThrows(() => entries.decodeBody(NAME.author, text(65_537)), Malformed);
  const named = (size: number): Uint8Array => join(front, new Uint8Array(size).fill(97));
  assertEquals(entries.decodeBody(NAME.author, named(1024)).kind, "profile");
  assertThrows(() => entries.decodeBody(NAME.author, named(1025)), Malformed);
  const plain = fromHex("0301ff");
  assertEquals(entries.decodeBody(NAME.author, plain), { kind: "other", plain });
});

Deno.test("rooms: a sealed body opens for its room, its log and unchanged only", () => {
  const keys = BOTH_ROOMS.find((room) => room.keys)?.keys;
  const body = fromHex(ROOMS.secret_room.entries[1]?.body ?? "");
  assert(keys);
  assertEquals(toHex(openBody(keys, NAME, body)), "016869");
  for (const turned of vectors.flips(body)) {
    assertThrows(() => openBody(keys, NAME, turned), Malformed);
  }
  const open = fromHex(ROOMS.open_room.room);
  assertThrows(() => openBody({ ...keys, room: open }, NAME, body), Malformed);
  assertThrows(() => openBody(keys, { ...NAME, log: new Uint8Array(8) }, body), Malformed);
  assertThrows(() => openBody(keys, { ...NAME, author: open }, body), Malformed);
  assertThrows(() => openBody(keys, NAME, body.slice(0, 27)), Malformed);
});

for (const { name, bytes } of ROOMS.records) {
  Deno.test(`rooms: record ${name}`, () => {
    const record = vectors.SAID[name];
    assert(record, `nothing known of ${name}`);
    assertEquals(toHex(encodeRoomRecord(record)), bytes);
    const reader = new Reader(fromHex(bytes));
    assertEquals(readVarint(reader), reader.left);
    assertEquals(decodeRoomRecord(reader.rest()), record);
  });
}

Deno.test("rooms: every record of the document has a vector", () => {
  assertEquals(new Set(ROOMS.records.map(({ name }) => name)), new Set(Object.keys(vectors.SAID)));
});

Deno.test("rooms: a run brings the chain of its entries along", () => {
  const run = entries.runOf(OPEN_ENTRIES, true);
  const record = encodeRoomRecord(run);
  const [said] = new RoomRecordReader().push(join(vectors.recordBytes("room"), record));
  assert(said?.record.type === "entries");
  const back = entries.entriesOf(said.room, said.record);
  assertEquals(back, [...OPEN_ENTRIES]);
  back.forEach(entries.checkEntry);
  const ids = back.map((entry) => toHex(entries.idOf(entry)));
  assertEquals(ids, ROOMS.open_room.entries.map(({ id }) => id));
});

Deno.test("rooms: one turned bit in a run is noticed, but for the flags", () => {
  const room = fromHex(ROOMS.open_room.room);
  const record = encodeRoomRecord(entries.runOf(OPEN_ENTRIES, false)).slice(2);
  const isGood = (bytes: Uint8Array): boolean => {
    try {
      const run = decodeRoomRecord(bytes);
      if (run.type !== "entries") return false;
      entries.entriesOf(room, run).forEach(entries.checkEntry);
      return true;
    } catch (error) {
      assert(error instanceof Malformed, `${error}`);
      return false;
    }
  };
  assert(isGood(record));
  for (const turned of vectors.flips(record)) {
    assertEquals(isGood(turned), turned[1] !== record[1], toHex(turned));
  }
});

Deno.test("rooms: a number in a long form does not change what is signed", () => {
  const [entry] = OPEN_ENTRIES;
  assert(entry);
  const fields = entries.encodeFields(entry);
  const long = join(fields.slice(0, 72), fromHex("c000000000000001"), fields.slice(73));
  const read = { ...entries.decodeFields(long), signature: entry.signature };
  assertEquals(read, entry);
  entries.checkEntry(read);
});

Deno.test("rooms: entries that can be none are refused, however well signed", () => {
  const [entry] = OPEN_ENTRIES;
  assert(entry);
  const wrong: readonly Partial<entries.Entry>[] = [
    { number: 0 },
    { previous: new Uint8Array(32).fill(1) },
    { body: new Uint8Array(entries.LONGEST_BODY + 1) },
  ];
  for (const each of wrong) {
    const signed = entries.signEntry(SEED, { ...entry, ...each });
    assert(entries.isSigned(signed));
    assertThrows(() => entries.checkEntry(signed), Malformed);
  }
  const longest = new Uint8Array(entries.LONGEST_BODY);
  entries.checkEntry(entries.signEntry(SEED, { ...entry, body: longest }));
  const low = { ...entry, author: Uint8Array.of(1, ...new Uint8Array(31)) };
  const forged = Uint8Array.of(1, ...new Uint8Array(63));
  assertThrows(() => entries.checkEntry({ ...low, signature: forged }), Malformed);
});

Deno.test("rooms: zigzag and times before and after the clock", () => {
  assertEquals([0, -1, 1, -2, 2].map(entries.zigzag), [0, 1, 2, 3, 4]);
  const [entry] = OPEN_ENTRIES;
  assert(entry);
  for (const time of [0, 1, 1767225599999, 1767225600000, 1767225600001, 2 ** 52]) {
    const run = entries.runOf([{ ...entry, time }], false);
    const back = entries.readRun(new Reader(entries.encodeRun(run)));
    assertEquals(back.parts[0]?.time, time);
  }
  const early = entries.runOf([{ ...entry, clock: 1024, time: 0 }], false);
  const bytes = entries.encodeRun(early);
  assertEquals(toHex(bytes.slice(74, 77)), "440001");
  assertThrows(() => entries.readRun(new Reader(bytes.with(76, 3))), Malformed);
});

Deno.test("rooms: the longest entry fits into a record", () => {
  const body = new Uint8Array(entries.LONGEST_BODY);
  const [entry] = OPEN_ENTRIES;
  assert(entry && isZero(body));
  const run = entries.runOf([{ ...entry, number: 2 ** 53 - 1, time: 2 ** 52, body }], false);
  const bytes = encodeRoomRecord(run);
  const [said] = new RoomRecordReader().push(join(vectors.recordBytes("room"), bytes));
  assert(said?.record.type === "entries");
  assert(same(encodeRoomRecord(said.record), bytes));
});
