/**
 * `serve`, `join`, `invite` and `history` as processes over loopback.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Entries } from "../../lib/store/entries.ts";
import { checkEvent } from "../support/event_schema.ts";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1"];
/** How often the relay is killed; `.ci/run` and whoever has a minute do it 100 times. */
const KILLS = Deno.env.get("UDPCHAT_SLOW") === undefined ? 10 : 100;

/** A directory of one's own, removed at the end. */
async function place(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function serve(home: string, port = 0, args: string[] = []): Program {
  const env = { UDPCHAT_HOME: home };
  return new Program(["serve", ...HERE, "--port", `${port}`, ...args], { env });
}

function join(home: string, to: string, name: string, args: string[] = []): Program {
  const env = { UDPCHAT_HOME: `${home}/${name}` };
  return new Program(["join", to, "--name", name, ...args], { env });
}

function events(program: Program, event: string): Record<string, unknown>[] {
  return program.out.all.map((line) => JSON.parse(line)).filter((each) => each.event === event);
}

/** Files of a directory and below that have a text in them. */
async function filesWith(directory: string, text: string): Promise<string[]> {
  const found: string[] = [], wanted = new TextEncoder().encode(text);
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) found.push(...await filesWith(path, text));
    else {
      const bytes = await Deno.readFile(path);
      for (
        let at = bytes.indexOf(wanted[0] ?? 0);
        at >= 0;
        at = bytes.indexOf(wanted[0] ?? 0, at + 1)
      ) {
        if (wanted.every((byte, each) => bytes[at + each] === byte)) {
          found.push(path);
          break;
        }
      }
    }
  }
  return found;
}

Deno.test("join: /msg and /reply are for one person, /away is seen; the relay's files have neither", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  await using ann = join(home.path, to, "ann", ["--json", "--commands"]);
  await ann.out.next('"connected"');
  await using bob = join(home.path, to, "bob", ["--commands"]);
  await ann.out.next('"here"');
  await using cem = join(home.path, to, "cem", ["--json", "--commands"]);
  await bob.err.next("cem is here");
  await cem.out.next('"bob"');
  await bob.type("/away at lunch");
  await cem.out.next('"away"');
  await cem.out.next("bob is away: at lunch");
  await ann.out.next("bob is away: at lunch");
  await ann.type("/msg bob only for your eyes");
  assertEquals(await bob.out.next("only"), "ann: only for your eyes");
  await ann.out.next('"delivered"');
  await bob.type("/reply nobody else saw it");
  await ann.out.next("nobody else saw it");
  await ann.type("/msg zoe hi");
  await ann.out.next("nobody here is called zoe");
  await ann.type("/msg bob");
  await ann.out.next("/msg wants NAME TEXT");
  await cem.type("/reply hi");
  await cem.out.next("nobody has said anything to you alone");
  await cem.type("/who");
  await cem.out.next("bob  away (at lunch)");
  await bob.type("/back");
  await cem.out.next('"state":"here"');
  await bob.endInput();
  assertEquals(await bob.exit(), 0);
  await ann.out.next('"gone"');
  await ann.type("/msg bob for later");
  await ann.out.next("it is kept for them");
  await ann.type("to all");
  await cem.out.next("to all");
  for (const line of ann.out.all) assertEquals(checkEvent(JSON.parse(line)), [], line);
  const said = events(ann, "message").map((each) => [each["text"], each["private"]]);
  assertEquals(said, [
    ["only for your eyes", true],
    ["nobody else saw it", true],
    ["for later", true],
    ["to all", false],
  ]);
  assertEquals(events(cem, "message").map(({ text }) => text), ["to all"]);
  await using later = join(home.path, to, "bob");
  assertEquals(await later.out.next("later"), "ann: for later");
  for (const text of ["only for your eyes", "nobody else", "for later", "at lunch"]) {
    assertEquals(await filesWith(`${home.path}/relay`, text), [], text);
  }
  const env = { UDPCHAT_HOME: `${home.path}/ann` };
  const found = await runProgram(["history", "eyes"], "", { env });
  assertStringIncludes(found.out, "ann (private): only for your eyes");
});

Deno.test("join: members of a room hear each other, and see how far a message got", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  await using ann = join(home.path, to, "ann");
  await ann.err.next("connected to the relay");
  await using bob = join(home.path, to, "bob", ["--json"]);
  await ann.err.next("bob is here");
  await bob.type("hello \u65e5\u672c");
  assertEquals(await ann.out.next("hello"), "bob: hello \u65e5\u672c");
  await bob.out.next('"delivered"');
  await ann.type("hello yourself");
  await bob.out.next("hello yourself");
  for (const line of bob.out.all) assertEquals(checkEvent(JSON.parse(line)), [], line);
  const states = events(bob, "status").map(({ state }) => state);
  assertEquals(states, ["sent", "stored", "delivered"]);
  assertEquals(events(bob, "status").at(-1)?.["reason"], "held by 1 of 1");
  await bob.endInput();
  assertEquals(await bob.exit(), 0);
  await ann.err.next("bob is gone");
  relay.signal("SIGTERM");
  assertEquals(await relay.exit(), 143);
  await ann.err.next("the relay has gone");
  ann.signal("SIGTERM");
  assertEquals(await ann.exit(), 143);
  const env = { UDPCHAT_HOME: `${home.path}/ann` };
  const met = await runProgram(["id", "--with", "bob"], "", { env });
  assertMatch(met.out, /^bob \(.*, unverified\)\n/, "who said something is a contact");
});

Deno.test("join: who was away gets it later; history finds it", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}/tea`;
  const env = (name: string) => ({ env: { UDPCHAT_HOME: `${home.path}/${name}` } });
  const said = await runProgram(["join", to, "--name", "ann"], "one lump\ntwo lumps", env("ann"));
  assertEquals(said.exit, 0);
  const heard = await runProgram(["join", to, "--name", "bob"], "thanks", env("bob"));
  assertEquals([heard.exit, heard.out], [0, "ann: one lump\nann: two lumps\n"]);
  const found = await runProgram(["history", "LUMPS"], "", env("bob"));
  assertMatch(found.out, /^\d{4}-\d\d-\d\d \d\d:\d\d tea\/ann: two lumps\n$/);
  const none = await runProgram(["history", '"', "OR", "*"], "", env("bob"));
  assertEquals([none.exit, none.out], [0, ""]);
  const all = await runProgram(["history", "--export"], "", env("bob"));
  assertEquals(all.out.trim().split("\n").map((line) => JSON.parse(line).text), [
    "one lump",
    "two lumps",
    "thanks",
  ]);
  const json = await runProgram(["history", "--json"], "", env("bob"));
  for (const line of (all.out + json.out).trim().split("\n")) {
    assertEquals(checkEvent(JSON.parse(line)), [], line);
  }
  await Deno.writeTextFile(`${home.path}/all.jsonl`, all.out);
  const import_ = ["history", "--import", `${home.path}/all.jsonl`];
  assertStringIncludes((await runProgram(import_, "", env("cem"))).out, "3 of them new");
  assertStringIncludes((await runProgram(import_, "", env("cem"))).out, "0 of them new");
  await Deno.writeTextFile(`${home.path}/all.jsonl`, `${all.out}{"id":1}\n`);
  const broken = await runProgram(import_, "", env("dora"));
  assertEquals(broken.exit, 1);
  assertStringIncludes(broken.err, "line 4");
  assertEquals((await runProgram(["history"], "", env("dora"))).out, "", "all or nothing");
});

Deno.test("invite: who has the link reads the room, and the relay's disk has no word of it", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  const { out: link, exit } = await runProgram(["invite", `${to}/hideout`]);
  assertEquals(exit, 0);
  assertMatch(link, /^udpchat:\/\/127\.0\.0\.1:\d+\/hideout#[a-z2-7]{77}\n$/);
  await using ann = join(home.path, link.trim(), "annabella");
  await using bob = join(home.path, link.trim(), "bob");
  await ann.err.next("bob is here");
  await ann.type("the owl flies at midnight");
  assertEquals(await bob.out.next("owl"), "annabella: the owl flies at midnight");
  await using eve = join(home.path, `${to}/hideout`, "eve", ["--json"]);
  await eve.out.next('"connected"');
  await bob.type("noted");
  await ann.out.next("noted");
  assertEquals(events(eve, "message"), [], "the open room of that name is another one");
  for (const word of ["owl", "annabella", "hideout"]) {
    assertEquals(await filesWith(`${home.path}/relay`, word), [], word);
  }
  assert((await filesWith(`${home.path}/annabella`, "owl")).length > 0, "the search sees files");
});

Deno.test("join: rooms are remembered, and named without their secrets", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`, env = { UDPCHAT_HOME: `${home.path}/ann` };
  const { out: link } = await runProgram(["invite", `${to}/hideout`]);
  const secret = link.trim().split("#")[1] ?? "";
  for (const room of [`${to}/tea`, link.trim()]) {
    assertEquals((await runProgram(["join", room], "hi", { env })).exit, 0);
  }
  const alone = await runProgram(["join"], "", { env });
  assertEquals(alone.exit, 2);
  assertStringIncludes(alone.err, `joined before: ${to}/hideout (link), ${to}/tea`);
  assert(!alone.err.includes(secret), "a secret is never shown");
});

Deno.test("join: a room with a passphrase, and another passphrase is another room", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}/tea`;
  await Deno.writeTextFile(`${home.path}/good`, "correct horse battery\n");
  await Deno.writeTextFile(`${home.path}/other`, "correct horse staple\n");
  await Deno.writeTextFile(`${home.path}/short`, "tea\n");
  const file = (name: string) => ["--passphrase-file", `${home.path}/${name}`];
  await using ann = join(home.path, to, "ann", file("good"));
  await using bob = join(home.path, to, "bob", file("good"));
  await using eve = join(home.path, to, "eve", file("other"));
  await eve.err.next("connected");
  await ann.err.next("bob is here");
  await ann.type("just us");
  assertEquals(await bob.out.next("just us"), "ann: just us");
  assertEquals(eve.out.all, []);
  assertEquals(await filesWith(`${home.path}/relay`, "just us"), []);
  const short = await runProgram(["join", to, ...file("short")]);
  assertEquals(short.exit, 2);
  assertStringIncludes(short.err, "12 characters");
  assertStringIncludes(short.err, `${home.path}/short`);
  const missing = await runProgram(["join", to, ...file("missing")]);
  assertEquals(missing.exit, 1);
  assertStringIncludes(missing.err, `${home.path}/missing: there is no such file`);
  assert(!missing.err.includes("os error"), missing.err);
});

Deno.test("serve: a second one on the same home is an error; only the allowed come in", async () => {
  await using home = await place();
  const id = await runProgram(["id", "--json"], "", { env: { UDPCHAT_HOME: `${home.path}/ann` } });
  const { key } = JSON.parse(id.out);
  await Deno.writeTextFile(`${home.path}/keys`, `# friends\n${key} # ann\n`);
  await using relay = serve(`${home.path}/relay`, 0, ["--allow-file", `${home.path}/keys`]);
  const to = `127.0.0.1:${await relay.port()}`;
  const second = await runProgram(["serve", ...HERE, "--port", "0"], "", {
    env: { UDPCHAT_HOME: `${home.path}/relay` },
  });
  assertEquals(second.exit, 1);
  assertStringIncludes(second.err, "another program uses it");
  const ann = await runProgram(["join", to], "hi", { env: { UDPCHAT_HOME: `${home.path}/ann` } });
  assertEquals(ann.exit, 0);
  const eve = await runProgram(["join", to], "hi", { env: { UDPCHAT_HOME: `${home.path}/eve` } });
  assertEquals(eve.exit, 1);
  assertStringIncludes(eve.err, "does not know your key");
});

Deno.test("join: a pipe leaves with 3 when there is no relay; what is said is not said twice", async () => {
  await using home = await place();
  const env = { UDPCHAT_HOME: `${home.path}/ann` };
  const nobody = await runProgram(["join", "127.0.0.1:1", "--timeout", "0.5"], "hi", { env });
  assertEquals(nobody.exit, 3);
  assertStringIncludes(
    nobody.err,
    "nobody answered at 127.0.0.1:1: is udpchat serve running there?",
  );
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  const again = await runProgram(["join", to], "hi", { env });
  assertEquals(again.exit, 0);
  const heard = await runProgram(["join", to], "ok", { env: { UDPCHAT_HOME: `${home.path}/bob` } });
  assertEquals(heard.out, "tester: hi\n");
});

Deno.test(`serve: killed ${KILLS} times in the middle of a storm: nothing acknowledged is gone, nothing twice`, async () => {
  await using home = await place();
  let relay = serve(`${home.path}/relay`);
  const port = await relay.port(), to = `127.0.0.1:${port}`;
  const names = ["ann", "bob", "cem"];
  const members = names.map((name) => join(home.path, to, name, ["--json"]));
  try {
    for (const each of members) await each.out.next('"connected"');
    let number = 0, stop = false;
    const talking = Promise.all(members.map(async (member, at) => {
      while (!stop) {
        await member.type(`${names[at]} ${number++}`);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    }));
    for (let kill = 0; kill < KILLS; kill++) {
      // As soon as something new is stored it dies in the middle of the next.
      await members[kill % 3]?.out.next('"stored"');
      relay.signal("SIGKILL");
      await relay.exit();
      await relay[Symbol.asyncDispose]();
      relay = serve(`${home.path}/relay`, port);
      await relay.port();
    }
    stop = true;
    await talking;
    for (const each of members) await each.endInput();
    for (const each of members) assertEquals(await each.exit(), 0, each.err.all.join("\n"));
    relay.signal("SIGTERM");
    await relay.exit();
    const stored = new Set(
      members.flatMap((member) =>
        events(member, "status").filter(({ state }) => state === "stored").map(({ id }) => id)
      ),
    );
    assertEquals(stored.size, number, "all of it, in the end");
    const store = new Entries(`${home.path}/relay/relay/rooms.db`);
    const entries = store.rooms().flatMap((room) => store.after(room, 0, 1e6));
    store.close();
    assertEquals(entries.length, number + names.length);
    assertEquals(new Set(entries.map(({ id }) => id.join())).size, entries.length);
  } finally {
    for (const each of [relay, ...members]) await each[Symbol.asyncDispose]();
  }
});

Deno.test("join: killed with words that the relay never got, it says them when it is back", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  await using bob = join(home.path, to, "bob");
  {
    await using ann = join(home.path, to, "ann", ["--json"]);
    await bob.err.next("ann is here");
    relay.signal("SIGSTOP");
    for (const word of ["one", "two", "three"]) {
      await ann.type(word);
      await ann.out.next('"state":"sent"');
    }
    ann.signal("SIGKILL");
    await ann.exit();
  }
  relay.signal("SIGCONT");
  await using again = join(home.path, to, "ann");
  await bob.out.next("three");
  assertEquals(bob.out.all, ["ann: one", "ann: two", "ann: three"]);
  await again.type("four");
  await bob.out.next("four");
  assertEquals(bob.out.all.length, 4, "nothing twice");
});

Deno.test("join: a pipe that is faster than the relay allows waits, and leaves with 0", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`, lines = 1_300;
  const input = Array.from({ length: lines }, (_, line) => `${line}`).join("\n");
  const env = { UDPCHAT_HOME: `${home.path}/ann` };
  const piped = await runProgram(["join", to, "--timeout", "1"], input, { env });
  assertEquals(piped.exit, 0, piped.err);
  assertStringIncludes(piped.err, "faster than this relay takes");
  const store = new Entries(`${home.path}/relay/relay/rooms.db`);
  const entries = store.rooms().flatMap((room) => store.after(room, 0, 1e6));
  store.close();
  assertEquals(entries.length, lines + 1);
});
