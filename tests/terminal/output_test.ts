import { assertEquals } from "@std/assert";
import { quiet } from "../support/virtual_clock.ts";
import { MAX_WAITING, Output } from "../../lib/terminal/output.ts";

/** A reader that takes what it is told to, when it is told to. */
class Sink {
  readonly writes: string[] = [];
  #gate: PromiseWithResolvers<void> | undefined;
  #most = Infinity;
  #error: Error | undefined;

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    const taken = bytes.slice(0, this.#most);
    this.writes.push(new TextDecoder().decode(taken));
    await this.#gate?.promise;
    if (this.#error) throw this.#error;
    return taken.length;
  };

  get text(): string {
    return this.writes.join("");
  }

  stall(): void {
    this.#gate = Promise.withResolvers();
  }

  resume(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  takeAtMost(bytes: number): void {
    this.#most = bytes;
  }

  fail(error: Error): void {
    this.#error = error;
  }
}

Deno.test("Output writes what is pushed in one turn in one write", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  for (let line = 0; line < 1_000; line++) output.push(`${line}\n`);
  assertEquals(output.busy, true);
  await output.drain();
  assertEquals(sink.writes.length, 1);
  assertEquals(sink.text, Array.from({ length: 1_000 }, (_, line) => `${line}\n`).join(""));
  assertEquals(output.busy, false);
});

Deno.test("Output.push() never waits for a reader that stalls, and nothing is lost", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  sink.stall();
  output.push("first ");
  await quiet();
  assertEquals(sink.writes, ["first "]);
  for (let line = 0; line < 100; line++) {
    output.push(`${line} `);
    await quiet();
  }
  assertEquals([sink.writes.length, output.busy], [1, true]);
  sink.resume();
  await output.drain();
  assertEquals(sink.writes.length, 2, "all that gathered goes in one write");
  assertEquals(sink.text, `first ${Array.from({ length: 100 }, (_, line) => `${line} `).join("")}`);
});

Deno.test("Output drops whole texts past its bound, and counts them", async () => {
  const sink = new Sink(), output = new Output(sink.write, 10);
  sink.stall();
  output.push("12345");
  output.push("67890");
  output.push("x");
  assertEquals(output.takeDropped(), 1);
  assertEquals(output.takeDropped(), 0);
  await quiet();
  output.push("123456789");
  output.push("yy");
  output.push("z");
  sink.resume();
  await output.drain();
  assertEquals(sink.text, "1234567890123456789z");
  assertEquals(output.takeDropped(), 1);
  output.push("12345678901");
  await output.drain();
  assertEquals([sink.text.length, output.takeDropped()], [20, 1], "longer than the bound");
});

Deno.test("Output takes again once the reader has gone on", async () => {
  const sink = new Sink(), output = new Output(sink.write, 4);
  for (let round = 0; round < 50; round++) {
    output.push("abcd");
    await output.drain();
  }
  assertEquals([sink.text, output.takeDropped()], ["abcd".repeat(50), 0]);
});

Deno.test("Output has room for a long evening where nothing else is said", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  sink.stall();
  output.push("a");
  await quiet();
  const line = "x".repeat(2 ** 20);
  for (let size = 0; size < MAX_WAITING; size += line.length) output.push(line);
  assertEquals(output.takeDropped(), 0);
  output.push("y");
  assertEquals(output.takeDropped(), 1);
  sink.resume();
  await output.drain();
  assertEquals(sink.text.length, MAX_WAITING + 1);
});

Deno.test("Output completes partial writes, inside of characters too", async () => {
  const decoder = new TextDecoder();
  for (const most of [1, 2, 3, 5]) {
    let text = "";
    const output = new Output((bytes) => {
      const taken = bytes.slice(0, most);
      text += decoder.decode(taken, { stream: true });
      return Promise.resolve(taken.length);
    });
    output.push("h\u00e9 \u6f22 ");
    output.push("\u{1f44d}!");
    await output.drain();
    assertEquals(text, "h\u00e9 \u6f22 \u{1f44d}!");
  }
});

Deno.test("Output keeps the order when the write before was partial", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  sink.takeAtMost(2);
  sink.stall();
  output.push("abc");
  await quiet();
  output.push("def");
  sink.resume();
  await output.drain();
  assertEquals(sink.writes, ["ab", "c", "de", "f"]);
});

Deno.test("Output.broken resolves when the pipe breaks, and nothing is written after", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  let broken = false;
  void output.broken.then(() => broken = true);
  output.push("a");
  await output.drain();
  await quiet();
  assertEquals(broken, false);
  sink.fail(new Deno.errors.BrokenPipe());
  sink.stall();
  output.push("b");
  await quiet();
  output.push("c");
  sink.resume();
  await output.drain();
  await output.broken;
  output.push("d");
  await output.drain();
  assertEquals([sink.writes, output.busy, output.takeDropped()], [["a", "b"], false, 0]);
});

Deno.test("Output.drain() resolves at once when nothing waits", async () => {
  const sink = new Sink(), output = new Output(sink.write);
  output.push("");
  assertEquals(output.busy, false);
  await output.drain();
  assertEquals(sink.writes, []);
});

Deno.test("Output gathers what comes while it rests, and drain() ends the rest", async () => {
  const written: string[] = [];
  const output = new Output(
    (bytes) => {
      written.push(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
    1_000,
    { pause: () => new Promise(() => {}) },
  );
  output.push("first ");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  for (let each = 0; each < 5; each++) output.push(`${each} `);
  assertEquals(written, ["first "], "at once, when nothing came before");
  const drained = output.drain();
  await Promise.resolve();
  await output.drain();
  await drained;
  assertEquals(written, ["first ", "0 1 2 3 4 "]);
});
