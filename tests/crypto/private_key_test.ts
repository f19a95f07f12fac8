import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { MAX_PRIVATE_BYTES, PRIVATE_SEAL_BYTES, PrivateKey } from "../../lib/crypto/private_key.ts";
import { privateRoomNumber } from "../../lib/crypto/room_key.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { flips, lengthened, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

const PARENT = new Uint8Array(32).fill(9);
const ANN = new Uint8Array(32).fill(1), BOB = new Uint8Array(32).fill(2);
const ANN_STATIC = keyPair(new Uint8Array(32).fill(3));
const BOB_STATIC = keyPair(new Uint8Array(32).fill(4));
const ROOM = privateRoomNumber(PARENT, ANN, BOB), LOG = new Uint8Array(8).fill(5);
const random = (size: number): Uint8Array => new Uint8Array(size).fill(6);

function keys(room = ROOM): { ann: PrivateKey; bob: PrivateKey } {
  return {
    ann: new PrivateKey({
      room,
      own: ANN,
      ownStatic: ANN_STATIC,
      otherStatic: () => BOB_STATIC.publicKey,
    }),
    bob: new PrivateKey({
      room,
      own: BOB,
      ownStatic: BOB_STATIC,
      otherStatic: () => ANN_STATIC.publicKey,
    }),
  };
}

Deno.test("privateRoomNumber() is the hash of a label, the room and both keys, in either order", () => {
  const hash = createHash("sha256").update("udpchat/1 private").update(PARENT).update(ANN).update(
    BOB,
  );
  assertEquals(toHex(ROOM), hash.digest("hex"));
  assertEquals(privateRoomNumber(PARENT, BOB, ANN), ROOM);
  assertNotEquals(privateRoomNumber(ANN, BOB, PARENT), ROOM);
});

Deno.test("PrivateKey seals for the other alone: of two, only the addressee opens it", () => {
  const { ann, bob } = keys(), plain = utf8("only you");
  const sealed = ann.seal(ANN, LOG, random, plain);
  assertEquals(sealed.length, plain.length + PRIVATE_SEAL_BYTES);
  assertEquals(bob.open(ANN, LOG, sealed), plain);
  assertEquals(ann.open(ANN, LOG, sealed), undefined, "not even who said it");
  const eve = new PrivateKey({
    room: ROOM,
    own: new Uint8Array(32).fill(7),
    ownStatic: keyPair(new Uint8Array(32).fill(8)),
    otherStatic: () => undefined,
  });
  assertEquals(eve.open(ANN, LOG, sealed), undefined);
  assertThrows(() => eve.seal(ANN, LOG, random, plain), RangeError, "not known");
});

Deno.test("PrivateKey opens nothing that was changed, cut, or belongs to another entry", () => {
  const { ann, bob } = keys(), sealed = ann.seal(ANN, LOG, random, utf8("hi"));
  for (const changed of [...flips(sealed), ...truncations(sealed), lengthened(sealed)]) {
    assertEquals(bob.open(ANN, LOG, changed), undefined);
  }
  assertEquals(bob.open(new Uint8Array(32).fill(7), LOG, sealed), undefined, "another author");
  assertEquals(bob.open(ANN, new Uint8Array(8), sealed), undefined, "another log");
  assertEquals(keys(PARENT).bob.open(ANN, LOG, sealed), undefined, "another room");
  const seeded = seededRandom(1);
  for (let each = 0; each < 300; each++) {
    assertEquals(bob.open(ANN, LOG, randomBytes(seeded, Math.floor(seeded() * 300))), undefined);
  }
});

Deno.test("PrivateKey takes bodies up to the longest message of Noise", () => {
  const { ann, bob } = keys(), most = new Uint8Array(MAX_PRIVATE_BYTES);
  assertEquals(bob.open(ANN, LOG, ann.seal(ANN, LOG, random, most)), most);
  const more = new Uint8Array(MAX_PRIVATE_BYTES + 1);
  assertThrows(() => ann.seal(ANN, LOG, random, more), RangeError, `${MAX_PRIVATE_BYTES}`);
  assert(bob.open(ANN, LOG, new Uint8Array(70_000)) === undefined);
});
