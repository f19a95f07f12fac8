import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import {
  MAX_STREAM_ID,
  MAX_STREAMS,
  SESSION_WINDOW,
  STREAM_WINDOW,
  Streams,
} from "../../lib/session/streams.ts";
import type { Frame } from "../../lib/wire/frame.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";
import { joined, SessionPair } from "../support/session_pair.ts";

/** Lets all that one side can send arrive at the other, and what that says come back. */
function exchange(
  from: Streams,
  to: Streams,
  told: (id: number, bytes: Uint8Array) => void,
): number {
  let bytes = 0;
  while (from.ready(true) || from.ready(false) || to.ready(false)) {
    for (const frame of from.take(1_000, true)) {
      assert(to.receive(frame, (data) => told(data.stream, data.bytes)));
      from.acknowledged(frame);
      if (frame.type === "stream") bytes += frame.data.length;
    }
    for (const frame of to.take(1_000, false)) from.receive(frame, () => {});
  }
  return bytes;
}

Deno.test("Streams send chat before bulk, also when bulk was written first", () => {
  const streams = new Streams();
  streams.write(1, utf8("bulk"), false);
  streams.write(0, utf8("chat"), false);
  assertEquals([streams.ready(true), streams.ready(false)], [true, true]);
  const ids = streams.take(100, true).map((frame) =>
    frame.type === "stream" ? frame.id : undefined
  );
  assertEquals(ids, [0, 1]);
  streams.write(1, utf8("bulk"), false);
  assertEquals(streams.take(100, false), [], "bulk was not asked for");
});

Deno.test("Streams refuse too many, numbers out of range, and those that ended", () => {
  const streams = new Streams();
  for (let id = 0; id < MAX_STREAMS; id++) streams.write(id, utf8("x"), false);
  assertThrows(() => streams.write(MAX_STREAMS, utf8("x"), false), RangeError, "64 are open");
  for (const id of [-1, 1.5, NaN, MAX_STREAM_ID + 1]) {
    assertThrows(() => new Streams().write(id, utf8("x"), false), RangeError, "wanted 0-");
  }
});

Deno.test("Streams never send beyond the limits of stream and session, and go on when they move", () => {
  const sender = new Streams(), receiver = new Streams(), size = 2 * STREAM_WINDOW;
  const all = new Map<number, number>(), ids = [0, 1, 2, 3, 4, 5];
  for (const id of ids) sender.write(id, new Uint8Array(size), true);
  const taken: Frame[] = [];
  for (
    let frames = sender.take(1_200, true);
    frames.length > 0;
    frames = sender.take(1_200, true)
  ) {
    taken.push(...frames);
  }
  const sent = taken.reduce(
    (sum, frame) => sum + (frame.type === "stream" ? frame.data.length : 0),
    0,
  );
  assertEquals(sent, SESSION_WINDOW);
  assertEquals([sender.ready(true), sender.held], [false, 6 * size]);
  const told = (id: number, bytes: Uint8Array): void => {
    all.set(id, (all.get(id) ?? 0) + bytes.length);
  };
  for (const frame of taken) {
    assert(receiver.receive(frame, (data) => told(data.stream, data.bytes)));
    sender.acknowledged(frame);
  }
  exchange(sender, receiver, told);
  for (const id of ids) assertEquals(all.get(id), size, `stream ${id}`);
  assertEquals([sender.held, receiver.waiting], [0, 0]);
});

Deno.test("Streams never deadlock: lost, repeated and reordered frames of both sides, 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), loss = random() * 0.4;
    const ends = [new Streams(), new Streams()] as const;
    const written = [new Map<number, number>(), new Map<number, number>()] as const;
    const got = [new Map<number, number>(), new Map<number, number>()] as const;
    const flying: { frame: Frame; to: 0 | 1 }[] = [];
    for (const side of [0, 1] as const) {
      for (let id = 0; id < 1 + random() * 5; id++) {
        const size = Math.floor(random() ** 2 * 900_000);
        written[side].set(id, size);
        ends[side].write(id, new Uint8Array(size), true);
      }
    }
    for (let step = 0; ends[0].held + ends[1].held > 0 || flying.length > 0; step++) {
      if (step > 200_000) throw new Error(`seed ${seed}: stuck`);
      const side = random() < 0.5 ? 0 : 1;
      for (const frame of ends[side].take(1_200 + Math.floor(random() * 15_000), true)) {
        flying.push({ frame, to: side === 0 ? 1 : 0 });
      }
      const each = flying.splice(Math.floor(random() * Math.min(30, flying.length)), 1)[0];
      if (each === undefined) continue;
      const { frame, to } = each, from = ends[to === 0 ? 1 : 0];
      if (random() < loss) {
        from.lost(frame);
        continue;
      }
      const kept = ends[to].receive(frame, ({ stream, bytes }) => {
        got[to].set(stream, (got[to].get(stream) ?? 0) + bytes.length);
      });
      assert(kept, `seed ${seed}: a limit was exceeded`);
      assert(ends[to].waiting <= SESSION_WINDOW, `seed ${seed}`);
      from.acknowledged(frame);
    }
    for (const side of [0, 1] as const) {
      const there = got[side === 0 ? 1 : 0];
      for (const [id, size] of written[side]) {
        assertEquals(there.get(id) ?? 0, size, `seed ${seed}`);
      }
    }
    assertEquals([ends[0].waiting, ends[1].waiting], [0, 0], `seed ${seed}`);
  }
});

Deno.test("Streams fit into the room that they are given, for 2,000 seeds", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed), streams = new Streams();
    for (let count = 1 + Math.floor(random() * 6); count > 0; count--) {
      const id = count * 1_000 + Math.floor(random() * 2 ** Math.floor(random() * 29));
      streams.write(id, randomBytes(random, Math.floor(random() * 400)), random() < 0.3);
    }
    const room = 20 + Math.floor(random() * 1_200);
    let used = 0;
    for (const frame of streams.take(room, true)) {
      assert(frame.type === "stream");
      used += frame.data.length + 1 + 4 + (frame.offset > 0 ? 4 : 0);
      assert(frame.data.length > 0 || frame.fin);
    }
    assert(used <= room + 60, `seed ${seed}: ${used} of ${room}`);
  }
});

Deno.test("Streams ignore late frames of a stream that has ended", () => {
  const streams = new Streams(), told: string[] = [];
  const frame: Frame = { type: "stream", id: 0, offset: 0, data: utf8("x"), fin: true };
  for (let round = 0; round < 3; round++) {
    assert(streams.receive(frame, ({ bytes }) => told.push(new TextDecoder().decode(bytes))));
  }
  assertEquals(told, ["x"]);
});

Deno.test("a fast chat over a slow line is no breach of limits while a packet is missing", () => {
  let dropped = false;
  const pair = new SessionPair({
    spec: { delay: 700 },
    filter: ({ bytes, from }, now) => {
      if (dropped || now < 10_000 || from.port !== 1_001 || bytes.length < 30) return true;
      dropped = true;
      return false;
    },
  });
  pair.run(10_000);
  for (let line = 0; line < 6_000; line++) {
    pair.ann.session.write(0, Uint8Array.of(line & 255, line >> 8, 0, 0, 0, 0, 0, 0, 0, 0));
    pair.flush();
    pair.run(pair.now + 0.5);
  }
  pair.run(pair.now + 20_000);
  assertEquals([dropped, pair.bob.session.closed], [true, false]);
  assertEquals(joined(pair.bob, 0).length, 60_000);
});

Deno.test("a bulk transfer in both directions at once loses nothing, on four streams", () => {
  const pair = new SessionPair({ seed: 3, spec: { delay: 15, jitter: 5, loss: 5 } });
  const random = seededRandom(3), sent = new Map<string, Uint8Array>();
  for (const name of ["ann", "bob"] as const) {
    for (const id of [1, 3, 5, 7]) {
      const bytes = randomBytes(random, 400_000);
      sent.set(`${name}${id}`, bytes);
      pair[name].session.write(id, bytes, true);
    }
  }
  pair.flush();
  assert(pair.runUntil(() => pair.ann.session.held + pair.bob.session.held === 0, 600_000));
  for (const id of [1, 3, 5, 7]) {
    assertEquals(joined(pair.bob, id), sent.get(`ann${id}`));
    assertEquals(joined(pair.ann, id), sent.get(`bob${id}`));
  }
});
