/**
 * How `join` is told which room: by the first line of a pipe, at a prompt, and by a list.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkEvent } from "../support/event_schema.ts";
import { has, Program, runProgram } from "../support/program.ts";
import { Terminal } from "../support/tmux.ts";

const ignore = !await has("tmux");
const ROOT = new URL("../../", import.meta.url).pathname;
const CHAT = `cd "${ROOT}" && "${Deno.execPath()}" run --unstable-net -A main.ts`;

/** A directory of one's own, removed at the end. */
async function place(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function serve(home: string): Program {
  const env = { UDPCHAT_HOME: home };
  return new Program(["serve", "--host", "127.0.0.1", "--port", "0"], { env });
}

Deno.test("join -: the first line of a pipe is the link, the others are messages", async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`;
  const env = (name: string) => ({ env: { UDPCHAT_HOME: `${home.path}/${name}` } });
  const invited = await runProgram(["invite", `${to}/tea`, "--json"]);
  const event = JSON.parse(invited.out), link = String(event.link);
  assertEquals(checkEvent(event), []);
  await using ann = new Program(["join", "-", "--name", "ann", "--stay", "--json"], env("ann"));
  await ann.type(link);
  await ann.type("hello");
  await ann.out.next('"stored"');
  const bob = await runProgram(["join", "-"], `${link}\r\nhi\nbye\n`, env("bob"));
  assertEquals([bob.exit, bob.out], [0, "ann: hello\n"]);
  await ann.out.next('"text":"bye"');
  const shown = [...ann.out.all, ...ann.err.all, bob.err].join("\n");
  assert(!shown.includes(link.split("#")[1] ?? link), shown);
  const texts = ann.out.all.map((line) => JSON.parse(line))
    .flatMap(({ event, text }) => event === "message" ? [text] : []);
  assertEquals(texts, ["hello", "hi", "bye"]);
});

Deno.test("join -: what is no link is refused, and not repeated", async () => {
  const table: readonly (readonly [input: string, exit: number, says: string])[] = [
    ["", 2, "in the first line"],
    ["\nhello\n", 2, "in the first line"],
    ["garbage.invalid", 1, "wanted udpchat://HOST"],
    ["garbage/with/slashes", 2, "wanted udpchat://HOST"],
    ["udpchat://127.0.0.1/garbage", 2, "a link ends in #SECRET"],
  ];
  for (const [input, exit, says] of table) {
    const { err, ...ended } = await runProgram(["join", "-"], input);
    assertEquals([ended.exit, ended.out], [exit, ""], err);
    assertStringIncludes(err, says);
    assert(!err.includes("garbage"), err);
  }
});

Deno.test("join: a passphrase is not asked for any more after Ctrl-C", { ignore }, async () => {
  const command = `${CHAT} join 127.0.0.1:1 --passphrase --ephemeral; echo "status $?"`;
  await using screen = await Terminal.start(command);
  await screen.shows("Passphrase of the room");
  await screen.type("not sent");
  await screen.press("C-c");
  const lines = await screen.shows("status");
  assertEquals(lines, ["status 130"], "and nothing is said");
});

Deno.test("join: a number that is not in the list is said to be none", { ignore }, async () => {
  await using home = await place();
  await using relay = serve(`${home.path}/relay`);
  const to = `127.0.0.1:${await relay.port()}`, env = { UDPCHAT_HOME: `${home.path}/ann` };
  for (const room of ["tea", "milk"]) {
    assertEquals((await runProgram(["join", `${to}/${room}`], "hi", { env })).exit, 0);
  }
  await using screen = await Terminal.start(`${CHAT} join; exit`, undefined, env);
  await screen.shows("2  127.0.0.1");
  await screen.type("3");
  await screen.press("Enter");
  await screen.shows("there is no room 3: wanted a number from 1 to 2");
  await screen.type("2");
  await screen.press("Enter");
  await screen.shows("joining tea");
});
