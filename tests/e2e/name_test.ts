/**
 * The name that somebody gives themselves is theirs after a restart.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0", "--commands"];

/** A home of one's own, with no name in the environment. */
async function place(): Promise<AsyncDisposable & { env: Record<string, string> }> {
  const home = await Deno.makeTempDir();
  return {
    env: { UDPCHAT_HOME: home, UDPCHAT_NAME: "", USER: "login" },
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

async function savedName(env: Record<string, string>): Promise<string> {
  return JSON.parse((await runProgram(["id", "--json"], "", { env })).out).name;
}

for (const command of ["talk", "plain", "lan"]) {
  Deno.test(`${command}: /nick is remembered, --name is not`, async () => {
    await using home = await place();
    const { env } = home, args = [command, ...HERE];
    await runProgram([...args, "--name", "once", "--timeout", "0"], "/who\n/quit", { env });
    assertEquals(await savedName(env), "login");
    const named = await runProgram([...args, "--timeout", "0"], "/nick ann lee\n/quit", { env });
    assertStringIncludes(named.err, "You are now ann-lee");
    assertEquals(await savedName(env), "ann-lee");
    await runProgram([...args, "--ephemeral"], "/nick eve\n/quit", { env });
    assertEquals(await savedName(env), "ann-lee", "--ephemeral writes nothing");
  });
}

Deno.test("talk: /nick in a second program of a home leaves the saved name alone", async () => {
  await using home = await place();
  const { env } = home;
  await using first = new Program(["talk", ...HERE], { env });
  await first.type("/nick ann");
  await first.err.next("You are now ann");
  await using second = new Program(["talk", ...HERE, "--json"], { env });
  await second.out.next("this is its slot 2");
  await second.type("/nick other");
  await second.err.next("You are now other");
  assertEquals(await savedName(env), "ann");
});
