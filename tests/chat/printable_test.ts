import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { printable, printableJson, printableLines, REFUSED } from "../../lib/chat/printable.ts";

/** Text that people write: it has to come through as it is. */
const ALLOWED: readonly (readonly [what: string, text: string])[] = [
  ["nothing", ""],
  ["ASCII", "Hello, world! ~ #1 <a href=\"x\"> 'q' \\ `c` {1} [2] |"],
  ["Latin with accents", "na\u00efve \u00c5ngstr\u00f6m \u0142\u00f3d\u017a \u1e9e"],
  ["decomposed accents", "e\u0301 n\u0303 o\u0323\u0302 Vie\u0323\u0302t"],
  ["four marks on one letter", "a\u0300\u0301\u0302\u0303b"],
  ["Greek", "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u1f08\u03c1\u03c7\u1f74"],
  ["Cyrillic", "\u041f\u0440\u0438\u0432\u0456\u0442 \u0436\u0438\u0301\u0442\u0435\u043b\u0438"],
  ["Armenian, Georgian", "\u0532\u0561\u0580\u0565\u0582 \u10d2\u10d0\u10db\u10d0\u10e0"],
  ["Hebrew with points", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd"],
  [
    "Arabic with vowels",
    "\u0627\u064e\u0644\u0652\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u064e",
  ],
  ["Persian with ZWNJ", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
  ["Sindhi with ZWJ", "\u0647\u200d"],
  ["Syriac", "\u0710\u0712\u0713\u0308"],
  [
    "Devanagari conjuncts",
    "\u0915\u094d\u0937\u0924\u094d\u0930\u093f\u092f \u0939\u093f\u0928\u094d\u0926\u0940",
  ],
  ["Devanagari with ZWJ", "\u0915\u094d\u200d\u0937"],
  ["Devanagari with ZWNJ", "\u0915\u094d\u200c\u0937"],
  ["Bengali", "\u09ac\u09be\u0982\u09b2\u09be \u0995\u09cd\u09b7"],
  [
    "Gurmukhi, Gujarati",
    "\u0a2a\u0a70\u0a1c\u0a3e\u0a2c\u0a40 \u0a97\u0ac1\u0a9c\u0ab0\u0abe\u0aa4\u0ac0",
  ],
  ["Tamil, Telugu", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41"],
  ["Kannada, Malayalam", "\u0c95\u0ca8\u0ccd\u0ca8\u0ca1 \u0d2e\u0d32\u0d2f\u0d3e\u0d33\u0d02"],
  ["Sinhala with ZWJ", "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf"],
  [
    "Thai",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e19\u0e49\u0e33 \u0e17\u0e35\u0e48\u0e19\u0e35\u0e48",
  ],
  ["Lao", "\u0eaa\u0eb0\u0e9a\u0eb2\u0e8d\u0e94\u0eb5"],
  ["Khmer", "\u1781\u17d2\u1798\u17c2\u179a"],
  ["Tibetan", "\u0f56\u0f7c\u0f51\u0f0b\u0f66\u0f90\u0f51"],
  ["Ethiopic, Cherokee", "\u12a0\u121b\u122d\u129b \u13e3\u13b3\u13a9"],
  ["Canadian syllabics", "\u14c0\u1426\u1403\u152d\u140d\u140f\u1423"],
  ["Hangul syllables", "\ud55c\uad6d\uc5b4"],
  ["Hangul jamo", "\u1112\u1161\u11ab\u1100\u116e\u11a8"],
  [
    "Han, Kana",
    "\u6f22\u5b57 \u3072\u3089\u304c\u306a \u30ab\u30bf\u30ab\u30ca \u{20bb7}\u91ce\u5bb6",
  ],
  ["decomposed kana", "\u304b\u3099 \u30cf\u309a"],
  [
    "punctuation and symbols",
    "\u201cq\u201d \u2014 \u2026 \u00a9 \u20ac \u2192 \u2211 \u265e \u2500\u2588",
  ],
  ["spaces that are visible", "a\u00a0b\u3000c\u2009d"],
  ["mathematical letters", "\u{1d538}\u{1d4d0}"],
  ["emoji", "\u{1f600} \u{1f44d}\u{1f3fd} \u2764\ufe0f \u2764 \u{1f3fd}"],
  ["emoji families", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}"],
  ["emoji with profession", "\u{1f469}\u{1f3fe}\u200d\u{1f680} \u{1f3f3}\ufe0f\u200d\u{1f308}"],
  [
    "the longest emoji",
    "\u{1f469}\u{1f3fb}\u200d\u2764\ufe0f\u200d\u{1f48b}\u200d\u{1f468}\u{1f3ff}",
  ],
  ["flags", "\u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7} \u{1f1e9}"],
  ["flags of regions", "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"],
  ["keycaps", "1\ufe0f\u20e3 #\ufe0f\u20e3"],
  ["what stands for the refused", REFUSED],
];

/** What must not come through, and what is shown for it. */
const ATTACKS: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["CSI", "\x1b[2J", "\u00b7[2J"],
  ["OSC that sets the title", "\x1b]0;boo\x07", "\u00b7]0;boo\u00b7"],
  ["OSC 52 that sets the clipboard", "\x1b]52;c;cm0=\x1b\\", "\u00b7]52;c;cm0=\u00b7\\"],
  ["DCS", "\x1bPq\x1b\\", "\u00b7Pq\u00b7\\"],
  ["C1 CSI", "\u009b31m", "\u00b731m"],
  ["C1 OSC, DCS, ST", "\u009d\u0090\u009c", "\u00b7\u00b7\u00b7"],
  ["NEL", "a\u0085b", "a\u00b7b"],
  ["NUL", "a\0b", "a\u00b7b"],
  ["newline", "a\nb", "a\u00b7b"],
  ["CR", "a\rb", "a\u00b7b"],
  ["CR LF, one cluster", "a\r\nb", "a\u00b7b"],
  ["tab", "a\tb", "a\u00b7b"],
  ["backspace and DEL", "a\b\x7f", "a\u00b7\u00b7"],
  ["shift out, shift in", "\x0e\x0f", "\u00b7\u00b7"],
  ["line separator", "a\u2028b", "a\u00b7b"],
  ["paragraph separator", "a\u2029b", "a\u00b7b"],
  ["bidi embeddings", "\u202a\u202b\u202c", "\u00b7\u00b7\u00b7"],
  ["bidi overrides", "a\u202db\u202ec", "a\u00b7b\u00b7c"],
  ["bidi isolates", "\u2066a\u2067b\u2068c\u2069", "\u00b7a\u00b7b\u00b7c\u00b7"],
  ["bidi marks", "\u200e\u200f\u061c", "\u00b7\u00b7\u00b7"],
  ["zero width space", "a\u200bb", "a\u00b7b"],
  ["word joiner", "a\u2060b", "a\u00b7b"],
  ["invisible operators", "\u2061\u2062\u2063\u2064", "\u00b7\u00b7\u00b7\u00b7"],
  ["BOM", "\ufeffa", "\u00b7a"],
  ["soft hyphen", "a\u00adb", "a\u00b7b"],
  ["joiner after Latin", "a\u200db", "\u00b7b"],
  ["non-joiner after Latin", "a\u200cb", "\u00b7b"],
  ["joiner alone", "\u200d", "\u00b7"],
  ["two joiners", "\u0647\u200d\u200d", "\u00b7"],
  ["combining grapheme joiner", "a\u034fb", "\u00b7b"],
  ["variation selector 15", "\u263a\ufe0e", "\u00b7"],
  ["variation selector 16 on a letter", "a\ufe0fb", "\u00b7b"],
  ["variation selector 16 alone", "\ufe0f", "\u00b7"],
  ["variation selector 17", "\u6f22\u{e0100}", "\u00b7"],
  ["Mongolian variation selector", "\u1820\u180b", "\u00b7"],
  ["Mongolian vowel separator", "\u1820\u180e", "\u1820\u00b7"],
  ["tags", "a\u{e0068}\u{e0069}", "\u00b7"],
  ["a tag alone", "\u{e0001}", "\u00b7"],
  ["a made-up flag", "\u{1f3f4}\u{e0078}\u{e0078}\u{e007f}", "\u00b7"],
  ["a made-up emoji sequence", "\u{1f600}\u200d\u{1f600}", "\u00b7"],
  ["private use", "\ue000\u{f0000}\u{10fffd}", "\u00b7\u00b7\u00b7"],
  ["noncharacters", "\ufdd0\ufffe\uffff\u{1fffe}", "\u00b7\u00b7\u00b7\u00b7"],
  ["unassigned", "\u0378\u{2fe0}\u{e0fff}", "\u00b7\u00b7\u00b7"],
  ["five marks", "a\u0300\u0301\u0302\u0303\u0304b", "\u00b7b"],
  ["zalgo", `Z${"\u0334\u0356\u030d".repeat(20)}a`, "\u00b7a"],
  ["a mark alone", "\u0301", "\u00b7"],
  ["a mark after a control character", "\x1b\u0301", "\u00b7\u00b7"],
  ["Hangul filler", "a\u3164b", "a\u00b7b"],
  ["halfwidth Hangul filler", "\uffa0", "\u00b7"],
  ["choseong and jungseong filler", "\u115f\u1160", "\u00b7"],
  ["Khmer inherent vowels", "\u1780\u17b4", "\u00b7"],
  ["Arabic number sign", "\u0600", "\u00b7"],
  ["interlinear annotation", "\ufff9a\ufffab\ufffb", "\u00b7a\u00b7b\u00b7"],
  ["shorthand and music controls", "\u{1bca0}\u{1d173}", "\u00b7\u00b7"],
];

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const JOINED =
  /[\p{Script=Arab}\p{Script=Syrc}\p{Script=Deva}\p{Script=Beng}\p{Script=Guru}\p{Script=Gujr}\p{Script=Orya}\p{Script=Taml}\p{Script=Telu}\p{Script=Knda}\p{Script=Mlym}\p{Script=Sinh}\p{Script=Khmr}\p{Script=Mymr}\p{Script=Tibt}]/u;

/** Spacing marks that begin a cluster (UAX #29 table 2, exceptions of SpacingMark). */
const OWN_CELL =
  /[\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c\u1a61\u1a63\u1a64\uaa7b\uaa7d\u{11720}\u{11721}]/u;

/** The slow, obvious second opinion: what is wrong with output, code point by code point. */
function harm(output: string): string[] {
  const found: string[] = [];
  for (const { segment } of graphemes.segment(output)) {
    if (/^\p{RGI_Emoji}$/v.test(segment)) continue;
    let marks = 0, base = "", before = "";
    for (const char of segment) {
      const code = `U+${(char.codePointAt(0) ?? 0).toString(16)}`;
      if (char === "\u200c" || char === "\u200d") {
        if (!JOINED.test(base) || /\p{Cf}/u.test(before)) found.push(`${code} joins nothing`);
      } else if (/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u.test(char)) found.push(code);
      else if (!/\p{M}/u.test(char) || OWN_CELL.test(char)) {
        base = char;
        marks = 0;
      } else if (++marks > 4) found.push(`${marks} marks up to ${code}`);
      before = char;
    }
  }
  return found;
}

function escaped(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A string of few pieces, mostly those that go wrong. */
function nasty(random: () => number): string {
  const alphabet = NASTY;
  let text = "";
  for (let left = Math.floor(random() * 12); left >= 0; left--) {
    text += alphabet[Math.floor(random() * alphabet.length)] ?? "";
    if (random() < 0.03) text += String.fromCharCode(Math.floor(random() * 0x10000));
    if (random() < 0.03) text += String.fromCodePoint(Math.floor(random() * 0x110000));
  }
  return text;
}

const NASTY: readonly string[] = [
  ...'aZ9 -"\\/\u00b7\u00e9\u6f22\uac00\u1112\u1161\u11ab\u3164\u115f',
  ..."\0\x07\b\t\n\r\x1b\x7f\u0085\u009b\u009d\u00ad\u2028\u2029\ufeff\ufffd\uffff\ufdd0\ue000",
  ..."\u0300\u0301\u0334\u20dd\u20e3\u034f\u093f\u094d\u0941\u103a\u102c\u1038\u17b4\u17d2\u0d4e\u0e33",
  ..."\u0600\u0605\u061c\u06dd\u070f\u08e2\u0645\u0647\u064e\u0710\u0915\u0937\u0dca\u0dc1\u1019",
  ..."\u200b\u200c\u200d\u200e\u202a\u202e\u2060\u2066\u2069\u180b\u180e\u1820\ufe0e\ufe0f",
  ..."\u{1f468}\u{1f469}\u{1f44d}\u{1f3fd}\u{1f1e9}\u{1f1ea}\u{1f3f4}\u2764\u{1f600}\u{1f680}",
  ..."\u{e0001}\u{e0067}\u{e0062}\u{e007f}\u{e0100}\u{110bd}\u{11f02}\u{1d173}\u{f0000}\u0378",
  "\ud800",
  "\udc00",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\u200d",
  "\u200d",
];

Deno.test("printable() leaves what people write as it is", () => {
  const changed = ALLOWED.filter(([, text]) => printable(text) !== text);
  assertEquals(changed.map(([what, text]) => `${what}: ${escaped(printable(text))}`), []);
});

Deno.test("printable() leaves Burmese and Shan, whose vowels stand alone, as they are", () => {
  // U+102B, U+102C, U+1038 and others are marks, but begin a grapheme cluster (UAX #29 table 2).
  const words = [
    "\u1019\u103c\u1014\u103a\u1019\u102c\u1018\u102c\u101e\u102c",
    "\u101a\u1031\u102c\u1000\u103a\u103b\u102c\u1038",
    "\u101b\u103e\u1019\u103a\u1038",
    "\u1010\u1086\u1038",
  ];
  assertEquals(words.map(printable).map(escaped), words.map(escaped));
});

Deno.test("printable() refuses what does harm", () => {
  const wrong = ATTACKS.filter(([, text, shown]) => printable(text) !== shown);
  assertEquals(wrong.map(([what, text]) => `${what}: ${escaped(printable(text))}`), []);
});

Deno.test("printable() refuses format characters of joining scripts before a joiner too", () => {
  for (const text of ["\u0600\u200d", "\u0601\u200c", "\u070f\u200d", "\u17b4\u200d"]) {
    assertEquals(harm(printable(text)), [], escaped(text));
  }
});

Deno.test("printable() refuses more than four marks also where joiners stand between them", () => {
  const text = `\u0915${`${"\u0941".repeat(5)}\u200d`.repeat(8)}`;
  assertEquals(harm(printable(text)), []);
});

Deno.test("printable() shows lone surrogates as no surrogates", () => {
  for (const text of ["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d", "\ud800\u0301"]) {
    assert(printable(text).isWellFormed(), escaped(text));
  }
});

Deno.test("printable() refuses every control, format, private and unassigned code point", () => {
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    const char = String.fromCodePoint(code);
    if (!/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u.test(char)) continue;
    const shown = printable(`a${char}b`);
    if (shown.includes(char)) wrong.push(escaped(char));
  }
  assertEquals(wrong, []);
});

Deno.test("printable() keeps every letter, number, symbol and punctuation that can be seen", () => {
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    const char = String.fromCodePoint(code);
    if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(char) || /\p{DI}/u.test(char)) continue;
    if (printable(char) !== char) wrong.push(escaped(char));
  }
  assertEquals(wrong, []);
});

Deno.test("printable() harms nothing and is idempotent for 150,000 nasty texts", () => {
  const random = seededRandom(2026);
  const wrong: string[] = [];
  for (let round = 0; round < 150_000 && wrong.length < 5; round++) {
    const text = nasty(random);
    const shown = printable(text);
    if (harm(shown).length > 0) wrong.push(`${escaped(text)}: ${harm(shown).join(", ")}`);
    if (printable(shown) !== shown) wrong.push(`${escaped(text)}: not idempotent`);
  }
  assertEquals(wrong, []);
});

Deno.test("printableLines() ends lines at LF and CR LF and nowhere else", () => {
  assertEquals(printableLines("a\nb\r\nc"), ["a", "b", "c"]);
  assertEquals(printableLines(""), [""]);
  assertEquals(printableLines("a\n"), ["a", ""]);
  assertEquals(printableLines("a\rb\u2028c\u0085d\x0be"), ["a\u00b7b\u00b7c\u00b7d\u00b7e"]);
  assertEquals(printableLines("\x1b[A\n\u202e"), ["\u00b7[A", "\u00b7"]);
});

Deno.test("printableJson() is one line that parses to the same value, for 100,000 texts", () => {
  const random = seededRandom(7);
  const wrong: string[] = [];
  for (let round = 0; round < 100_000 && wrong.length < 5; round++) {
    const text = nasty(random), value = { text, more: [text, round, [text]] };
    const json = printableJson(value);
    if (JSON.stringify(JSON.parse(json)) !== JSON.stringify(value)) wrong.push(escaped(text));
    if (harm(json).length > 0) wrong.push(`${escaped(text)}: ${harm(json).join(", ")}`);
  }
  assertEquals(wrong, []);
});

Deno.test("printableJson() escapes what JSON.stringify leaves raw", () => {
  for (const [what, text] of ATTACKS) {
    const json = printableJson(text);
    assertEquals(JSON.parse(json), text, what);
    assertMatch(json, /^[^\p{C}\p{Zl}\p{Zp}]*$/u, what);
  }
  assertEquals(printableJson("\x7f\u009b\u202e\u2028"), '"\\u007f\\u009b\\u202e\\u2028"');
  assertEquals(printableJson("\u{f0000}"), '"\\udb80\\udc00"');
  assertEquals(printableJson({ "\u202e": 1 }), '{"\\u202e":1}');
  assertEquals(JSON.parse(printableJson("\ud800")), "\ud800");
});

Deno.test("printableJson() leaves readable text readable", () => {
  for (const [what, text] of ALLOWED) {
    if (!text.includes('"') && !text.includes("\\")) {
      assertEquals(printableJson(text), `"${text}"`, what);
    }
  }
  for (const value of [null, true, 1.5, [], {}, [{ a: null }], "\u{1f44d}"]) {
    assertEquals(printableJson(value), JSON.stringify(value));
  }
});

Deno.test("printable() comes to an end with 200,000 units of whatever is worst", () => {
  const worst = [
    "\u0301",
    "\u0915\u094d\u200d",
    "\u0941\u200d",
    "\u0915\u094d",
    "\u200d",
    "\u{1f468}\u200d",
    "\u{1f1e9}",
    "\u{e0067}",
    "\u0600",
    "\ufe0f",
    "\ud800",
    "\x1b[",
    "\u1112",
    "\u202e",
    "a",
    "\u6f22",
  ];
  for (const piece of worst) {
    const text = `\u{1f3f4}${piece.repeat(200_000 / piece.length)}\nx`;
    const shown = printable(text);
    assert(shown.endsWith("x") && shown.length <= text.length, escaped(piece));
    assertFalse(shown.includes("\x1b"));
    assertEquals(JSON.parse(printableJson(text)), text);
  }
});
