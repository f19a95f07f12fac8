import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { MAX_VARINT, Writer } from "../../lib/wire/bytes.ts";
import {
  decodeFrames,
  encodeFrame,
  type Frame,
  MAX_ACK_RANGES,
  MAX_CLOSE_REASON,
  streamOverhead,
} from "../../lib/wire/frame.ts";
import { hex, lengthened, randomBytes, toHex, truncations } from "../crypto/bytes.ts";

function encoded(frames: readonly Frame[]): Uint8Array {
  const writer = new Writer(70_000);
  for (const [at, frame] of frames.entries()) encodeFrame(writer, frame, at === frames.length - 1);
  return writer.finish();
}

function integer(random: Random, most = MAX_VARINT): number {
  return Math.min(most, Math.floor(random() * 2 ** Math.floor(random() * 54)));
}

/** A random frame of each kind. */
const MAKERS: Readonly<Record<Frame["type"], (random: Random) => Frame>> = {
  padding: (random) => ({ type: "padding", length: 1 + Math.floor(random() * 40) }),
  ping: () => ({ type: "ping" }),
  ack: (random) => {
    const ranges = [];
    let last = 10_000 + integer(random, 2 ** 50);
    for (let count = 1 + Math.floor(random() ** 3 * MAX_ACK_RANGES); count > 0; count--) {
      const first = last - Math.floor(random() * 50);
      ranges.push({ first, last });
      last = first - 2 - Math.floor(random() * 50);
    }
    return { type: "ack", ranges, delay: random() < 0.5 ? 0 : Math.floor(random() * 800) / 8 };
  },
  stream: (random) => ({
    type: "stream",
    id: integer(random),
    offset: random() < 0.3 ? 0 : integer(random, 2 ** 52),
    data: randomBytes(random, Math.floor(random() * 100)),
    fin: random() < 0.5,
  }),
  datagram: (random) => ({
    type: "datagram",
    data: randomBytes(random, Math.floor(random() * 90)),
  }),
  maxData: (random) => ({ type: "maxData", limit: integer(random) }),
  maxStreamData: (random) => ({
    type: "maxStreamData",
    id: integer(random),
    limit: integer(random),
  }),
  reset: (random) => ({
    type: "reset",
    id: integer(random),
    code: integer(random),
    size: integer(random),
  }),
  pathChallenge: (random) => ({ type: "pathChallenge", data: randomBytes(random, 8) }),
  pathResponse: (random) => ({ type: "pathResponse", data: randomBytes(random, 8) }),
  rekey: (random) => ({
    type: "rekey",
    generation: integer(random),
    ephemeral: randomBytes(random, 32),
  }),
  rekeyAnswer: (random) => ({
    type: "rekeyAnswer",
    generation: integer(random),
    ephemeral: randomBytes(random, 32),
  }),
  rekeyRequest: () => ({ type: "rekeyRequest" }),
  close: (random) => ({
    type: "close",
    code: integer(random),
    reason: "x\u00e4\u{1f600}".repeat(random() * 18),
  }),
};

function frameOf(random: Random): Frame {
  const makers = Object.entries(MAKERS).filter(([type]) => type !== "padding");
  return (makers[Math.floor(random() * makers.length)]?.[1] ?? MAKERS.ping)(random);
}

Deno.test("decodeFrames() gives back every kind of frame, alone, for 500 seeds each", () => {
  for (const [type, make] of Object.entries(MAKERS)) {
    for (let seed = 0; seed < 500; seed++) {
      const frame = make(seededRandom(seed));
      assertEquals(decodeFrames(encoded([frame])), [frame], `${type}, seed ${seed}`);
    }
  }
});

Deno.test("decodeFrames() gives back several frames, padded or not, for 5,000 seeds", () => {
  for (let seed = 0; seed < 5_000; seed++) {
    const random = seededRandom(seed);
    const frames = Array.from({ length: 1 + Math.floor(random() * 6) }, () => frameOf(random));
    if (random() < 0.2) frames.push(MAKERS.padding(random));
    assertEquals(decodeFrames(encoded(frames)), frames, `seed ${seed}`);
  }
});

Deno.test("decodeFrames() refuses every truncation of a frame that says its own length", () => {
  for (const [type, make] of Object.entries(MAKERS)) {
    if (type === "padding" || type === "ping" || type === "rekeyRequest") continue;
    for (let seed = 0; seed < 50; seed++) {
      const writer = new Writer(70_000);
      encodeFrame(writer, make(seededRandom(seed)), false);
      for (const cut of truncations(writer.finish())) {
        assertEquals(decodeFrames(cut), undefined, `${type}, seed ${seed}, ${cut.length} bytes`);
      }
      const padded = decodeFrames(lengthened(writer.finish()));
      assertEquals(padded?.at(-1), { type: "padding", length: 1 });
    }
  }
});

Deno.test("decodeFrames() refuses nothing at all, unknown types and padding that says something", () => {
  assertEquals(decodeFrames(new Uint8Array(0)), undefined);
  const known = new Set([0, 1, 8, 9, 12, 13, 0x17, 0x30]);
  for (let type = 0; type < 256; type++) {
    const got = decodeFrames(Uint8Array.of(type, ...new Uint8Array(0)));
    if (!known.has(type)) assertEquals(got, undefined, `type ${type}`);
  }
  for (const wrong of ["0001", "000000ff", "ff", "0140", "19", "2000"]) {
    assertEquals(decodeFrames(hex(wrong)), undefined, wrong);
  }
});

Deno.test("decodeFrames() refuses ACKs that go below 0 or have too many ranges", () => {
  assertEquals(decodeFrames(hex("020506")), undefined, "one range from -1");
  assertEquals(
    decodeFrames(hex("0305000100 0400".replaceAll(" ", ""))),
    undefined,
    "second below 0",
  );
  assertEquals(decodeFrames(hex("03050001000300"))?.length, 1);
  const many = (ranges: number): Uint8Array =>
    new Writer(400).u8(3).varint(1_000).varint(0).varint(ranges - 1).varint(0)
      .bytes(new Uint8Array(2 * (ranges - 1))).finish();
  assertEquals(decodeFrames(many(MAX_ACK_RANGES))?.length, 1);
  assertEquals(decodeFrames(many(MAX_ACK_RANGES + 1)), undefined);
  assertThrows(() => encoded([{ type: "ack", ranges: [], delay: 0 }]), TypeError, "without ranges");
});

Deno.test("decodeFrames() refuses lengths that it has not the bytes for, and offsets too far", () => {
  assertEquals(decodeFrames(hex("0a00ffffffffffffffff")), undefined, "STREAM, length 2^62 - 1");
  assertEquals(decodeFrames(hex("0a000561")), undefined);
  assertEquals(decodeFrames(hex("31c01fffffffffffff61")), undefined, "DATAGRAM, 2^53 - 1 bytes");
  assertEquals(decodeFrames(hex("0c00c01fffffffffffff61")), undefined, "ends beyond 2^53 - 1");
  assertEquals(decodeFrames(hex("0c00c01ffffffffffffe61"))?.length, 1);
  assertEquals(decodeFrames(hex("180040ff")), undefined, "CLOSE with a text of 255 bytes");
});

Deno.test("encodeFrame() is as short as it can be", () => {
  const one: Frame = { type: "ack", ranges: [{ first: 7, last: 7 }], delay: 0 };
  assertEquals(toHex(encoded([one])), "020700");
  assertEquals(toHex(encoded([{ ...one, delay: 1 }])), "0307080000");
  const line: Frame = { type: "stream", id: 0, offset: 0, data: hex("6869"), fin: false };
  assertEquals(toHex(encoded([line])), "08006869");
  assertEquals(toHex(encoded([{ ...line, fin: true, offset: 64 }])), "0d0040406869");
  assertEquals(toHex(encoded([line, { type: "ping" }])), "0a0002686901");
});

Deno.test("encodeFrame() cuts the text of a CLOSE", () => {
  const [frame] = decodeFrames(encoded([{ type: "close", code: 1, reason: "x".repeat(999) }])) ??
    [];
  assert(frame?.type === "close" && frame.reason === "x".repeat(MAX_CLOSE_REASON));
});

Deno.test("streamOverhead() is what encodeFrame() adds to the data, for 5,000 seeds", () => {
  for (let seed = 0; seed < 5_000; seed++) {
    const random = seededRandom(seed), frame = MAKERS.stream(random), last = random() < 0.5;
    assert(frame.type === "stream");
    const writer = new Writer(1_000);
    encodeFrame(writer, frame, last);
    const overhead = streamOverhead(frame.id, frame.offset, frame.data.length, last);
    assertEquals(writer.length - frame.data.length, overhead, `seed ${seed}`);
  }
});

Deno.test("decodeFrames() gives frames or nothing for 300,000 random plaintexts", () => {
  const random = seededRandom(5), seen = new Set<string>();
  for (let round = 0; round < 300_000; round++) {
    const bytes = randomBytes(random, Math.floor(random() ** 2 * 80));
    if (random() < 0.7) bytes[0] = Math.floor(random() * 0x34);
    const frames = decodeFrames(bytes);
    if (frames === undefined) continue;
    assert(frames.length > 0 && frames.length <= bytes.length);
    for (const frame of frames) {
      seen.add(frame.type);
      for (const value of Object.values(frame)) {
        const sound = typeof value !== "number" || (value >= 0 && value <= MAX_VARINT);
        if (!sound) throw new Error(`round ${round}: ${JSON.stringify(frame)}`);
      }
    }
    // What was understood can be said again, and means the same.
    assertEquals(decodeFrames(encoded(frames)), frames, `round ${round}`);
  }
  assertEquals([...seen].sort(), Object.keys(MAKERS).sort());
});

Deno.test("decodeFrames() gives frames or nothing for 50,000 damaged packets", () => {
  const random = seededRandom(6);
  for (let round = 0; round < 50_000; round++) {
    const bytes = encoded([frameOf(random), frameOf(random)]).slice();
    for (let flips = 1 + random() * 3; flips > 0; flips--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    decodeFrames(bytes);
  }
});
