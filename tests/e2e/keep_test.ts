/**
 * `serve --keep` and `serve --keep-bytes` as processes: what is too old or too much goes, and people go
 * on talking.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Entries } from "../../lib/store/entries.ts";
import { Program } from "../support/program.ts";

const LINES = 40;

function serve(home: string, args: string[], port = 0): Program {
  return new Program(["serve", "--host", "127.0.0.1", "--port", `${port}`, ...args], {
    env: { UDPCHAT_HOME: `${home}/relay` },
  });
}

function join(home: string, to: string, name: string): Program {
  return new Program(["join", to, "--name", name, "--json"], {
    env: { UDPCHAT_HOME: `${home}/${name}` },
  });
}

/** The texts that somebody has heard, in order. */
function heardBy({ out }: Program): string[] {
  return out.all.map((line) => JSON.parse(line))
    .filter(({ event, self }) => event === "message" && !self).map(({ text }) => text);
}

/** How many entries went, as a relay says it. */
function goneOf(line: string): number {
  return Number(/let (\d+) old entries go/.exec(line)?.[1]);
}

/** Ends a relay; what is in its file then. */
async function end(relay: Program, home: string): Promise<{ count: number; bytes: number }> {
  relay.signal("SIGTERM");
  await relay.exit();
  const store = new Entries(`${home}/relay/relay/rooms.db`);
  const bodies = store.rooms().flatMap((room) => store.after(room, 0, 1e6))
    .map(({ entry }) => entry.body.length);
  store.close();
  return { count: bodies.length, bytes: bodies.reduce((sum, bytes) => sum + bytes, 0) };
}

async function inPlace(test: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("serve --keep-bytes: the oldest go until the room is small enough, and a log goes on", {
  ignore: Deno.build.os === "windows",
}, () =>
  inPlace(async (home) => {
    let port: number;
    {
      await using relay = serve(home, []);
      port = await relay.port();
      await using ann = join(home, `127.0.0.1:${port}`, "ann");
      for (let line = 1; line <= LINES; line++) await ann.type(`${line}`.padEnd(50, "."));
      await ann.out.next('"connected"');
      await ann.endInput();
      assertEquals(await ann.exit(), 0);
      assertEquals((await end(relay, home)).count, LINES + 1);
    }
    await using relay = serve(home, ["--keep-bytes", "1k"], port);
    const gone = goneOf(await relay.err.next("old entries go"));
    assert(gone > LINES / 4 && gone < LINES, `${gone} went`);
    await using bob = join(home, `127.0.0.1:${port}`, "bob");
    await bob.out.next("no longer keeps the oldest");
    await bob.out.next(`"text":"${LINES}.`);
    assertEquals(heardBy(bob).length, LINES + 1 - gone);
    await using ann = join(home, `127.0.0.1:${port}`, "ann");
    await ann.type("still here");
    await bob.out.next("still here");
    await ann.out.next('"stored"');
    const { bytes } = await end(relay, home);
    assert(bytes < 1_000 + 400, "what is kept, a line and a name or two");
  }));

Deno.test("serve --keep: all that is too old goes, whole logs, and who said it goes on", () =>
  inPlace(async (home) => {
    await using relay = serve(home, ["--keep", "1s"]);
    const to = `127.0.0.1:${await relay.port()}`;
    await using bob = join(home, to, "bob");
    await bob.out.next('"connected"');
    {
      await using ann = join(home, to, "ann");
      await bob.out.next('"here"');
      for (let line = 1; line <= LINES; line++) await ann.type(`${line}`);
      await ann.endInput();
      assertEquals(await ann.exit(), 0);
    }
    // The names of both as well.
    for (let gone = 0; gone < LINES + 2;) gone += goneOf(await relay.err.next("old entries go"));
    assertEquals(heardBy(bob).length, LINES);
    await using ann = join(home, to, "ann");
    await ann.type("and on it goes");
    await ann.out.next('"stored"');
    await bob.out.next("and on it goes");
    assertEquals(heardBy(bob).length, LINES + 1, "and nothing came again");
    assertEquals(goneOf(await relay.err.next("old entries go")), 1);
  }));
