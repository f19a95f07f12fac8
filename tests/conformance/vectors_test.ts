/**
 * The test vectors, reproduced by an implementation that was written from PROTOCOL.md alone.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { nonceOf, open, seal } from "./aead.ts";
import { fromHex, join, Malformed, Reader, toHex, utf8 } from "./bytes.ts";
import { certify, identityOf, isCertified } from "./certificate.ts";
import { decodeFrames, encodeFrame, encodeFrames } from "./frames.ts";
import { Answerer, Caller, prologueOf } from "./handshake.ts";
import { type Keys, nextKeys } from "./keys.ts";
import { cookieOf, macKey } from "./mac.ts";
import { expandNumber, numberBits } from "./numbers.ts";
import * as packets from "./packets.ts";
import { encodePayload, readPayload } from "./payload.ts";
import { decodeEcho, encodeEcho } from "./records.ts";
import * as text from "./text.ts";
import { encodeVarint, readVarint } from "./varint.ts";
import { type KeysVector, personOf, personVector, type SessionVector, VECTORS } from "./vectors.ts";
import { dh, dhPair } from "./x25519.ts";

const LAST = /, not last$|, fin$/;

/** A packet of that type. */
function decodeAs<T extends packets.Packet["type"]>(
  hex: string,
  type: T,
): Extract<packets.Packet, { readonly type: T }> {
  const packet = packets.decodePacket(fromHex(hex));
  if (packet.type !== type) throw new Error(`${packet.type} instead of ${type}`);
  return packet as Extract<packets.Packet, { readonly type: T }>;
}

function keysAsHex(keys: Keys): KeysVector {
  return {
    generation: keys.generation,
    root: toHex(keys.root),
    initiator_key: toHex(keys.initiator),
    responder_key: toHex(keys.responder),
  };
}

for (const person of VECTORS.people) {
  Deno.test(`conformance: ${person.name} has the same keys, certificate and texts`, () => {
    const [seed, identity] = [fromHex(person.identity_seed), fromHex(person.identity)];
    const pair = dhPair(fromHex(person.static_private));
    assertEquals(toHex(identityOf(seed)), person.identity);
    assertEquals(toHex(pair.public), person.static_public);
    assertEquals(toHex(certify(seed, pair.public)), person.certificate);
    assert(isCertified(identity, pair.public, fromHex(person.certificate)));
    assert(!isCertified(identity, identity, fromHex(person.certificate)));
    assertEquals(text.keyText(identity), person.key_text);
    assertEquals(text.keyTag(identity), person.key_tag);
    assertEquals(toHex(text.decodeBase32(person.key_text)), person.identity);
  });
}

Deno.test("conformance: the safety number is the same from both sides", () => {
  const [ann, bob] = ["ann", "bob"].map((name) => fromHex(personVector(name).identity));
  assert(ann && bob);
  assertEquals(text.safetyNumber(ann, bob), VECTORS.safety_number);
  assertEquals(text.safetyNumber(bob, ann), VECTORS.safety_number);
});

Deno.test("conformance: a secret's text, its key and what is refused", () => {
  const { random, text: written, psk, mac_key, same, refused } = VECTORS.secret;
  assertEquals(text.secretText(fromHex(random)), written);
  for (const each of [written, ...same]) assertEquals(toHex(text.pskOf(each)), psk);
  assertEquals(toHex(macKey(fromHex(psk))), mac_key);
  for (const each of refused) assertThrows(() => text.pskOf(each), Malformed);
});

Deno.test("conformance: varints", () => {
  for (const { value, bytes } of VECTORS.varints) {
    assertEquals(toHex(encodeVarint(value)), bytes);
    assertEquals(readVarint(new Reader(fromHex(bytes))), value);
  }
  for (const long of ["4007", "80000007", "c000000000000007"]) {
    assertEquals(readVarint(new Reader(fromHex(long))), 7);
  }
  assertThrows(() => readVarint(new Reader(fromHex("c020000000000000"))), Malformed);
});

for (const { name, bytes } of VECTORS.frames) {
  Deno.test(`conformance: frame ${name}`, () => {
    const frames = decodeFrames(fromHex(bytes));
    assertEquals(frames.length, 1);
    for (const frame of frames) assertEquals(toHex(encodeFrame(frame, !LAST.test(name))), bytes);
  });
}

for (const { name, bytes } of VECTORS.malformed_frames) {
  Deno.test(`conformance: malformed frame ${name}`, () => {
    assertThrows(() => decodeFrames(fromHex(bytes)), Malformed);
  });
}

Deno.test("conformance: packet numbers, cut and whole", () => {
  for (const { number, acknowledged, bits, header } of VECTORS.packet_numbers.length) {
    assertEquals(numberBits(number, acknowledged), bits);
    assertEquals(toHex(packets.dataHeader(0x01020304, number, bits, 0)), header);
  }
  for (const { largest, value, bits, number } of VECTORS.packet_numbers.expand) {
    assertEquals(expandNumber(largest, value, bits), number);
  }
});

Deno.test("conformance: echo datagrams", () => {
  for (const { bytes } of VECTORS.echo) {
    const echo = decodeEcho(fromHex(bytes));
    assert(echo);
    assertEquals(toHex(encodeEcho(echo)), bytes);
  }
});

Deno.test("conformance: the cookie refusal and the INIT with the cookie", () => {
  const vector = VECTORS.cookie_refusal;
  const init = decodeAs(vector.init, "init");
  const { cookie, receiver } = decodeAs(vector.refusal, "cookie");
  assertEquals(receiver, init.sender);
  assertEquals(toHex(packets.encodeCookieRefusal(receiver, cookie)), vector.refusal);
  assertEquals(toHex(packets.encodeInit({ ...init, cookie })), vector.init_with_cookie);
  assertEquals(decodeAs(vector.init_with_cookie, "init"), { ...init, cookie });
  const { answer } = new Answerer(personOf("bob"), { ...init, cookie });
  assertEquals(packets.encodeAnswer(answer).length, vector.answer_bytes);
  const secret = fromHex(vector.cookie_secret);
  assertEquals(cookieOf(secret, init.ephemeral, utf8(vector.address)), cookie);
});

Deno.test("conformance: the versions refusal", () => {
  for (const { init, refusal } of VECTORS.version_refusal) {
    const { sender } = decodeAs(init, "other init");
    assertEquals(toHex(packets.encodeVersionRefusal(sender)), refusal);
    const { receiver, versions } = decodeAs(refusal, "versions");
    assertEquals([receiver, ...versions], [sender, 1]);
  }
});

function checkPayload(hex: string, message: 2 | 3, name: string): void {
  const payload = readPayload(fromHex(hex), message, personOf(name).static.public);
  assertEquals(toHex(payload.identity), personVector(name).identity);
  assertEquals(toHex(encodePayload(payload)), hex);
}

function checkHandshake(vector: SessionVector): void {
  const psk = vector.psk === null ? undefined : fromHex(vector.psk);
  const [ann, bob] = [personOf(vector.initiator), personOf(vector.responder)];
  const caller = new Caller(ann, {
    psk,
    index: vector.initiator_index,
    ephemeral: dhPair(fromHex(vector.initiator_ephemeral_private)),
  });
  assertEquals(toHex(prologueOf(vector.mode, 0, caller.init.sender)), vector.prologue);
  assertEquals(toHex(packets.encodeInit(caller.init)), vector.init);
  const init = decodeAs(vector.init, "init");
  assertEquals(init, caller.init);
  const answerer = new Answerer(bob, init, {
    psk,
    index: vector.responder_index,
    ephemeral: dhPair(fromHex(vector.responder_ephemeral_private)),
  });
  assertEquals(toHex(packets.encodeAnswer(answerer.answer)), vector.answer);
  const answer = decodeAs(vector.answer, "answer");
  const forged = { ...answer, noise: answer.noise.with(100, 1) };
  assertThrows(() => caller.finish(forged), Malformed);
  const one = caller.finish(answer);
  assertThrows(() => answerer.finish(one.third.with(100, 1)), Malformed);
  const other = answerer.finish(one.third);
  assertEquals([one.theirs, other.theirs], [vector.responder_index, vector.initiator_index]);
  assertEquals([toHex(one.hash), toHex(other.hash)], Array(2).fill(vector.handshake_hash));
  for (const { keys } of [one, other]) {
    const mine = dhPair(fromHex(vector.rekey.initiator_ephemeral_private));
    const theirs = dhPair(fromHex(vector.rekey.responder_ephemeral_private));
    const shared = dh(mine, theirs.public);
    assertEquals(toHex(shared), vector.rekey.shared);
    assertEquals(dh(theirs, mine.public), shared);
    assertEquals([keys, nextKeys(keys, shared)].map(keysAsHex), vector.keys);
  }
  checkPayload(vector.payload_2, 2, vector.responder);
  checkPayload(vector.payload_3, 3, vector.initiator);
}

function checkPackets(vector: SessionVector): void {
  const largest = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  for (const each of vector.packets) {
    const keys = vector.keys[each.generation];
    assert(keys);
    const initiator = each.from === vector.initiator;
    const key = fromHex(initiator ? keys.initiator_key : keys.responder_key);
    const receiver = initiator ? vector.responder_index : vector.initiator_index;
    const packet = decodeAs(each.packet, each.type);
    const number = expandNumber(largest.get(each.from) ?? -1, packet.value, packet.bits);
    largest.set(each.from, number);
    assertEquals(number, each.number);
    assertEquals(packet.receiver, receiver);
    assertEquals(packet.phase, each.generation % 2);
    assertEquals(toHex(packet.header), each.header);
    assertEquals(toHex(nonceOf(number)), each.nonce);
    const clear = open(key, number, packet.header, packet.sealed);
    assertEquals(toHex(clear), each.frames);
    const frames = decodeFrames(clear);
    assertEquals(toHex(encodeFrames(frames)), each.frames);
    const bits = numberBits(number, acknowledged.get(each.from) ?? null);
    const header = packet.type === "final"
      ? packets.finalHeader(receiver, packet.noise, number)
      : packets.dataHeader(receiver, number, bits, each.generation % 2);
    assertEquals(toHex(join(header, seal(key, number, header, encodeFrames(frames)))), each.packet);
    const other = initiator ? vector.responder : vector.initiator;
    for (const frame of frames) {
      if (frame.type === "ack") acknowledged.set(other, frame.ranges[0]?.last ?? -1);
    }
  }
}

function checkRekey(vector: SessionVector): void {
  const frames = vector.packets.flatMap((each) => decodeFrames(fromHex(each.frames)));
  const mine = dhPair(fromHex(vector.rekey.initiator_ephemeral_private));
  const theirs = dhPair(fromHex(vector.rekey.responder_ephemeral_private));
  const expected = [
    { type: "rekey", generation: 1, key: mine.public },
    { type: "rekey answer", generation: 1, key: theirs.public },
  ];
  assertEquals<unknown>(frames.filter((frame) => frame.type.startsWith("rekey")), expected);
}

for (const [name, vector] of Object.entries(VECTORS.sessions)) {
  Deno.test(`conformance: the handshake ${name}, both sides`, () => checkHandshake(vector));
  Deno.test(`conformance: the packets of ${name}`, () => checkPackets(vector));
  Deno.test(`conformance: the change of keys of ${name}`, () => checkRekey(vector));
}

Deno.test("conformance: what is no packet is refused", () => {
  const { init, answer, packets: [final] } = VECTORS.sessions.xx;
  const cookie = VECTORS.cookie_refusal.refusal;
  const bad = ["", "68656c6c6f", init.slice(2), `${init}00`, `${init.slice(0, -2)}01`];
  bad.push("f8020000", `${answer}00`, answer.slice(2), cookie.slice(0, -2), `${cookie}00`);
  bad.push("fb030a0b0c0d01", "fb020a0b0c0d00", "fb020a0b0c0d0201", "fb020a0b0c0d010101");
  bad.push((final?.packet ?? "").slice(0, 2 * 192), `fc01020304${"00".repeat(18)}`);
  bad.push(`fe01020304${"00".repeat(20)}`);
  for (const each of bad) {
    assertThrows(() => packets.decodePacket(fromHex(each)), Malformed, undefined, each);
  }
});

Deno.test("conformance: low-order keys are refused", () => {
  const mine = personOf("ann").static;
  const one = "01".padEnd(64, "0");
  const eight = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
  for (const each of ["".padEnd(64, "0"), one, eight]) {
    assertThrows(() => dh(mine, fromHex(each)), Malformed);
    assert(!isCertified(fromHex(each), mine.public, new Uint8Array(64)));
  }
});
