import { assert, assertEquals, assertMatch } from "@std/assert";
import { Sitting } from "./emulator.ts";

const START = "\x1b[200~";
const END = "\x1b[201~";
const UP = "\x1b[A";

const pasted = (text: string) => `${START}${text}${END}`;

Deno.test("Screen inserts a paste of one line where the cursor is, and does not send it", async () => {
  await using at = new Sitting();
  await at.type("say  now", "\x1b[D".repeat(4), pasted("hello there"));
  assertEquals([at.text, at.cursor], [["> say hello there now"], [17, 0]]);
  await at.type(pasted("!\n"));
  assertEquals(at.text, ["> say hello there! now"]);
  await at.type("\r");
  assertEquals(await at.typed(1), ["say hello there! now"]);
});

Deno.test("Screen keeps the order of keys and a paste that come in one read", async () => {
  await using at = new Sitting();
  await at.type(`a${pasted("b")}c${pasted("d")}e\r`);
  assertEquals(await at.typed(1), ["abcde"]);
});

Deno.test("Screen inserts a paste of one line without control characters", async () => {
  await using at = new Sitting();
  await at.type(pasted("a\x1b[2Jb\x03c\x04d\te\x7ff\u009bg"));
  assertEquals(at.text, ["> a [2Jb c d e f g"]);
  await at.type("\r");
  assertEquals(await at.typed(1), ["a [2Jb c d e f g"]);
});

Deno.test("Screen does not take a line separator in a paste for Enter", async () => {
  for (const separator of ["\u2028", "\u2029"]) {
    await using at = new Sitting();
    await at.type(pasted(`/quit${separator}x`));
    await at.type("!\r");
    const [line = ""] = await at.typed(1);
    assert(line.endsWith("x!"), `sent ${JSON.stringify(line)} before Enter`);
  }
});

Deno.test("Screen asks about a paste of several lines, and y sends one message", async () => {
  await using at = new Sitting(120, 10);
  await at.type("half", pasted("one\r\ntwo\rthree\n"));
  assertMatch(at.text[0] ?? "", /^Pasted 3 lines \(\d+ characters\)/);
  assertEquals([at.text.length, at.text[1]], [2, "> half"]);
  await at.type("y", "\r");
  assertEquals(await at.typed(2), ["one\ntwo\nthree", "half"]);
});

Deno.test("Screen sends each line of a paste on its own after l", async () => {
  await using at = new Sitting(120, 10);
  await at.type(pasted("one\n\ntwo"), "l");
  await at.type(pasted("x\ny"), "L", "\r");
  const lines = at.screen.lines();
  for (const wanted of ["one", "two", "x", "y"]) {
    assertEquals(await lines.next(), { done: false, value: [wanted] });
  }
  await lines.return(undefined);
});

Deno.test("Screen sends nothing of a paste after any other key, and the key is not typed", async () => {
  for (const key of ["n", " ", "\r", "\x03", "\x7f", "\u{1f44d}"]) {
    await using at = new Sitting(120, 10);
    await at.type("half", pasted("one\ntwo"), key);
    assertEquals(at.text.slice(1), ["Nothing was sent", "> half"], JSON.stringify(key));
    await at.type("\r");
    assertEquals(await at.typed(1), ["half"], JSON.stringify(key));
  }
});

Deno.test("Screen takes a key of several characters for one answer", async () => {
  for (const key of [UP, "\x1bOA", "\x1b[3~"]) {
    await using at = new Sitting(120, 10);
    await at.type(pasted("one\ntwo"), key);
    assertEquals(at.text.slice(1), ["Nothing was sent", ">"], JSON.stringify(key));
    await at.type("x\r");
    assertEquals(await at.typed(1), ["x"], JSON.stringify(key));
  }
});

Deno.test("Screen goes on with the keys that come with the answer", async () => {
  await using at = new Sitting(120, 10);
  await at.type(pasted("one\ntwo"), "yok\r");
  assertEquals(await at.typed(2), ["one\ntwo", "ok"]);
});

Deno.test("Screen takes nothing that is pasted in several lines for a command", async () => {
  await using at = new Sitting(120, 10);
  await at.type(pasted("/quit\n/nick x"), "y");
  await at.type(pasted("a\n/quit\n//etc"), "l");
  assertEquals(await at.typed(4), ["//quit\n/nick x", "a", "//quit", "///etc"]);
});

Deno.test("Screen says so when a paste is given up for another one", async () => {
  await using at = new Sitting(120, 10);
  await at.type(pasted("one\ntwo"), pasted("three\nfour"), "y");
  const sent = await at.typed(1);
  const told = at.text.some((row) => row.includes("Nothing was sent"));
  assert(told || sent[0] === "one\ntwo", `silently lost the first: ${JSON.stringify(sent)}`);
});

Deno.test("Screen finds a paste however it is cut", async () => {
  const text = `a${pasted("one\ntwo")}yb\r`;
  for (let cut = 1; cut < text.length; cut++) {
    if (cut === text.indexOf(START) + 1) continue; // paste_test.ts
    await using at = new Sitting(120, 10);
    await at.type(text.slice(0, cut), text.slice(cut));
    assertEquals(await at.typed(2), ["one\ntwo", "ab"], `cut at ${cut}`);
  }
});

Deno.test("Screen takes characters that are cut by a read for what they are", async () => {
  await using at = new Sitting();
  const read = at.input.read.bind(at.input);
  at.input.read = async (buffer) => await read(buffer.subarray(0, 1));
  await at.type("", "h\u00e9\u6f22", "\u{1f44d}");
  assertEquals(at.text, ["> h\u00e9\u6f22\u{1f44d}"]);
});

Deno.test("Screen.lines() ends at Ctrl-C, at Ctrl-D and at the end of the terminal", async () => {
  for (const end of ["\x03", "\x04", null]) {
    await using at = new Sitting();
    const lines = at.screen.lines();
    await at.type("one\r");
    at.input.push(end);
    await at.settle();
    assertEquals((await lines.next()).value, ["one"], JSON.stringify(end));
    assertEquals((await lines.next()).done, true, JSON.stringify(end));
    assertEquals(await at.screen.next(), undefined);
  }
});

Deno.test("Screen.lines() ends at Ctrl-C with a half-typed line, and does not send it", async () => {
  await using at = new Sitting();
  const line = at.screen.lines().next();
  await at.type("half", "\x03");
  assertEquals((await line).done, true);
});

Deno.test("Screen shows what comes after Ctrl-C or Ctrl-D until it is closed", async () => {
  const errors: unknown[] = [];
  const note = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    errors.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  try {
    for (const end of ["\x03", "\x04"]) {
      await using at = new Sitting();
      await at.type(end);
      await at.show("bob: still here");
      await at.show("waiting for delivery");
      assertEquals(errors, [], JSON.stringify(end));
      at.screen.setPrompt("gone> ");
      at.screen.resize();
      await at.settle();
      await at.screen.close();
      assertEquals(at.text.slice(0, 2), ["bob: still here", "waiting for delivery"]);
    }
  } finally {
    removeEventListener("unhandledrejection", note);
  }
});

Deno.test("Screen does not stop at Ctrl-Z, and says so", async () => {
  await using at = new Sitting(120, 10);
  await at.type("half", "\x1a");
  assertEquals(at.text.length, 2);
  assertMatch(at.text[0] ?? "", /Ctrl-Z/);
  assertEquals(at.text[1], "> half");
});

Deno.test("Screen.close() gives the terminal back as it was", async () => {
  await using at = new Sitting();
  await at.show("bob: hi");
  await at.type("half-typed");
  at.screen.show(["bye"]);
  await at.screen.close();
  assertEquals(at.text, ["bob: hi", "bye"]);
  assertEquals(at.cursor, [0, 2]);
  assertEquals([at.input.raw, at.marksPastes], [[true, false], false]);
  const all = at.writes.join("");
  assert(all.lastIndexOf("\x1b[?25h") > all.lastIndexOf("\x1b[?25l"), "the cursor is shown");
  const before = at.writes.length;
  at.screen.show(["late"]);
  at.screen.resize();
  at.screen.setPrompt("late> ");
  await at.screen.close();
  await at.settle();
  assertEquals([at.writes.length, at.input.raw.length], [before, 2], "and stays so");
});

Deno.test("Screen.close() right after the start leaves nothing behind", async () => {
  await using at = new Sitting();
  await at.screen.close();
  await at.settle();
  assertEquals([at.text, at.cursor, at.marksPastes], [[], [0, 0], false]);
  assertEquals(at.input.raw, [true, false]);
});

Deno.test("Screen.close() ends lines(), or next()", async () => {
  await using at = new Sitting();
  const line = at.screen.lines().next();
  await at.screen.close();
  assertEquals((await line).done, true);
  await using other = new Sitting();
  const next = other.screen.next();
  await other.screen.close();
  assertEquals(await next, undefined);
});

Deno.test("Screen keeps a bounded number of lines that nobody takes", async () => {
  await using at = new Sitting();
  const lines = Array.from({ length: 5_000 }, (_, line) => `${line}`).join("\n");
  await at.type(pasted(lines), "l", "\x03");
  let count = 0;
  for await (const line of at.screen.lines()) assertEquals(line, [`${count++}`]);
  assertEquals(count, 1_000);
});
