import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { MAX_VARINT, Reader, Writer } from "../../lib/wire/bytes.ts";
import {
  CLOCK_STEPS,
  decodePart,
  encodeFields,
  encodePart,
  type EntryFields,
  MAX_BODY_BYTES,
  PART_OVERHEAD_BYTES,
  type RunPart,
} from "../../lib/wire/entry.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations } from "../crypto/bytes.ts";

/** Numbers around every length that a varint can have. */
const EDGES = [0, 1, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 2 ** 32, MAX_VARINT];
/** The largest time that a part can carry beside a clock of 0. */
const MAX_TIME_BEHIND = 2 ** 52 - 1;

const FIELDS: EntryFields = {
  room: new Uint8Array(32).fill(0xa1),
  author: new Uint8Array(32).fill(0xb2),
  log: hex("0102030405060708"),
  number: 300,
  previous: new Uint8Array(32).fill(0xc3),
  clock: 0x1_0000_0400,
  time: 7,
  body: hex("68690a"),
};

const PART: RunPart = {
  clock: 5 * CLOCK_STEPS + 3,
  time: 4,
  body: hex("6869"),
  signature: new Uint8Array(64).fill(0xee),
};

function integer(random: Random, most = MAX_VARINT): number {
  return Math.min(most, Math.floor(random() * 2 ** Math.floor(random() * 54)));
}

function anyFields(random: Random): EntryFields {
  return {
    room: randomBytes(random, 32),
    author: randomBytes(random, 32),
    log: randomBytes(random, 8),
    number: integer(random),
    previous: randomBytes(random, 32),
    clock: integer(random),
    time: integer(random),
    body: randomBytes(random, Math.floor(random() ** 3 * 300)),
  };
}

function anyPart(random: Random): RunPart {
  const clock = integer(random), near = Math.floor(clock / CLOCK_STEPS);
  const time = random() < 0.5 ? near + Math.floor(random() * 1_000) : integer(random, 2 ** 51);
  const body = randomBytes(random, Math.floor(random() ** 3 * 300));
  return { clock, time, body, signature: randomBytes(random, 64) };
}

/** The layout of docs/PROTOCOL.md, §20.1, read back: bytes that can be read back are unambiguous. */
function readFields(bytes: Uint8Array): EntryFields {
  const reader = new Reader(bytes);
  return {
    room: reader.bytes(32).slice(),
    author: reader.bytes(32).slice(),
    log: reader.bytes(8).slice(),
    number: reader.varint(),
    previous: reader.bytes(32).slice(),
    clock: reader.varint(),
    time: reader.varint(),
    body: reader.rest().slice(),
  };
}

function encoded(part: RunPart): Uint8Array {
  const writer = new Writer(PART_OVERHEAD_BYTES + part.body.length);
  encodePart(writer, part);
  return writer.finish();
}

/** What a whole input says; undefined too where something is left over. */
function decoded(bytes: Uint8Array): RunPart | undefined {
  const reader = new Reader(bytes), part = decodePart(reader);
  return reader.done ? part : undefined;
}

Deno.test("encodeFields() writes what the protocol's page has", () => {
  const wanted = "a1".repeat(32) + "b2".repeat(32) + "0102030405060708" + "412c" +
    "c3".repeat(32) + "c000000100000400" + "07" + "68690a";
  assertEquals(toHex(encodeFields(FIELDS)), wanted);
});

Deno.test("encodeFields() can be read back, so no two entries have the same bytes", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const fields = anyFields(seededRandom(seed));
    assertEquals(readFields(encodeFields(fields)), fields, `seed ${seed}`);
  }
  for (const edge of EDGES) {
    const fields = { ...FIELDS, number: edge, clock: edge, time: edge };
    assertEquals(readFields(encodeFields(fields)), fields);
  }
});

Deno.test("encodeFields() changes with every bit of every field", () => {
  const bytes = encodeFields(FIELDS);
  for (const name of ["room", "author", "log", "previous", "body"] as const) {
    for (const changed of flips(FIELDS[name])) {
      assertNotEquals(encodeFields({ ...FIELDS, [name]: changed }), bytes, name);
    }
  }
  for (const name of ["number", "clock", "time"] as const) {
    for (const value of [...EDGES, FIELDS[name] + 1, FIELDS[name] - 1]) {
      if (value === FIELDS[name]) continue;
      assertNotEquals(encodeFields({ ...FIELDS, [name]: value }), bytes, `${name} ${value}`);
    }
  }
  assertNotEquals(encodeFields({ ...FIELDS, body: lengthened(FIELDS.body) }), bytes);
  const { number, clock, time } = FIELDS;
  assertNotEquals(encodeFields({ ...FIELDS, clock: time, time: clock }), bytes);
  assertNotEquals(encodeFields({ ...FIELDS, number: clock, clock: number }), bytes);
});

Deno.test("encodeFields() refuses numbers that cannot be", () => {
  for (const wrong of [-1, 2 ** 53, NaN, Infinity]) {
    for (const name of ["number", "clock", "time"]) {
      assertThrows(() => encodeFields({ ...FIELDS, [name]: wrong }), RangeError, "Cannot write");
    }
  }
});

Deno.test("encodePart() writes what the protocol's page has", () => {
  assertEquals(toHex(encoded(PART)), "5403" + "01" + "02" + "6869" + "ee".repeat(64));
  assertEquals(toHex(encoded({ ...PART, time: 6 })).slice(0, 6), "540302");
  assertEquals(toHex(encoded({ ...PART, time: 5 })).slice(0, 6), "540300");
  assertEquals(toHex(encoded({ ...PART, clock: 0, time: 1 })).slice(0, 4), "0002");
});

Deno.test("decodePart() gives back what was written, for 5,000 seeds", () => {
  for (let seed = 0; seed < 5_000; seed++) {
    const part = anyPart(seededRandom(seed)), bytes = encoded(part), copy = bytes.slice();
    const got = decoded(copy);
    // What was read must not change with the buffer that it came in.
    copy.fill(0);
    assertEquals(got, part, `seed ${seed}`);
    assert(bytes.length <= PART_OVERHEAD_BYTES + part.body.length, `seed ${seed}`);
  }
});

Deno.test("decodePart() carries the largest numbers, wherever time is beside the clock", () => {
  for (const clock of EDGES) {
    const near = Math.floor(clock / CLOCK_STEPS);
    for (const time of [0, near, near + 1, Math.max(0, near - 1), MAX_TIME_BEHIND]) {
      const part = { ...PART, clock, time };
      assertEquals(decoded(encoded(part)), part, `clock ${clock}, time ${time}`);
    }
  }
});

Deno.test("decodePart() refuses a time before 1970", () => {
  const before = (clock: number, zigzag: number): Uint8Array =>
    new Writer(200).varint(clock).varint(zigzag).varint(0).bytes(new Uint8Array(64)).finish();
  assertEquals(decoded(before(0, 1)), undefined, "-1 ms");
  assertEquals(decoded(before(CLOCK_STEPS, 3)), undefined, "1 ms and 2 back");
  assertEquals(decoded(before(CLOCK_STEPS, 1))?.time, 0, "1 ms and 1 back");
  assertEquals(decoded(before(MAX_VARINT, MAX_VARINT)), undefined, "2^52 back");
});

Deno.test("decodePart() takes the longest body, and refuses a longer one before it is there", () => {
  const body = new Uint8Array(MAX_BODY_BYTES).fill(7);
  assertEquals(decoded(encoded({ ...PART, body })), { ...PART, body });
  assertEquals(decoded(encoded({ ...PART, body: lengthened(body) })), undefined);
  for (const length of [MAX_BODY_BYTES, MAX_BODY_BYTES + 1, 2 ** 31, MAX_VARINT]) {
    const start = new Writer(90).varint(0).varint(0).varint(length).bytes(new Uint8Array(64));
    assertEquals(decoded(start.finish()), undefined, `${length}`);
  }
});

Deno.test("decodePart() gives nothing for every truncation, and leaves what follows", () => {
  for (let seed = 0; seed < 100; seed++) {
    const bytes = encoded(anyPart(seededRandom(seed)));
    for (const cut of truncations(bytes)) {
      const reader = new Reader(cut);
      assertEquals(decodePart(reader), undefined, `seed ${seed}, ${cut.length} bytes`);
    }
    const reader = new Reader(lengthened(bytes));
    assert(decodePart(reader) !== undefined && reader.left === 1);
  }
});

Deno.test("decodePart() gives a part or nothing for every changed byte", () => {
  const bytes = encoded(PART);
  for (let at = 0; at < bytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      const changed = bytes.slice();
      changed[at] = value;
      const part = decoded(changed);
      // What was understood can be said again, and means the same.
      if (part !== undefined) assertEquals(decoded(encoded(part)), part);
    }
  }
});
