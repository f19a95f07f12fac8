/**
 * A peer that has the keys and keeps no rules: the session ends with an error of the protocol, or goes
 * on unharmed. It never throws, and never keeps more than it is ready to.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { CLOSE } from "../../lib/session/event.ts";
import {
  MAX_STREAM_ID,
  MAX_STREAMS,
  SESSION_WINDOW,
  STREAM_WINDOW,
} from "../../lib/session/streams.ts";
import type { Frame } from "../../lib/wire/frame.ts";
import { hex, randomBytes, utf8 } from "../crypto/bytes.ts";
import { EvilPeer } from "../support/evil_peer.ts";

function stream(id: number, offset: number, length: number, fin = false): Frame {
  return { type: "stream", id, offset, data: new Uint8Array(length), fin };
}

/** The session says that the protocol was broken, tells the application, and is over. */
function assertClosed(peer: EvilPeer, what: string): void {
  const frames = peer.listen().flatMap((heard) => heard.frames);
  const close = frames.find((frame) => frame.type === "close");
  assert(close?.type === "close" && close.code === CLOSE.protocol, `${what}: not closed`);
  const event = peer.events.at(-1);
  assert(event?.type === "closed" && event.by === "us" && event.code === CLOSE.protocol, what);
  assert(peer.session.closed, what);
  assertEquals(peer.session.nextTimeout(), undefined, what);
  assertEquals(peer.say({ type: "ping" }), false, what);
}

Deno.test("a broken promise closes the session with an error of the protocol", () => {
  const cases: Record<string, readonly Frame[]> = {
    "beyond the stream's limit": [stream(0, STREAM_WINDOW, 1)],
    "far beyond the stream's limit": [stream(0, 2 ** 52, 1)],
    "two different ends": [stream(0, 10, 0, true), stream(0, 11, 0, true)],
    "bytes after the end": [stream(0, 10, 0, true), stream(0, 10, 1)],
    "an end before bytes that came": [stream(0, 10, 10), stream(0, 5, 0, true)],
    "a stream's number out of range": [stream(MAX_STREAM_ID + 1, 0, 1)],
    "an ACK of what was not sent": [{ type: "ack", ranges: [{ first: 99, last: 99 }], delay: 0 }],
    "a reset of a stream out of range": [{
      type: "reset",
      id: MAX_STREAM_ID + 1,
      code: 0,
      size: 0,
    }],
  };
  for (const [what, frames] of Object.entries(cases)) {
    const peer = new EvilPeer();
    for (const frame of frames) peer.say(frame);
    assertClosed(peer, what);
  }
});

Deno.test("a session closes when streams exceed their number or their window together", () => {
  const many = new EvilPeer();
  for (let id = 0; id < MAX_STREAMS; id++) assertEquals(many.say(stream(id, 1, 1)), true);
  assertEquals(many.session.closed, false);
  many.say(stream(MAX_STREAMS, 1, 1));
  assertClosed(many, "too many streams");

  const much = new EvilPeer(), each = 200_000;
  for (let id = 0; id < Math.floor(SESSION_WINDOW / each); id++) much.say(stream(id, each - 1, 1));
  assertEquals(
    much.listen().flatMap(({ frames }) => frames).some(({ type }) => type === "close"),
    false,
  );
  much.say(stream(60, each - 1, 1));
  assertClosed(much, "the session's window");
});

Deno.test("malformed frames close the session", () => {
  for (
    const bytes of ["ff", "0001", "19", "08", "0a00ff", "024005", "0305000100", "1840ff", "1300"]
  ) {
    const peer = new EvilPeer();
    peer.arrive(peer.packet(hex(bytes)));
    assertClosed(peer, bytes);
  }
});

Deno.test("nothing of a packet counts after the frame that ended the session", () => {
  const peer = new EvilPeer(), after = stream(0, 0, 5);
  peer.say({ type: "close", code: CLOSE.done, reason: "" }, after);
  assertEquals(peer.events.map(({ type }) => type), ["closed"]);
  const broken = new EvilPeer();
  broken.say(stream(2, STREAM_WINDOW, 1), after);
  assertEquals(broken.events.some(({ type }) => type === "data"), false);
});

Deno.test("60,000 random packets with the right keys never throw", () => {
  const random = seededRandom(4);
  let peer = new EvilPeer(), closed = 0;
  for (let round = 0; round < 60_000; round++) {
    const plain = randomBytes(random, 1 + Math.floor(random() ** 3 * 60));
    if (random() < 0.9) plain[0] = Math.floor(random() * 0x34);
    const from = { host: `198.51.100.${Math.floor(random() * 4)}`, port: 7 };
    peer.arrive(peer.packet(plain), from);
    if (round % 7 === 0) peer.wait(peer.now + random() * 200);
    if (!peer.session.closed) continue;
    closed++;
    peer = new EvilPeer(random() < 0.5, round);
    peer.session.write(0, utf8("hello"));
    peer.session.write(1, new Uint8Array(5_000));
  }
  assert(closed > 500);
});

Deno.test("60,000 well-formed frames with mad numbers never throw", () => {
  const random = seededRandom(5);
  const number = (): number => Math.floor(random() * 2 ** Math.floor(random() * 54));
  const makers: readonly (() => Frame)[] = [
    () => ({ type: "maxData", limit: number() }),
    () => ({ type: "maxStreamData", id: Math.floor(random() * 3), limit: number() }),
    () => ({ type: "reset", id: number() % 100, code: 0, size: number() }),
    () => stream(number() % 70, number() % 300_000, Math.floor(random() * 50), random() < 0.1),
    () => ({
      type: "ack",
      ranges: [{ first: 0, last: Math.floor(random() * 5) }],
      delay: number() / 8,
    }),
    () => ({ type: "rekey", generation: number() % 4, ephemeral: randomBytes(random, 32) }),
    () => ({ type: "rekey", generation: 1, ephemeral: new Uint8Array(32) }),
    () => ({ type: "rekeyAnswer", generation: number() % 4, ephemeral: randomBytes(random, 32) }),
    () => ({ type: "pathChallenge", data: randomBytes(random, 8) }),
    () => ({ type: "pathResponse", data: randomBytes(random, 8) }),
    () => ({ type: "ping" }),
    () => ({ type: "datagram", data: randomBytes(random, 20) }),
  ];
  let peer = new EvilPeer();
  for (let round = 0; round < 60_000; round++) {
    if (peer.session.closed) {
      peer = new EvilPeer(random() < 0.5, round);
      peer.session.write(0, utf8("hello"));
      peer.session.write(1, new Uint8Array(50_000));
    }
    // No rekey frames for most of the time: X25519 takes its time.
    const most = random() < 0.02 ? makers.length : makers.length - 7;
    const make = makers[Math.floor(random() * most)];
    if (make) peer.say(make());
    if (round % 5 === 0) peer.wait(peer.now + random() * 100);
  }
});

Deno.test("bytes out of order cost memory and time in proportion, however they are cut", () => {
  // Every second byte, the last one first: nothing of it can be delivered.
  const peer = new EvilPeer(), started = new Set<number>();
  const before = Deno.memoryUsage().heapUsed;
  outer: for (let id = 0; id < 4; id++) {
    for (let at = STREAM_WINDOW - 1; at > 150; at -= 300) {
      const frames = Array.from({ length: 150 }, (_, step) => stream(id, at - 2 * step, 1));
      peer.say(...frames.filter((frame) => frame.type === "stream" && frame.offset > 0));
      started.add(id);
      peer.listen();
      if (peer.session.closed) break outer;
    }
  }
  const grown = Deno.memoryUsage().heapUsed - before;
  assertLess(grown, 64 * SESSION_WINDOW, `${grown / 1e6} MB for ${started.size} streams`);
});

Deno.test("100,000 RESETs are not remembered for ever", () => {
  const peer = new EvilPeer();
  for (let id = 0; id < 100_000; id += 200) {
    const frames: Frame[] = Array.from(
      { length: 200 },
      (_, at) => ({ type: "reset", id: id + at, code: 0, size: 0 }),
    );
    peer.say(...frames);
    peer.listen();
    if (peer.session.closed) return;
  }
  // The first ones are forgotten: a stream with such a number is a new one.
  peer.say(stream(0, 0, 5));
  assertEquals(peer.events.at(-1)?.type, "data");
});

Deno.test("a stream that was reset gives its bytes back to the session's window", () => {
  const peer = new EvilPeer(), size = 200_000;
  for (let id = 0; id < 40; id++) {
    peer.say(stream(id, size - 1, 1));
    peer.say({ type: "reset", id, code: 0, size });
    peer.listen();
    assertEquals(peer.session.closed, false, `stream ${id}`);
  }
});

Deno.test("thousands of challenges and rekeys in a packet get a bounded answer", () => {
  const challenges = new EvilPeer();
  challenges.listen();
  const challenge: Frame = { type: "pathChallenge", data: new Uint8Array(8) };
  challenges.say(...Array.from({ length: 2_000 }, () => challenge));
  assert(challenges.listen().length <= 10);
  const rekeys = new EvilPeer();
  rekeys.listen();
  const rekey: Frame = { type: "rekey", generation: 1, ephemeral: new Uint8Array(32).fill(9) };
  rekeys.say(...Array.from({ length: 30 }, () => rekey));
  assert(rekeys.listen().length <= 10);
});

Deno.test("ACKs of a peer that counts delays wrong do not break the round trip", () => {
  const peer = new EvilPeer();
  for (let round = 0; round < 50; round++) {
    peer.session.ping();
    const heard = peer.listen(), last = heard.at(-1)?.number ?? 0;
    peer.now += 100;
    peer.say({ type: "ack", ranges: [{ first: 0, last }], delay: 1e12 });
    peer.wait(peer.now + 500);
    const { rtt, jitter } = peer.session.link;
    assert(rtt >= 50 && rtt <= 400 && jitter >= 0, `${rtt} ± ${jitter}`);
  }
});
