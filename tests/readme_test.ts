/**
 * What README promises, as far as a machine can check it.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { COMMANDS } from "../lib/cli/commands.ts";
import { has, Program } from "./support/program.ts";

const ROOT = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));
const version = (await Deno.readTextFile(new URL(".dvmrc", ROOT))).trim();

Deno.test("README names the pinned version of Deno, and nothing else does", async () => {
  const named = [...readme.matchAll(/deno@([\d.]+\d)/g)].map((match) => match[1]);
  assert(named.length >= 2);
  assertEquals([...new Set(named)], [version]);
  for (const file of [".ci/run", ".github/workflows/ci.yml", "deno.json"]) {
    assert(!(await Deno.readTextFile(new URL(file, ROOT))).includes(version), file);
  }
});

Deno.test("README lists every command", () => {
  for (const { name } of COMMANDS) assertStringIncludes(readme, `udpchat ${name}`);
});

Deno.test(
  "README's Python peer talks to the program",
  { ignore: !await has("python3") },
  async () => {
    const script = /```python\n([^]*?)```/.exec(readme)?.[1] ?? "";
    await using ours = new Program(["plain", "--host", "127.0.0.1", "--port", "0"]);
    const port = await ours.port();
    await using peer = new Program(["-u", "-c", script.replaceAll("2410", `${port}`)], {
      command: ["python3"],
    });
    await ours.out.next("hello from Python");
    await ours.type("hello from Deno");
    assertEquals(await peer.out.next("hello"), "hello from Deno");
    await peer.type("typed");
    await ours.out.next(": typed");
  },
);

Deno.test("the lock file is free of machine paths and host names", async () => {
  const lock = await Deno.readTextFile(new URL("deno.lock", ROOT));
  assert(!/https?:|file:|\/root|\/home|\/work/.test(lock), "no address or path in deno.lock");
});

Deno.test("the package has a name, a version and one entrance", () => {
  assertEquals(config.exports, "./lib/mod.ts");
  assert(/^\d+\.\d+\.\d+$/.test(config.version));
});
