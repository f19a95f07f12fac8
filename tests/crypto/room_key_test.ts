import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createCipheriv, createHash, createHmac } from "node:crypto";
import {
  openRoomNumber,
  ROOM_SECRET_BYTES,
  RoomKey,
  SEAL_BYTES,
} from "../../lib/crypto/room_key.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

const SECRET = new Uint8Array(32).fill(7), OTHER_SECRET = new Uint8Array(32).fill(8);
const ANN = new Uint8Array(32).fill(1), BOB = new Uint8Array(32).fill(2);
const LOG = hex("0102030405060708"), OTHER_LOG = hex("0102030405060709");
const NONCE = hex("0a0b0c0d0e0f101112131415");
const PLAIN = utf8("hello, room");

/** HKDF of RFC 5869 by the platform, with an empty salt. */
async function hkdf(secret: Uint8Array, label: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", secret.slice(), "HKDF", false, ["deriveBits"]);
  const salt = new Uint8Array(0), info = utf8(label).slice();
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt, info },
    key,
    256,
  );
  return new Uint8Array(bits);
}

Deno.test("openRoomNumber() is the hash of a label and the name", () => {
  for (const name of ["", "lobby", "Küche", "a".repeat(256)]) {
    const wanted = createHash("sha256").update(`udpchat/1 open room${name}`).digest("hex");
    assertEquals(toHex(openRoomNumber(name)), wanted);
  }
});

Deno.test("openRoomNumber() differs between names, however alike", () => {
  const names = ["", " ", "lobby", "Lobby", "lobby ", "lobb\u0443", "ll", "l", "\u00e4", "a\u0308"];
  assertEquals(new Set(names.map((name) => toHex(openRoomNumber(name)))).size, names.length);
});

Deno.test("RoomKey is what docs/PROTOCOL.md, §20.3, says, done by the platform", async () => {
  const key = new RoomKey(SECRET);
  assertEquals(key.room, await hkdf(SECRET, "udpchat/1 room"));
  const bodies = await hkdf(SECRET, "udpchat/1 bodies");
  const own = createHmac("sha256", bodies).update(ANN).update(LOG).digest();
  const cipher = createCipheriv("chacha20-poly1305", own, NONCE, { authTagLength: 16 });
  cipher.setAAD(key.room, { plaintextLength: PLAIN.length });
  const text = cipher.update(PLAIN, undefined, "hex") + cipher.final("hex");
  const wanted = toHex(NONCE) + text + cipher.getAuthTag().toString("hex");
  assertEquals(toHex(key.seal(ANN, LOG, () => NONCE, PLAIN)), wanted);
});

Deno.test("RoomKey opens what it sealed, whatever the lengths", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed), key = new RoomKey(randomBytes(random, 32));
    const author = randomBytes(random, 32), log = randomBytes(random, 8);
    const body = randomBytes(random, seed < 50 ? seed : Math.floor(random() * 3_000));
    const sealed = key.seal(author, log, (size) => randomBytes(random, size), body);
    assertEquals(sealed.length, body.length + SEAL_BYTES);
    assertEquals(key.open(author, log, sealed), body, `seed ${seed}`);
  }
});

Deno.test("RoomKey opens nothing of another author, log or secret", () => {
  const key = new RoomKey(SECRET), sealed = key.seal(ANN, LOG, () => NONCE, PLAIN);
  assertEquals(key.open(BOB, LOG, sealed), undefined);
  assertEquals(key.open(ANN, OTHER_LOG, sealed), undefined);
  assertEquals(new RoomKey(OTHER_SECRET).open(ANN, LOG, sealed), undefined);
  assertEquals(new RoomKey(SECRET).open(ANN, LOG, sealed), PLAIN);
  for (const author of flips(ANN)) assertEquals(key.open(author, LOG, sealed), undefined);
  for (const log of flips(LOG)) assertEquals(key.open(ANN, log, sealed), undefined);
});

Deno.test("RoomKey refuses every flipped bit, every truncation and a byte too many", () => {
  const key = new RoomKey(SECRET), sealed = key.seal(ANN, LOG, () => NONCE, PLAIN);
  for (const flipped of flips(sealed)) assertEquals(key.open(ANN, LOG, flipped), undefined);
  for (const cut of truncations(sealed)) assertEquals(key.open(ANN, LOG, cut), undefined);
  assertEquals(key.open(ANN, LOG, lengthened(sealed)), undefined);
});

Deno.test("RoomKey gives nothing for 20,000 random bodies", () => {
  const random = seededRandom(4), key = new RoomKey(SECRET);
  for (let round = 0; round < 20_000; round++) {
    assertEquals(key.open(ANN, LOG, randomBytes(random, Math.floor(random() * 60))), undefined);
  }
});

Deno.test("RoomKey has a number and keys of its own for each secret", () => {
  const rooms = new Set<string>(), sealed = new Set<string>();
  const secrets = [SECRET, ...flips(SECRET)];
  for (const secret of secrets) {
    const key = new RoomKey(secret);
    rooms.add(toHex(key.room));
    sealed.add(toHex(key.seal(ANN, LOG, () => NONCE, PLAIN)));
  }
  assertEquals([rooms.size, sealed.size], [secrets.length, secrets.length]);
  assertNotEquals(toHex(new RoomKey(SECRET).room), toHex(SECRET), "the secret is not told");
});

Deno.test("RoomKey seals differently for each author, log and nonce", () => {
  const key = new RoomKey(SECRET), sealed = new Set<string>();
  // Without the nonce in front: the key stream itself must differ.
  const add = (author: Uint8Array, log: Uint8Array, nonce: Uint8Array): void => {
    sealed.add(toHex(key.seal(author, log, () => nonce, PLAIN).subarray(nonce.length)));
  };
  const authors = [ANN, BOB, ...flips(ANN)],
    logs = [LOG, ...flips(LOG)],
    nonces = [...flips(NONCE)];
  for (const author of authors) add(author, LOG, NONCE);
  for (const log of logs.slice(1)) add(ANN, log, NONCE);
  for (const nonce of nonces) add(ANN, LOG, nonce);
  assertEquals(sealed.size, new Set(authors.map(toHex)).size + logs.length - 1 + nonces.length);
});

Deno.test("RoomKey refuses secrets and nonces of another length", () => {
  for (const length of [0, 16, ROOM_SECRET_BYTES - 1, ROOM_SECRET_BYTES + 1, 64]) {
    assertThrows(() => new RoomKey(new Uint8Array(length)), RangeError, `${length} bytes`);
  }
  const key = new RoomKey(SECRET);
  for (const length of [0, 11, 13]) {
    assertThrows(() => key.seal(ANN, LOG, () => new Uint8Array(length), PLAIN), RangeError, "12");
  }
  assert(key.seal(ANN, LOG, () => NONCE, new Uint8Array(0)).length === SEAL_BYTES);
});
