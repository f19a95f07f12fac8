import { createHash, createHmac, hkdfSync } from "node:crypto";
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { equal, expand, hkdf, hmac, sha256 } from "../../lib/crypto/hash.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { flips, hex, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

Deno.test("sha256() gives what FIPS 180 says", () => {
  assertEquals(
    toHex(sha256(utf8("abc"))),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assertEquals(
    toHex(sha256()),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

Deno.test("hmac() gives what RFC 4231 says", () => {
  const cases: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
    [
      new Uint8Array(20).fill(0x0b),
      utf8("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      utf8("Jefe"),
      utf8("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      new Uint8Array(131).fill(0xaa),
      utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [key, data, wanted] of cases) assertEquals(toHex(hmac(key, data)), wanted);
});

Deno.test("sha256() and hmac() take parts as one, and agree with the platform", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(seed), data = randomBytes(random, Math.floor(random() * 300));
    const key = randomBytes(random, Math.floor(random() * 100));
    const at = Math.floor(random() * data.length);
    const parts = [data.subarray(0, at), new Uint8Array(0), data.subarray(at)];
    const hash = createHash("sha256").update(data).digest("hex");
    const mac = createHmac("sha256", key).update(data).digest("hex");
    assertEquals([toHex(sha256(...parts)), toHex(hmac(key, ...parts))], [hash, mac]);
  }
});

Deno.test("hkdf() is RFC 5869 with the chaining key as salt, and shorter output is a beginning", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seededRandom(seed);
    const chainingKey = randomBytes(random, 32), input = randomBytes(random, seed);
    const wanted = new Uint8Array(hkdfSync("sha256", input, chainingKey, "", 96));
    for (const outputs of [1, 2, 3] as const) {
      const keys = hkdf(chainingKey, input, outputs);
      assertEquals(keys.map((key) => key.length), Array<number>(outputs).fill(32));
      assertEquals(keys.map(toHex).join(""), toHex(wanted.subarray(0, outputs * 32)));
    }
  }
});

Deno.test("expand() gives what RFC 5869 A.3 says", () => {
  assertEquals(
    toHex(expand(new Uint8Array(22).fill(0x0b), "", 42)),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  );
});

Deno.test("expand() agrees with the platform for every length, and labels are UTF-8", () => {
  const secret = randomBytes(seededRandom(1), 32), label = "udpchat/1 käse";
  for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 1_000, 8_160]) {
    const wanted = new Uint8Array(hkdfSync("sha256", secret, "", label, length));
    assertEquals(expand(secret, label, length), wanted);
  }
  for (const wrong of [-1, 1.5, 8_161, NaN]) {
    assertThrows(() => expand(secret, label, wrong), RangeError, "0-8160");
  }
});

Deno.test("equal() is true for the same bytes and nothing else", () => {
  const bytes = hex("00017f80ff");
  assert(equal(bytes, bytes.slice()));
  assert(equal(new Uint8Array(0), new Uint8Array(0)));
  for (const other of [...flips(bytes), ...truncations(bytes)]) assertFalse(equal(bytes, other));
});
