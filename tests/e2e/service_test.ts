/**
 * Practice servers and TCP as processes.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];

Deno.test("service: upper and count answer a client that goes on asking", async () => {
  for (
    const [service, asked, answers] of [
      [["upper"], ["stra\u00dfe", "again"], ["STRASSE", "AGAIN"]],
      [["count", "--letter", "s"], ["Mississippi", "none"], ["4", "0"]],
    ] as const
  ) {
    await using server = new Program(["service", ...service, ...HERE]);
    await using client = new Program(["plain", `127.0.0.1:${await server.port()}`]);
    for (const [at, line] of asked.entries()) {
      await client.type(line);
      const answer = answers[at] ?? "";
      assertEquals(await client.out.next(answer), answer);
      assertMatch(await server.out.next(line), /^127\.0\.0\.1:\d+: /);
    }
  }
});

Deno.test("service echo: several clients each get their own back", async () => {
  await using server = new Program(["service", "echo", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  const clients = Array.from(
    { length: 4 },
    (_, at) => runProgram(["plain", to, "--expect-reply"], `from ${at}\nand ${at}`),
  );
  for (const [at, { exit, out }] of (await Promise.all(clients)).entries()) {
    assertEquals([exit, out], [0, `from ${at}\nand ${at}\n`]);
  }
});

Deno.test("service hello: greets over TCP and closes; the client leaves with 0", async () => {
  await using server = new Program(["service", "hello", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await using client = new Program(["plain", "--tcp", to]);
  assertEquals(await client.out.next("Thank"), "Thank you for connecting");
  assertEquals(await client.exit(), 0, "with its input still open");
  const again = await runProgram(["plain", "--tcp", to]);
  assertEquals([again.exit, again.out], [0, "Thank you for connecting\n"]);
});

Deno.test("service echo --tcp: many at once, bye ends one, others go on, one comes back", async () => {
  await using server = new Program(["service", "echo", "--tcp", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await using ann = new Program(["plain", "--tcp", to]);
  await using bob = new Program(["plain", "--tcp", to]);
  await ann.type("a1");
  await bob.type("b1 \u65e5\u672c");
  assertEquals(await ann.out.next("a1"), "a1");
  assertEquals(await bob.out.next("b1"), "b1 \u65e5\u672c");
  await ann.type("bye");
  assertEquals(await ann.exit(), 0);
  assertEquals(ann.out.all, ["a1"]);
  await bob.type("b2");
  assertEquals(await bob.out.next("b2"), "b2");
  const back = await runProgram(["plain", "--tcp", to, "--expect-reply"], "one\ntwo\nthree");
  assertEquals([back.exit, back.out], [0, "one\ntwo\nthree\n"]);
});

Deno.test("plain --tcp: refused is 3, and says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { exit, err } = await runProgram(["plain", "--tcp", `127.0.0.1:${port}`], "hi");
  assertEquals(exit, 3);
  assertStringIncludes(err, `Cannot connect to 127.0.0.1:${port} as nothing listens there`);
});

Deno.test("plain --tcp: listens, talks both ways, and leaves when the other side closes", async () => {
  await using server = new Program(["plain", "--tcp", ...HERE]);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: await server.port() });
  await connection.write(new TextEncoder().encode("caf\u00e9 ol\u00e9\r\n"));
  assertMatch(await server.out.next("caf"), /^127\.0\.0\.1:\d+: caf\u00e9 ol\u00e9$/);
  await server.type("answer");
  const buffer = new Uint8Array(64);
  const count = await connection.read(buffer);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "answer");
  connection.close();
  assertEquals(await server.exit(), 0);
});

Deno.test("plain serve --tcp: passes on to all connections", async () => {
  await using server = new Program(["plain", "serve", "--tcp", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await using ann = new Program(["plain", "--tcp", to]);
  await server.err.next("is here");
  await using bob = new Program(["plain", "--tcp", to]);
  await server.err.next("is here");
  await ann.type("hello");
  assertEquals(await bob.out.next("hello"), "hello");
  assertEquals(await ann.out.next("hello"), "hello");
});

Deno.test("plain --tcp: a server that reads late gets every byte of a long pipe", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const line = "x".repeat(60_000);
  const sending = runProgram(
    ["plain", "--tcp", `127.0.0.1:${listener.addr.port}`],
    Array.from({ length: 60 }, () => line).join("\n"),
  );
  const connection = await listener.accept();
  let bytes = 0;
  for await (const chunk of connection.readable) bytes += chunk.length;
  assertEquals(bytes, 60 * 60_000);
  assertEquals((await sending).exit, 0);
  listener.close();
});
