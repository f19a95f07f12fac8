import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import {
  byteLength,
  cutLineEnd,
  decodeText,
  MAX_TEXT_BYTES,
  splitText,
  TextFormat,
  WholeCharacters,
} from "../../lib/plain/text.ts";
import { bytes, text } from "../support/plain.ts";

const FAMILY = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}";

Deno.test("decodeText() shows invalid UTF-8 with replacement characters", () => {
  assertEquals(decodeText(new Uint8Array([0x61, 0xff, 0xc3])), "a\ufffd\ufffd");
  assertEquals(decodeText(new Uint8Array([])), "");
});

Deno.test("cutLineEnd() cuts one line end and no more", () => {
  const cases = [["a", "a"], ["a\n", "a"], ["a\r\n", "a"], ["a\r", "a"], ["a\n\n", "a\n"], [
    "\n",
    "",
  ], ["a\nb", "a\nb"]];
  for (const [given = "", wanted = ""] of cases) assertEquals(cutLineEnd(given), wanted);
});

Deno.test("splitText() cuts between grapheme clusters, and joined it is the text", () => {
  assertEquals(splitText("", 10), [""]);
  assertEquals(splitText(`ab${FAMILY}c`, 18), ["ab", FAMILY, "c"]);
  assertEquals(splitText(`ab${FAMILY}`, 18), ["ab", FAMILY]);
  assertThrows(() => splitText("abc", 3), RangeError, "wanted >= 4");
});

Deno.test("splitText() cuts a cluster longer than the limit between code points", () => {
  const zalgo = "e" + "\u0301".repeat(20);
  const pieces = splitText(zalgo, 7);
  assertEquals(pieces.join(""), zalgo);
  assert(pieces.every((piece) => byteLength(piece) <= 7));
});

Deno.test("splitText() loses nothing and fits, for 2,000 seeds", () => {
  const alphabet = ["a", " ", "\u00e4", "\u65e5", "\u{1f600}", FAMILY, "e\u0301\u0302", "\n"];
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed);
    let given = "";
    for (let count = random() * 60; count > 0; count--) {
      given += alphabet[Math.floor(random() * alphabet.length)];
    }
    const limit = 4 + Math.floor(random() * 40);
    const pieces = splitText(given, limit);
    assertEquals(pieces.join(""), given, `seed ${seed}`);
    for (const piece of pieces) assert(byteLength(piece) <= limit, `seed ${seed}`);
    if (given !== "") assert(pieces.every((piece) => piece !== ""), `seed ${seed}`);
  }
});

Deno.test("TextFormat fills name and text, also when the text holds a place", () => {
  const format = new TextFormat("{name} : {text}\\r\\n");
  assertEquals(format.encode("hi {name}", "ann").map(text), ["ann : hi {name}\r\n"]);
});

Deno.test("TextFormat puts every piece of a long text through the template", () => {
  const long = "x".repeat(3_000);
  const sent = new TextFormat("{name}: {text}").encode(long, "ann");
  assertEquals(sent.length, 3);
  assert(sent.every((each) => each.length <= MAX_TEXT_BYTES && text(each).startsWith("ann: ")));
  assertEquals(sent.map((each) => text(each).slice(5)).join(""), long);
});

Deno.test("TextFormat fits a template with the text twice into the limit", () => {
  const sent = new TextFormat("{text}|{text}").encode("\u65e5".repeat(400), "");
  assert(sent.every((each) => each.length <= MAX_TEXT_BYTES));
});

Deno.test("TextFormat refuses a template without {text}, and one that fills a datagram", () => {
  assertThrows(() => new TextFormat("hello"), SyntaxError, "wanted {text}");
  assertThrows(() => new TextFormat("x".repeat(300) + "{text}"), SyntaxError, "at most 256");
});

Deno.test("TextFormat understands \\n, \\r and \\\\ and leaves other backslashes", () => {
  assertEquals(new TextFormat("{text}\\\\n\\x").encode("a", "").map(text), ["a\\n\\x"]);
});

Deno.test("WholeCharacters never cuts a character, wherever the reads are cut", () => {
  const given = bytes(`a\u00e4\u65e5\u{1f600}${FAMILY}z`);
  for (let first = 0; first <= given.length; first++) {
    for (let second = first; second <= given.length; second++) {
      const whole = new WholeCharacters();
      const pieces = [given.slice(0, first), given.slice(first, second), given.slice(second)]
        .map((piece) => decodeText(whole.push(piece)));
      assertEquals(pieces.join(""), decodeText(given));
      assert(pieces.every((piece) => !piece.includes("\ufffd")));
      assertEquals(whole.rest().length, 0);
    }
  }
});

Deno.test("WholeCharacters holds back at most three bytes of anything, and loses none", () => {
  for (let seed = 0; seed < 1_000; seed++) {
    const random = seededRandom(seed);
    const whole = new WholeCharacters(), given: number[] = [], got: number[] = [];
    for (let reads = 0; reads < 8; reads++) {
      const piece = Uint8Array.from(
        { length: Math.floor(random() * 5) },
        () => [0x61, 0xc3, 0xa4, 0xe6, 0x97, 0xf0, 0x9f, 0xff][Math.floor(random() * 8)] ?? 0,
      );
      given.push(...piece);
      got.push(...whole.push(piece));
      assert(whole.rest().length <= 3, `seed ${seed}`);
    }
    assertEquals([...got, ...whole.rest()], given, `seed ${seed}`);
  }
});
