import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { CLOSE, type SessionEvent } from "../../lib/session/event.ts";
import { HEARTBEAT_MS, REKEY_MS, SILENCE_MS } from "../../lib/session/session.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";
import { ANN, BOB, type End, IP_UDP_BYTES, joined, SessionPair } from "../support/session_pair.ts";

const RTT_100 = { delay: 50 };

/** Bytes that came on a stream. */
function count(end: End, stream: number): number {
  return (end.streams.get(stream) ?? []).reduce((sum, each) => sum + each.length, 0);
}

/** The kinds of what happened. */
function kinds(end: End): SessionEvent["type"][] {
  return end.events.map(({ type }) => type);
}

/** Nothing is left to send again, and nothing but heartbeats will happen. */
function assertQuiet(pair: SessionPair): void {
  pair.run(pair.now + 5_000);
  assertEquals([pair.ann.session.held, pair.bob.session.held], [0, 0]);
  for (const { session } of [pair.ann, pair.bob]) {
    assert((session.nextTimeout() ?? Infinity) > pair.now, "a timer that is due was not served");
    assertEquals(session.poll(pair.now), undefined);
    assertEquals(session.events(), []);
  }
}

Deno.test("Session has the times of the design", () => {
  assertEquals([HEARTBEAT_MS, SILENCE_MS, REKEY_MS], [15_000, 45_000, 600_000]);
});

Deno.test("Session delivers both ways, in order, after half a round trip", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  pair.ann.session.write(0, utf8("hello "));
  pair.ann.session.write(0, utf8("bob"));
  pair.bob.session.write(0, utf8("hello ann"));
  pair.flush();
  pair.run(50);
  assertEquals(joined(pair.bob, 0), utf8("hello bob"));
  assertEquals(joined(pair.ann, 0), utf8("hello ann"));
  assertQuiet(pair);
  assertEquals(kinds(pair.ann), ["confirmed"]);
  assertEquals(kinds(pair.bob), []);
});

Deno.test("Session keeps its streams apart", () => {
  const pair = new SessionPair({ spec: { delay: 20, loss: 20 } });
  const random = seededRandom(3), ids = [0, 1, 2, 5, 100, 4_001];
  const sent = new Map(ids.map((id) => [id, randomBytes(random, 5_000 + id)]));
  for (const [id, bytes] of sent) pair.ann.session.write(id, bytes, true);
  pair.flush();
  pair.run(60_000);
  for (const [id, bytes] of sent) assertEquals(joined(pair.bob, id), bytes, `stream ${id}`);
  assertQuiet(pair);
});

Deno.test("Session refuses to write to a stream that has ended, also when all arrived", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  pair.ann.session.write(0, utf8("bye"), true);
  assertThrows(() => pair.ann.session.write(0, utf8("more")), TypeError, "ended");
  pair.flush();
  pair.run(1_000);
  assertThrows(() => pair.ann.session.write(0, utf8("more")), TypeError, "ended");
});

Deno.test("Session tells the end of an empty stream", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  pair.ann.session.write(2, new Uint8Array(0), true);
  pair.flush();
  pair.run(1_000);
  assertEquals(pair.bob.streams.get(2), [new Uint8Array(0)]);
  assertQuiet(pair);
});

Deno.test("Session sends chat before bulk: a line overtakes megabytes", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  for (let part = 0; part < 64; part++) pair.ann.session.write(1, new Uint8Array(65_536));
  pair.flush();
  pair.run(2_000);
  const before = count(pair.bob, 1);
  assert(before > 0 && pair.ann.session.held > 1_000_000, "bulk is under way");
  pair.ann.session.write(0, utf8("hello"));
  pair.flush();
  const from = pair.now;
  assert(pair.runUntil(() => count(pair.bob, 0) === 5, from + 10_000));
  assertLess(pair.now - from, 60);
  assert(pair.runUntil(() => count(pair.bob, 1) === 64 * 65_536, from + 600_000));
  assertQuiet(pair);
});

Deno.test("Session lets a bulk transfer fill a clean path", () => {
  const pair = new SessionPair({ spec: { delay: 10 } });
  const bytes = randomBytes(seededRandom(1), 2_000_000);
  pair.ann.session.write(1, bytes, true);
  pair.flush();
  assert(pair.runUntil(() => count(pair.bob, 1) === bytes.length, 60_000));
  assertEquals(joined(pair.bob, 1), bytes);
  assertLess(pair.now, 2_000);
  assertLess(pair.wire, bytes.length * 1.1);
  assertQuiet(pair);
});

Deno.test("Session carries a chat line within 195 bytes of wire, both ways together", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  pair.run(10_000);
  const before = pair.wire;
  for (let line = 0; line < 100; line++) {
    pair.ann.session.write(0, new Uint8Array(80));
    pair.flush();
    pair.run(pair.now + 1_000);
  }
  assertLess((pair.wire - before) / 100, 195);
});

Deno.test("Session sends datagrams once, unreliably, and refuses what does not fit", () => {
  const pair = new SessionPair({ spec: { delay: 20, loss: 30 } });
  pair.run(5_000);
  for (let number = 0; number < 200; number++) {
    pair.ann.session.datagram(Uint8Array.of(number));
    pair.flush();
    pair.run(pair.now + 100);
  }
  const got = pair.bob.events.flatMap((event) => event.type === "datagram" ? [event.bytes] : []);
  const numbers = got.map((bytes) => bytes[0] ?? 0);
  assertEquals(new Set(numbers).size, numbers.length, "none comes twice");
  assert(numbers.length > 110 && numbers.length < 170, `${numbers.length} of 200 at 30 % loss`);
  assertThrows(() => pair.ann.session.datagram(new Uint8Array(1_200)), RangeError, "at most");
  assertQuiet(pair);
});

Deno.test("Session drops the oldest of too many datagrams", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  for (let number = 0; number < 100; number++) pair.ann.session.datagram(Uint8Array.of(number));
  pair.flush();
  pair.run(1_000);
  const got = pair.bob.events.flatMap((event) => event.type === "datagram" ? [event.bytes[0]] : []);
  assertEquals(got, Array.from({ length: 64 }, (_, at) => at + 36));
});

Deno.test("Session tells the other side that it is closed", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  pair.run(1_000);
  pair.ann.session.close(CLOSE.busy, "talking to someone else");
  pair.flush();
  pair.run(2_000);
  const closed = { type: "closed", code: CLOSE.busy, reason: "talking to someone else" } as const;
  assertEquals(pair.ann.events.at(-1), { ...closed, by: "us" });
  assertEquals(pair.bob.events.at(-1), { ...closed, by: "them" });
  assert(pair.ann.session.closed && pair.bob.session.closed);
  assertEquals(pair.next(), undefined);
  assertThrows(() => pair.ann.session.write(0, utf8("x")), TypeError, "closed");
});

Deno.test("Session says a word every 15 seconds, and wakes a few times a minute", () => {
  let wakes = 0;
  const pair = new SessionPair({ spec: RTT_100 });
  pair.run(60_000);
  const packets = pair.packets, wire = pair.wire, times: number[] = [];
  while (pair.now < 660_000) {
    const next = pair.next() ?? Infinity;
    wakes++;
    const before = pair.packets;
    pair.run(next);
    if (pair.packets > before) times.push(next);
  }
  assertLess((pair.packets - packets) / 10, 17); // Per minute: four rounds of two PINGs, two ACKs.
  assertLess((pair.wire - wire) / 10, 17 * (IP_UDP_BYTES + 32));
  assertLess(wakes / 10, 40);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  assertLess(Math.max(...gaps), HEARTBEAT_MS + 100);
  assertEquals(kinds(pair.bob), []);
});

Deno.test("Session is silent after three heartbeats, and back with the first packet", () => {
  let down = false;
  const pair = new SessionPair({ spec: RTT_100, filter: () => !down });
  pair.run(20_000);
  const heard = pair.ann.session.heardAt;
  down = true;
  pair.run(heard + SILENCE_MS - 1);
  assertEquals([pair.ann.session.silent, kinds(pair.ann)], [false, ["confirmed", "stalled"]]);
  pair.run(heard + SILENCE_MS + HEARTBEAT_MS);
  assertEquals(kinds(pair.ann), ["confirmed", "stalled", "silent"]);
  assertEquals(kinds(pair.bob), ["stalled", "silent"]);
  assert(pair.ann.session.silent && pair.bob.session.silent);
  pair.ann.session.write(0, utf8("are you there?"));
  pair.flush();
  pair.run(pair.now + 3_600_000);
  assertEquals(pair.ann.events.length, 3, "each is told once");
  down = false;
  const from = pair.now;
  assert(pair.runUntil(() => count(pair.bob, 0) > 0, from + 60_000));
  assertLess(pair.now - from, HEARTBEAT_MS + 1_000);
  assertQuiet(pair);
  assertEquals(kinds(pair.ann), ["confirmed", "stalled", "silent", "back"]);
  assertEquals(kinds(pair.bob), ["stalled", "silent", "back"]);
});

Deno.test("Session asks rarely during an outage of an hour", () => {
  let down = false;
  const pair = new SessionPair({ spec: RTT_100, filter: () => !down });
  pair.run(1_000);
  down = true;
  pair.ann.session.write(0, utf8("hello"));
  pair.flush();
  const before = pair.packets;
  pair.run(pair.now + 3_600_000);
  assertLess(pair.packets - before, 2 * 2 * (3_600 / 15 + 30));
});

Deno.test("Session is stalled after max(1 s, 4 PTO) without an answer, once", () => {
  for (const delay of [5, 50, 400]) {
    let down = false;
    const pair = new SessionPair({ spec: { delay }, filter: () => !down });
    pair.run(14_000);
    down = true;
    pair.ann.session.write(0, utf8("hello"));
    pair.flush();
    const from = pair.now, { rtt, jitter } = pair.ann.session.link;
    assert(pair.runUntil(() => kinds(pair.ann).includes("stalled"), from + 20_000));
    assertEquals(pair.now - from, Math.max(1_000, 4 * (rtt + Math.max(4 * jitter, 1))));
    pair.run(from + 100_000);
    assertEquals(kinds(pair.ann).filter((kind) => kind === "stalled").length, 1);
  }
});

Deno.test("Session sends what waits as soon as it hears the other side again", () => {
  let down = false;
  const pair = new SessionPair({ spec: RTT_100, filter: () => !down });
  pair.run(20_000);
  down = true;
  pair.ann.session.write(0, utf8("are you there?"));
  pair.flush();
  pair.run(1_000_000);
  down = false;
  const back = (): boolean => kinds(pair.ann).includes("back");
  for (let second = 0; second < 20 && !back(); second++) {
    pair.bob.session.ping();
    pair.flush();
    pair.runUntil(back, pair.now + 100);
    if (count(pair.bob, 0) > 0) break;
  }
  const heard = pair.now;
  assert(pair.runUntil(() => count(pair.bob, 0) > 0, heard + 60_000));
  assertLess(pair.now - heard, 1_000);
});

Deno.test("Session measures the round trip, and a PING updates it", () => {
  const pair = new SessionPair({ spec: RTT_100 });
  for (let ping = 0; ping < 50; ping++) {
    pair.ann.session.ping();
    pair.flush();
    pair.run(pair.now + 1_000);
  }
  const { rtt, jitter, loss } = pair.ann.session.link;
  assert(Math.abs(rtt - 100) < 1 && jitter < 1 && loss === 0, `${rtt} ± ${jitter} ms, ${loss}`);
});

Deno.test("Session follows the other side to another port, and to another address", () => {
  for (const moved of [{ ...BOB, port: 4_444 }, { host: "198.51.100.7", port: 9 }]) {
    const pair = new SessionPair({ spec: RTT_100 });
    pair.run(5_000);
    pair.bob.address = moved;
    pair.bob.session.write(0, utf8("I am elsewhere"));
    pair.flush();
    pair.run(pair.now + 3_000);
    assertEquals(joined(pair.ann, 0), utf8("I am elsewhere"));
    assertEquals(pair.ann.session.address, moved);
    assertEquals(pair.ann.events.at(-1), { type: "moved", address: moved });
    pair.ann.session.write(0, utf8("I see"));
    pair.flush();
    pair.run(pair.now + 50);
    assertEquals(joined(pair.bob, 0), utf8("I see"));
    assertEquals(pair.bob.session.address, ANN);
    assertQuiet(pair);
  }
});

Deno.test("Session stays where it is when a copy of a packet comes from elsewhere", () => {
  const spy = { host: "203.0.113.66", port: 666 };
  let tapped = false, toSpy = 0, fromSpy = 0;
  const pair = new SessionPair({
    spec: RTT_100,
    mangle: (flying) => {
      if (flying.to.host === spy.host) toSpy += flying.bytes.length;
      if (!tapped || flying.from.host !== BOB.host) return [flying];
      fromSpy += flying.bytes.length;
      return [{ ...flying, from: { ...spy } }, flying]; // The spy's copy wins the race.
    },
  });
  pair.run(5_000);
  tapped = true;
  for (let line = 0; line < 20; line++) {
    pair.bob.session.write(0, utf8("line"));
    pair.ann.session.write(0, new Uint8Array(800));
    pair.flush();
    pair.run(pair.now + 500);
  }
  pair.run(pair.now + 5_000);
  assertEquals(pair.ann.session.address, BOB);
  assertEquals(count(pair.bob, 0), 20 * 800);
  assert(toSpy <= 3 * fromSpy, `${toSpy} bytes to an address that sent ${fromSpy}`);
  assertEquals(kinds(pair.ann), ["confirmed"]);
});

Deno.test("Session rekeys after ten minutes of use, and not without", () => {
  const pair = new SessionPair({ spec: { delay: 50, loss: 10 } });
  pair.run(REKEY_MS * 3);
  assertEquals(pair.ann.session.link.generation, 0, "nothing was said");
  pair.ann.session.write(0, utf8("hello"));
  pair.flush();
  pair.run(REKEY_MS * 4 + 60_000);
  assertEquals(pair.ann.session.link.generation, 1);
  assertEquals(pair.bob.session.link.generation, 1);
  pair.run(REKEY_MS * 8);
  assertEquals(pair.bob.session.link.generation, 1);
  assertQuiet(pair);
});
