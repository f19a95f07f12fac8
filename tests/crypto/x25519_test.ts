import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { dh, isUsable, keyPair } from "../../lib/crypto/x25519.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { hex, lengthened, randomBytes, toHex, truncations } from "./bytes.ts";

/** Points that give zero with every private key: see the table in x25519.ts, and RFC 7748 §6.1. */
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

Deno.test("dh() gives what RFC 7748 §5.2 says", () => {
  const cases = [
    [
      "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ],
    [
      "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ],
  ];
  for (const [scalar = "", point = "", wanted = ""] of cases) {
    assertEquals(dh(keyPair(hex(scalar)), hex(point)), hex(wanted));
  }
});

Deno.test("dh() gives what RFC 7748 §5.2 says after 1 and 1,000 rounds", () => {
  let scalar = hex("09" + "00".repeat(31)), point = scalar;
  const after: string[] = [];
  for (let round = 0; round < 1_000; round++) {
    const result = dh({ publicKey: point, privateKey: scalar }, point);
    assert(result !== undefined);
    [scalar, point] = [result, scalar];
    after.push(toHex(result));
  }
  assertEquals(after[0], "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  assertEquals(after[999], "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
});

Deno.test("keyPair() and dh() give what RFC 7748 §6.1 says", () => {
  const ann = keyPair(hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const bob = keyPair(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  assertEquals(
    [toHex(ann.publicKey), toHex(bob.publicKey)],
    [
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  );
  const wanted = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  assertEquals([dh(ann, bob.publicKey), dh(bob, ann.publicKey)], [wanted, wanted]);
});

Deno.test("dh() is the same on both sides, with and without what keyPair() remembers", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(seed);
    const ann = keyPair(randomBytes(random, 32)), bob = keyPair(randomBytes(random, 32));
    const secret = dh(ann, bob.publicKey);
    assertEquals(secret?.length, 32);
    assertEquals(dh(bob, ann.publicKey), secret);
    assertEquals(dh({ ...ann }, bob.publicKey), secret);
  }
});

Deno.test("keyPair() keeps a copy of the seed", () => {
  const seed = randomBytes(seededRandom(1), 32), pair = keyPair(seed), before = seed.slice();
  seed.fill(0);
  assertEquals(pair.privateKey, before);
  assertThrows(() => keyPair(new Uint8Array(31)), RangeError, "wanted 32");
  const wrong = { publicKey: new Uint8Array(32), privateKey: new Uint8Array(33) };
  assertThrows(() => dh(wrong, pair.publicKey), RangeError, "wanted 32");
});

Deno.test("dh() and isUsable() refuse points of low order, however they are written", () => {
  const pair = keyPair(randomBytes(seededRandom(2), 32));
  for (const point of LOW_ORDER.map(hex)) {
    const high = point.slice();
    high[31] = (high[31] ?? 0) | 0x80;
    for (const each of [point, high]) {
      assertEquals(dh(pair, each), undefined, toHex(each));
      assertFalse(isUsable(each), toHex(each));
    }
  }
});

Deno.test("dh() and isUsable() take any other 32 bytes, and no other length", () => {
  const random = seededRandom(3), pair = keyPair(randomBytes(random, 32));
  for (let count = 0; count < 100; count++) {
    const key = randomBytes(random, 32);
    assertEquals(dh(pair, key)?.length, 32);
    assert(isUsable(key));
  }
  for (const wrong of [...truncations(pair.publicKey), lengthened(pair.publicKey)]) {
    assertEquals(dh(pair, wrong), undefined);
    assertFalse(isUsable(wrong));
  }
});
