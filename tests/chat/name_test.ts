import { assert, assertEquals, assertNotMatch, assertThrows } from "@std/assert";
import { printable } from "../../lib/chat/printable.ts";
import { anyName, MAX_NAME, toName } from "../../lib/chat/name.ts";
import { seededRandom } from "../../lib/net/random.ts";

const FAMILY = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const length = (text: string) => [...graphemes.segment(text)].length;

/** A text of few pieces, mostly those that go wrong. */
function nasty(random: () => number): string {
  const pieces = ["a", "-", ":", "/", "#", "@", " ", "\r\n", "\n", "\u0301", "\u200d", FAMILY]
    .concat(["\u202e", "\ud800", "\u{1f1e9}", "\u{1f1ea}", "\u1112", "\u1161", "\u0600", "\u3164"])
    .concat(["\x1b", "\ufeff", "\u2028", "\ufe0f", "\u{e0067}", "\u094d", "\u0915"]);
  return Array.from(
    { length: Math.floor(random() * 60) },
    () => pieces[Math.floor(random() * pieces.length)] ?? "",
  ).join("");
}

Deno.test("toName() makes dashes of what may not stand in a name", () => {
  const table: readonly (readonly [text: string, name: string])[] = [
    ["ann", "ann"],
    ["Ann Lee", "Ann-Lee"],
    ["  ann  ", "ann"],
    ["a:b/c#d@e", "a-b-c-d-e"],
    ["a\tb\nc\u00a0d\u3000e", "a-b-c-d-e"],
    ["a\u2028b\u2029c", "a-b-c"],
    ["\x1b[31mann\x07", "-[31mann-"],
    ["a\u202eb\u200bc\u0085d", "a-b-c-d"],
    ["a\ue000b\u0378c\ufffed", "a-b-c-d"],
    ["\ud800", "\ufffd"],
    ["\ufeffann", "ann"],
    ["-", "-"],
    ["\u6f22\u5b57", "\u6f22\u5b57"],
    ["\u0410\u043d\u043d\u0430", "\u0410\u043d\u043d\u0430"],
    ["e\u0301", "e\u0301"],
    ["\u{1f44d}\u{1f3fd}", "\u{1f44d}\u{1f3fd}"],
    ["__proto__", "__proto__"],
  ];
  for (const [text, name] of table) assertEquals(toName(text), name, JSON.stringify(text));
});

Deno.test("toName() counts what people count: grapheme clusters", () => {
  for (
    const one of ["x", "e\u0301", "\u{1f1e9}\u{1f1ea}", "\u1112\u1161\u11ab", "\u{1f44d}\u{1f3fd}"]
  ) {
    assertEquals(toName(one.repeat(MAX_NAME)), one.repeat(MAX_NAME));
    assertThrows(() => toName(one.repeat(MAX_NAME + 1)), RangeError, "wanted 1-32");
  }
});

Deno.test("toName() refuses a name of nothing", () => {
  for (const text of ["", " ", "\t\r\n", "\u3000", "\ufeff"]) {
    assertThrows(() => toName(text), RangeError, "0 characters: wanted 1-32");
  }
});

Deno.test("anyName() makes a name of anything", () => {
  const table: readonly (readonly [text: string, name: string])[] = [
    ["", "guest"],
    ["   ", "guest"],
    ["root", "root"],
    ["DOMAIN\\ann lee", "DOMAIN\\ann-lee"],
    ["x".repeat(500), "x".repeat(32)],
    [":", "-"],
  ];
  for (const [text, name] of table) assertEquals(anyName(text), name, JSON.stringify(text));
});

Deno.test("anyName() does not throw where a cluster becomes several dashes", () => {
  for (
    const text of [FAMILY.repeat(MAX_NAME), "a\r\n".repeat(20), "\u0915\u094d\u200d".repeat(40)]
  ) {
    const name = anyName(text);
    assert(length(name) >= 1 && length(name) <= MAX_NAME, JSON.stringify(text));
  }
});

Deno.test("toName() and anyName() hold their promise for 20,000 nasty texts", () => {
  const random = seededRandom(5), wrong: string[] = [];
  for (let round = 0; round < 20_000 && wrong.length < 5; round++) {
    const text = nasty(random);
    for (const make of [toName, anyName]) {
      let name: string;
      try {
        name = make(text);
      } catch (error) {
        if (make === anyName || !(error instanceof RangeError)) {
          wrong.push(`${make.name}(${JSON.stringify(text)}): ${error}`);
        }
        continue;
      }
      assertNotMatch(name, /[\s:/#@]/u);
      assertEquals(printable(name), name, "a name can be written as it is");
      if (length(name) < 1 || length(name) > MAX_NAME) wrong.push(JSON.stringify(text));
      if (make(name) !== name) wrong.push(`${make.name}(${JSON.stringify(text)}): not idempotent`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("toName() keeps emoji families and Persian joiners, which are one character each", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}";
  assertEquals(toName(family.repeat(32)), family.repeat(32));
  assertEquals(toName("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645").includes("-"), false);
  assertEquals(toName("a\u200cb"), "-b");
});
