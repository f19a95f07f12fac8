import { assert, assertEquals, assertThrows } from "@std/assert";
import { nonceOf, open, seal } from "../../lib/crypto/aead.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

/** RFC 8439 §2.8.2. */
const RFC = {
  key: hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
  nonce: hex("070000004041424344454647"),
  ad: hex("50515253c0c1c2c3c4c5c6c7"),
  plaintext: utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
      "sunscreen would be it.",
  ),
  sealed: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" +
    "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
    "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691",
};

Deno.test("seal() gives what RFC 8439 says, and open() takes it back", () => {
  const { key, nonce, ad, plaintext, sealed } = RFC;
  assertEquals(toHex(seal(key, nonce, ad, plaintext)), sealed);
  assertEquals(open(key, nonce, ad, hex(sealed)), plaintext);
});

Deno.test("open() takes back what seal() gave, whatever the lengths", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), length = seed < 70 ? seed : Math.floor(random() * 2_000);
    const key = randomBytes(random, 32), nonce = randomBytes(random, 12);
    const ad = randomBytes(random, seed % 40), plaintext = randomBytes(random, length);
    const sealed = seal(key, nonce, ad, plaintext);
    assertEquals(sealed.length, length + 16);
    assertEquals(open(key, nonce, ad, sealed), plaintext, `seed ${seed}`);
  }
});

Deno.test("open() refuses every flipped bit, every truncation and a byte too many", () => {
  const { key, nonce, ad } = RFC, sealed = seal(key, nonce, ad, utf8("hello, bob"));
  for (const flipped of flips(sealed)) assertEquals(open(key, nonce, ad, flipped), undefined);
  for (const cut of truncations(sealed)) assertEquals(open(key, nonce, ad, cut), undefined);
  assertEquals(open(key, nonce, ad, lengthened(sealed)), undefined);
});

Deno.test("open() refuses another key, nonce or associated data", () => {
  const { key, nonce, ad } = RFC, sealed = seal(key, nonce, ad, utf8("hello, bob"));
  for (const flipped of flips(key)) assertEquals(open(flipped, nonce, ad, sealed), undefined);
  for (const flipped of flips(nonce)) assertEquals(open(key, flipped, ad, sealed), undefined);
  for (const flipped of flips(ad)) assertEquals(open(key, nonce, flipped, sealed), undefined);
  for (const cut of truncations(ad)) assertEquals(open(key, nonce, cut, sealed), undefined);
  assertEquals(open(key, nonce, lengthened(ad), sealed), undefined);
});

Deno.test("open() gives plain bytes that do not change with what is opened later", () => {
  const key = new Uint8Array(32), none = new Uint8Array(0);
  const opened = Array.from({ length: 300 }, (_, number) => {
    const nonce = nonceOf(number), text = utf8(`message ${number}`);
    return open(key, nonce, none, seal(key, nonce, none, text));
  });
  opened.forEach((bytes, number) => assertEquals(bytes, utf8(`message ${number}`)));
  assert(opened.every((bytes) => bytes?.constructor === Uint8Array));
});

Deno.test("seal() and open() refuse keys and nonces of another length", () => {
  const none = new Uint8Array(0);
  for (const [key, nonce] of [[31, 12], [33, 12], [32, 11], [32, 13], [0, 0]] as const) {
    const wrong = [new Uint8Array(key), new Uint8Array(nonce)] as const;
    assertThrows(() => seal(...wrong, none, none), RangeError, "wanted 32 and 12");
    assertThrows(() => open(...wrong, none, new Uint8Array(20)), RangeError, "wanted 32 and 12");
  }
});

Deno.test("nonceOf() is 4 zero bytes and the number, lowest byte first", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "000000000000000000000000"],
    [1, "000000000100000000000000"],
    [0x1234, "000000003412000000000000"],
    [2 ** 32 - 1, "00000000ffffffff00000000"],
    [2 ** 32, "000000000000000001000000"],
    [Number.MAX_SAFE_INTEGER, "00000000ffffffffffff1f00"],
  ];
  for (const [counter, wanted] of cases) assertEquals(toHex(nonceOf(counter)), wanted);
  for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => nonceOf(wrong), RangeError, "whole number");
  }
});
