import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import { flips, lengthened, randomBytes, truncations, utf8 } from "../crypto/bytes.ts";
import { EvilPeer } from "../support/evil_peer.ts";
import { ANN, BOB, type Flying, joined, SessionPair } from "../support/session_pair.ts";

const SPY = { host: "203.0.113.66", port: 666 };

/** All that can be seen of a session from outside. */
function observable(peer: EvilPeer): unknown {
  const { session } = peer;
  const { bytes, confirmed, closed, address, held, heardAt, silent, link } = session;
  return {
    ...bytes,
    confirmed,
    closed,
    address,
    held,
    heardAt,
    silent,
    link,
    next: session.nextTimeout(),
  };
}

/** A session that has heard something and is at rest. */
function settled(): EvilPeer {
  const peer = new EvilPeer();
  peer.say({ type: "stream", id: 0, offset: 0, data: utf8("hello"), fin: false });
  peer.listen();
  peer.acknowledge();
  peer.wait(1_000);
  peer.events.length = 0;
  return peer;
}

/** Lets a datagram arrive that must change nothing. */
function refused(peer: EvilPeer, bytes: Uint8Array, from = SPY): void {
  const before = observable(peer);
  assert(peer.arrive(bytes, from) !== true);
  assertEquals(peer.session.poll(peer.now), undefined, "there is an answer");
  assertEquals(peer.events, []);
  assertEquals(observable(peer), before);
}

Deno.test("receive() refuses every truncation, flipped bit and added byte, and nothing changes", () => {
  const peer = settled();
  const line = { type: "stream", id: 0, offset: 5, data: utf8(" world"), fin: false } as const;
  for (const bytes of [peer.packet([line]), peer.packet([{ type: "ping" }])]) {
    for (const cut of truncations(bytes)) refused(peer, cut);
    for (const flipped of flips(bytes)) {
      // The receiver's index is looked up, and authenticated, before a session sees the packet.
      refused(peer, flipped);
    }
    refused(peer, lengthened(bytes));
    assertEquals(peer.arrive(bytes), true, "the packet itself is still good");
    peer.wait(peer.now + 100);
    peer.events.length = 0;
  }
});

Deno.test("receive() refuses every one-byte change of a packet", () => {
  const peer = settled(), bytes = peer.packet([{ type: "ping" }]);
  for (let at = 0; at < bytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      if (value === bytes[at]) continue;
      const changed = bytes.slice();
      changed[at] = value;
      assert(peer.arrive(changed, SPY) !== true, `byte ${at} = ${value}`);
    }
  }
  assertEquals(peer.session.poll(peer.now), undefined);
  assertEquals(peer.session.address, BOB);
  assertEquals(peer.arrive(bytes), true);
});

Deno.test("receive() refuses 100,000 forged packets without an answer, and the window stays", () => {
  const peer = settled(), random = seededRandom(9);
  const early = peer.packet([{ type: "ping" }]);
  const before = observable(peer);
  for (let round = 0; round < 100_000; round++) {
    const bytes = randomBytes(random, 24 + (round % 20));
    bytes[0] = 0xfc + (round % 4);
    bytes.set([0, 0, 0, 1], 1);
    assert(peer.arrive(bytes, SPY) !== true, `round ${round}`);
  }
  assertEquals(peer.session.poll(peer.now), undefined);
  assertEquals(observable(peer), before);
  assertEquals(peer.arrive(early), true, "a number below the forged ones is still good");
});

Deno.test("receive() refuses its own packets, sent back to it", () => {
  const peer = settled();
  peer.session.write(0, utf8("hello"));
  peer.session.ping();
  for (const { bytes } of peer.listen()) {
    const returned = bytes.slice();
    returned.set([0, 0, 0, 1], 1);
    for (const each of [bytes, returned]) assert(peer.arrive(each) !== true);
  }
  assertEquals(peer.events, []);
});

Deno.test("replayed packets deliver nothing, neither at once nor an hour later", () => {
  const recorded: Flying[] = [], random = seededRandom(2);
  const pair = new SessionPair({
    spec: { delay: 30, dup: 10, reorder: 10 },
    // What was lost on the way would be news, and is no replay.
    filter: (flying) => random() > 0.1 && recorded.push(flying) > 0,
  });
  const sent = { ann: "", bob: "" };
  for (let line = 0; line < 100; line++) {
    for (const name of ["ann", "bob"] as const) {
      sent[name] += `${line} of ${name}\n`;
      pair[name].session.write(0, utf8(`${line} of ${name}\n`));
      if (line % 30 === 0) pair[name].session.rekey();
    }
    pair.flush();
    pair.run(pair.now + 200);
  }
  for (const later of [5_000, 3_600_000]) {
    pair.run(pair.now + later);
    const packets = [...recorded],
      before = [pair.ann.session.bytes, pair.bob.session.bytes]
        .map((bytes) => ({ ...bytes }));
    for (const { bytes } of packets) {
      const packet = decodePacket(bytes);
      assert(packet?.type === "data");
      for (const { session } of [pair.ann, pair.bob]) {
        assertEquals(session.receive(packet, bytes.length, { ...SPY }, pair.now), false);
        assertEquals(session.poll(pair.now), undefined);
        assertEquals(session.events(), []);
      }
    }
    assertEquals([pair.ann.session.bytes, pair.bob.session.bytes], before);
  }
  assertEquals(joined(pair.bob, 0), utf8(sent.ann));
  assertEquals(joined(pair.ann, 0), utf8(sent.bob));
  assertEquals([pair.ann.session.address, pair.bob.session.address], [BOB, ANN]);
});

Deno.test("a session for another person opens nothing", () => {
  const [peer, other] = [new EvilPeer(false, 1), new EvilPeer(false, 2)];
  peer.listen();
  refused(peer, other.packet([{ type: "ping" }]));
});

Deno.test("an address that has not proved itself gets three times what came from it at most", () => {
  const peer = settled(), counts = { toSpy: 0, fromSpy: 0 };
  const count = (sent: readonly Transmit[]): void => {
    for (const { to, bytes } of sent) if (to.host === SPY.host) counts.toSpy += bytes.length;
    assert(counts.toSpy <= 3 * counts.fromSpy, JSON.stringify(counts));
  };
  // It does not answer challenges, but sets as many as fit, and there is much to send to it.
  for (let part = 0; part < 20; part++) peer.session.write(0, new Uint8Array(10_000));
  for (let round = 0; round < 50; round++) {
    const frames = Array.from({ length: round % 12 }, () => (
      { type: "pathChallenge", data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) } as const
    ));
    const bytes = peer.packet([{ type: "ping" }, ...frames]);
    counts.fromSpy += bytes.length;
    peer.arrive(bytes, { ...SPY });
    count(peer.wait(peer.now + 50));
  }
  count(peer.wait(peer.now + 100_000));
  assert(counts.toSpy > 0);
  assertEquals(peer.session.address, BOB);
  assertLess(counts.toSpy, 3 * counts.fromSpy + 1);
});
