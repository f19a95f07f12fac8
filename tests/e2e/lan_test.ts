/**
 * `lan` as processes of one machine, whose beacons stay on the loopback interface.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { interfaceNames, localAddresses } from "../../lib/net/interfaces.ts";
import { checkEvent } from "../support/event_schema.ts";
import { Program, runProgram } from "../support/program.ts";

/** The loopback interface; other systems call it otherwise. */
const LOOPBACK = localAddresses().find(({ host }) => host === "127.0.0.1")?.name ?? "lo";
const ignore = Deno.build.os === "windows" || !interfaceNames().includes(LOOPBACK);

function lan(room: string, name: string, args: string[] = []): Program {
  return new Program([
    ...["lan", "--interface", LOOPBACK, "--room", room, "--name", name, "--port", "0"],
    ...args,
  ]);
}

Deno.test("lan: three on one machine find each other, talk, and one who comes late catches up", {
  ignore,
}, async () => {
  const room = crypto.randomUUID();
  await using ann = lan(room, "ann", ["--ephemeral", "--json", "--commands"]);
  await ann.out.next("ready");
  await ann.type("is anybody there?");
  await using bob = lan(room, "bob", ["--ephemeral"]);
  await ann.out.next('"state":"here"');
  assertEquals(await bob.out.next("anybody"), "ann: is anybody there?");
  await ann.out.next('"delivered"');
  await bob.type("I am");
  await ann.out.next('"text":"I am"');
  await using cem = lan(room, "cem", ["--ephemeral", "--json"]);
  await cem.out.next('"text":"is anybody there?"');
  await cem.out.next('"text":"I am"');
  await ann.type("/msg bob you alone");
  assertEquals(await bob.out.next("alone"), "ann: you alone");
  await cem.endInput();
  assertEquals(await cem.exit(), 0);
  for (const line of [...ann.out.all, ...cem.out.all]) {
    assertEquals(checkEvent(JSON.parse(line)), [], line);
  }
  const history = cem.out.all.map((line) => JSON.parse(line))
    .filter(({ event }) => event === "message").map(({ history }) => history);
  assertEquals(history, [true, true]);
  assert(!cem.out.all.some((line) => line.includes("you alone")));
});

Deno.test("lan: a pipe leaves with 0 when somebody holds all, with 3 when nobody is there", {
  ignore,
}, async () => {
  const room = crypto.randomUUID(), args = ["lan", "--interface", LOOPBACK, "--room", room];
  const alone = await runProgram([...args, "--ephemeral", "--timeout", "0.5"], "hello?\n");
  assertEquals(alone.exit, 3);
  assertStringIncludes(alone.err, "udpchat doctor");
  await using bob = lan(room, "bob", ["--ephemeral", "--stay"]);
  await bob.err.next("listening");
  const said = await runProgram([...args, "--ephemeral", "--name", "ann"], "one\ntwo\n");
  assertEquals(said.exit, 0, said.err);
  await bob.out.next("two");
  assertEquals(bob.out.all, ["ann: one", "ann: two"]);
});

Deno.test("lan: of a pipe that says much at once who was there gets every line, in order", {
  ignore,
}, async () => {
  const room = crypto.randomUUID(), args = ["lan", "--interface", LOOPBACK, "--room", room];
  await using bob = lan(room, "bob", ["--ephemeral", "--stay"]);
  await bob.err.next("listening");
  for (const front of ["a", "b"]) {
    const lines = Array.from({ length: 300 }, (_, at) => `${front}${at}`);
    const more = ["--ephemeral", "--name", "ann", "--json"];
    const said = await runProgram([...args, ...more], lines.join("\n"));
    assertEquals(said.exit, 0, said.err);
    const events = said.out.trim().split("\n").map((line) => JSON.parse(line));
    const states = (wanted: string): number =>
      new Set(
        events.filter(({ event, state }) => event === "status" && state === wanted)
          .map(({ id }) => id),
      ).size;
    assertEquals(states("delivered"), 300, "each is known to be delivered before it leaves");
    await bob.out.next(`${front}299`);
    assertEquals(bob.out.all.slice(-300), lines.map((line) => `ann: ${line}`));
  }
});

Deno.test("lan: what a script could not deliver is not said again, also if it ends with /quit", {
  ignore,
}, async () => {
  const room = crypto.randomUUID(), args = ["lan", "--interface", LOOPBACK, "--room", room];
  const home = await Deno.makeTempDir();
  try {
    const options = { env: { UDPCHAT_HOME: home } };
    const script = [...args, "--commands", "--name", "ann", "--timeout", "0.5"];
    const alone = await runProgram(script, "lost words\n/quit\n", options);
    assertEquals(alone.exit, 3);
    assertStringIncludes(alone.err, "1 message not delivered to anybody:\n  lost words");
    await using bob = lan(room, "bob", ["--ephemeral", "--stay"]);
    await bob.err.next("listening");
    const again = await runProgram(
      [...args, "--commands", "--name", "ann"],
      "new\n/quit\n",
      options,
    );
    assertEquals(again.exit, 0, again.err);
    await bob.out.next("new");
    assertEquals(bob.out.all, ["ann: new"]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("lan: other rooms are not seen, a secret shuts strangers out, --peer is called", {
  ignore,
}, async () => {
  const room = crypto.randomUUID(), secret = "5Y62-FLGZ-ZDYO-3MUH-VEAG-YPMV-XYTG-VI7I";
  await using ann = lan(room, "ann", ["--ephemeral", "--secret", secret]);
  await using eve = lan(room, "eve", ["--ephemeral"]);
  await using zoe = lan(`${room}2`, "zoe", ["--ephemeral"]);
  const to = `127.0.0.1:${await ann.port()}`;
  await eve.err.next("nobody else is here yet");
  await zoe.err.next("nobody else is here yet");
  await using bob = lan(room, "bob", ["--ephemeral", "--secret", secret, "--peer", to]);
  await bob.err.next("ann is here");
  await bob.type("between us");
  assertEquals(await ann.out.next("between"), "bob: between us");
  assertEquals([eve.out.all, zoe.out.all], [[], []]);
});

Deno.test("lan: --host keeps beacons and sessions on one address", { ignore }, async () => {
  const args = ["lan", "--host", "127.0.0.1", "--port", "0", "--room", crypto.randomUUID()];
  await using ann = new Program([...args, "--ephemeral", "--name", "ann"]);
  await using bob = new Program([...args, "--ephemeral", "--name", "bob", "--json"]);
  await ann.err.next("bob is here");
  await bob.out.next('"here"');
  await ann.type("hi");
  await bob.out.next('"text":"hi"');
  for (const line of bob.out.all) {
    const { address, from } = JSON.parse(line);
    for (const each of [address, from?.address]) if (each) assertEquals(each.host, "127.0.0.1");
  }
});

Deno.test("lan: an unknown interface is an error that names those there are", async () => {
  const { exit, err } = await runProgram(["lan", "--interface", "nonsense0", "--ephemeral"]);
  assertEquals(exit, 1);
  if (!ignore) assertStringIncludes(err, LOOPBACK);
});
