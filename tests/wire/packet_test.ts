import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import {
  ANSWER_NOISE_BYTES,
  DATA_OVERHEAD_BYTES,
  decodePacket,
  encodeAnswer,
  encodeAnswerHead,
  encodeCookieRefusal,
  encodeDataHeader,
  encodeFinalHeader,
  encodeInit,
  encodeInitHead,
  encodeVersionRefusal,
  FINAL_NOISE_BYTES,
  FINAL_OVERHEAD_BYTES,
  INIT_BYTES,
  isNative,
  type Packet,
  TAG_BYTES,
  VERSION,
} from "../../lib/wire/packet.ts";
import { lengthened, randomBytes, truncations } from "../crypto/bytes.ts";

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function index(random: Random): number {
  return Math.floor(random() * 2 ** 32);
}

/** A packet of each kind, with what must come out of it. */
function samples(random: Random): Record<string, { bytes: Uint8Array; packet: Packet }> {
  const receiver = index(random), sealed = randomBytes(random, 17 + Math.floor(random() * 50));
  const mac = randomBytes(random, 16), cookie = randomBytes(random, 16);
  const parts = {
    mode: 1,
    features: 7,
    sender: receiver,
    ephemeral: randomBytes(random, 32),
    tag: randomBytes(random, 16),
  };
  const initHead = encodeInitHead(parts);
  const answerNoise = randomBytes(random, ANSWER_NOISE_BYTES);
  const answerHead = encodeAnswerHead(receiver, answerNoise);
  const finalNoise = randomBytes(random, FINAL_NOISE_BYTES);
  const number = index(random), value = number % 65_536;
  const finalHeader = encodeFinalHeader(receiver, finalNoise, number);
  const short = encodeDataHeader(receiver, 0, number, 16);
  const long = encodeDataHeader(receiver, 1, number, 32);
  return {
    init: {
      bytes: encodeInit(initHead, mac, cookie),
      packet: { type: "init", version: VERSION, ...parts, head: initHead, mac, cookie },
    },
    answer: {
      bytes: encodeAnswer(answerHead, mac),
      packet: { type: "answer", receiver, noise: answerNoise, head: answerHead, mac },
    },
    final: {
      bytes: join(finalHeader, sealed),
      packet: {
        type: "final",
        receiver,
        noise: finalNoise,
        phase: 0,
        number: { value, bits: 16 },
        header: finalHeader,
        sealed,
      },
    },
    cookie: {
      bytes: encodeCookieRefusal(receiver, cookie),
      packet: { type: "refusal", kind: "cookie", receiver, cookie },
    },
    version: {
      bytes: encodeVersionRefusal(receiver),
      packet: { type: "refusal", kind: "version", receiver, versions: [VERSION] },
    },
    short: {
      bytes: join(short, sealed),
      packet: {
        type: "data",
        receiver,
        phase: 0,
        number: { value, bits: 16 },
        header: short,
        sealed,
      },
    },
    long: {
      bytes: join(long, sealed),
      packet: {
        type: "data",
        receiver,
        phase: 1,
        number: { value: number, bits: 32 },
        header: long,
        sealed,
      },
    },
  };
}

Deno.test("decodePacket() gives back what every encoder took, for 2,000 seeds", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    for (const [kind, { bytes, packet }] of Object.entries(samples(seededRandom(seed)))) {
      assertEquals(decodePacket(bytes), packet, `${kind}, seed ${seed}`);
      assert(isNative(bytes));
    }
  }
});

Deno.test("decodePacket() refuses every truncation, and every trailing byte where it can tell", () => {
  for (const [kind, { bytes }] of Object.entries(samples(seededRandom(1)))) {
    const open = kind === "short" || kind === "long" || kind === "final";
    const least = kind === "final"
      ? FINAL_OVERHEAD_BYTES + 1
      : kind === "long"
      ? DATA_OVERHEAD_BYTES + 3
      : DATA_OVERHEAD_BYTES + 1;
    for (const cut of truncations(bytes)) {
      const got = decodePacket(cut);
      if (open && cut.length >= least) assertEquals(got?.type, kind === "final" ? kind : "data");
      else assertEquals(got, undefined, `${kind} cut to ${cut.length}`);
    }
    if (!open) assertEquals(decodePacket(lengthened(bytes)), undefined, kind);
  }
});

Deno.test("decodePacket() refuses a first message whose padding is not zero", () => {
  const { bytes } = samples(seededRandom(1))["init"] ?? { bytes: new Uint8Array(0) };
  for (let at = 88; at < INIT_BYTES; at++) {
    const changed = bytes.slice();
    changed[at] = 1;
    assertEquals(decodePacket(changed), undefined, `byte ${at}`);
  }
});

Deno.test("decodePacket() understands another version's first message of any size from 8 bytes", () => {
  for (let size = 0; size < 300; size++) {
    const bytes = new Uint8Array(size).fill(9);
    bytes.set([0xf8, 99].slice(0, size));
    const packet = decodePacket(bytes);
    if (size < 8) assertEquals(packet, undefined);
    else {
      assert(packet?.type === "init" && packet.version === 99 && packet.sender === 0x09090909);
      assert(encodeVersionRefusal(packet.sender).length <= size, "the answer is not larger");
    }
  }
});

Deno.test("packets have the sizes of the design, and no answer is larger than what it answers", () => {
  const { init, answer, cookie, version } = samples(seededRandom(1));
  const size = (sample: { bytes: Uint8Array } | undefined): number => sample?.bytes.length ?? 0;
  assertEquals(encodeDataHeader(1, 0, 1, 16).length + TAG_BYTES, 23);
  assertEquals(encodeDataHeader(1, 0, 1, 32).length + TAG_BYTES, 25);
  assertEquals([DATA_OVERHEAD_BYTES, size(init), INIT_BYTES], [23, 256, 256]);
  for (const each of [answer, cookie, version]) assert(size(each) <= size(init));
});

Deno.test("isNative() is true for no UTF-8 text", () => {
  const encoder = new TextEncoder();
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    if (isNative(encoder.encode(String.fromCodePoint(point)))) throw new Error(`${point}`);
  }
  assertEquals(isNative(new Uint8Array(0)), false);
  for (let first = 0; first < 256; first++) {
    assertEquals(isNative(Uint8Array.of(first)), first >= 0xf8);
  }
});

/** Whether a packet is what its type promises. */
function sound(packet: Packet, datagram: Uint8Array): boolean {
  const index = (value: number): boolean =>
    Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  switch (packet.type) {
    case "init":
      return index(packet.sender) && (packet.version !== VERSION ||
        (packet.ephemeral.length === 32 && packet.head.length === 56 && packet.mac.length === 16 &&
          packet.cookie.length === 16));
    case "answer":
      return index(packet.receiver) && packet.noise.length === ANSWER_NOISE_BYTES &&
        packet.mac.length === 16;
    case "refusal":
      return index(packet.receiver) &&
        (packet.kind === "cookie" ? packet.cookie.length === 16 : packet.versions.length > 0);
    default:
      return index(packet.receiver) && (packet.phase === 0 || packet.phase === 1) &&
        packet.number.value < 2 ** packet.number.bits && packet.sealed.length > TAG_BYTES &&
        packet.header.length + packet.sealed.length === datagram.length;
  }
}

Deno.test("decodePacket() gives packets or nothing for a million random datagrams", () => {
  const random = seededRandom(7), pool = randomBytes(random, 65_536);
  const seen = new Map<string, number>();
  for (let round = 0; round < 1_000_000; round++) {
    const exact = [8, 22, 226, 256, 24, 26, 193][Math.floor(random() * 7)] ?? 0;
    const size = random() < 0.3 ? exact : Math.floor(random() ** 4 * 1_500);
    const from = Math.floor(random() * (pool.length - size));
    const datagram = pool.subarray(from, from + size), kept = datagram[0] ?? 0;
    if (random() < 0.5) datagram[0] = 0xf8 + Math.floor(random() * 8);
    const packet = decodePacket(datagram);
    if (packet !== undefined) {
      if (!sound(packet, datagram)) throw new Error(`round ${round}: ${JSON.stringify(packet)}`);
      seen.set(packet.type, (seen.get(packet.type) ?? 0) + 1);
    }
    if (size > 0 && random() < 0.5) datagram[0] = kept;
  }
  assert((seen.get("data") ?? 0) > 1_000 && (seen.get("init") ?? 0) > 1_000);
  assert((seen.get("answer") ?? 0) > 1_000 && (seen.get("final") ?? 0) > 1_000);
});
