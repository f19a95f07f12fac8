/**
 * The first packets of a session: the initiator repeats message 3 until the other side has answered.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { SessionKeys } from "../../lib/session/keys.ts";
import { Session } from "../../lib/session/session.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { decodePacket, FINAL_NOISE_BYTES } from "../../lib/wire/packet.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";
import { ANN, BOB, testRandom } from "../support/session_pair.ts";

/** An initiator that still has message 3 to bring, and its responder. */
function start(): { ann: Session; bob: Session; final: Uint8Array } {
  const random = testRandom(seededRandom(1)), a = random(32), b = random(32);
  const final = random(FINAL_NOISE_BYTES), both = { random, now: 0 };
  const annKeys = new SessionKeys({ send: a, receive: b }, true);
  const bobKeys = new SessionKeys({ send: b, receive: a }, false);
  return {
    ann: new Session({
      ...both,
      initiator: true,
      local: 1,
      remote: 2,
      keys: annKeys,
      address: BOB,
      final,
    }),
    bob: new Session({
      ...both,
      initiator: false,
      local: 2,
      remote: 1,
      keys: bobKeys,
      address: ANN,
    }),
    final,
  };
}

function drain(session: Session, now: number): Transmit[] {
  const all: Transmit[] = [];
  for (let next = session.poll(now); next; next = session.poll(now)) all.push(next);
  return all;
}

function deliver(to: Session, from: typeof ANN, sent: readonly Transmit[], now: number): void {
  for (const { bytes } of sent) {
    const packet = decodePacket(bytes);
    assert(packet?.type === "data" || packet?.type === "final");
    assert(to.receive(packet, bytes.length, from, now));
  }
}

Deno.test("Session brings message 3 with each packet until it is answered, and then no more", () => {
  const { ann, bob, final } = start();
  ann.write(0, utf8("hello"));
  const first = drain(ann, 0);
  assert(first.length > 0);
  for (const { bytes } of first) {
    const packet = decodePacket(bytes);
    assert(packet?.type === "final");
    assertEquals([packet.receiver, packet.noise], [2, final]);
  }
  assertEquals([ann.confirmed, bob.confirmed], [false, true]);
  deliver(bob, ANN, first, 50);
  assertEquals(bob.events(), [{ type: "data", stream: 0, bytes: utf8("hello"), fin: false }]);
  deliver(ann, BOB, drain(bob, 50), 100);
  assertEquals([ann.confirmed, ann.events()[0]?.type], [true, "confirmed"]);
  ann.write(0, utf8("again"));
  for (const { bytes } of drain(ann, 100)) assertEquals(decodePacket(bytes)?.type, "data");
});

Deno.test("Session repeats message 3 when nobody answers, at once and then more rarely", () => {
  const { ann, bob } = start();
  let packets = drain(ann, 0), count = packets.length, now = 0;
  for (
    let next = ann.nextTimeout();
    next !== undefined && next < 10_000;
    next = ann.nextTimeout()
  ) {
    now = next;
    ann.tick(now);
    const sent = drain(ann, now);
    count += sent.length;
    if (sent.length > 0) packets = sent;
    for (const { bytes } of sent) assertEquals(decodePacket(bytes)?.type, "final");
  }
  assert(count > 6, `${count} packets in 10 s`);
  assertLess(count, 40);
  deliver(bob, ANN, packets.slice(-1), now);
  deliver(ann, BOB, drain(bob, now), now);
  assert(ann.confirmed);
});

Deno.test("Session keeps every packet within 1,200 bytes, also with message 3 and large writes", () => {
  const { ann, bob } = start();
  const bytes = randomBytes(seededRandom(2), 100_000);
  ann.write(0, bytes);
  ann.write(1, bytes);
  for (let number = 0; number < 20; number++) ann.datagram(new Uint8Array(900));
  const sent = drain(ann, 0);
  assert(sent.length > 100 && sent.every((each) => each.bytes.length <= 1_200));
  deliver(bob, ANN, sent, 50);
  let got = 0;
  for (const event of bob.events()) {
    if (event.type === "data" && event.stream === 0) got += event.bytes.length;
  }
  assertEquals(got, bytes.length);
});
