import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Body,
  decodeBody,
  encodeBody,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
} from "../../lib/chat/body.ts";
import { SEAL_BYTES } from "../../lib/crypto/room_key.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { MAX_BODY_BYTES } from "../../lib/wire/entry.ts";
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "../crypto/bytes.ts";
import { author } from "./authors.ts";

const ANN = author(1), BOB = author(2);

function profile(name: string, of = ANN): Body {
  return { kind: "profile", name, staticKey: of.staticKey, certificate: of.certificate };
}

function anyText(random: Random, most: number): string {
  const letters = ["a", "\u00e4", "\u65e5", "\u{1f600}", "\ufeff", "\0", "\n", "\x1b"];
  const length = Math.floor(random() * most);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

Deno.test("encodeBody() writes what the protocol's page has", () => {
  assertEquals(toHex(encodeBody({ kind: "text", text: "hi ä" })), "01686920c3a4");
  const wanted = `02${toHex(ANN.staticKey)}${toHex(ANN.certificate)}5a6fc3ab`;
  assertEquals(toHex(encodeBody(profile("Zoë"))), wanted);
});

Deno.test("decodeBody() gives back texts and profiles, for 500 seeds", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = seededRandom(seed), text: Body = { kind: "text", text: anyText(random, 200) };
    assertEquals(decodeBody(ANN.author, encodeBody(text)), text, `seed ${seed}`);
    if (seed >= 50) continue;
    const who = profile(anyText(random, 60)), bytes = encodeBody(who);
    const got = decodeBody(ANN.author, bytes);
    // What was read must not change with the buffer that it came in.
    bytes.fill(0);
    assertEquals(got, who, `seed ${seed}`);
  }
});

Deno.test("encodeBody() takes a text of 65,536 bytes and refuses a longer one", () => {
  const longest = "\u00e4".repeat(MAX_MESSAGE_BYTES / 2);
  const bytes = encodeBody({ kind: "text", text: longest });
  assertEquals(decodeBody(ANN.author, bytes), { kind: "text", text: longest });
  assert(bytes.length + SEAL_BYTES <= MAX_BODY_BYTES, "sealed it fits into an entry");
  const over: Body = { kind: "text", text: `${longest}x` };
  assertThrows(() => encodeBody(over), RangeError, "65537 bytes: wanted at most 65536");
  assertEquals(decodeBody(ANN.author, lengthened(bytes)), undefined);
});

Deno.test("decodeBody() takes a text of nothing, and shows what is no UTF-8 as such", () => {
  assertEquals(decodeBody(ANN.author, hex("01")), { kind: "text", text: "" });
  assertEquals(decodeBody(ANN.author, hex("0161ff")), { kind: "text", text: "a\ufffd" });
  assertEquals(decodeBody(ANN.author, hex("01efbbbf61")), { kind: "text", text: "\ufeffa" });
});

Deno.test("decodeBody() refuses a profile that another certified, or nobody", () => {
  const bytes = encodeBody(profile("ann"));
  assertEquals(decodeBody(ANN.author, bytes), profile("ann"));
  assertEquals(decodeBody(BOB.author, bytes), undefined);
  assertEquals(decodeBody(ANN.author, encodeBody(profile("ann", BOB))), undefined);
  const mixed: Body = {
    kind: "profile",
    name: "ann",
    staticKey: BOB.staticKey,
    certificate: ANN.certificate,
  };
  assertEquals(decodeBody(ANN.author, encodeBody(mixed)), undefined);
  // Key and certificate are covered by the certificate, the name only by the entry around it.
  for (const [at, flipped] of [...flips(bytes)].entries()) {
    if (at >= 8 && at < 8 * 97) assertEquals(decodeBody(ANN.author, flipped), undefined);
  }
});

Deno.test("decodeBody() refuses profiles that are cut, and names that are too long", () => {
  const bytes = encodeBody(profile(""));
  for (const cut of truncations(bytes)) assertEquals(decodeBody(ANN.author, cut), undefined);
  const named = (length: number): Uint8Array =>
    Uint8Array.of(...bytes, ...new Uint8Array(length).fill(0x61));
  const longest = decodeBody(ANN.author, named(MAX_NAME_BYTES));
  assertEquals(longest?.kind === "profile" && longest.name.length, MAX_NAME_BYTES);
  assertEquals(decodeBody(ANN.author, named(MAX_NAME_BYTES + 1)), undefined);
  const cut = decodeBody(ANN.author, encodeBody(profile("x".repeat(MAX_NAME_BYTES + 9))));
  assertEquals(cut, profile("x".repeat(MAX_NAME_BYTES)));
});

Deno.test("decodeBody() is undefined for nothing and for kinds that it does not know", () => {
  assertEquals(decodeBody(ANN.author, new Uint8Array(0)), undefined);
  const rest = encodeBody(profile("ann")).subarray(1);
  for (let kind = 0; kind < 256; kind++) {
    if (kind === 1 || kind === 2) continue;
    assertEquals(decodeBody(ANN.author, Uint8Array.of(kind)), undefined, `kind ${kind}`);
    assertEquals(decodeBody(ANN.author, Uint8Array.of(kind, ...rest)), undefined, `kind ${kind}`);
  }
});

Deno.test("decodeBody() gives a body or nothing for 50,000 random bodies", () => {
  const random = seededRandom(2);
  for (let round = 0; round < 50_000; round++) {
    const bytes = randomBytes(random, Math.floor(random() * 90));
    if (random() < 0.5) bytes[0] = 1;
    const body = decodeBody(ANN.author, bytes);
    assertEquals(body?.kind, bytes[0] === 1 ? "text" : undefined, `round ${round}`);
  }
});

Deno.test({
  name: "encodeBody() cuts a long name between two characters",
  fn: () => {
    const name = `x${"\u00e4".repeat(MAX_NAME_BYTES)}`;
    const body = decodeBody(ANN.author, encodeBody(profile(name)));
    assert(body?.kind === "profile");
    assert(name.startsWith(body.name) && utf8(body.name).length <= MAX_NAME_BYTES);
  },
});
