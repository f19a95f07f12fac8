import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { complete } from "../../lib/chat/slash.ts";
import { Sitting } from "./emulator.ts";

const LEFT = "\x1b[D";
const HOME = "\x01";
const UP = "\x1b[A";
const DOWN = "\x1b[B";

/** What a terminal makes of text that it wraps. */
function wrapped(text: string, columns: number): string[] {
  const rows: string[] = [];
  for (let at = 0; at < text.length; at += columns) rows.push(text.slice(at, at + columns));
  return rows;
}

Deno.test("Screen starts with a prompt, in raw mode, with marked pastes", async () => {
  await using at = new Sitting();
  await at.settle();
  assertEquals([at.text, at.cursor], [[">"], [2, 0]]);
  assertEquals([at.input.raw, at.marksPastes], [[true], true]);
});

Deno.test("Screen.show() shows a message above a half-typed line, which stays", async () => {
  await using at = new Sitting();
  await at.type("hello");
  await at.show("bob: hi");
  assertEquals([at.text, at.cursor], [["bob: hi", "> hello"], [7, 1]]);
  await at.type(LEFT, LEFT);
  await at.show("bob: one", "bob: two");
  assertEquals([at.text, at.cursor], [["bob: hi", "bob: one", "bob: two", "> hello"], [5, 3]]);
  await at.type("XY");
  assertEquals([at.text.at(-1), at.cursor], ["> helXYlo", [7, 3]]);
});

Deno.test("Screen.show() keeps a line that wraps over three rows, wherever the cursor is", async () => {
  const line = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ";
  for (const back of [0, 5, 20, 30, 45, line.length]) {
    await using at = new Sitting(20, 8);
    await at.type(line);
    await at.type(LEFT.repeat(back));
    const edited = wrapped(`> ${line}`, 20), offset = 2 + line.length - back;
    await at.show("bob: one");
    assertEquals(at.text, ["bob: one", ...edited], `${back} back`);
    assertEquals(at.cursor, [offset % 20, 1 + Math.floor(offset / 20)], `${back} back`);
    await at.show("bob: two", "a message that is itself longer than a row");
    const above = [
      "bob: one",
      "bob: two",
      ...wrapped("a message that is itself longer than a row", 20),
    ];
    assertEquals(at.text, [...above.map((row) => row.trimEnd()), ...edited], `${back} back`);
    await at.type("!");
    const edit = line.slice(0, line.length - back) + "!" + line.slice(line.length - back);
    assertEquals(at.text.slice(above.length), wrapped(`> ${edit}`, 20), `${back} back`);
  }
});

Deno.test("Screen.show() keeps a line that fills its rows exactly", async () => {
  for (const length of [17, 18, 19, 37, 38, 39]) {
    await using at = new Sitting(20, 8);
    const line = "x".repeat(length);
    await at.type(line);
    await at.show("bob: one");
    await at.show("bob: two");
    assertEquals(at.text, ["bob: one", "bob: two", ...wrapped(`> ${line}`, 20)], `${length}`);
    await at.type("y");
    assertEquals(at.text.slice(2), wrapped(`> ${line}y`, 20), `${length}`);
    await at.type("\r");
    assertEquals(at.text, ["bob: one", "bob: two", ">"], `${length}`);
    assertEquals(await at.typed(1), [`${line}y`]);
  }
});

Deno.test("Screen.show() keeps wide characters, also where they wrap", async () => {
  await using at = new Sitting(20, 8);
  await at.type("\u6f22\u5b57 \u{1f44d} e\u0301 \ud55c");
  await at.type(LEFT);
  await at.show("ann: \u3053\u3093\u306b\u3061\u306f");
  assertEquals(at.text, [
    "ann: \u3053\u3093\u306b\u3061\u306f",
    "> \u6f22\u5b57 \u{1f44d} e\u0301 \ud55c",
  ]);
  assertEquals(at.cursor, [12, 1]);
  await at.type("\u{1f600}");
  assertEquals(at.text[1], "> \u6f22\u5b57 \u{1f44d} e\u0301 \u{1f600}\ud55c");
});

Deno.test("Screen.show() keeps wide characters that wrap over three rows", async () => {
  for (
    const [filler, char] of [["", "\u6f22"], ["a", "\u6f22"], ["", "\u{1f44d}"], ["a", "\u{1f44d}"]]
  ) {
    await using at = new Sitting(20, 8);
    const line = `${filler}${char?.repeat(22)}`;
    await at.type(line);
    await at.show("bob: one");
    await at.show("bob: two");
    // A wide character that does not fit into the last cell goes to the next row.
    const rows = [`> ${filler}${char?.repeat(filler === "" ? 9 : 8)}`];
    const left = 22 - (filler === "" ? 9 : 8);
    rows.push(`${char?.repeat(10)}`, `${char?.repeat(left - 10)}`);
    assertEquals(at.text, ["bob: one", "bob: two", ...rows], JSON.stringify(line));
    await at.type("\r");
    assertEquals([at.text, await at.typed(1)], [["bob: one", "bob: two", ">"], [line]]);
  }
});

const LINE = "the quick brown fox jumps over the lazy dog";

Deno.test("Screen redraws a line that was pasted over several rows", async () => {
  for (const [row, columns] of [["x".repeat(50), 20], ["\u6f22".repeat(25), 21]] as const) {
    await using at = new Sitting(columns, 8);
    await at.show("bob: one");
    await at.type(`\x1b[200~${row}\x1b[201~`);
    await at.type("\x7f", "\x7f", "\x7f");
    const edited = row.slice(0, -3);
    assertEquals(at.text[0], "bob: one");
    assertEquals(at.text.slice(1).join(""), `> ${edited}`);
    await at.type("\r");
    assertEquals([at.text, await at.typed(1)], [["bob: one", ">"], [edited]]);
  }
});

Deno.test("Screen.resize() draws the line anew, and messages go on above it", async () => {
  for (const [before, after] of [[60, 50], [50, 80], [30, 29], [29, 30], [40, 40]] as const) {
    await using at = new Sitting(before, 8);
    await at.show("bob: one");
    await at.type(LINE);
    await at.resize(after, 8);
    await at.show("bob: two");
    const rows = wrapped(`> ${LINE}`, after).map((row) => row.trimEnd());
    assertEquals(at.text, ["bob: one", "bob: two", ...rows], `${before} to ${after}`);
    await at.type("\r");
    assertEquals(at.text, ["bob: one", "bob: two", ">"], `${before} to ${after}`);
    assertEquals(await at.typed(1), [LINE]);
  }
});

Deno.test("Screen.resize() never erases a message", async () => {
  // xterm.js (so VS Code), unlike others, does not wrap the line with the cursor anew.
  for (const [before, after] of [[40, 20], [20, 40], [60, 20], [20, 60], [80, 10]] as const) {
    await using at = new Sitting(before, 12);
    await at.show("one", "two", "three");
    await at.type(LINE);
    await at.resize(after, 12);
    await at.show("four");
    const rows = wrapped(`> ${LINE}`, after).map((row) => row.trimEnd());
    assertEquals(at.text.slice(0, 3), ["one", "two", "three"], `${before} to ${after}`);
    assertEquals(at.text.slice(-rows.length - 1), ["four", ...rows], `${before} to ${after}`);
  }
});

Deno.test("Screen removes the typed line at Enter and yields it", async () => {
  await using at = new Sitting(20, 8);
  const lines = at.screen.lines();
  const first = lines.next();
  await at.type("hello\r");
  assertEquals(await first, { done: false, value: ["hello"] });
  assertEquals([at.text, at.cursor], [[">"], [2, 0]]);
  await at.show("me hello");
  assertEquals([at.text, at.cursor], [["me hello", ">"], [2, 1]]);
  const long = "x".repeat(50);
  await at.type(`${long}`, LEFT.repeat(30), "\r");
  assertEquals(await lines.next(), { done: false, value: [long] });
  assertEquals(at.text, ["me hello", ">"]);
  await at.type("\r", "  \r", "a\rb\r");
  assertEquals((await lines.next()).value, ["a"], "blank lines are left out");
  assertEquals((await lines.next()).value, ["b"]);
  await lines.return(undefined);
});

Deno.test("Screen.next() gives blank lines too", async () => {
  await using at = new Sitting();
  await at.type("\r", " \r", "x\r");
  assertEquals(await at.typed(3), ["", " ", "x"]);
});

Deno.test("Screen removes the typed line at Enter at the bottom of the terminal", async () => {
  await using at = new Sitting(20, 4);
  await at.show("1", "2", "3", "4", "5");
  await at.type("y".repeat(45));
  await at.type("\r");
  assertEquals([at.text, at.cursor], [["1", "2", "3", "4", "5", ">"], [2, 5]]);
  await at.show("6");
  assertEquals(at.text, ["1", "2", "3", "4", "5", "6", ">"]);
});

Deno.test("Screen equals a slow model for 30 random sittings", async () => {
  const random = seededRandom(42), pick = (count: number) => Math.floor(random() * count);
  for (let round = 0; round < 30; round++) {
    const columns = 8 + pick(30);
    await using at = new Sitting(columns, 30);
    let prompt = "> ", line = "", cursor = 0;
    const above: string[] = [], steps: string[] = [];
    for (let step = 0; step < 25; step++) {
      const what = pick(8), text = "abcdefghij".slice(0, 1 + pick(9)).repeat(1 + pick(3));
      steps.push(`${what}`);
      if (what < 3) {
        await at.type(text);
        line = line.slice(0, cursor) + text + line.slice(cursor);
        cursor += text.length;
      } else if (what === 3 && cursor > 0) {
        const back = 1 + pick(cursor);
        await at.type(LEFT.repeat(back));
        cursor -= back;
      } else if (what === 4 && cursor > 0) {
        await at.type("\x7f");
        line = line.slice(0, cursor - 1) + line.slice(cursor--);
      } else if (what === 5) {
        await at.type("\x05\r");
        line = "";
        cursor = 0;
      } else if (what === 6) {
        prompt = `${"p".repeat(pick(12))}> `;
        at.screen.setPrompt(prompt);
        await at.settle();
      } else {
        const lines = Array.from({ length: 1 + pick(3) }, (_, at) => `${at}${text}`);
        above.push(...lines.flatMap((each) => wrapped(each, columns)));
        await at.show(...lines);
      }
      const edited = wrapped(prompt + line, columns).map((row) => row.trimEnd());
      if (edited.at(-1) === "") edited.pop();
      const place = prompt.length + cursor, why = `round ${round}, ${columns}: ${steps}`;
      assertEquals(at.text, [...above, ...edited], why);
      assertEquals(at.cursor, [place % columns, above.length + Math.floor(place / columns)], why);
    }
  }
});

Deno.test("Screen.show() of 100 lines in one turn is one write", async () => {
  await using at = new Sitting(40, 8);
  await at.type("half");
  const before = at.writes.length;
  for (let line = 0; line < 100; line++) at.screen.show([`line ${line}`]);
  await at.settle();
  assertEquals(at.writes.length - before, 1);
  assertEquals(at.text.length, 101);
  assertEquals([at.text.at(-2), at.text.at(-1)], ["line 99", "> half"]);
});

Deno.test("Screen.show() while the terminal stalls keeps the latest lines and says what is lost", async () => {
  await using at = new Sitting(40, 8);
  await at.type("half");
  at.stall();
  await at.show("first");
  for (let line = 0; line < 3_000; line++) at.screen.show([`line ${line}`]);
  await at.type(" typed");
  await at.resume();
  const { text } = at;
  assertEquals([text[0], text.at(-1)], ["first", "> half typed"]);
  assertMatch(text[1] ?? "", /1000 lines skipped/);
  assertEquals([text[2], text.at(-2)], ["line 1000", "line 2999"]);
});

Deno.test("Screen.setPrompt() keeps what is typed", async () => {
  await using at = new Sitting(40, 8);
  await at.type("half", LEFT);
  at.screen.setPrompt("\x1b[33m~\x1b[39m ann> ");
  await at.settle();
  assertEquals([at.text, at.cursor], [["~ ann> half"], [10, 0]]);
  await at.show("bob: hi");
  assertEquals([at.text, at.cursor], [["bob: hi", "~ ann> half"], [10, 1]]);
});

Deno.test("Screen recalls what was typed with the up key", async () => {
  await using at = new Sitting();
  await at.type("one\r", "two\r", UP);
  assertEquals(at.text, ["> two"]);
  await at.type(UP);
  assertEquals(at.text, ["> one"]);
  await at.show("bob: hi");
  await at.type(DOWN, DOWN);
  assertEquals(at.text[0], "bob: hi");
  await at.type(UP, "!\r");
  assertEquals((await at.typed(3)).slice(0, 2), ["one", "two"]);
});

Deno.test("Screen completes with Tab", async () => {
  await using at = new Sitting(40, 10, { complete: (line) => complete(line, ["bob", "bill"]) });
  await at.type("/ni\t");
  assertEquals(at.text, ["> /nick"]);
  await at.type("\x15bo\t");
  assertEquals([at.text, at.cursor], [["> bob:"], [7, 0]]);
  await at.type("\x15hello bi\t");
  assertEquals(at.text, ["> hello bill"]);
});

Deno.test("Screen offers what Tab may mean, and goes on", async () => {
  await using at = new Sitting(40, 10, { complete: (line) => complete(line, ["bob", "bill"]) });
  await at.type("b", "\t", "\t");
  assertStringIncludes(at.text.join(" "), "bill");
  assertEquals(at.text.at(-1), "> b");
  await at.show("ann: hi");
  assertEquals(at.text.slice(-2), ["ann: hi", "> b"]);
  await at.type("i\t");
  assertEquals(at.text.at(-1), "> bill:");
});

Deno.test("Screen writes no escape sequences but those it knows", async () => {
  await using at = new Sitting(20, 6, { complete: (line) => complete(line, ["bob"]) });
  await at.type("a long line that wraps around the edge", LEFT, HOME, "x", "\x7f", UP, DOWN, "\t");
  await at.show("bob: hi");
  await at.resize(30, 6);
  await at.type("\x1b[200~one\ntwo\x1b[201~", "y", "\x1b[200~\x1b[2Jx\x07\x1b[201~", "\r");
  await at.screen.close();
  // deno-lint-ignore no-control-regex -- these are what is looked for
  const known = /\x1b\[(?:\d*[ABCDGJK]|\?25[hl]|\?2004[hl])|\r\n|\r/g;
  assertEquals(/[^\x20-\x7e\u00a0-\uffff]+/.exec(at.writes.join("").replaceAll(known, "")), null);
  assert(at.writes.length > 3);
});

Deno.test("Screen keeps what is above lines that wait, whatever their width", async () => {
  for (let width = 1; width <= 45; width++) {
    await using at = new Sitting(20, 12);
    await at.show("bob: one");
    at.screen.setPending(["x".repeat(width), `\x1b[2m${"y".repeat(width)}\x1b[0m`]);
    await at.settle();
    await at.show("bob: two");
    const rows = [...wrapped("x".repeat(width), 20), ...wrapped("y".repeat(width), 20)];
    assertEquals(at.text, ["bob: one", "bob: two", ...rows, ">"], `${width} wide`);
    at.screen.setPending([]);
    await at.settle();
    assertEquals(at.text, ["bob: one", "bob: two", ">"], `${width} wide`);
  }
});
