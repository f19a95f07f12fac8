import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import {
  certified,
  certify,
  keyTag,
  keyText,
  makeIdentity,
  parseKeyText,
  verify,
} from "../../lib/crypto/identity.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

/** RFC 8032 §7.1: seed, public key, data, signature. */
const RFC = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
    "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
];

const ann = makeIdentity(randomBytes(seededRandom(1), 32));
const bob = makeIdentity(randomBytes(seededRandom(2), 32));

Deno.test("makeIdentity() gives the keys and signatures of RFC 8032 §7.1", () => {
  for (const [seed = "", publicKey = "", data = "", signature = ""] of RFC) {
    const identity = makeIdentity(hex(seed));
    assertEquals(toHex(identity.publicKey), publicKey);
    assertEquals(toHex(identity.sign(hex(data))), signature);
    assert(verify(hex(publicKey), hex(data), hex(signature)));
  }
  assertThrows(() => makeIdentity(new Uint8Array(33)), RangeError, "wanted 32");
});

Deno.test("verify() refuses every flipped bit, truncation, other key and other data", () => {
  const data = utf8("hello"), signature = ann.sign(data);
  assert(verify(ann.publicKey, data, signature));
  for (const each of [...flips(signature), ...truncations(signature), lengthened(signature)]) {
    assertFalse(verify(ann.publicKey, data, each));
  }
  for (const each of [...flips(data), ...truncations(data), lengthened(data)]) {
    assertFalse(verify(ann.publicKey, each, signature));
  }
  const keys = [...flips(ann.publicKey), ...truncations(ann.publicKey), lengthened(ann.publicKey)];
  for (const each of [...keys, bob.publicKey]) assertFalse(verify(each, data, signature));
});

Deno.test("verify() refuses a signature whose number was made larger by the group's order", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const data = utf8("hello"), signature = ann.sign(data);
  const number = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + order;
  signature.set(hex(number.toString(16).padStart(64, "0")).reverse(), 32);
  assertFalse(verify(ann.publicKey, data, signature));
});

Deno.test("verify() refuses keys of low order, and those that are not reduced", () => {
  const points = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ].map(hex);
  for (const point of points) {
    const negative = point.slice();
    negative[31] = (negative[31] ?? 0) | 0x80;
    for (const key of [point, negative]) {
      // With s = 0 the equation is R = -h A, which a point of order n fulfils for one h in n.
      for (const r of points) {
        const signature = new Uint8Array(64);
        signature.set(r);
        for (let data = 0; data < 16; data++) {
          assertFalse(verify(key, Uint8Array.of(data), signature));
        }
      }
    }
  }
});

Deno.test("verify() and certified() never throw, whatever comes", () => {
  const random = seededRandom(3);
  for (let count = 0; count < 2_000; count++) {
    const length = (wanted: number): number => random() < 0.7 ? wanted : Math.floor(random() * 99);
    const key = randomBytes(random, length(32)), signature = randomBytes(random, length(64));
    const data = randomBytes(random, length(32));
    assertFalse(verify(key, data, signature));
    assertFalse(certified(key, data, signature));
  }
});

Deno.test("certify() signs the label and the key, and certified() takes nothing else", () => {
  const staticKey = randomBytes(seededRandom(4), 32), certificate = certify(ann, staticKey);
  assertEquals(certificate, ann.sign(Uint8Array.of(...utf8("udpchat/1 static key"), ...staticKey)));
  assert(certified(ann.publicKey, staticKey, certificate));
  assertFalse(certified(bob.publicKey, staticKey, certificate));
  assertFalse(certified(ann.publicKey, staticKey, ann.sign(staticKey)));
  for (const other of [...flips(staticKey), ...truncations(staticKey), lengthened(staticKey)]) {
    assertFalse(certified(ann.publicKey, other, certificate));
  }
  for (const other of [...flips(certificate), ...truncations(certificate)]) {
    assertFalse(certified(ann.publicKey, staticKey, other));
  }
  assertThrows(() => certify(ann, new Uint8Array(31)), RangeError, "wanted 32");
});

Deno.test("keyText() writes 52 characters, and parseKeyText() reads them in either case", () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  // Golden: Python's base64.b32encode.
  assertEquals(keyText(key), "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq");
  for (let seed = 0; seed < 100; seed++) {
    const bytes = randomBytes(seededRandom(seed), 32), text = keyText(bytes);
    assertEquals(text.length, 52);
    assertEquals([parseKeyText(text), parseKeyText(text.toUpperCase())], [bytes, bytes]);
  }
});

Deno.test("parseKeyText() refuses any other length, character and last bits", () => {
  const text = keyText(ann.publicKey);
  for (let length = 0; length < 52; length++) {
    assertEquals(parseKeyText(text.slice(0, length)), undefined);
  }
  for (const wrong of [`${text}a`, `${text}====`, ` ${text}`, `${text.slice(0, 51)}1`]) {
    assertEquals(parseKeyText(wrong), undefined);
  }
  const spellings = [..."abcdefghijklmnopqrstuvwxyz234567"].map((last) => text.slice(0, 51) + last);
  assertEquals(spellings.filter((each) => parseKeyText(each) !== undefined).length, 2);
});

Deno.test("keyTag() is how the key's text begins", () => {
  assertEquals(keyTag(ann.publicKey), keyText(ann.publicKey).slice(0, 8));
  assertEquals(keyTag(ann.publicKey).length, 8);
});
