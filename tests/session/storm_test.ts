/**
 * A thousand bad networks. Whatever happens on the way: all that was sent arrives once, in order and
 * unaltered, in bounded time, at a bounded price, and the session lives.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { randomBytes } from "../crypto/bytes.ts";
import { ANN, BOB, joined, SessionPair } from "../support/session_pair.ts";
import { Weather } from "../support/weather.ts";

const SEEDS = 1_000;
/** How long messages are written, in ms of virtual time. */
const STORM_MS = 30_000;
/** After the network is good again all goes on within so long: a heartbeat and a bit. */
const CALM_MS = 20_000;
/** Streams in use: chat and bulk. */
const STREAMS = [0, 2, 1, 3];
const NAMES = ["ann", "bob"] as const;
const OTHER = { ann: "bob", bob: "ann" } as const;

/** What one side has written, by stream. */
type Written = Map<number, number[]>;

/** One message, of chat or of bulk, small or large. */
function write(pair: SessionPair, name: "ann" | "bob", written: Written, random: Random): void {
  const stream = STREAMS[Math.floor(random() * STREAMS.length)] ?? 0;
  const most = stream % 2 === 0 ? 300 : 20_000;
  const bytes = randomBytes(random, Math.floor(random() ** 3 * most));
  const all = written.get(stream) ?? [];
  for (const byte of bytes) all.push(byte);
  written.set(stream, all);
  pair[name].session.write(stream, bytes);
  pair.flush();
}

/** Runs one storm to its end and checks everything. */
function storm(seed: number): Weather {
  const random = seededRandom(seed ^ 0x5bd1e995);
  const weather = new Weather(random);
  const pair = new SessionPair({
    seed,
    spec: weather.spec,
    back: weather.back,
    filter: (flying, now) => weather.passes(flying, now),
    mangle: (flying) => weather.mangle(flying),
  });
  const written = { ann: new Map() as Written, bob: new Map() as Written };
  const gap = 50 + random() * 3_000, end = STORM_MS + weather.outage;
  while (pair.now < end) {
    const name = NAMES[Math.floor(random() * 2)] ?? "ann";
    write(pair, name, written[name], random);
    if (random() < 0.02) pair[name].session.rekey();
    if (random() < 0.1) pair[name].session.datagram(randomBytes(random, 100));
    const pause = random() < 0.02 ? 20_000 : gap * (random() * 2);
    pair.run(weather.next(pair.now, pause, end));
    weather.move(pair);
  }
  weather.calm = true;
  const calmAt = pair.now;
  const done = (): boolean => pair.ann.session.held + pair.bob.session.held === 0;
  const limit = patience(pair, weather), held = [pair.ann.session.held, pair.bob.session.held];
  assert(
    pair.runUntil(done, calmAt + limit),
    `${held} bytes at ${calmAt} not in ${limit} ms. ${weather}`,
  );
  check(pair, written, weather);
  return weather;
}

/** A window of bulk that grows by a datagram each round trip sends n²/2 of them in n. */
function patience(pair: SessionPair, weather: Weather): number {
  const datagrams = (pair.ann.session.held + pair.bob.session.held) / 1_100;
  const { delay = 0, jitter = 0 } = weather.spec;
  const rtt = delay + (weather.back.delay ?? 0) + 2 * jitter;
  return CALM_MS + rtt * (Math.sqrt(2 * datagrams) * 1.5 + 8);
}

function check(
  pair: SessionPair,
  written: { ann: Written; bob: Written },
  weather: Weather,
): void {
  const where = String(weather);
  let payload = 0;
  for (const name of NAMES) {
    for (const [stream, bytes] of written[name]) {
      const got = joined(pair[OTHER[name]], stream);
      payload += bytes.length;
      assert(got.length === bytes.length, `${where}: stream ${stream} of ${name} is incomplete`);
      assert(got.every((byte, at) => byte === bytes[at]), `${where}: stream ${stream} is altered`);
    }
    const streams = [...pair[OTHER[name]].streams.keys()];
    assert(streams.every((stream) => written[name].has(stream)), where);
    assert(!pair[name].session.closed, where);
  }
  // Per packet of payload a few, and whatever an hour of probes and heartbeats costs.
  const seconds = pair.now / 1_000, sane = 6 * payload + 2_000 * seconds + 100_000;
  assert(
    pair.wire < sane,
    `${where}: ${pair.wire} bytes on the wire for ${payload} in ${seconds} s`,
  );
  pair.run(pair.now + 60_000);
  for (const name of NAMES) {
    assertEquals(pair[name].session.held, 0, where);
    assertEquals(pair[name].session.poll(pair.now), undefined, where);
    assert((pair[name].session.nextTimeout() ?? Infinity) > pair.now, where);
  }
  const { ann, bob } = pair;
  assertEquals([ann.session.address, bob.session.address], [bob.address, ann.address], where);
}

Deno.test(`Session survives ${SEEDS} storms: all arrives once, in order, unaltered`, () => {
  const seen = new Map<string, number>(), failures: string[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      for (const kind of storm(seed).kinds) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    } catch (error) {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
    }
  }
  assertEquals(failures.slice(0, 5), [], `${failures.length} of ${SEEDS} storms`);
  for (const kind of Weather.KINDS) {
    assert((seen.get(kind) ?? 0) > SEEDS / 100, `${kind} was hardly tried: ${seen.get(kind)}`);
  }
});

Deno.test("Session survives an outage of an hour in one direction", () => {
  for (let seed = 0; seed < 20; seed++) {
    let deaf = true;
    const pair = new SessionPair({
      seed,
      spec: { delay: 50, loss: 10 },
      filter: ({ from }) => !deaf || (from.host === ANN.host) === (seed % 2 === 0),
    });
    deaf = false;
    pair.run(10_000);
    deaf = true;
    const random = seededRandom(seed), written = { ann: new Map(), bob: new Map() };
    for (const at of [0, 60_000, 1_800_000, 3_500_000]) {
      pair.run(10_000 + at);
      for (const name of NAMES) write(pair, name, written[name], random);
    }
    pair.run(3_600_000);
    deaf = false;
    const from = pair.now;
    const done = (): boolean => pair.ann.session.held + pair.bob.session.held === 0;
    assert(pair.runUntil(done, from + 20_000), `seed ${seed}`);
    for (const name of NAMES) {
      for (const [stream, bytes] of written[name]) {
        assertEquals([...joined(pair[OTHER[name]], stream)], bytes, `seed ${seed}`);
      }
    }
    assert(pair.wire < 2_000_000, `seed ${seed}: ${pair.wire} bytes`);
  }
});

Deno.test("Session goes on while a router gives it a new port every five seconds", () => {
  for (let seed = 0; seed < 20; seed++) {
    const pair = new SessionPair({ seed, spec: { delay: 20 + seed * 10, loss: seed } });
    for (let turn = 0; turn < 24; turn++) {
      pair.bob.address = { host: BOB.host, port: 2_000 + turn };
      for (let line = 0; line < 5; line++) {
        pair.ann.session.write(0, Uint8Array.of(turn, line));
        pair.bob.session.write(0, Uint8Array.of(line, turn));
        pair.flush();
        pair.run(pair.now + 1_000);
      }
    }
    pair.run(pair.now + 20_000);
    assertEquals([joined(pair.ann, 0).length, joined(pair.bob, 0).length], [240, 240], `${seed}`);
    assertEquals(pair.ann.session.address, pair.bob.address);
  }
});
