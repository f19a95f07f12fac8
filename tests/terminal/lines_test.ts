import { assert, assertEquals } from "@std/assert";
import { MAX_LINE, readLines, takeLine } from "../../lib/terminal/lines.ts";

/** Gives chunk after chunk, then the end; a chunk longer than the buffer comes in pieces. */
function reader(chunks: Iterable<Uint8Array>): (buffer: Uint8Array) => Promise<number | null> {
  const source = chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array();
  return (buffer) => {
    if (rest.length === 0) {
      const { value, done } = source.next();
      if (done) return Promise.resolve(null);
      rest = value;
    }
    const count = Math.min(buffer.length, rest.length);
    buffer.set(rest.subarray(0, count));
    rest = rest.subarray(count);
    return Promise.resolve(count);
  };
}

interface Seen {
  readonly lines: string[];
  readonly tooLong: [number: number, length: number][];
}

async function readAll(read: (buffer: Uint8Array) => Promise<number | null>): Promise<Seen> {
  const seen: Seen = { lines: [], tooLong: [] };
  const lines = readLines(read, (number, length) => seen.tooLong.push([number, length]));
  for await (const batch of lines) seen.lines.push(...batch);
  return seen;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const readText = (...texts: string[]) => readAll(reader(texts.map(bytes)));

Deno.test("readLines() reads lines however they end", async () => {
  const table: readonly (readonly [text: string, lines: string[]])[] = [
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\nb", ["a", "b"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["a\r", ["a"]],
    ["a\r\r\n", ["a\r"]],
    ["a\rb\n", ["a\rb"]],
    ["\n\n", []],
    ["\r\n", []],
    ["a\n\n \t\n\r\nb\n", ["a", "b"]],
    ["  a  \n", ["  a  "]],
    ["a\u2028b\u0085c\x0bd\n", ["a\u2028b\u0085c\x0bd"]],
    ["/quit\n", ["/quit"]],
    ["\0\n", ["\0"]],
  ];
  for (const [text, lines] of table) {
    assertEquals(await readText(text), { lines, tooLong: [] }, JSON.stringify(text));
  }
});

Deno.test("readLines() does not mind where the input is cut", async () => {
  const text =
    "na\u00efve \u6f22\u5b57\r\n\n\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\n\ud55c\r\nend";
  const lines = [
    "na\u00efve \u6f22\u5b57",
    "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
    "\ud55c",
    "end",
  ];
  const whole = bytes(text);
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      const parts = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
      const seen = await readAll(reader(parts.filter((part) => part.length > 0)));
      assertEquals(seen.lines, lines, `cut at ${first} and ${second}`);
    }
  }
  const single = await readAll(reader([...whole].map((byte) => Uint8Array.of(byte))));
  assertEquals(single, { lines, tooLong: [] });
});

Deno.test("readLines() replaces what is no UTF-8, also at the end", async () => {
  const table: readonly (readonly [number[], string[]])[] = [
    [[0x61, 0xff, 0x62, 10], ["a\ufffdb"]],
    [[0x61, 0xe6, 0xbc], ["a\ufffd"]],
    [[0xe6, 0xbc, 10, 0x61], ["\ufffd", "a"]],
    [[0xed, 0xa0, 0x80, 10], ["\ufffd\ufffd\ufffd"]],
    [[0xf0, 0x9f], ["\ufffd"]],
  ];
  for (const [input, lines] of table) {
    assertEquals((await readAll(reader([Uint8Array.from(input)]))).lines, lines, String(input));
  }
});

Deno.test("readLines() gives each line as soon as it is there", async () => {
  const asked: number[] = [];
  let round = 0;
  const read = (buffer: Uint8Array): Promise<number | null> => {
    asked.push(++round);
    if (round > 2) return Promise.resolve(null);
    return Promise.resolve(new TextEncoder().encodeInto(`${round}\n`, buffer).written);
  };
  const lines = readLines(read, () => {});
  assertEquals(await lines.next(), { done: false, value: ["1"] });
  assertEquals(asked, [1], "no read ahead of what is wanted");
  assertEquals(await lines.next(), { done: false, value: ["2"] });
  assertEquals(await lines.next(), { done: true, value: undefined });
});

Deno.test("readLines() takes a read of no bytes for nothing", async () => {
  assertEquals((await readText("a", "", "b\n", "", "c")).lines, ["ab", "c"]);
});

Deno.test("readLines() takes a read that fails for the end", async () => {
  let round = 0;
  const seen = await readAll((buffer) => {
    if (round++ > 0) return Promise.reject(new Deno.errors.BadResource("gone"));
    return Promise.resolve(new TextEncoder().encodeInto("one\ntwo", buffer).written);
  });
  assertEquals(seen, { lines: ["one", "two"], tooLong: [] });
});

Deno.test("readLines() takes the longest line there may be, with each line end", async () => {
  const longest = "x".repeat(MAX_LINE);
  for (const end of ["", "\n", "\r\n", "\r"]) {
    const { lines, tooLong } = await readText(`a\n${longest}${end}`);
    assertEquals([lines.length, lines[1]?.length], [2, MAX_LINE], JSON.stringify(end));
    assertEquals(tooLong, [], JSON.stringify(end));
  }
});

Deno.test("readLines() takes the longest line there may be when a read ends inside its end", async () => {
  for (const size of [1_000, MAX_LINE, MAX_LINE - 1]) {
    const line = bytes("x".repeat(MAX_LINE)), chunks: Uint8Array[] = [];
    for (let at = 0; at < line.length; at += size) chunks.push(line.slice(at, at + size));
    const { lines, tooLong } = await readAll(reader([...chunks, bytes("\r"), bytes("\n")]));
    assertEquals([lines.map((each) => each.length), tooLong], [[MAX_LINE], []], `reads of ${size}`);
  }
});

Deno.test("readLines() counts UTF-16 units, as messages are counted", async () => {
  const fits = await readText("\u{1f44d}".repeat(MAX_LINE / 2));
  assertEquals([fits.lines[0]?.length, fits.tooLong], [MAX_LINE, []]);
  const tooLong = await readText(`\u{1f44d}${"\u6f22".repeat(MAX_LINE - 1)}`);
  assertEquals(tooLong, { lines: [], tooLong: [[1, MAX_LINE + 1]] });
});

Deno.test("readLines() reports a line that is too long and goes on behind it", async () => {
  const long = "y".repeat(MAX_LINE + 1);
  for (const end of ["\n", "\r\n"]) {
    const input = ["a", "", long, "b", `${long}${long}`, "c"].join(end);
    for (const size of [input.length, 65_536, 65_535, 4_097, 1_000]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < input.length; at += size) {
        pieces.push(bytes(input.slice(at, at + size)));
      }
      const { lines, tooLong } = await readAll(reader(pieces));
      assertEquals(lines, ["a", "b", "c"]);
      assertEquals(tooLong.map(([number]) => number), [3, 5], `pieces of ${size}`);
      for (const [at, [, length]] of tooLong.entries()) {
        const wanted = long.length * (at + 1);
        assert(length === wanted || length === wanted + end.length - 1, `length ${length}`);
      }
    }
  }
  const unended = await readText("a\n", long);
  assertEquals(unended, { lines: ["a"], tooLong: [[2, MAX_LINE + 1]] });
});

Deno.test("readLines() does not gather a line without end", async () => {
  // Longer than the longest string there is: whoever gathers it fails.
  const chunk = bytes("z".repeat(65_536)), rounds = 2 ** 29 / chunk.length + 2;
  function* flood(): Generator<Uint8Array> {
    for (let round = 0; round < rounds; round++) yield chunk;
    yield bytes("\nafter\n");
  }
  assertEquals(await readAll(reader(flood())), {
    lines: ["after"],
    tooLong: [[1, rounds * chunk.length]],
  });
});

Deno.test("takeLine() takes the first line and leaves the rest, wherever reads end", async () => {
  const table: readonly (readonly [chunks: string[], line: string, rest: string[]])[] = [
    [["link\none\ntwo\n"], "link", ["one", "two"]],
    [["li", "nk\r\n", "one\n"], "link", ["one"]],
    [["link\no", "ne"], "link", ["one"]],
    [["link"], "link", []],
    [["\none"], "", ["one"]],
    [[], "", []],
    [[`${"x".repeat(70_000)}\none\n`], "x".repeat(65_536), ["x".repeat(4_464), "one"]],
  ];
  for (const [chunks, wanted, behind] of table) {
    const input = { isTerminal: false, read: reader(chunks.map(bytes)), setRaw: () => {} };
    const { line, rest } = await takeLine(input);
    assertEquals([line, rest.isTerminal], [wanted, false]);
    assertEquals((await readAll((buffer) => rest.read(buffer))).lines, behind);
  }
});
