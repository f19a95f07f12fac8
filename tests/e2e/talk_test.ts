/**
 * `talk`, `ping` and `id` as processes over loopback.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkEvent } from "../support/event_schema.ts";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];
const SECRET = "MFRG-GZDF-MZTW-Q2LK-NNWG-23TP-OBYX-E43U";

/** A home of one's own, removed at the end. */
async function homes(count: number): Promise<AsyncDisposable & { dirs: string[] }> {
  const root = await Deno.makeTempDir();
  return {
    dirs: Array.from({ length: count }, (_, at) => `${root}/home-${at}`),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function talk(home: string, args: string[], name: string): Program {
  return new Program(["talk", ...args, "--name", name], { env: { UDPCHAT_HOME: home } });
}

Deno.test("talk: two people talk, each message arrives and its author sees it", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  await using ann = talk(a, HERE, "ann");
  const to = `127.0.0.1:${await ann.port()}`;
  await using bob = talk(b, [to, ...HERE, "--json"], "bob");
  await bob.type("hello \u65e5\u672c \u{1f44d}");
  assertEquals(await ann.out.next("hello"), "bob: hello \u65e5\u672c \u{1f44d}");
  await bob.out.next('"state":"delivered"');
  await ann.type("hello yourself");
  await bob.out.next('"text":"hello yourself"');
  await bob.type("/quit is text in a pipe");
  assertEquals(await ann.out.next("/quit"), "bob: /quit is text in a pipe");
  await bob.endInput();
  assertEquals(await bob.exit(), 0);
  await ann.err.next("bob is gone");
  for (const line of bob.out.all) assertEquals(checkEvent(JSON.parse(line)), [], line);
  const all = bob.out.all.map((line) => JSON.parse(line));
  const { id } = all.find(({ event }) => event === "message");
  const states = all.filter((event) => event.event === "status" && event.id === id)
    .map(({ state }) => state);
  assertEquals(states, ["sent", "delivered"]);
});

Deno.test("talk: a pipe leaves with 0 only when delivered, with 3 when nobody is there", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  await using ann = talk(a, HERE, "ann");
  const port = await ann.port();
  const good = await runProgram(["talk", `127.0.0.1:${port}`, ...HERE], "one\ntwo", {
    env: { UDPCHAT_HOME: b },
  });
  assertEquals(good.exit, 0);
  await ann.out.next("two");
  const nobody = await runProgram(
    ["talk", "127.0.0.1:1", ...HERE, "--timeout", "0.3"],
    "lost words",
    { env: { UDPCHAT_HOME: b } },
  );
  assertEquals(nobody.exit, 3);
  assertStringIncludes(nobody.err, "1 message not delivered:\n  lost words");
  assertStringIncludes(nobody.err, "nobody answered at 127.0.0.1:1: is udpchat talk running");
  const uncalled = await runProgram(["talk", ...HERE, "--timeout", "0"], "hi", {
    env: { UDPCHAT_HOME: b },
  });
  assertStringIncludes(uncalled.err, "nobody called");
});

Deno.test("talk: both call at once", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  const ports = [freePort(), freePort()];
  const args = (own: number, other: number) => [
    `127.0.0.1:${ports[other]}`,
    ...["--host", "127.0.0.1", "--port", `${ports[own]}`],
  ];
  await using ann = talk(a, args(0, 1), "ann");
  await using bob = talk(b, args(1, 0), "bob");
  await ann.type("from ann");
  await bob.type("from bob");
  assertMatch(await bob.out.next("from ann"), /from ann$/);
  assertMatch(await ann.out.next("from bob"), /from bob$/);
});

Deno.test("talk: the second caller is told that the line is busy, a ping is answered", async () => {
  await using home = await homes(3);
  const [a = "", b = "", c = ""] = home.dirs;
  await using ann = talk(a, HERE, "ann");
  const to = `127.0.0.1:${await ann.port()}`;
  await using bob = talk(b, [to, ...HERE], "bob");
  await bob.type("first");
  await ann.out.next("first");
  const third = await runProgram(["talk", to, ...HERE], "me too", { env: { UDPCHAT_HOME: c } });
  assertEquals(third.exit, 3);
  assertStringIncludes(third.err, "the line is busy");
  const ping = await runProgram(["ping", to, ...HERE, "-c", "3", "--interval", "0.01"]);
  assertEquals(ping.exit, 0);
  assertStringIncludes(ping.out, "3 asked, 3 answered, 0 % lost");
  await bob.type("still here");
  await ann.out.next("still here");
});

Deno.test("talk: a changed key behind a typed address stops everything", async () => {
  await using home = await homes(3);
  const [a = "", b = "", c = ""] = home.dirs;
  const port = freePort();
  const at = ["--host", "127.0.0.1", "--port", `${port}`];
  {
    await using ann = talk(a, at, "ann");
    await ann.port();
    const first = await runProgram(["talk", `127.0.0.1:${port}`, ...HERE], "hi", {
      env: { UDPCHAT_HOME: b },
    });
    assertEquals(first.exit, 0);
    assertStringIncludes(first.err, "first contact, unverified");
  }
  await using eve = talk(c, at, "ann");
  await eve.port();
  const args = ["talk", `127.0.0.1:${port}`, ...HERE, "--timeout", "0.5"];
  const stopped = await runProgram(args, "secret", { env: { UDPCHAT_HOME: b } });
  assertEquals(stopped.exit, 3);
  assertStringIncludes(stopped.err, "somebody may be in between");
  const accepted = await runProgram([...args, "--accept-new-key"], "fine", {
    env: { UDPCHAT_HOME: b },
  });
  assertEquals(accepted.exit, 0);
  await eve.out.next("fine");
  assert(!eve.out.all.some((line) => line.includes("secret")), "nothing was sent before");
});

Deno.test("talk: with a secret strangers get silence", async () => {
  await using home = await homes(3);
  const [a = "", b = ""] = home.dirs;
  await using file = await homes(1);
  const [path = ""] = file.dirs;
  await Deno.writeTextFile(path, `${SECRET.toLowerCase()}\n`);
  await using ann = talk(a, [...HERE, "--secret-file", path], "ann");
  const to = `127.0.0.1:${await ann.port()}`;
  const env = { UDPCHAT_HOME: b };
  const args = ["talk", to, ...HERE, "--timeout", "0.5"];
  assertEquals((await runProgram(args, "let me in", { env })).exit, 3);
  const wrong = SECRET.replaceAll("M", "N");
  assertEquals((await runProgram([...args, "--secret", wrong], "me", { env })).exit, 3);
  assertEquals((await runProgram([...args, "--secret", SECRET], "friend", { env })).exit, 0);
  await ann.out.next("friend");
  assertEquals(ann.out.all.length, 1);
  const made = await runProgram(["talk", "--new-secret"]);
  assertMatch(made.out, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){7}\n$/);
  const weak = await runProgram(["talk", to, "--secret", "correct horse battery"]);
  assertEquals(weak.exit, 2);
  assert(!weak.err.includes("horse"), "a secret is never repeated");
});

Deno.test("talk: what is typed while the other is gone goes out when they are back", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  const port = freePort();
  const at = ["--host", "127.0.0.1", "--port", `${port}`];
  await using bob = talk(b, [`127.0.0.1:${port}`, ...HERE, "--json"], "bob");
  await bob.type("before anybody is there");
  {
    await using ann = talk(a, at, "ann");
    assertStringIncludes(await ann.out.next("before"), "before anybody is there");
    await bob.out.next('"delivered"');
    ann.signal("SIGKILL");
    await ann.exit();
  }
  await bob.type("while she was dead");
  await using back = talk(a, at, "ann");
  assertStringIncludes(await back.out.next("while"), "while she was dead");
  await back.type("here again");
  await bob.out.next("here again");
  assertEquals(back.out.all.length, 1, "what she had seen is not shown twice");
});

Deno.test("talk: a frozen program gets everything once when it goes on", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  await using ann = talk(a, HERE, "ann");
  await using bob = talk(b, [`127.0.0.1:${await ann.port()}`, ...HERE, "--json"], "bob");
  await bob.type("0");
  await ann.out.next(": 0");
  ann.signal("SIGSTOP");
  for (let line = 1; line <= 50; line++) await bob.type(`${line}`);
  await bob.out.next('"text":"50"');
  ann.signal("SIGCONT");
  await ann.out.next(": 50");
  const heard = ann.out.all.map((line) => line.split(" ")[1]);
  assertEquals(heard, Array.from({ length: 51 }, (_, line) => `${line}`));
});

Deno.test("talk: 30 % loss each way, and every line arrives once and in order", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  const sim = ["--sim", "loss=30,delay=5,jitter=3,dup=5,reorder=5,seed=3"];
  await using ann = talk(a, [...HERE, ...sim], "ann");
  const to = `127.0.0.1:${await ann.port()}`;
  const lines = Array.from({ length: 200 }, (_, line) => `line ${line}`);
  const { exit } = await runProgram(
    ["talk", to, ...HERE, ...sim, "--timeout", "20"],
    lines.join("\n"),
    { env: { UDPCHAT_HOME: b } },
  );
  assertEquals(exit, 0);
  await ann.out.next("line 199");
  assertEquals(ann.out.all.map((line) => line.replace(/^[^ ]+ /, "")), lines);
});

Deno.test("talk: a message of 64 KiB passes, a longer one is refused with its size", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  await using ann = talk(a, [...HERE, "--json"], "ann");
  const to = `127.0.0.1:${await ann.port()}`;
  const long = "x".repeat(65_536), wide = "\u00e9".repeat(40_000);
  const { exit, err } = await runProgram(["talk", to, ...HERE], `${long}\n${wide}\nend`, {
    env: { UDPCHAT_HOME: b },
  });
  assertEquals(exit, 4);
  assertStringIncludes(err, "80000 bytes");
  assertStringIncludes(err, "65536");
  await ann.out.next('"text":"end"');
  const texts = ann.out.all.map((line) => JSON.parse(line)).filter((e) => e.event === "message");
  assertEquals(texts.map((event) => event.text.length), [65_536, 3]);
});

Deno.test("talk: a second program on the same home takes the next slot and says so", async () => {
  await using home = await homes(1);
  const [a = ""] = home.dirs;
  await using first = new Program(["talk", ...HERE], { env: { UDPCHAT_HOME: a } });
  const port = await first.port();
  const second = await runProgram(["talk", `127.0.0.1:${port}`, ...HERE], "hi", {
    env: { UDPCHAT_HOME: a },
  });
  assertEquals(second.exit, 0);
  assertStringIncludes(second.err, "slot 2");
  assertEquals(await first.out.next("hi"), "tester-2: hi");
});

Deno.test("ping: exit status 3 when nobody is there, JSON has link events", async () => {
  const nobody = await runProgram(["ping", "127.0.0.1:1", ...HERE, "--timeout", "0.3"]);
  assertEquals(nobody.exit, 3);
  await using home = await homes(1);
  const [a = ""] = home.dirs;
  await using ann = talk(a, HERE, "ann");
  const args = ["ping", `127.0.0.1:${await ann.port()}`, ...HERE, "-c", "2", "--interval", "0.01"];
  const { exit, out } = await runProgram([...args, "--json"]);
  assertEquals(exit, 0);
  const events = out.trim().split("\n").map((line) => JSON.parse(line));
  for (const event of events) assertEquals(checkEvent(event), []);
  assertEquals(events.filter((event) => event.event === "link").length, 2);
});

Deno.test("ping: warns when another key answers than the one that talk knows there", async () => {
  await using home = await homes(3);
  const [a = "", b = "", c = ""] = home.dirs, port = freePort(), to = `127.0.0.1:${port}`;
  const at = ["--host", "127.0.0.1", "--port", `${port}`], env = { UDPCHAT_HOME: c };
  const ping = () => runProgram(["ping", to, ...HERE, "-c", "1"], "", { env });
  {
    await using ann = talk(a, at, "ann");
    await ann.port();
    assertEquals((await ping()).err.includes("in between"), false, "nothing is known yet");
    assertEquals((await runProgram(["talk", to, ...HERE], "hi", { env })).exit, 0);
    assertEquals((await ping()).err.includes("in between"), false, "the same key");
  }
  await using eve = talk(b, at, "ann");
  await eve.port();
  const { exit, err } = await ping();
  assertEquals(exit, 0);
  assertMatch(err, /answered with the key \S+ before: somebody may be in between/);
});

Deno.test("id: the same key each time, and the same safety number on both sides", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  const id = (dir: string, ...args: string[]) =>
    runProgram(["id", ...args], "", { env: { UDPCHAT_HOME: dir } });
  const first = await id(a);
  assertEquals(first.exit, 0);
  assertEquals((await id(a)).out, first.out);
  const half = /^safety number {2}(\d{5}(?: \d{5}){5})$/m.exec(first.out)?.[1] ?? "none";
  assertStringIncludes(first.out, "id --with NAME");
  assertEquals(JSON.parse((await id(a, "--json")).out).safety_number, half);
  await using ann = talk(a, HERE, "ann");
  const called = await runProgram(
    ["talk", `127.0.0.1:${await ann.port()}`, ...HERE, "--name", "bob"],
    "hi",
    { env: { UDPCHAT_HOME: b } },
  );
  assertEquals(called.exit, 0);
  await ann.out.next("hi");
  await ann.err.next("bob is here");
  const here = (await id(a, "--with", "bob")).out.split("\n").slice(1);
  const there = (await id(b, "--with", "ann")).out.split("\n").slice(1);
  assertEquals(here, there);
  assertStringIncludes(here.join(" ").replace(/\s+/g, " "), half);
  assertMatch(here.join("\n"), /^( {2}\d{5} \d{5} \d{5} \d{5}\n){3}$/);
  const unknown = await id(a, "--with", "bobb");
  assertEquals(unknown.exit, 1);
  assertStringIncludes(unknown.err, "did you mean bob?");
});

/** A port that is free now; the program then binds it by number. */
function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

Deno.test("talk: what was said is remembered, and what was not delivered goes out the next time", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs, port = "0";
  let to: string, at: number;
  {
    await using ann = talk(a, HERE, "ann");
    at = await ann.port();
    to = `127.0.0.1:${at}`;
    await using bob = talk(b, [to, ...HERE, "--port", port], "bob");
    await bob.type("first of all");
    await ann.out.next("first");
    await bob.err.next("ann is here");
    await bob.endInput();
    assertEquals(await bob.exit(), 0);
  }
  {
    // Nobody is there; the person leaves, and does not end a pipe.
    await using bob = talk(b, [to, ...HERE, "--commands", "--stay"], "bob");
    await bob.type("second, while you were out");
    await bob.type("/quit");
    assertEquals(await bob.exit(), 3);
    assertStringIncludes(bob.err.all.join("\n"), "kept for when you two meet again");
  }
  await using ann = talk(a, [...HERE, "--port", `${at}`, "--json", "--commands"], "ann");
  await ann.out.next("ready");
  await using bob = talk(b, [to, ...HERE], "bob");
  await bob.type("third");
  await ann.out.next("third");
  const texts = ann.out.all.map((line) => JSON.parse(line))
    .flatMap((event) => event.event === "message" ? [event.text] : []);
  assertEquals(texts, ["second, while you were out", "third"]);
  await ann.type("/last");
  await ann.out.next("first of all");
  await ann.type("/away tea");
  await bob.err.next("ann is away: tea");
  await ann.type("/msg bob only two here");
  assertEquals(await bob.out.next("only"), "ann: only two here");
  await bob.endInput();
  assertEquals(await bob.exit(), 0);
  const found = await runProgram(["history", "first", "--room", "@ann"], "", {
    env: { UDPCHAT_HOME: b },
  });
  assertStringIncludes(found.out, "bob: first of all");
});

Deno.test("talk: what a pipe could not deliver is taken back", async () => {
  await using home = await homes(2);
  const [a = "", b = ""] = home.dirs;
  let at: number;
  {
    await using ann = talk(a, HERE, "ann");
    at = await ann.port();
    await using bob = talk(b, [`127.0.0.1:${at}`, ...HERE], "bob");
    await bob.type("one");
    await ann.out.next("one");
    await bob.endInput();
    assertEquals(await bob.exit(), 0);
  }
  const args = ["talk", `127.0.0.1:${at}`, ...HERE, "--name", "bob", "--timeout", "0.3"];
  const env = { UDPCHAT_HOME: b };
  assertEquals((await runProgram(args, "two\n", { env })).exit, 3);
  await using ann = talk(a, [...HERE, "--port", `${at}`], "ann");
  await ann.err.next("listening");
  assertEquals((await runProgram(args.slice(0, -2), "three\n", { env })).exit, 0);
  assertEquals(ann.out.all, ["bob: three"]);
});
