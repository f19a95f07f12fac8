import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { loadSeeds, type Slot, takeSlot } from "../../lib/store/home.ts";
import { testRandom } from "../support/session_pair.ts";

const UNIX = Deno.build.os !== "windows";

/** A directory for one test; the home in it does not exist yet. */
async function withHome(test: (home: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "udpchat-" });
  try {
    await test(`${directory}/deep/home`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Slots with fresh randomness each time. */
function taker(home: string): () => Promise<Slot> {
  const random = testRandom(seededRandom(1));
  return () => takeSlot(home, random);
}

async function mode(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("takeSlot() makes keys once and keeps them", () =>
  withHome(async (home) => {
    const take = taker(home), first = await take();
    assertEquals([first.number, first.seeds.identity.length, first.seeds.static.length], [
      1,
      32,
      32,
    ]);
    assertNotEquals(first.seeds.identity, first.seeds.static);
    first.release();
    for (let again = 0; again < 3; again++) {
      const slot = await take();
      assertEquals([slot.number, slot.seeds], [1, first.seeds]);
      slot.release();
    }
    assertEquals(await loadSeeds(home, 1), first.seeds);
    const names = Array.from(Deno.readDirSync(home), ({ name }) => name).sort();
    assertEquals(names, ["keys", "lock"], "no draft is left");
  }));

Deno.test({
  name: "takeSlot() lets nobody else look into directory and files",
  ignore: !UNIX,
  fn: () =>
    withHome(async (home) => {
      const take = taker(home), slots = [await take(), await take()];
      assertEquals(await mode(home), 0o700);
      for (const { name } of Deno.readDirSync(home)) {
        assertEquals(await mode(`${home}/${name}`), 0o600, name);
      }
      for (const slot of slots) slot.release();
    }),
});

Deno.test("takeSlot() gives a second program slot 2 with keys of its own, the same next time", () =>
  withHome(async (home) => {
    const take = taker(home), first = await take(), second = await take(), third = await take();
    assertEquals([first, second, third].map(({ number }) => number), [1, 2, 3]);
    const keys = [first, second, third].map(({ seeds }) => seeds.identity.join());
    assertEquals(new Set(keys).size, 3);
    second.release();
    const again = await take();
    assertEquals([again.number, again.seeds], [2, second.seeds]);
    first.release();
    const alone = await take();
    assertEquals([alone.number, alone.seeds], [1, first.seeds]);
    for (const slot of [again, third, alone]) slot.release();
    assertEquals(await loadSeeds(home, 2), second.seeds);
  }));

Deno.test("takeSlot() gives two programs that start at once two slots", () =>
  withHome(async (home) => {
    const take = taker(home), slots = await Promise.all([take(), take(), take(), take()]);
    assertEquals(slots.map(({ number }) => number).sort(), [1, 2, 3, 4]);
    assertEquals(new Set(slots.map(({ seeds }) => seeds.identity.join())).size, 4);
    for (const slot of slots) {
      assertEquals(await loadSeeds(home, slot.number), slot.seeds);
      slot.release();
    }
  }));

Deno.test("takeSlot() refuses a damaged key file, says which, and leaves it as it is", () =>
  withHome(async (home) => {
    const take = taker(home), slot = await take();
    slot.release();
    const path = `${home}/keys`, good = await Deno.readTextFile(path);
    const [header, identity = "", fixed] = good.split("\n");
    const damaged = [
      "",
      "\0".repeat(100),
      `${header}\n${identity}\n`,
      `${header}\n${identity.slice(1)}\n${fixed}\n`,
      `${header}\n${identity.replace(/^./, "x")}\n${fixed}\n`,
      `udpchat keys 2\n${identity}\n${fixed}\n`,
      good.slice(0, -20),
    ];
    for (const text of damaged) {
      await Deno.writeTextFile(path, text);
      await assertRejects(take, Error, `Cannot read the keys in ${path}: the file is damaged`);
      assertEquals(await Deno.readTextFile(path), text);
    }
    await Deno.writeTextFile(path, good);
    const again = await take();
    assertEquals([again.number, again.seeds], [1, slot.seeds], "the lock was given back");
    again.release();
  }));

Deno.test("takeSlot() says what is wrong where the home is no directory", () =>
  withHome(async (home) => {
    await Deno.mkdir(home.slice(0, home.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(home, "I am a file");
    await assertRejects(taker(home), Error);
    assertEquals(await Deno.readTextFile(home), "I am a file");
  }));

Deno.test("takeSlot() refuses a 65th program", () =>
  withHome(async (home) => {
    const take = taker(home), slots: Slot[] = [];
    for (let number = 1; number <= 64; number++) slots.push(await take());
    await assertRejects(take, Error, "64 programs use it already");
    slots[9]?.release();
    const slot = await take();
    assertEquals(slot.number, 10);
    for (const each of [...slots.filter(({ number }) => number !== 10), slot]) each.release();
  }));

Deno.test("loadSeeds() knows nothing of a slot that was never taken", () =>
  withHome(async (home) => {
    assertEquals(await loadSeeds(home, 1), undefined);
    const slot = await taker(home)();
    assertEquals(await loadSeeds(home, 2), undefined);
    assert(await loadSeeds(home, 1), "also while somebody holds it");
    slot.release();
  }));
