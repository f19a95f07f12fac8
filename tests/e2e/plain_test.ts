/**
 * Plain mode as processes: the program talks to itself over loopback.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];
const TERM_STATUS = 143;

Deno.test("plain: two programs talk both ways at once", async () => {
  await using ann = new Program(["plain", ...HERE]);
  const port = await ann.port();
  await using bob = new Program(["plain", `127.0.0.1:${port}`]);
  await bob.type("hello \u65e5\u672c \u{1f44d}");
  assertMatch(await ann.out.next("hello"), /^127\.0\.0\.1:\d+: hello \u65e5\u672c \u{1f44d}$/u);
  await ann.type("hello yourself");
  assertEquals(await bob.out.next("yourself"), "hello yourself");
  await bob.endInput();
  assertEquals(await bob.exit(), 0);
});

Deno.test("plain: a pipe of 500 lines arrives in order and the sender leaves with 0", async () => {
  await using server = new Program(["plain", ...HERE]);
  const port = await server.port();
  const lines = Array.from({ length: 500 }, (_, line) => `line ${line}`);
  const { exit } = await runProgram(["plain", `127.0.0.1:${port}`], lines.join("\n"));
  assertEquals(exit, 0);
  await server.out.next("line 499");
  assertEquals(server.out.all.map((line) => line.replace(/^[^ ]+ /, "")), lines);
});

Deno.test("plain: works over IPv6", {
  ignore: !Deno.networkInterfaces().some((each) => each.address === "::1"),
}, async () => {
  await using server = new Program(["plain", "--host", "::1", "--port", "0"]);
  const line = await server.err.next("listening on");
  assertMatch(line, /^listening on \[::1\]:\d+$/);
  const port = line.split(":").at(-1);
  assertEquals((await runProgram(["plain", `[::1]:${port}`], "six")).exit, 0);
  assertMatch(await server.out.next("six"), /^\[::1\]:\d+: six$/);
});

Deno.test("plain: one socket hears IPv4 and IPv6, and never shows ::ffff:", async () => {
  await using server = new Program(["plain", "--port", "0"]);
  const port = await server.port();
  await runProgram(["plain", `localhost:${port}`], "four");
  assertMatch(await server.out.next("four"), /^127\.0\.0\.1:\d+: four$/);
});

Deno.test("plain: foreign text is never written as it is, a message of two lines stays one", async () => {
  await using server = new Program(["plain", ...HERE]);
  const port = await server.port();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const send = (text: string) =>
    socket.send(new TextEncoder().encode(text), { transport: "udp", hostname: "127.0.0.1", port });
  await send("\x1b[2J\x07evil\u202etxt\r\nsecond\n");
  await send("");
  await send("last");
  socket.close();
  await server.out.next("last");
  assertMatch(server.out.all[0] ?? "", /^127\.0\.0\.1:\d+: \u00b7\[2J\u00b7evil\u00b7txt$/);
  assertEquals(server.out.all[1], "  second");
  assertEquals(server.out.all.length, 3);
});

Deno.test("plain: --expect-reply leaves with 0 after the answers, with 3 without", async () => {
  await using echo = new Program(["service", "echo", ...HERE]);
  const port = await echo.port();
  const good = await runProgram(["plain", `127.0.0.1:${port}`, "--expect-reply"], "one\ntwo");
  assertEquals([good.exit, good.out], [0, "one\ntwo\n"]);
  await using silent = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await silent.port()}`;
  const args = ["plain", to, "--expect-reply", "--timeout", "0.2"];
  assertEquals((await runProgram(args, "one")).exit, 3);
});

Deno.test("plain: quit is not sent, bye is, --literal makes them words", async () => {
  await using server = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  for (const args of [[], ["--literal"]]) {
    await using chat = new Program(["plain", to, ...args]);
    await chat.type("first");
    await chat.type("quit");
    await chat.type("bye");
    await chat.endInput();
    assertEquals(await chat.exit(), 0);
  }
  await using chat = new Program(["plain", to]);
  await chat.type("bye");
  assertEquals(await chat.exit(), 0, "bye leaves while input is open");
  await runProgram(["plain", to], "end");
  await server.out.next("end");
  const said = server.out.all.map((line) => line.replace(/^[^ ]+ /, ""));
  assertEquals(said, ["first", "first", "quit", "bye", "bye", "end"]);
});

Deno.test("plain: slash lines from a pipe are text, and commands only when asked for", async () => {
  await using server = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await runProgram(["plain", to], "/quit\n//x");
  const asked = await runProgram(
    ["plain", to, "--commands"],
    "/help\n//slash\n/bogus\n/quit\nnot sent",
  );
  assertEquals(asked.exit, 0);
  assertEquals(asked.out, "", "standard output is for messages alone");
  assertStringIncludes(asked.err, "/nick NAME");
  assertStringIncludes(asked.err, "no command /bogus");
  await runProgram(["plain", to], "end");
  await server.out.next("end");
  const said = server.out.all.map((line) => line.replace(/^[^ ]+ /, ""));
  assertEquals(said, ["/quit", "//x", "/slash", "end"]);
});

Deno.test("plain: a line that is too long is refused with its size, the rest is sent, exit 4", async () => {
  await using server = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  const { exit, err } = await runProgram(["plain", to], `before\n${"x".repeat(70_000)}\nafter`);
  assertEquals(exit, 4);
  assertStringIncludes(err, "line 2 of 70000 characters not sent: wanted at most 65536");
  await server.out.next("after");
  assertEquals(server.out.all.length, 2);
});

Deno.test("plain: a signal ends it with 128 and its number, peers and terminal unharmed", {
  ignore: Deno.build.os === "windows",
}, async () => {
  for (
    const [signal, status] of [["SIGINT", 130], ["SIGTERM", TERM_STATUS], ["SIGHUP", 129]] as const
  ) {
    await using chat = new Program(["plain", ...HERE]);
    await chat.port();
    chat.signal(signal);
    assertEquals(await chat.exit(), status);
  }
});

Deno.test("plain: leaves with 0 when who reads its output stops reading", async () => {
  await using server = new Program(["plain", ...HERE], {});
  const port = await server.port();
  const command = [
    "set -o pipefail;",
    `"${Deno.execPath()}" run --unstable-net -A main.ts plain 127.0.0.1:${port} --stay | head -1`,
  ].join(" ");
  if (Deno.build.os === "windows") return;
  const root = new URL("../../", import.meta.url).pathname;
  await using piped = new Program(["-c", `cd "${root}"; ${command}`], { command: ["bash"] });
  await piped.type("hello");
  await server.out.next("hello");
  await server.type("one");
  assertEquals(await piped.out.next("one"), "one");
  for (let line = 0; line < 3; line++) await server.type(`more ${line}`);
  assertEquals(await piped.exit(), 0);
});

Deno.test("plain: a reader that stalls does not stop the network", async () => {
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "--unstable-net", "-A", "main.ts", "service", "echo", ...HERE, "--json"],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped", // and nobody reads it
    stderr: "piped",
  }).spawn();
  const reader = server.stderr.getReader();
  const { value } = await reader.read();
  const port = Number(/:(\d+)\n/.exec(new TextDecoder().decode(value))?.[1]);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const payload = new TextEncoder().encode("x".repeat(900));
  // A pipe holds 64 KiB; this is twenty times as much.
  for (let each = 0; each < 1_400; each++) {
    await socket.send(payload, { transport: "udp", hostname: "127.0.0.1", port });
    assertEquals((await socket.receive())[0].length, 900);
  }
  socket.close();
  server.kill("SIGKILL");
  await reader.cancel();
  await server.stdout.cancel();
  await server.status;
});

Deno.test("plain: a port that is taken is an error that names it, never another port", async () => {
  await using first = new Program(["plain", ...HERE]);
  const port = await first.port();
  const args = ["plain", "--host", "127.0.0.1", "--port", `${port}`];
  const { exit, err } = await runProgram(args);
  assertEquals(exit, 1);
  assertStringIncludes(err, `Cannot bind UDP port ${port} as another program uses it`);
  assertStringIncludes(err, "--port 0");
  const shared = await runProgram([
    "plain",
    `127.0.0.1:${port}`,
    "--broadcast",
    "--host",
    "127.0.0.1",
  ]);
  assertEquals(shared.exit, 1);
  assertStringIncludes(shared.err, "SO_REUSEPORT");
});

Deno.test("plain: unknown host, wrong family and bad addresses are named", async () => {
  const cases: [string[], number, string][] = [
    [["plain", "no-such-host.invalid:5000"], 1, 'Cannot find the host "no-such-host.invalid"'],
    [["plain", "[::1]:5000", "-4"], 1, "Cannot use ::1 over IPv4 as it is an IPv6 address"],
    [["plain", "127.0.0.1:99999"], 2, "0-65535"],
    [["plain", "::1:5000"], 2, "[::1:5000]:PORT"],
    [["plain", "127.0.0.1"], 2, "wanted HOST:PORT"],
    [["plain", "127.0.0.1:0"], 2, "1-65535"],
    [["plain", "a:1", "b:2"], 2, 'found "b:2" as well'],
    [["plain", "--tcp", "--broadcast", "a:1"], 2, "Cannot broadcast over TCP"],
    [["plain", "--expect-reply"], 2, "without an address"],
    [["plain", "--format", "x", "a:1"], 2, "wanted {text}"],
    [["plane"], 2, "did you mean plain?"],
    [["plain", "--fromat", "x"], 2, "did you mean --format?"],
    [["service", "ecko"], 2, "did you mean echo?"],
    [["plain", "serve", "--to", "127.255.255.255"], 2, "--broadcast"],
  ];
  for (const [args, status, message] of cases) {
    const { exit, out, err } = await runProgram(args);
    assertEquals([exit, out], [status, ""], args.join(" "));
    assertStringIncludes(err, message);
    assert(!err.includes("    at "), "no stack trace");
  }
});

Deno.test("plain --sim loses what is sent on purpose", async () => {
  await using server = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await runProgram(["plain", to, "--sim", "loss=100"], "never seen");
  await runProgram(["plain", to], "seen");
  await server.out.next("seen");
  assertEquals(server.out.all.length, 1);
});

Deno.test("plain serve: everyone hears everyone, also after one of them is killed", async () => {
  await using server = new Program(["plain", "serve", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  await using ann = new Program(["plain", to, "--format", "ann: {text}"]);
  await using bob = new Program(["plain", to, "--format", "bob: {text}"]);
  await using carl = new Program(["plain", to, "--format", "carl: {text}"]);
  await ann.type("one");
  assertEquals(await ann.out.next("one"), "ann: one");
  await bob.type("two");
  await bob.out.next("two");
  await carl.type("three");
  for (const each of [ann, bob, carl]) await each.out.next("carl: three");
  if (Deno.build.os !== "windows") bob.signal("SIGKILL");
  await ann.type("four");
  assertEquals(await carl.out.next("four"), "ann: four");
  await server.out.next("four");
  assertEquals(server.out.all.length, 4, "each message is recorded once");
});

Deno.test("plain serve --broadcast: clients share the port, own lines are not shown twice", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const args = ["plain", "serve", "--broadcast", "--to", "127.255.255.255", "--port", "0"];
  await using server = new Program(args);
  const port = await server.port();
  const client = (name: string) =>
    new Program([
      "plain",
      `127.0.0.1:${port}`,
      "--broadcast",
      "--name",
      name,
      "--format",
      "{name}: {text}",
    ]);
  await using ann = client("ann");
  await using bob = client("bob");
  await ann.port();
  await bob.port();
  await ann.type("hello");
  assertEquals(await bob.out.next("hello"), "ann: hello");
  await bob.type("hello");
  assertEquals(await ann.out.next("hello"), "bob: hello");
  await ann.type("last");
  await bob.out.next("last");
  await server.out.next("last");
  assertEquals(server.out.all.length, 3, "no broadcast is passed on again");
  assertEquals(ann.out.all, ["bob: hello"]);
});

Deno.test("plain --sim: what is delayed arrives although the program has ended", async () => {
  await using server = new Program(["plain", ...HERE]);
  const to = `127.0.0.1:${await server.port()}`;
  assertEquals((await runProgram(["plain", to, "--sim", "delay=150"], "late\nbye")).exit, 0);
  await server.out.next("late");
  await server.out.next("bye");
});

Deno.test("a full disk is said, and the exit status is 1", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const root = new URL("../../", import.meta.url).pathname;
  const program = `"${Deno.execPath()}" run --unstable-net -A main.ts`;
  for (const args of ["help", "plain --json --host 127.0.0.1 --port 0"]) {
    await using full = new Program(["-c", `cd "${root}"; ${program} ${args} > /dev/full`], {
      command: ["bash"],
    });
    assertEquals(await full.exit(), 1, args);
    assertStringIncludes(full.err.all.join("\n"), "Cannot write to standard output");
  }
});
