/**
 * A laptop that is closed for a minute of real time. Takes that minute, so it runs where
 * `UDPCHAT_SLOW` is set (as in `.ci/run`, beside the other tests).
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { Program } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];
const MINUTE_MS = 60_000;
const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined && Deno.build.os !== "windows";

Deno.test("talk: frozen for a minute: seen as not reachable in 45 s, and all arrives on return", {
  ignore: !slow,
}, async () => {
  const root = await Deno.makeTempDir();
  const talk = (args: string[], name: string): Program =>
    new Program(["talk", ...args, ...HERE, "--name", name], {
      env: { UDPCHAT_HOME: `${root}/${name}` },
      patience: 2 * MINUTE_MS,
    });
  try {
    await using ann = talk([], "ann");
    await using bob = talk([`127.0.0.1:${await ann.port()}`, "--json"], "bob");
    await bob.type("0");
    await ann.out.next(": 0");
    await bob.out.next('"delivered"');
    const frozen = performance.now();
    ann.signal("SIGSTOP");
    for (let line = 1; line <= 20; line++) await bob.type(`${line}`);
    await bob.out.next(/"presence".*"away"/);
    assertLess(performance.now() - frozen, 47_000);
    const rest = MINUTE_MS - (performance.now() - frozen);
    await new Promise((resolve) => setTimeout(resolve, rest));
    ann.signal("SIGCONT");
    const back = performance.now();
    await ann.out.next(": 20");
    assertLess(performance.now() - back, 3_000, "what waits flows within 3 s");
    await bob.out.next(/"presence".*"here"/);
    assertEquals(
      ann.out.all.map((line) => line.split(" ")[1]),
      Array.from({ length: 21 }, (_, line) => `${line}`),
    );
    await ann.type("awake");
    assert(await bob.out.next("awake"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
