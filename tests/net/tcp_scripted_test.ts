/**
 * The endpoint over TCP, with listener and connections that do as they are told.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { CLOSED } from "../../lib/net/endpoint.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { TcpEndpoint } from "../../lib/net/tcp.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";
import { bytesOf, Ear, soon } from "./ear.ts";
import { FakeConnection, FakeListener } from "./fake_tcp.ts";

const PEER = { host: "127.0.0.1", port: 9 };

/** An endpoint that has made one connection, to port 9. */
function connected(): { peer: FakeConnection; endpoint: TcpEndpoint } {
  const peer = new FakeConnection(PEER.port);
  return { peer, endpoint: new TcpEndpoint(peer.connection, new VirtualClock()) };
}

Deno.test("TcpEndpoint writes every address in canonical form", async () => {
  const peer = new FakeConnection(9, "::ffff:192.0.2.7");
  const endpoint = new TcpEndpoint(peer.connection, new VirtualClock()), ear = new Ear(endpoint);
  await ear.until((each) => each.count("open") === 1);
  const from = { host: "192.0.2.7", port: 9 };
  assertEquals(ear.heard, [{ kind: "open", from }]);
  assertEquals(await endpoint.send(bytesOf("x"), from), undefined);
  await quiet();
  assertEquals(peer.written, "x");
  endpoint.close();
  await soon(ear.ended);
});

Deno.test("TcpEndpoint writes everything in order, however little a write takes", async () => {
  const random = seededRandom(1);
  for (const takes of [1, 2, 3, 7, 1_000]) {
    const { peer, endpoint } = connected(), ear = new Ear(endpoint);
    peer.takes = takes;
    let wanted = "";
    for (let index = 0; index < 100; index++) {
      const text = `${index},`.repeat(1 + Math.floor(random() * 4));
      wanted += text;
      assertEquals(await endpoint.send(bytesOf(text), PEER), undefined);
      if (random() < 0.2) await quiet();
    }
    await quiet();
    assertEquals(peer.written, wanted);
    assertEquals(endpoint.counters.sent, 100);
    endpoint.close();
    await soon(ear.ended);
  }
});

Deno.test("TcpEndpoint goes on after a send of no bytes", async () => {
  const { peer, endpoint } = connected(), ear = new Ear(endpoint);
  assertEquals(await endpoint.send(new Uint8Array(0), PEER), undefined);
  assertEquals(await endpoint.send(bytesOf("some bytes"), PEER), undefined);
  await quiet();
  endpoint.close();
  await soon(ear.ended);
  assertEquals(peer.written, "some bytes");
});

Deno.test("TcpEndpoint copies what is sent: the buffer stays the caller's", async () => {
  const { peer, endpoint } = connected();
  peer.hold();
  const buffer = bytesOf("mine");
  await endpoint.send(bytesOf("first"), PEER);
  await endpoint.send(buffer, PEER);
  buffer.fill(0);
  peer.release();
  await quiet();
  assertEquals(peer.written, "firstmine");
  endpoint.close();
});

Deno.test("TcpEndpoint lets a megabyte wait for a stalled reader, and not a byte more", async () => {
  const { peer, endpoint } = connected(), ear = new Ear(endpoint);
  await quiet(); // It reads now, and so hears of the end.
  peer.hold();
  for (let index = 0; index < 16; index++) {
    assertEquals(await endpoint.send(new Uint8Array(65_536), PEER), undefined);
  }
  assert(!peer.closed);
  assertEquals((await endpoint.send(new Uint8Array(1), PEER))?.code, "ENOBUFS");
  assert(peer.closed);
  assertEquals((await endpoint.send(bytesOf("x"), PEER))?.code, "ENOTCONN");
  assertEquals(endpoint.counters.sent, 16);
  assertEquals(endpoint.counters.sendFailures, 2);
  await ear.until((each) => each.count("close") === 1);
  endpoint.close();
  await soon(ear.ended);
});

Deno.test("TcpEndpoint counts as waiting only what is not yet written", async () => {
  const { peer, endpoint } = connected();
  for (let index = 0; index < 64; index++) {
    assertEquals(await endpoint.send(new Uint8Array(1_048_576), PEER), undefined);
    await quiet();
  }
  assertEquals(peer.written.length, 64 * 1_048_576);
  assert(!peer.closed);
  endpoint.close();
});

Deno.test("TcpEndpoint does not read from a peer that does not read", async () => {
  const { peer, endpoint } = connected(), ear = new Ear(endpoint);
  peer.hold();
  await endpoint.send(new Uint8Array(65_536), PEER);
  await endpoint.send(bytesOf("one byte too many"), PEER);
  for (const text of ["one", "two", "three"]) {
    peer.say(text);
    await quiet();
  }
  const before = ear.texts;
  assertLessOrEqual(before.length, 1, "a read that was pending may end");
  peer.release();
  await ear.data(3);
  assertEquals(ear.texts, ["one", "two", "three"]);
  endpoint.close();
  await soon(ear.ended);
});

Deno.test("TcpEndpoint tells that a peer it does not read from is closed", async () => {
  const { peer, endpoint } = connected(), ear = new Ear(endpoint);
  await quiet();
  peer.hold();
  await endpoint.send(new Uint8Array(65_537), PEER);
  peer.say("one");
  await quiet();
  assertEquals(ear.texts, ["one"]);
  assertEquals((await endpoint.send(new Uint8Array(1_048_576), PEER))?.code, "ENOBUFS");
  await quiet();
  const told = ear.count("close");
  peer.release();
  endpoint.close();
  await soon(ear.ended);
  assertEquals(told, 1);
});

Deno.test("TcpEndpoint lets one arrival wait for each connection", async () => {
  const listener = new FakeListener(), clock = new VirtualClock();
  const peers = [1, 2, 3].map((port) => new FakeConnection(port));
  listener.bring(...peers);
  for (const peer of peers) for (let line = 0; line < 50; line++) peer.say(`${line}`);
  const endpoint = new TcpEndpoint(listener.listener, clock);
  const taken = new Map<number, string[]>();
  for await (const arrival of endpoint.incoming()) {
    const { port } = arrival.from;
    if (arrival.kind === "open") {
      taken.set(port, []);
      continue;
    }
    assert(arrival.kind === "data");
    await quiet(); // A slow consumer: everything that could pile up does.
    taken.get(port)?.push(new TextDecoder().decode(arrival.bytes));
    for (const peer of peers) {
      const count = taken.get(peer.remoteAddr.port)?.length ?? 0;
      assertLessOrEqual(peer.reads, count + 1, `port ${port}`);
    }
    const counts = [...taken.values()].map((each) => each.length);
    assertLessOrEqual(Math.max(...counts) - Math.min(...counts), 1, "each in its turn");
    if (counts.reduce((sum, each) => sum + each, 0) === 150) endpoint.close();
  }
  const lines = Array.from({ length: 50 }, (_, line) => `${line}`);
  assertEquals([...taken], [[1, lines], [2, lines], [3, lines]]);
});

Deno.test("TcpEndpoint takes any error of a read or a write for the end of that connection", async () => {
  for (const error of [new Deno.errors.ConnectionReset("reset"), new TypeError("odd")]) {
    const listener = new FakeListener();
    const broken = new FakeConnection(1),
      mute = new FakeConnection(2),
      fine = new FakeConnection(3);
    listener.bring(broken, mute, fine);
    mute.write = () => Promise.reject(error);
    const endpoint = new TcpEndpoint(listener.listener, new VirtualClock());
    const ear = new Ear(endpoint);
    await ear.until((each) => each.count("open") === 3);
    broken.say(error);
    await ear.until((each) => each.count("close") === 1);
    assertEquals(await endpoint.send(bytesOf("x"), { ...PEER, port: 2 }), undefined);
    await ear.until((each) => each.count("close") === 2);
    assertEquals(ear.heard.slice(-2).map((each) => each.from.port), [1, 2]);
    for (const port of [1, 2]) {
      assertEquals((await endpoint.send(bytesOf("x"), { ...PEER, port }))?.code, "ENOTCONN");
    }
    fine.say("still here");
    await ear.data(1);
    assert(broken.closed && mute.closed && !fine.closed);
    endpoint.close();
    await soon(ear.ended);
    assert(fine.closed && listener.closed);
  }
});

Deno.test("TcpEndpoint goes on accepting after failures, at most 20 times a second", async () => {
  const clock = new VirtualClock(), listener = new FakeListener(() => clock.now());
  const peer = new FakeConnection(9);
  listener.bring(...Array.from({ length: 30 }, () => new Error("too many open files")), peer);
  const endpoint = new TcpEndpoint(listener.listener, clock), ear = new Ear(endpoint);
  await clock.advance(1_400);
  assertEquals(ear.count("open"), 0);
  await clock.advance(100);
  assertEquals(ear.count("open"), 1);
  assertEquals(endpoint.counters.receiveFailures, 30);
  const waits = listener.asked.slice(1, 31).map((at, index) => at - (listener.asked[index] ?? 0));
  assertEquals(waits, new Array<number>(30).fill(50));
  endpoint.close();
  await soon(ear.ended);
  assertEquals(clock.pending, 0);
});

Deno.test("TcpEndpoint holds 1,024 connections, and takes the next when one ends", async () => {
  const clock = new VirtualClock(), listener = new FakeListener();
  const peers = Array.from({ length: 1_030 }, (_, index) => new FakeConnection(index + 1));
  listener.bring(...peers);
  const endpoint = new TcpEndpoint(listener.listener, clock), ear = new Ear(endpoint);
  await ear.until((each) => each.count("open") === 1_024);
  await quiet();
  assertEquals(listener.asked.length, 1_024);
  peers[500]?.say(null);
  await ear.until((each) => each.count("open") === 1_025);
  assertEquals(ear.heard.at(-1)?.from.port, 1_025);
  assertEquals(listener.asked.length, 1_025);
  endpoint.close();
  await soon(ear.ended);
  assertEquals(peers.slice(0, 1_025).filter((each) => !each.closed).length, 0);
});

Deno.test("TcpEndpoint closes at once a connection that comes while it closes", async () => {
  const listener = new FakeListener(), late = new FakeConnection(9);
  const endpoint = new TcpEndpoint(listener.listener, new VirtualClock()), ear = new Ear(endpoint);
  await quiet();
  listener.bring(late);
  listener.close = () => {};
  endpoint.close();
  await soon(ear.ended);
  await quiet();
  assert(late.closed);
  assertEquals(ear.heard, []);
});

Deno.test("TcpEndpoint.end() waits for what is queued", async () => {
  for (const what of ["sending", "connection"] as const) {
    const { peer, endpoint } = connected(), ear = new Ear(endpoint);
    await quiet();
    peer.hold();
    await endpoint.send(bytesOf("one"), PEER);
    await endpoint.send(bytesOf("two"), PEER);
    endpoint.end(PEER, what);
    await quiet();
    assert(!peer.ended && !peer.closed);
    peer.release();
    await quiet();
    assertEquals(peer.written, "onetwo");
    assertEquals([peer.ended, peer.closed], [what === "sending", what === "connection"]);
    if (what === "sending") peer.say(null);
    await ear.until((each) => each.count("close") === 1);
    await quiet();
    assert(peer.closed);
    endpoint.close();
    await soon(ear.ended);
  }
});

Deno.test("TcpEndpoint writes what is queued for a peer that has ended its own half", async () => {
  const { peer, endpoint } = connected();
  const told = Promise.withResolvers<void>();
  const echo = (async () => {
    for await (const arrival of endpoint.incoming()) { // As `printf … | nc -N` meets it.
      if (arrival.kind === "data") await endpoint.send(arrival.bytes, arrival.from);
      if (arrival.kind === "close") told.resolve();
    }
  })();
  peer.hold();
  for (const text of ["one ", "two ", "three"]) peer.say(text);
  peer.say(null);
  await quiet();
  peer.release();
  await soon(told.promise);
  await quiet();
  assert(peer.closed);
  endpoint.close();
  await soon(echo);
  assertEquals(peer.written, "one two three");
});

Deno.test("TcpEndpoint drops at close() what is queued, and ends a pending incoming()", async () => {
  const { peer, endpoint } = connected(), ear = new Ear(endpoint);
  await ear.until((each) => each.count("open") === 1);
  peer.hold();
  for (const text of ["one", "two", "three"]) await endpoint.send(bytesOf(text), PEER);
  endpoint.close();
  endpoint.close();
  await soon(ear.ended);
  assert(peer.closed);
  peer.release();
  await quiet();
  assertLess(peer.written.length, 4, "the one write that was under way may end");
  assertEquals(await endpoint.send(bytesOf("x"), PEER), CLOSED);
  assertEquals(ear.count("close"), 0);
});
