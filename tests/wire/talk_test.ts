import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import {
  decodeEcho,
  ECHO,
  encodeEcho,
  encodeTalk,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  talkReader,
  type TalkRecord,
} from "../../lib/wire/talk.ts";
import { varintLength, Writer } from "../../lib/wire/bytes.ts";
import { hex, randomBytes, truncations } from "../crypto/bytes.ts";

const LOG = hex("0102030405060708");

/** Examples of docs/PROTOCOL.md, §19.6. */
const KNOWN: [TalkRecord, string][] = [
  [{ type: "hello", name: "Zoë" }, "05015a6fc3ab"],
  [
    { type: "message", log: LOG, number: 1, time: 0x019b76daa800, text: "hi" },
    "1402010203040506070801c000019b76daa8006869",
  ],
  [
    { type: "message", log: LOG, number: 300, time: 0x019b76daa800, text: "Grüße 🌍" },
    "1f020102030405060708412cc000019b76daa8004772c3bcc39f6520f09f8c8d",
  ],
  [{ type: "have", log: LOG, number: 300 }, "0b030102030405060708412c"],
];

function read(...pieces: readonly Uint8Array[]): { records: TalkRecord[]; broken: boolean } {
  const reader = talkReader();
  const records = pieces.flatMap((piece) => reader.push(piece));
  return { records, broken: reader.broken };
}

/** A record with any body. */
function raw(type: number, body: Uint8Array, length = body.length + 1): Uint8Array {
  return new Writer(varintLength(length) + 1 + body.length).varint(length).u8(type).bytes(body)
    .finish();
}

function anyRecord(random: Random): TalkRecord {
  const kind = random(), log = randomBytes(random, 8);
  const number = Math.floor(random() * 2 ** Math.floor(random() * 53));
  if (kind < 0.2) return { type: "hello", name: anyText(random, 30) };
  if (kind < 0.4) return { type: "have", log, number };
  const text = anyText(random, random() < 0.02 ? 20_000 : 60);
  return { type: "message", log, number, time: Math.floor(random() * 2 ** 45), text };
}

function anyText(random: Random, most: number): string {
  const letters = ["a", "\u00e4", "\u65e5", "\u{1f600}", "\ufeff", "\0", "\n"];
  const length = Math.floor(random() * most);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

Deno.test("encodeTalk() writes what the protocol's page has, and talkReader() reads it", () => {
  for (const [record, bytes] of KNOWN) {
    assertEquals(encodeTalk(record), hex(bytes));
    assertEquals(read(hex(bytes)), { records: [record], broken: false });
  }
});

Deno.test("talkReader() gives back what was written, cut anywhere, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed),
      records = Array.from({ length: 20 }, () => anyRecord(random));
    const all = Uint8Array.from(records.flatMap((record) => [...encodeTalk(record)]));
    const reader = talkReader(), got: TalkRecord[] = [];
    for (let at = 0; at < all.length;) {
      const length = 1 + Math.floor(random() * (random() < 0.5 ? 10 : 2_000));
      const piece = all.slice(at, at + length);
      got.push(...reader.push(piece));
      // What was read must not change with the buffer that it came in.
      piece.fill(0);
      at += length;
    }
    assertEquals(got, records, `seed ${seed}`);
    assert(!reader.broken);
  }
});

Deno.test("talkReader() reads byte by byte, and nothing of a record that is cut", () => {
  for (const [record, text] of KNOWN) {
    const bytes = hex(text);
    for (const cut of truncations(bytes)) assertEquals(read(cut), { records: [], broken: false });
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    assertEquals(read(...single), { records: [record], broken: false });
  }
});

Deno.test("talkReader() passes over types that it does not know", () => {
  const [hello] = KNOWN[0] ?? [];
  for (const type of [0, 4, 77, 255]) {
    const unknown = raw(type, new Uint8Array(100));
    assertEquals(read(unknown, encodeTalk(hello ?? { type: "hello", name: "" })).records, [
      hello,
    ]);
    assertEquals(read(raw(type, new Uint8Array(0))), { records: [], broken: false });
  }
});

Deno.test("talkReader() takes the longest message and name, and nothing longer", () => {
  const text = "x".repeat(MAX_MESSAGE_BYTES), name = "x".repeat(MAX_NAME_BYTES);
  const longest = {
    type: "message",
    log: LOG,
    number: 2 ** 53 - 1,
    time: 2 ** 53 - 1,
    text,
  } as const;
  assertEquals(read(encodeTalk(longest)), { records: [longest], broken: false });
  assertEquals(read(encodeTalk({ type: "hello", name })).records, [{ type: "hello", name }]);
  const over = encodeTalk({ ...longest, text: `${text}y` });
  assertEquals(read(over), { records: [], broken: true });
  assertEquals(
    read(encodeTalk({ ...longest, number: 1, time: 1, text: `${text}y` })).broken,
    true,
  );
  assertEquals(read(encodeTalk({ type: "hello", name: `${name}y` })).broken, true);
});

Deno.test("talkReader() is broken at once by a length that cannot be", () => {
  for (const start of ["00", "80010021", "c000000000010021", "ffffffffffffffff", "bfffffff"]) {
    assertEquals(read(hex(start)), { records: [], broken: true }, start);
  }
});

Deno.test("talkReader() is broken by records that are too short, and gives nothing after them", () => {
  const good = encodeTalk({ type: "hello", name: "ann" });
  const bad = [raw(2, LOG), raw(2, hex("01020304050607080141")), raw(3, LOG), raw(3, hex("0102"))];
  for (const bytes of [...bad, raw(3, hex("01020304050607080199")), raw(2, new Uint8Array(0))]) {
    const { records, broken } = read(good, bytes, good);
    assertEquals([records.length, broken], [1, true]);
    const together = Uint8Array.from([...good, ...bytes, ...good]);
    assertEquals(read(together).records.length, 1);
  }
});

Deno.test("talkReader() shows what is no UTF-8 with replacement characters", () => {
  const message = raw(2, Uint8Array.of(...LOG, 1, 1, 0x61, 0xff));
  const [record] = read(message).records;
  assert(record?.type === "message");
  assertEquals(record.text, "a\ufffd");
});

Deno.test("talkReader() survives a million random bytes in random pieces", () => {
  const random = seededRandom(1);
  let fed = 0, broken = 0, records = 0;
  while (fed < 1_000_000) {
    const reader = talkReader();
    for (let piece = 0; piece < 40 && !reader.broken; piece++) {
      const bytes = randomBytes(random, Math.floor(random() * 200));
      // Short lengths and known types, else all is refused at once.
      if (random() < 0.7 && bytes.length > 1) bytes.set([bytes.length - 1, random() * 5]);
      records += reader.push(bytes).length;
      fed += bytes.length;
    }
    if (reader.broken) {
      broken++;
      assertEquals(reader.push(encodeTalk({ type: "hello", name: "x" })), []);
    }
  }
  assert(broken > 100 && records > 20, `${broken} broken, ${records} records`);
});

Deno.test("encodeEcho() and decodeEcho() carry any number", () => {
  assertEquals(encodeEcho(ECHO.ask, 7), hex("0107"));
  assertEquals(encodeEcho(ECHO.answer, 300), hex("02412c"));
  for (const number of [0, 63, 64, 16_383, 16_384, 2 ** 30, 2 ** 53 - 1]) {
    for (const type of [ECHO.ask, ECHO.answer]) {
      const bytes = encodeEcho(type, number);
      assertEquals(decodeEcho(bytes), { type, number });
      for (const cut of truncations(bytes)) assertEquals(decodeEcho(cut), undefined);
      assertEquals(decodeEcho(Uint8Array.of(...bytes, 0)), undefined);
    }
  }
  for (const type of [0, 3, 255]) assertEquals(decodeEcho(Uint8Array.of(type, 7)), undefined);
});
