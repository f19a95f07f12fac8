/**
 * Records of rooms that must be refused or passed over (PROTOCOL.md §15.1, §20.4).
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromHex, join, Malformed } from "./bytes.ts";
import { LONGEST_BODY, runOf } from "./rooms_entries.ts";
import {
  decodeRoomRecord,
  encodeRoomRecord,
  type RoomRecord,
  RoomRecordReader,
  type Said,
} from "./rooms_records.ts";
import { flips, NAME, OPEN_ENTRIES, recordBytes, ROOMS } from "./rooms_vectors.ts";
import { encodeVarint } from "./varint.ts";

/** Records whose text reaches to the end, so a cut or a longer one is another one. */
const FREE: readonly string[] = ["join lobby", "join", "refused", "notice"];
const ROOM = recordBytes("room");

function zeros(size: number): Uint8Array {
  return new Uint8Array(size);
}

/** Type and body without the length. */
function inner(name: string): Uint8Array {
  const bytes = recordBytes(name);
  return bytes.slice(bytes.length > 64 ? 2 : 1);
}

/** What a stream says that begins with ROOM. */
function read(...parts: readonly Uint8Array[]): Said[] {
  return new RoomRecordReader().push(join(ROOM, ...parts));
}

function isRead(record: RoomRecord): boolean {
  try {
    return read(encodeRoomRecord(record)).length === 1;
  } catch (error) {
    assert(error instanceof Malformed, `${error}`);
    return false;
  }
}

Deno.test("rooms: every record that is cut or has more than it should is refused", () => {
  const [, hi] = OPEN_ENTRIES;
  assert(hi);
  const oneOfTwo = encodeRoomRecord(runOf([hi], false)).length - 2;
  for (const { name } of ROOMS.records.filter((each) => !FREE.includes(each.name))) {
    const bytes = inner(name);
    for (let end = 1; end < bytes.length; end++) {
      if (name === "entries" && end === oneOfTwo) continue;
      // Lists without a count are whole after each of their members.
      const each = { privates: 32, peers: 20 }[name];
      if (each !== undefined && (end === 1 || end === 1 + each)) continue;
      assertThrows(() => decodeRoomRecord(bytes.slice(0, end)), Malformed);
    }
    assertThrows(() => decodeRoomRecord(join(bytes, zeros(1))), Malformed);
  }
  for (const type of ["1a", "1b"]) assertThrows(() => decodeRoomRecord(fromHex(type)), Malformed);
});

Deno.test("rooms: a record of no bytes or of too many ends the reading", () => {
  for (const length of [0, 65_813, 2 ** 53 - 1]) {
    assertThrows(() => read(encodeVarint(length)), Malformed);
  }
  assertEquals(read(encodeVarint(65_812), Uint8Array.of(0x7e), zeros(65_811)), []);
});

Deno.test("rooms: a run has 1 to 256 parts of up to 65,600 bytes, from number 1", () => {
  const [, hi] = OPEN_ENTRIES;
  const run = runOf(hi ? [hi] : [], false);
  const [part] = run.parts;
  assert(part);
  for (const [size, good] of [[0, false], [1, true], [256, true], [257, false]] as const) {
    assertEquals(isRead({ ...run, parts: Array(size).fill(part) }), good, `${size} parts`);
  }
  assert(isRead({ ...run, parts: [{ ...part, body: zeros(LONGEST_BODY) }] }));
  assert(!isRead({ ...run, parts: [{ ...part, body: zeros(LONGEST_BODY + 1) }] }));
  assert(!isRead({ ...run, first: 0 }));
  assert(isRead({ ...run, first: 2 ** 53 - 1 }));
  assert(!isRead({ ...run, first: 2 ** 53 - 1, parts: [part, part] }));
});

Deno.test("rooms: a log in HOLD has up to 64 ranges, below the largest number", () => {
  const ranges = Array.from({ length: 65 }, (_, at) => ({ first: 2 * at + 2, last: 2 * at + 2 }));
  const hold = (count: number): RoomRecord => ({
    ...{ type: "hold", last: true },
    logs: [{ ...NAME, floor: 0, ranges: ranges.slice(0, count), last: zeros(32) }],
  });
  assert(isRead(hold(64)));
  assert(!isRead(hold(65)));
  const front = join(fromHex("120101"), NAME.author, NAME.log);
  const largest = [2 ** 53 - 3, 1, 0, 1].map(encodeVarint);
  assertEquals(decodeRoomRecord(join(front, ...largest, zeros(32))).type, "hold");
  const larger = [2 ** 53 - 3, 1, 0, 2].map(encodeVarint);
  assertThrows(() => decodeRoomRecord(join(front, ...larger, zeros(32))), Malformed);
});

Deno.test("rooms: a log in HOLD without ranges has no id", () => {
  const logs = [{ ...NAME, floor: 7, ranges: [], last: undefined }];
  const record: RoomRecord = { type: "hold", last: true, logs };
  const [said] = read(encodeRoomRecord(record));
  assertEquals(said?.record, record);
});

Deno.test("rooms: names and texts have up to 256 bytes", () => {
  const [most, more] = ["ü".repeat(128), `${"ü".repeat(128)}a`];
  for (const type of ["refused", "notice"] as const) {
    assert(isRead({ type, code: 9, text: most }));
    assert(!isRead({ type, code: 9, text: more }));
  }
  assert(isRead({ type: "join", name: most }));
  assert(!isRead({ type: "join", name: more }));
});

Deno.test("rooms: PRIVATE names a parent and one other, PRIVATES up to 256", () => {
  const author = zeros(32).fill(7);
  const authors = (count: number): RoomRecord => ({
    ...{ type: "privates", authors: Array(count).fill(author) },
  });
  for (const count of [0, 1, 256]) assert(isRead(authors(count)), `${count} authors`);
  assert(!isRead(authors(257)));
  const record: RoomRecord = { type: "private", parent: zeros(32), author };
  const bytes = encodeRoomRecord(record).slice(2);
  assertEquals(decodeRoomRecord(bytes), record);
  const one = encodeRoomRecord(authors(1)).slice(1);
  assertEquals([bytes[0], bytes.length, one[0], one.length], [0x1d, 65, 0x1e, 33]);
  for (const wrong of [bytes.slice(0, 64), join(bytes, zeros(1)), one.slice(0, 32)]) {
    assertThrows(() => decodeRoomRecord(wrong), Malformed);
  }
});

Deno.test("rooms: records before ROOM and of unknown types are passed over", () => {
  const missed = recordBytes("missed");
  const reader = new RoomRecordReader();
  assertEquals(reader.push(join(missed, fromHex("0199"), fromHex("05015a6fc3ab"))), []);
  assertEquals(reader.push(join(ROOM, fromHex("02990f"), fromHex("05015a6fc3ab"))), []);
  const [said] = reader.push(missed);
  assertEquals(said?.record, { type: "missed", count: 214 });
});

Deno.test("rooms: records are about the room of the last ROOM before them", () => {
  const other = zeros(32).fill(7);
  const [leave, next] = [recordBytes("leave"), encodeRoomRecord({ type: "room", room: other })];
  const rooms = read(leave, next, leave).map(({ room }) => room);
  assertEquals(rooms, [fromHex(ROOMS.open_room.room), other]);
});

Deno.test("rooms: a stream is read the same however it is cut", () => {
  const whole = join(ROOM, ...ROOMS.records.map(({ bytes }) => fromHex(bytes)));
  const expected = new RoomRecordReader().push(whole);
  assertEquals(expected.length, ROOMS.records.length - 1);
  for (const size of [1, 7, 100]) {
    const reader = new RoomRecordReader();
    const said: Said[] = [];
    for (let at = 0; at < whole.length; at += size) {
      said.push(...reader.push(whole.slice(at, at + size)));
    }
    assertEquals(said, expected);
  }
});

Deno.test("rooms: records with a turned bit are read or refused, and nothing else happens", () => {
  let refused = 0;
  for (const { name } of ROOMS.records) {
    for (const turned of flips(inner(name))) {
      try {
        decodeRoomRecord(turned);
      } catch (error) {
        assert(error instanceof Malformed, `${name}: ${error}`);
        refused++;
      }
    }
  }
  assert(refused > 100);
});
