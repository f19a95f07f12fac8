import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { expandNumber, numberBits } from "../../lib/wire/packet.ts";

/** The number with these lowest bits that is closest to the one expected, found by looking. */
function closest(expected: number, value: number, bits: number): number {
  const window = 2 ** bits, base = Math.floor(expected / window) * window + value;
  const distance = (candidate: number): number => Math.abs(candidate - expected);
  return [base - window, base, base + window].filter((candidate) => candidate >= 0)
    .reduce((best, each) => distance(each) < distance(best) ? each : best);
}

Deno.test("expandNumber() decodes the example of RFC 9000 A.3", () => {
  assertEquals(expandNumber(0xa82f30ea, { value: 0x9b32, bits: 16 }), 0xa82f9b32);
});

Deno.test("numberBits() encodes the examples of RFC 9000 A.2", () => {
  // 0xac5c02 needs 16 bits and 0xace8fe 18: the next that we have is 32.
  assertEquals(numberBits(0xac5c02, 0xabe8b3), 16);
  assertEquals(numberBits(0xace8fe, 0xabe8b3), 32);
  assertEquals(numberBits(0, undefined), 16);
  assertEquals(numberBits(32_766, undefined), 16);
  assertEquals(numberBits(32_767, undefined), 32);
  assertEquals(numberBits(32_768, 1), 16);
  assertEquals(numberBits(32_768, 0), 32);
});

Deno.test("expandNumber() starts at 0 and knows its first window", () => {
  for (let number = 0; number < 32_767; number += 31) {
    assertEquals(expandNumber(-1, { value: number, bits: 16 }), number);
  }
});

Deno.test("expandNumber() gives the number closest to the one expected, for 200,000 cases", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 200_000; round++) {
    const largest = Math.floor(random() * 2 ** Math.floor(random() * 50)) - 1;
    const bits = random() < 0.5 ? 16 : 32;
    const value = Math.floor(random() * 2 ** bits), expected = largest + 1;
    const got = expandNumber(largest, { value, bits });
    const wanted = closest(expected, value, bits);
    // Two may be equally far: RFC 9000 A.3 takes the upper one.
    const tie = Math.abs(got - expected) === Math.abs(wanted - expected);
    if (got !== wanted && !tie) throw new Error(`${largest} ${value}/${bits}: ${got}, ${wanted}`);
    assert(got >= 0 && got % 2 ** bits === value);
  }
});

Deno.test("expandNumber() recovers every number that numberBits() allows, for 200,000 cases", () => {
  const random = seededRandom(12);
  for (let round = 0; round < 200_000; round++) {
    const acknowledged = random() < 0.1
      ? undefined
      : Math.floor(random() * 2 ** Math.floor(1 + random() * 50));
    const ahead = Math.floor(random() * 2 ** Math.floor(random() * 17)) + 1;
    const number = (acknowledged ?? -1) + ahead;
    const bits = numberBits(number, acknowledged);
    // The receiver has all that is acknowledged, and perhaps more: up to some beyond this one.
    const least = acknowledged ?? -1;
    const largest = least + Math.floor(random() * (number + 8_000 - least));
    const got = expandNumber(largest, { value: number % 2 ** bits, bits });
    if (got !== number) throw new Error(`${number} with ${bits} bits after ${largest}: ${got}`);
  }
});
