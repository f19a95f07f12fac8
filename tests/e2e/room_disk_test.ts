/**
 * A relay whose disk is full: nothing is acknowledged that is not kept, and it goes on by itself.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";

/** Whether a small file system can be made here. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const path = await Deno.makeTempDir();
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path);
  if (mounted) await run("umount", path);
  await Deno.remove(path);
  return mounted;
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

Deno.test("serve: a full disk is said, nothing is lost, and it goes on when there is room", {
  ignore: !await canMount(),
}, async () => {
  const root = await Deno.makeTempDir(), disk = `${root}/disk`, lines = 400;
  await Deno.mkdir(disk);
  assert(await run("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk));
  try {
    const here = ["--host", "127.0.0.1", "--port", "0"];
    await using relay = new Program(["serve", ...here, "--home", disk]);
    const to = `127.0.0.1:${await relay.port()}`;
    const join = (name: string): Program =>
      new Program(["join", to, "--name", name, "--json", "--timeout", "60"], {
        env: { UDPCHAT_HOME: `${root}/${name}` },
        patience: 60_000,
      });
    await using ann = join("ann");
    await using bob = join("bob");
    for (const each of [ann, bob]) await each.out.next('"connected"');
    const text = "x".repeat(1_500);
    for (let line = 0; line < lines; line++) await ann.type(`${line} ${text}`);
    await relay.err.next("cannot keep entries");
    const stored = (): number =>
      ann.out.all.filter((line) => line.includes('"state":"stored"')).length;
    assert(stored() < lines, "not all of it can be stored");
    assert(await run("mount", "-o", "remount,size=16m", disk));
    await relay.err.next("can be kept again");
    await ann.endInput();
    assertEquals(await ann.exit(), 0);
    assertEquals(stored(), lines);
    await bob.out.next(`"text":"${lines - 1} x`);
    const heard = bob.out.all.map((line) => JSON.parse(line))
      .filter(({ event }) => event === "message").map((event) => Number.parseInt(event.text));
    assertEquals(heard, Array.from({ length: lines }, (_, line) => line));
  } finally {
    await run("umount", disk);
    await Deno.remove(root, { recursive: true });
  }
});
