import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { getColorEnabled, setColorEnabled } from "@std/fmt/colors";
import { ESCAPE, makeTheme, type Theme, up } from "../../lib/terminal/theme.ts";

const PARTS: readonly (keyof Theme)[] = [
  "time",
  "person",
  "self",
  "plainMark",
  "notice",
  "warning",
  "error",
];

/** With `NO_COLOR` around the tests the library cannot be made to colour anything. */
const ignore = Deno.noColor;

/** With colours on, also where standard output is no terminal. */
function inColour(test: (theme: Theme) => void): void {
  const before = getColorEnabled();
  setColorEnabled(true);
  try {
    test(makeTheme(true));
  } finally {
    setColorEnabled(before);
  }
}

Deno.test("makeTheme() without colours leaves text as it is", () => {
  const theme = makeTheme(false);
  for (const part of PARTS) assertEquals(theme[part]("some text"), "some text", part);
});

Deno.test("makeTheme() with colours sets and resets them and nothing else", { ignore }, () => {
  inColour((theme) => {
    for (const part of PARTS) {
      // deno-lint-ignore no-control-regex -- these are what is looked for
      assertMatch(theme[part]("some text"), /^(\x1b\[[\d;]+m)+some text(\x1b\[[\d;]+m)+$/, part);
    }
  });
});

Deno.test("makeTheme() gives a name its colour each time, and names many", { ignore }, () => {
  inColour((theme) => {
    const names = Array.from({ length: 200 }, (_, at) => `name${at}`);
    const colours = names.map((name) => theme.person(name).replace(name, ""));
    assertEquals(names.map((name) => makeTheme(true).person(name).replace(name, "")), colours);
    assert(new Set(colours).size >= 10);
    for (const odd of ["", "\u{1f44d}", "\u6f22\u5b57", "x".repeat(1_000)]) theme.person(odd);
  });
});

Deno.test("up() moves by rows, and not at all by none", () => {
  assertEquals([up(0), up(1), up(12), up(-1)], ["", "\x1b[1A", "\x1b[12A", ""]);
});

Deno.test("ESCAPE has a way back for each mode that it sets", () => {
  assertEquals(ESCAPE.hideCursor.replace(/l$/, "h"), ESCAPE.showCursor);
  assertEquals(ESCAPE.pasteOn.replace(/h$/, "l"), ESCAPE.pasteOff);
  assertNotEquals(ESCAPE.pasteOn, ESCAPE.pasteOff);
});
