/**
 * What a relay has of a room with a secret, on its disk and in its memory: no text, no name, no name of
 * the room. That the search finds such things is shown with an open room of the same relay.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program, runProgram } from "../support/program.ts";
import { foundInFiles, foundInMemory } from "../support/search.ts";

const OBSERVED = new URL("../support/observed.ts", import.meta.url).pathname;

const SEALED = ["the owl flies at midnight 7391", "annabella-vq", "hideout-zk"];
const OPEN = ["the cat sleeps at midday 1937", "bartholomew-qv", "kitchen-kz"];
const KEPT = "what a snapshot holds 2468";

Deno.test("serve: neither disk nor memory has a word of a sealed room", {
  ignore: Deno.build.os === "windows",
}, async (t) => {
  const root = await Deno.makeTempDir(), snapshot = `${root}/snapshot`;
  const env = (name: string) => ({ UDPCHAT_HOME: `${root}/${name}` });
  try {
    await using relay = new Program(["serve", "--host", "127.0.0.1", "--port", "0"], {
      command: [Deno.execPath(), "run", "--unstable-net", "-A", "--no-check", OBSERVED],
      env: { ...env("relay"), UDPCHAT_SNAPSHOT: snapshot, UDPCHAT_KEPT: KEPT },
    });
    const to = `127.0.0.1:${await relay.port()}`;
    const { out: link } = await runProgram(["invite", `${to}/${SEALED[2]}`]);
    for (const [at, room] of [link.trim(), `${to}/${OPEN[2]}`].entries()) {
      const [text = "", name = ""] = at === 0 ? SEALED : OPEN;
      const join = (who: string): Program =>
        new Program(["join", room, "--name", who], { env: env(who) });
      await using ann = join(name);
      await using bob = join(`${name}2`);
      await ann.err.next(`${name}2 is here`);
      for (const part of ["first", "second"]) {
        await ann.type(`${part}: ${text}`);
        await bob.out.next(text);
        await bob.type(`${part}, yes: ${text}`);
        await ann.out.next(text);
      }
      // Who comes later reads it from the relay's disk.
      await using cem = join(`${name}3`);
      await cem.out.next(`second, yes: ${text}`);
    }
    relay.signal("SIGUSR2");
    await relay.err.next("snapshot");
    assertEquals(await foundInFiles(snapshot, SEALED), []);
    assert((await foundInFiles(snapshot, [KEPT])).length > 0, "a snapshot has strings in it");
    assertEquals(await foundInFiles(`${root}/relay`, SEALED), []);
    for (const word of OPEN.slice(0, 2)) {
      assert((await foundInFiles(`${root}/relay`, [word])).length > 0, `${word} is on the disk`);
    }
    await t.step({
      name: "all of its memory (where there is /proc)",
      ignore: Deno.build.os !== "linux",
      fn: async () => {
        relay.signal("SIGSTOP");
        const found = [...await foundInMemory(relay.pid, [...SEALED, ...OPEN])];
        relay.signal("SIGCONT");
        assertEquals(found.filter((each) => SEALED.some((word) => each.startsWith(word))), []);
        for (const word of OPEN.slice(0, 2)) {
          assert(found.includes(`${word} in UTF-8`), `${word} is in its memory`);
        }
      },
    });
    relay.signal("SIGTERM");
    assertEquals(await relay.exit(), 143);
    assertEquals(await foundInFiles(`${root}/relay`, SEALED), []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
