/**
 * A relay whose disk is full, or whose files it may not write any more: nothing is acknowledged that is
 * not kept, and it goes on by itself.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { openRoomNumber } from "../../lib/crypto/room_key.ts";
import { Entries } from "../../lib/store/entries.ts";
import { madeEntries, madeLog, using } from "../store/made_entries.ts";
import { has, Program, runProgram } from "../support/program.ts";

const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined;

/** Whether a small file system can be made here. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const path = await Deno.makeTempDir();
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path);
  if (mounted) await run("umount", path);
  await Deno.remove(path);
  return mounted;
}

/** Whether files can be made such that nobody may change them, also who has them open. */
async function canFreeze(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const path = await Deno.makeTempFile();
  const frozen = await run("chattr", "+i", path);
  if (frozen) await run("chattr", "-i", path);
  await Deno.remove(path);
  return frozen;
}

/** What must stand in front so that permissions count, for root too; undefined where they never do. */
async function obeying(): Promise<string[] | undefined> {
  if (Deno.build.os === "windows") return undefined;
  if (Deno.uid() !== 0) return [];
  const rights = "-dac_override,-dac_read_search";
  return await has("setpriv") ? ["setpriv", `--bounding-set=${rights}`] : undefined;
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

/** A member of the lobby. */
function member(to: string, root: string, name: string): Program {
  return new Program(["join", to, "--name", name, "--json", "--timeout", "60"], {
    env: { UDPCHAT_HOME: `${root}/${name}` },
    patience: 60_000,
  });
}

/** The texts that somebody has heard, in order. */
function heardBy(program: Program): string[] {
  return program.out.all.map((line) => JSON.parse(line))
    .filter(({ event, self }) => event === "message" && !self).map(({ text }) => text);
}

Deno.test("serve: files that may not be written any more are said, and nothing is lost (chattr)", {
  ignore: !await canFreeze(),
}, async () => {
  const root = await Deno.makeTempDir(), files = `${root}/home/relay/rooms.db`, lines = 20;
  const chattr = async (how: string): Promise<void> => {
    for (const file of [files, `${files}-wal`]) assert(await run("chattr", how, file));
  };
  try {
    const here = ["--host", "127.0.0.1", "--port", "0"];
    await using relay = new Program(["serve", ...here, "--home", `${root}/home`]);
    const to = `127.0.0.1:${await relay.port()}`;
    await using ann = member(to, root, "ann");
    await using bob = member(to, root, "bob");
    for (const each of [ann, bob]) await each.out.next('"connected"');
    await ann.type("0");
    await ann.out.next('"delivered"');
    await chattr("+i");
    for (let line = 1; line < lines; line++) await ann.type(`${line}`);
    await relay.err.next("cannot keep entries");
    assertEquals(heardBy(bob), ["0"]);
    assertEquals(ann.out.all.filter((line) => line.includes('"stored"')).length, 1);
    await chattr("-i");
    await relay.err.next("can be kept again");
    await bob.out.next(`"text":"${lines - 1}"`);
    assertEquals(heardBy(bob), Array.from({ length: lines }, (_, line) => `${line}`));
    await ann.endInput();
    assertEquals(await ann.exit(), 0);
  } finally {
    await run("chattr", "-i", files);
    await run("chattr", "-i", `${files}-wal`);
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("serve: damage that is met late is said, and the file stays where it is", async () => {
  const root = await Deno.makeTempDir(), file = `${root}/home/relay/rooms.db`;
  const serve = ["serve", "--host", "127.0.0.1", "--port", "0", "--home", `${root}/home`];
  try {
    await Deno.mkdir(`${root}/home/relay`, { recursive: true, mode: 0o700 });
    using(new Entries(file), (store) => {
      store.append(madeEntries(madeLog(1, openRoomNumber("lobby")), 1, 4_000));
    });
    const bytes = await Deno.readFile(file), middle = Math.floor(bytes.length / 8_192) * 4_096;
    // So many pages in a row that some are of the table, and not only of its indexes.
    await Deno.writeFile(file, bytes.fill(255, middle, middle + 4 * 4_096));
    await using relay = new Program(serve);
    await using _ann = member(`127.0.0.1:${await relay.port()}`, root, "ann");
    await relay.err.next(`Cannot read ${file} as it is damaged: move it away`);
    assertEquals(await relay.exit(), 1);
    const names = Array.from(Deno.readDirSync(`${root}/home/relay`), ({ name }) => name);
    assertEquals(names.filter((name) => name.startsWith("rooms")), ["rooms.db"]);
    assert((await Deno.readFile(file)).length >= bytes.length);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("serve: old entries that cannot be let go end nothing (chattr, some seconds)", {
  ignore: !slow || !await canFreeze(),
}, async () => {
  const root = await Deno.makeTempDir(), files = `${root}/home/relay/rooms.db`;
  const serve = ["serve", "--host", "127.0.0.1", "--port", "0", "--home", `${root}/home`];
  try {
    await using relay = new Program([...serve, "--keep", "10s"], { patience: 150_000 });
    const to = `127.0.0.1:${await relay.port()}`;
    await using ann = member(to, root, "ann");
    for (const word of ["one", "two"]) {
      await ann.type(word);
      await ann.out.next('"stored"');
    }
    for (const file of [files, `${files}-wal`]) assert(await run("chattr", "+i", file));
    await relay.err.next("cannot let old entries go");
    for (const file of [files, `${files}-wal`]) assert(await run("chattr", "-i", file));
    await ann.type("three");
    await ann.out.next('"stored"');
  } finally {
    for (const file of [files, `${files}-wal`]) await run("chattr", "-i", file);
    await Deno.remove(root, { recursive: true });
  }
});

const front = await obeying();

Deno.test(
  "serve: goes on when permissions are taken away, and says so when it starts again (setpriv)",
  {
    ignore: front === undefined,
  },
  async () => {
    const root = await Deno.makeTempDir(), place = `${root}/home/relay`;
    const serve = ["serve", "--host", "127.0.0.1", "--port", "0", "--home", `${root}/home`];
    const main = new URL("../../main.ts", import.meta.url).pathname;
    const command = [...front ?? [], Deno.execPath(), "run", "--unstable-net", "-A", main];
    const names = () => Array.from(Deno.readDirSync(place), ({ name }) => name).sort();
    const allow = async (directory: number, file: number): Promise<void> => {
      await Deno.chmod(place, 0o700);
      const rooms = names().filter((name) => name.startsWith("rooms"));
      for (const name of rooms) await Deno.chmod(`${place}/${name}`, file);
      await Deno.chmod(place, directory);
    };
    try {
      {
        await using relay = new Program(serve, { command });
        const to = `127.0.0.1:${await relay.port()}`;
        await using ann = member(to, root, "ann");
        await ann.type("before");
        await ann.out.next('"stored"');
        await allow(0o500, 0o400);
        await ann.type("after");
        await ann.out.next('"stored"');
        relay.signal("SIGKILL");
        await relay.exit();
      }
      const before = names();
      for (const [directory, file] of [[0o500, 0o400], [0o700, 0o400], [0o700, 0o000]] as const) {
        await allow(directory, file);
        const again = await runProgram(serve, "", { command });
        assertEquals(again.exit, 1, again.err);
        assertMatch(again.err, /udpchat: Cannot /);
        assertEquals(names(), before, "nothing is moved, made or removed");
      }
      await allow(0o700, 0o600);
      await using relay = new Program(serve, { command });
      await using bob = member(`127.0.0.1:${await relay.port()}`, root, "bob");
      await bob.out.next('"text":"after"');
      assertEquals(heardBy(bob), ["before", "after"]);
    } finally {
      await Deno.chmod(place, 0o700);
      await Deno.remove(root, { recursive: true });
    }
  },
);
