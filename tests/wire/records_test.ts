/** What talk_test.ts and room_test.ts, which read records of their own, leave open. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import type { Reader } from "../../lib/wire/bytes.ts";
import { encodeRecord, RecordReader } from "../../lib/wire/records.ts";
import { hex, randomBytes, toHex } from "../crypto/bytes.ts";

const MOST = 100;

/** Types 1 and 2 are known, 3 is never well formed. */
function decode(type: number, body: Reader): string | "malformed" | undefined {
  if (type === 3) return "malformed";
  return type === 1 || type === 2 ? `${type}: ${toHex(body.rest())}` : undefined;
}

function read(...pieces: readonly Uint8Array[]): { records: string[]; broken: boolean } {
  const reader = new RecordReader(decode, MOST);
  const records = pieces.flatMap((piece) => reader.push(piece));
  return { records, broken: reader.broken };
}

function bytesOf(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

Deno.test("encodeRecord() puts the length in front: of the type and the body", () => {
  assertEquals(toHex(encodeRecord(5, hex("0a0b"))), "03050a0b");
  assertEquals(toHex(encodeRecord(0, new Uint8Array(0))), "0100");
  assertEquals(toHex(encodeRecord(255, bytesOf(63))).slice(0, 6), "4040ff");
});

Deno.test("RecordReader takes the longest record and is broken by a longer one, as soon as it begins", () => {
  const longest = encodeRecord(1, bytesOf(MOST - 1)), over = encodeRecord(1, bytesOf(MOST));
  assertEquals(read(longest, longest).records.length, 2);
  assertEquals(read(longest, over.subarray(0, 2)), {
    records: [`1: ${"07".repeat(99)}`],
    broken: true,
  });
});

Deno.test({
  name: "RecordReader gives nothing of a record that is too long, in one piece or in many",
  fn: () => {
    const over = encodeRecord(1, bytesOf(MOST)),
      single = [...over].map((byte) => Uint8Array.of(byte));
    assertEquals(read(...single), { records: [], broken: true });
    assertEquals(read(over), { records: [], broken: true });
  },
});

Deno.test("RecordReader takes lengths that are longer than they need be", () => {
  assertEquals(
    read(hex("4002" + "0107"), hex("80000002" + "0108"), hex("c000000000000002" + "0209")),
    {
      records: ["1: 07", "1: 08", "2: 09"],
      broken: false,
    },
  );
});

Deno.test("RecordReader gives what is before a malformed record, and nothing after it", () => {
  const good = encodeRecord(1, hex("07")), bad = encodeRecord(3, hex("07"));
  assertEquals(read(Uint8Array.of(...good, ...bad, ...good)), { records: ["1: 07"], broken: true });
  assertEquals(read(good, bad, good), { records: ["1: 07"], broken: true });
});

Deno.test("RecordReader reads the same however a stream is cut, for 500 seeds", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = seededRandom(seed), cut = new RecordReader(decode, MOST), got: string[] = [];
    const all = Uint8Array.from(
      Array.from({ length: 15 }, () => {
        const type = random() < 0.02 ? 3 : Math.floor(random() * 3);
        return [...encodeRecord(type, randomBytes(random, Math.floor(random() * MOST)))];
      }).flat(),
    );
    const whole = read(all);
    for (let at = 0; at < all.length;) {
      const length = Math.floor(random() * (random() < 0.5 ? 3 : 200));
      got.push(...cut.push(all.slice(at, at + length)));
      at += length;
    }
    assertEquals({ records: got, broken: cut.broken }, whole, `seed ${seed}`);
  }
});

Deno.test("RecordReader keeps no more than one record", () => {
  const reader = new RecordReader(decode, MOST), piece = encodeRecord(1, bytesOf(MOST - 1));
  let given = 0;
  for (let round = 0; round < 1_000; round++) given += reader.push(piece).length;
  assertEquals(given, 1_000);
  assertEquals(reader.push(piece.subarray(0, 50)), []);
  assertLess(piece.length - 50, MOST);
  assert(reader.push(piece.subarray(50)).length === 1);
});
