/**
 * Hostile members against a real relay, with honest ones in the same room.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { checkEvent } from "../support/event_schema.ts";
import { ATTACKS } from "../support/hostile_attacks.ts";
import { rawIn } from "../support/hostile_words.ts";
import { residentMegabytes, TELLS_MEMORY } from "../support/process_memory.ts";
import { Program, runProgram } from "../support/program.ts";

/** Where there are minutes, ten times as much of everything. */
const TIMES = Deno.env.get("UDPCHAT_SLOW") === undefined ? 1 : 10;
/** A relay's heap may not grow beyond this, in MB: it ends with an error then (measured: 96 are enough). */
const HEAP_MB = 192;
/** So much may it have in memory after all of it, with what is not its heap (measured: 310 to 380). */
const MOST_MB = 600;
/** So many lines may it say about all of it: nobody's log is filled by who wants to. */
const MOST_SAID = 2_000;

const HOSTILE = new URL("../support/hostile.ts", import.meta.url).pathname;
const HERE = ["--host", "127.0.0.1", "--port", "0"];

/** Each line once and in order. */
function assertAll(heard: readonly string[], front: string, lines: number): void {
  const wrong = heard.findIndex((line, at) => line !== `${front}line ${at}`);
  assertEquals([wrong, heard[wrong], heard.length], [-1, undefined, lines]);
}

Deno.test("serve: whatever a hostile member does, the honest ones in its room do not notice", async (t) => {
  const root = await Deno.makeTempDir();
  const join = (to: string, name: string, args: string[] = []): Program =>
    new Program(["join", to, "--name", name, ...args], {
      env: { UDPCHAT_HOME: `${root}/${name}` },
    });
  try {
    await using relay = new Program(["serve", ...HERE], {
      env: {
        UDPCHAT_HOME: `${root}/relay`,
        DENO_V8_FLAGS: `--max-old-space-size=${HEAP_MB}`,
      },
    });
    const port = await relay.port(), to = `127.0.0.1:${port}`;
    await using ann = join(to, "ann");
    await ann.err.next("connected to the relay");
    await using bob = join(to, "bob");
    await ann.err.next("bob is here");
    await using cem = join(to, "cem", ["--json"]);
    await ann.err.next("cem is here");
    let lines = 0;
    const say = async (): Promise<void> => {
      const text = `line ${lines++}`;
      await ann.type(text);
      await bob.out.next(new RegExp(`^ann: ${text}$`));
      await cem.out.next(`"text":"${text}"`);
    };
    await say();
    for (const [seed, attack] of Object.keys(ATTACKS).entries()) {
      await t.step(attack, async () => {
        const command = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", HOSTILE];
        await using eve = new Program([`${port}`, attack, `${seed}`, `${TIMES}`], {
          command,
          patience: 60_000 * TIMES,
        });
        let over = false;
        const end = eve.exit().finally(() => over = true);
        while (!over) await say();
        assertEquals(await end, 0, eve.err.all.join("\n"));
        for (let more = 0; more < 3; more++) await say();
        if (TELLS_MEMORY) assertLess(await residentMegabytes(relay.pid), MOST_MB);
      });
    }
    assertAll(bob.out.all.filter((line) => /^ann: line \d+$/.test(line)), "ann: ", lines);
    assertLess(relay.err.all.length, MOST_SAID);
    const heard = cem.out.all.map((line) => JSON.parse(line));
    for (const event of heard) assertEquals(checkEvent(event), []);
    const messages = heard.filter(({ event }) => event === "message");
    const { key } = messages.find(({ text }) => text === "line 0").from;
    assertAll(messages.filter(({ from }) => from.key === key).map(({ text }) => text), "", lines);
    assert(messages.length > lines, "the hostile ones were heard as well");
    const env = { UDPCHAT_HOME: `${root}/bob` };
    const kept = await runProgram(["history", "--export"], "", { env });
    assert(kept.out.includes("\\u001b"), "there is something to escape");
    const all = [ann, bob, cem].flatMap(({ out, err }) => [...out.all, ...err.all]);
    for (const line of [...all, ...kept.out.split("\n")]) {
      assertEquals(rawIn(line).slice(0, 5), [], line.slice(0, 200));
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
