import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { safetyHalf, safetyNumber } from "../../lib/crypto/safety.ts";

const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const counting = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => from + i);

Deno.test("safetyNumber() gives the golden numbers, whichever way round", () => {
  // Golden: made with Python's hashlib from the construction in the module's text.
  const cases: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
    [
      filled(1),
      filled(2),
      "00687 29142 86322 52727 57169 79097 72863 93672 67339 21293 65190 57532",
    ],
    [
      filled(0),
      filled(255),
      "90812 88082 42655 43956 15319 50468 96829 93865 90546 74144 69701 88435",
    ],
    [
      counting(0),
      counting(32),
      "16592 72502 66042 87811 63474 28280 30825 83374 92087 96301 59691 35218",
    ],
    [
      filled(7),
      filled(7),
      "56106 29857 05646 96097 65064 16959 56106 29857 05646 96097 65064 16959",
    ],
  ];
  for (const [a, b, wanted] of cases) {
    assertEquals([safetyNumber(a, b), safetyNumber(b, a)], [wanted, wanted]);
    assertMatch(wanted, /^\d{5}( \d{5}){11}$/);
  }
});

Deno.test("safetyNumber() is another one for another key", () => {
  const other = filled(2);
  other[31] = 3;
  assertNotEquals(safetyNumber(filled(1), filled(2)), safetyNumber(filled(1), other));
});

Deno.test("safetyHalf() is in each number that the key has with others", () => {
  assertEquals(safetyHalf(filled(7)), "56106 29857 05646 96097 65064 16959");
  for (const other of [filled(1), counting(0)]) {
    assertStringIncludes(safetyNumber(filled(7), other), safetyHalf(filled(7)));
  }
});

Deno.test("safetyNumber() refuses what is no key", () => {
  assertThrows(() => safetyNumber(filled(1), new Uint8Array(31)), RangeError, "wanted 32");
  assertThrows(() => safetyNumber(new Uint8Array(0), filled(1)), RangeError, "wanted 32");
});
