import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";

/** The first numbers from a seed. */
function first(seed: number, count: number): number[] {
  return Array.from({ length: count }, seededRandom(seed));
}

/** The generator again, over 64-bit integers and by the definition, to compare with. */
function slowRandom(seed: number): () => number {
  const bits = (value: bigint) => BigInt.asUintN(32, value);
  let state = bits(BigInt(seed));
  return () => {
    state = bits(state + 0x6d2b79f5n);
    let mixed = bits((state ^ (state >> 15n)) * (state | 1n));
    mixed ^= bits(mixed + bits((mixed ^ (mixed >> 7n)) * (mixed | 61n)));
    return Number(mixed ^ (mixed >> 14n)) / 2 ** 32;
  };
}

Deno.test("seededRandom() is mulberry32", () => {
  assertEquals(first(0, 3), [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
  for (const seed of [0, 1, 7, 12_345, 2 ** 31, 2 ** 32 - 1]) {
    assertEquals(first(seed, 200), Array.from({ length: 200 }, slowRandom(seed)), `seed ${seed}`);
  }
});

Deno.test("seededRandom() repeats itself for the same seed, and two sources do not mix", () => {
  const one = seededRandom(7), two = seededRandom(7);
  const interleaved = Array.from({ length: 100 }, () => [one(), two()]);
  for (const [a, b] of interleaved) assertEquals(a, b);
  assertEquals(interleaved.map(([a]) => a), first(7, 100));
});

Deno.test("seededRandom() takes the lowest 32 bits of any integer", () => {
  assertEquals(first(2 ** 32 + 5, 10), first(5, 10));
  assertEquals(first(-1, 10), first(2 ** 32 - 1, 10));
});

Deno.test("seededRandom() gives other numbers for other seeds", () => {
  const starts = new Set(Array.from({ length: 10_000 }, (_, seed) => first(seed, 2).join()));
  assertEquals(starts.size, 10_000);
});

Deno.test("seededRandom() is evenly spread over 0 to 1, and never reaches 1", () => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed), buckets = new Array<number>(16).fill(0);
    const count = 160_000;
    for (let round = 0; round < count; round++) {
      const value = random();
      assert(value >= 0 && value < 1);
      const index = Math.floor(value * 16);
      buckets[index] = (buckets[index] ?? 0) + 1;
    }
    const expected = count / 16;
    const chiSquare = buckets.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0);
    assertLess(chiSquare, 37.7, `seed ${seed}`); // 15 degrees of freedom, one in a thousand
  }
});
