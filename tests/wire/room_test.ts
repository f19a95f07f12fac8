import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_VARINT, varintLength, Writer } from "../../lib/wire/bytes.ts";
import { MAX_BODY_BYTES, type RunPart } from "../../lib/wire/entry.ts";
import {
  encodeRoom,
  heldBytes,
  MAX_HOLD_RANGES,
  MAX_ROOM_NAME_BYTES,
  MAX_ROOM_RECORD_BYTES,
  MAX_RUN,
  MAX_TEXT_BYTES,
  partBytes,
  ROOM_RECORD,
  roomReader,
  type RoomRecord,
} from "../../lib/wire/room.ts";
import { logHeld, MAKERS } from "./any_room_record.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "../crypto/bytes.ts";

const NAME = { author: new Uint8Array(32).fill(0xb2), log: hex("0102030405060708") };
const HASH = new Uint8Array(32).fill(0xc3);
const PART: RunPart = {
  clock: 0,
  time: 0,
  body: new Uint8Array(0),
  signature: new Uint8Array(64).fill(0xee),
};

/** One of each, and its bytes by the layout of docs/PROTOCOL.md, §20.4. */
const NAME_HEX = "b2".repeat(32) + "0102030405060708", HASH_HEX = "c3".repeat(32);
const KNOWN: readonly (readonly [RoomRecord, string])[] = [
  [{ type: "room", room: HASH }, `2110${HASH_HEX}`],
  [{ type: "join", name: "Zoë" }, "05115a6fc3ab"],
  [{ type: "hold", last: true, logs: [] }, "03120100"],
  [
    {
      type: "hold",
      last: false,
      logs: [{
        ...NAME,
        floor: 2,
        head: HASH,
        ranges: [{ first: 3, last: 5 }, { first: 8, last: 8 }],
      }],
    },
    `4051120001${NAME_HEX}020200020200${HASH_HEX}`,
  ],
  [{ type: "want", ...NAME, first: 1, last: 300 }, `2c13${NAME_HEX}01412c`],
  [
    { type: "entries", history: true, ...NAME, first: 1, previous: HASH, parts: [PART] },
    `408e1401${NAME_HEX}01${HASH_HEX}000000${"ee".repeat(64)}`,
  ],
  [{ type: "have", stream: 1, count: 64 }, "0415014040"],
  [
    { type: "delivered", log: NAME.log, members: 3, steps: [{ number: 1, holders: 2 }] },
    "0d16010203040506070803010102",
  ],
  [{ type: "member", state: 1, author: NAME.author }, `221701${"b2".repeat(32)}`],
  [{ type: "missed", count: 7 }, "021807"],
  [{ type: "floor", ...NAME, floor: 9 }, `2a19${NAME_HEX}09`],
  [{ type: "refused", code: 2, text: "full" }, "061a0266756c6c"],
  [{ type: "notice", code: 1, text: "" }, "021b01"],
  [{ type: "leave" }, "011c"],
  [
    { type: "private", parent: HASH, author: NAME.author },
    `40411d${HASH_HEX}${"b2".repeat(32)}`,
  ],
  [
    {
      type: "peers",
      peers: [{ tag: NAME.log, address: { host: "192.0.2.1", port: 2410 } }],
    },
    "151f0102030405060708096a093139322e302e322e31",
  ],
  [{ type: "privates", authors: [NAME.author, HASH] }, `40411e${"b2".repeat(32)}${HASH_HEX}`],
];

function read(...pieces: readonly Uint8Array[]): { records: RoomRecord[]; broken: boolean } {
  const reader = roomReader();
  const records = pieces.flatMap((piece) => reader.push(piece));
  return { records, broken: reader.broken };
}

/** A record with any body. */
function raw(type: number, body: Uint8Array): Uint8Array {
  const size = body.length + 1;
  return new Writer(varintLength(size) + size).varint(size).u8(type).bytes(body).finish();
}

/** What was understood can be said again and means the same; texts are mended while they are read. */
function assertSound(records: readonly RoomRecord[], where: string): void {
  for (const record of records) {
    if (record.type === "join" || record.type === "refused" || record.type === "notice") continue;
    assertEquals(read(encodeRoom(record)), { records: [record], broken: false }, where);
  }
}

Deno.test("encodeRoom() writes what the protocol's page has, and roomReader() reads it", () => {
  for (const [record, bytes] of KNOWN) {
    assertEquals(toHex(encodeRoom(record)), bytes, record.type);
    assertEquals(read(hex(bytes)), {
      records: [record],
      broken: false,
    }, record.type);
  }
  assertEquals(new Set(KNOWN.map(([{ type }]) => type)), new Set(Object.keys(ROOM_RECORD)));
});

Deno.test("roomReader() gives back every type of record, for 400 seeds each", () => {
  for (const [type, make] of Object.entries(MAKERS)) {
    for (let seed = 0; seed < 400; seed++) {
      const record = make(seededRandom(seed)), bytes = encodeRoom(record), copy = bytes.slice();
      const got = read(copy);
      // What was read must not change with the buffer that it came in.
      copy.fill(0);
      assertEquals(got, { records: [record], broken: false }, `${type}, seed ${seed}`);
    }
  }
});

Deno.test("roomReader() gives back a stream of records, cut anywhere, for 200 seeds", () => {
  const makers = Object.values(MAKERS);
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed), reader = roomReader(), got: RoomRecord[] = [];
    const records = Array.from(
      { length: 20 },
      () => (makers[Math.floor(random() * makers.length)] ?? MAKERS.leave)(random),
    );
    const all = Uint8Array.from(records.flatMap((record) => [...encodeRoom(record)]));
    for (let at = 0; at < all.length;) {
      const length = 1 + Math.floor(random() * (random() < 0.5 ? 5 : 3_000));
      got.push(...reader.push(all.slice(at, at + length)));
      at += length;
    }
    assertEquals(got, records, `seed ${seed}`);
  }
});

Deno.test("roomReader() waits for the end of a record, and refuses one that ends too early", () => {
  for (const [record, text] of KNOWN) {
    const bytes = hex(text), body = bytes.subarray(varintLength(bytes.length) + 1);
    for (const cut of truncations(bytes)) assertEquals(read(cut), { records: [], broken: false });
    for (const cut of truncations(body)) {
      const { records, broken } = read(raw(ROOM_RECORD[record.type], cut));
      assertEquals(records.length, broken ? 0 : 1, `${record.type}, ${cut.length} bytes`);
      assertSound(records, `${record.type}, ${cut.length} bytes`);
    }
  }
});

Deno.test("roomReader() refuses a byte too many in all but texts", () => {
  for (const [record, text] of KNOWN) {
    const bytes = hex(text), body = lengthened(bytes.subarray(varintLength(bytes.length) + 1));
    const { broken } = read(raw(ROOM_RECORD[record.type], body));
    assertEquals(broken, !["join", "refused", "notice"].includes(record.type), record.type);
  }
});

Deno.test("roomReader() gives sound records or nothing for every changed byte and flipped bit", () => {
  for (const [record, text] of KNOWN) {
    const bytes = hex(text);
    for (let at = 0; at < bytes.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = bytes.slice();
        changed[at] = value;
        const { records } = read(changed);
        assertSound(records, `${record.type}, byte ${at} = ${value}`);
      }
    }
  }
  for (const [type, make] of Object.entries(MAKERS)) {
    for (const flipped of flips(encodeRoom(make(seededRandom(3))))) {
      assertSound(read(flipped).records, type);
    }
  }
});

/** Lengths of records without much in them. */
const SIZES = [1, 3, 33, 34, 43, 43, 62];

Deno.test("roomReader() survives a million random bytes in random pieces", () => {
  const random = seededRandom(3), seen = new Set<string>();
  let fed = 0, broken = 0;
  while (fed < 1_000_000) {
    const reader = roomReader();
    for (let piece = 0; piece < 40 && !reader.broken; piece++) {
      const bytes = randomBytes(random, Math.floor(random() * 250));
      // Known types in their lengths, else all is refused at once.
      if (random() < 0.9 && bytes.length > 64) {
        const size = SIZES[Math.floor(random() * SIZES.length)] ?? 1;
        bytes.set([size, 0x0f + random() * 17, random() * 3, random() * 3]);
      }
      const records = reader.push(bytes);
      for (const { type } of records) seen.add(type);
      assertSound(records, `after ${fed} bytes`);
      fed += bytes.length;
    }
    if (!reader.broken) continue;
    broken++;
    assertEquals(reader.push(encodeRoom({ type: "leave" })), []);
  }
  assertLess(100, broken);
  for (const type of ["room", "join", "hold", "notice", "want", "leave"]) {
    assert(seen.has(type), type);
  }
});

Deno.test("roomReader() never makes room for what a length only claims", () => {
  const counts = [65, 1_000, 65_536, 2 ** 20, 2 ** 31, 2 ** 32, MAX_VARINT];
  for (const count of counts) {
    const hold = (body: Writer): Uint8Array => raw(ROOM_RECORD.hold, body.finish());
    assert(read(hold(new Writer(90).u8(1).varint(count))).broken, `HOLD of ${count}`);
    const log = new Writer(90).u8(1).varint(1).bytes(NAME.author).bytes(NAME.log).varint(0);
    assert(read(hold(log.varint(count))).broken, `HOLD of ${count} ranges`);
    const delivered = new Writer(90).bytes(NAME.log).varint(1).varint(count).varint(1).varint(1);
    assert(read(raw(ROOM_RECORD.delivered, delivered.finish())).broken, `DELIVERED of ${count}`);
    const entries = new Writer(200).u8(0).bytes(NAME.author).bytes(NAME.log).varint(1).bytes(HASH)
      .varint(0).varint(0).varint(count).bytes(new Uint8Array(64));
    assert(read(raw(ROOM_RECORD.entries, entries.finish())).broken, `a body of ${count}`);
  }
});

Deno.test("roomReader() keeps its limits: runs, ranges and texts", () => {
  const entries = (length: number): RoomRecord => ({
    type: "entries",
    history: false,
    ...NAME,
    first: 1,
    previous: HASH,
    parts: Array.from({ length }, () => PART),
  });
  const hold = (length: number): RoomRecord => ({
    type: "hold",
    last: true,
    logs: [{
      ...NAME,
      floor: 0,
      head: HASH,
      ranges: Array.from({ length }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 })),
    }],
  });
  for (const record of [entries(MAX_RUN), hold(MAX_HOLD_RANGES)]) {
    assertEquals(read(encodeRoom(record)), { records: [record], broken: false });
  }
  assertEquals(read(encodeRoom(entries(MAX_RUN + 1))), { records: [], broken: true });
  assertEquals(read(encodeRoom(entries(0))), { records: [], broken: true });
  assertEquals(read(encodeRoom(hold(MAX_HOLD_RANGES + 1))), { records: [], broken: true });
  const name = (size: number): Uint8Array => raw(ROOM_RECORD.join, new Uint8Array(size).fill(0x61));
  assertEquals(read(name(MAX_ROOM_NAME_BYTES)).records.length, 1);
  assertEquals(read(name(MAX_ROOM_NAME_BYTES + 1)).broken, true);
  for (const type of [ROOM_RECORD.refused, ROOM_RECORD.notice]) {
    assertEquals(read(raw(type, new Uint8Array(1 + MAX_TEXT_BYTES))).records.length, 1);
    assertEquals(read(raw(type, new Uint8Array(2 + MAX_TEXT_BYTES))).broken, true);
  }
});

Deno.test("MAX_ROOM_RECORD_BYTES fits the longest entry, with the largest numbers", () => {
  const body = new Uint8Array(MAX_BODY_BYTES), time = 2 ** 43 + 2 ** 52 - 2;
  const part = { ...PART, body, clock: MAX_VARINT, time };
  const record: RoomRecord = {
    type: "entries",
    history: true,
    ...NAME,
    first: MAX_VARINT - 1,
    previous: HASH,
    parts: [part],
  };
  const bytes = encodeRoom(record);
  assert(bytes.length <= MAX_ROOM_RECORD_BYTES);
  assert(bytes.length <= partBytes(body.length) + 128);
  assertEquals(read(bytes), { records: [record], broken: false });
  assert(read(encodeRoom({ ...record, parts: [{ ...part, body: lengthened(body) }] })).broken);
  assert(read(encodeRoom({ ...record, first: MAX_VARINT })).broken, "the next has no number");
});

Deno.test("roomReader() refuses numbers beyond 2^53 - 1 and entries before the first", () => {
  const last = { first: MAX_VARINT, last: MAX_VARINT }, { hold } = ROOM_RECORD;
  const held: RoomRecord = {
    type: "hold",
    last: true,
    logs: [{ ...NAME, floor: MAX_VARINT - 1, head: HASH, ranges: [last] }],
  };
  assertEquals(read(encodeRoom(held)).records, [held]);
  const log = (): Writer => new Writer(200).u8(1).varint(1).bytes(NAME.author).bytes(NAME.log);
  for (
    const [floor, skip, length] of [[MAX_VARINT, 0, 0], [0, MAX_VARINT, 0], [1, 1, MAX_VARINT]]
  ) {
    const body = log().varint(floor ?? 0).varint(1).varint(skip ?? 0).varint(length ?? 0);
    assert(read(raw(hold, body.bytes(HASH).finish())).broken, `${floor} ${skip} ${length}`);
  }
  const want = (first: number, end: number): boolean =>
    read(encodeRoom({ type: "want", ...NAME, first, last: end })).broken;
  assertEquals([want(0, 5), want(5, 4), want(5, 5), want(1, MAX_VARINT)], [
    true,
    true,
    false,
    false,
  ]);
  const first = {
    type: "entries",
    history: false,
    ...NAME,
    previous: HASH,
    parts: [PART],
  } as const;
  assert(read(encodeRoom({ ...first, first: 0 })).broken);
});

Deno.test("heldBytes() is the most that a log takes in a HOLD, for 1,000 seeds", () => {
  for (let seed = 0; seed < 1_000; seed++) {
    const log = logHeld(seededRandom(seed));
    const size = encodeRoom({ type: "hold", last: true, logs: [log] }).length;
    assert(size - 4 <= heldBytes(log), `seed ${seed}`);
  }
});

Deno.test({
  name: "encodeRoom() cuts a long text between two characters",
  fn: () => {
    const [record] =
      read(encodeRoom({ type: "notice", code: 1, text: "\u00e4".repeat(200) + "x" })).records;
    const [other] =
      read(encodeRoom({ type: "notice", code: 1, text: "x" + "\u00e4".repeat(200) })).records;
    assert(record?.type === "notice" && other?.type === "notice");
    assertEquals([record.text.includes("\ufffd"), other.text.includes("\ufffd")], [false, false]);
    assert(utf8(other.text).length <= MAX_TEXT_BYTES);
  },
});
