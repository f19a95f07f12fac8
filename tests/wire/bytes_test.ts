import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_VARINT, Reader, varintLength, Writer } from "../../lib/wire/bytes.ts";
import { hex, randomBytes, toHex } from "../crypto/bytes.ts";

function written(value: number): Uint8Array {
  return new Writer(8).varint(value).finish();
}

Deno.test("varint() reads and writes the examples of RFC 9000 A.1", () => {
  // The first example, 151288809941952652, is above 2^53 - 1: we refuse it.
  const large = new Reader(hex("c2197c5eff14e88c"));
  assertEquals([large.varint(), large.failed], [0, true]);
  const examples = [["9d7f3e7d", 494_878_333], ["7bbd", 15_293], ["25", 37]] as const;
  for (const [bytes, value] of examples) {
    assertEquals(new Reader(hex(bytes)).varint(), value);
    assertEquals(toHex(written(value)), bytes);
  }
  assertEquals(new Reader(hex("4025")).varint(), 37, "a longer form than needed is understood");
});

Deno.test("varint() writes the shortest form at every boundary", () => {
  const cases = [
    [0, 1],
    [63, 1],
    [64, 2],
    [16_383, 2],
    [16_384, 4],
    [2 ** 30 - 1, 4],
    [2 ** 30, 8],
    [2 ** 31, 8],
    [2 ** 32 - 1, 8],
    [2 ** 32, 8],
    [MAX_VARINT, 8],
  ] as const;
  for (const [value, length] of cases) {
    assertEquals([written(value).length, varintLength(value)], [length, length], `${value}`);
    const reader = new Reader(written(value));
    assertEquals([reader.varint(), reader.done], [value, true]);
  }
});

Deno.test("varint() round trips, for 20,000 random numbers", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 20_000; round++) {
    const value = Math.floor(random() * 2 ** Math.floor(random() * 54));
    const bytes = written(value), reader = new Reader(bytes);
    assertEquals([reader.varint(), reader.done, bytes.length], [value, true, varintLength(value)]);
    for (let length = 0; length < bytes.length; length++) {
      const cut = new Reader(bytes.subarray(0, length));
      assertEquals([cut.varint(), cut.failed], [0, true]);
    }
  }
});

Deno.test("varint() refuses what it cannot write, and numbers above 2^53 - 1", () => {
  for (const wrong of [-1, MAX_VARINT + 1, NaN, Infinity]) {
    assertThrows(() => written(wrong), RangeError, "Cannot write");
  }
  for (const above of ["c020000000000000", "ffffffffffffffff"]) {
    const reader = new Reader(hex(above));
    assertEquals([reader.varint(), reader.failed], [0, true]);
  }
  assertEquals(new Reader(hex("c01fffffffffffff")).varint(), MAX_VARINT);
});

Deno.test("Reader fails once and for all, and never reads past the end", () => {
  const reader = new Reader(hex("0102030405"));
  assertEquals([reader.u16(), reader.left], [0x0102, 3]);
  assertEquals([reader.u32(), reader.failed, reader.left], [0, true, 0]);
  assertEquals([reader.u8(), reader.varint(), reader.u16(), reader.u32()], [0, 0, 0, 0]);
  assertEquals([reader.bytes(1).length, reader.rest().length, reader.done], [0, 0, false]);
});

Deno.test("Reader gives views of exactly what was asked for", () => {
  const bytes = hex("0102030405"), reader = new Reader(bytes);
  assertEquals(reader.bytes(0).length, 0);
  assertEquals(reader.bytes(2), hex("0102"));
  assertEquals(reader.rest(), hex("030405"));
  assert(reader.done);
  assertEquals(new Reader(bytes).bytes(5).buffer, bytes.buffer);
  const over = new Reader(bytes);
  assertEquals([over.bytes(6).length, over.failed], [0, true]);
  assertEquals(new Reader(new Uint8Array(0)).done, true);
});

Deno.test("Writer writes big-endian, and throws instead of growing", () => {
  const writer = new Writer(7).u8(1).u16(0x0203).u32(0xfffefdfc);
  assertEquals(toHex(writer.finish()), "010203fffefdfc");
  assertEquals([writer.length, writer.left], [7, 0]);
  assertThrows(() => writer.u8(0), RangeError, "only 0 fit");
  assertThrows(() => new Writer(2).bytes(new Uint8Array(3)), RangeError, "Cannot write 3 bytes");
});

Deno.test("Reader reads what Writer wrote, for 2,000 random sequences", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed), writer = new Writer(1_000);
    const checks: ((reader: Reader) => void)[] = [];
    for (let count = random() * 20; count > 0; count--) {
      const kind = Math.floor(random() * 5);
      const value = Math.floor(random() * 2 ** ([8, 16, 32, 53, 6][kind] ?? 0));
      const bytes = randomBytes(random, value % 64);
      if (kind === 0) writer.u8(value);
      else if (kind === 1) writer.u16(value);
      else if (kind === 2) writer.u32(value);
      else if (kind === 3) writer.varint(value);
      else writer.varint(bytes.length).bytes(bytes);
      checks.push((reader) => {
        if (kind === 4) assertEquals(reader.bytes(reader.varint()), bytes, `seed ${seed}`);
        else if (kind === 3) assertEquals(reader.varint(), value, `seed ${seed}`);
        else {
          const read = kind === 0 ? reader.u8() : kind === 1 ? reader.u16() : reader.u32();
          assertEquals(read, value, `seed ${seed}`);
        }
      });
    }
    const reader = new Reader(writer.finish());
    for (const check of checks) check(reader);
    assert(reader.done, `seed ${seed}`);
  }
});
