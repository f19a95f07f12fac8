import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { seededRandom } from "../../lib/net/random.ts";
import { Entries } from "../../lib/store/entries.ts";
import { History } from "../../lib/store/history.ts";
import {
  madeEntries,
  madeEntry,
  madeId,
  madeLog,
  numbersIn,
  ROOM,
  using,
  withDirectory,
} from "./made_entries.ts";

const [ANN, BOB] = [madeLog(1), madeLog(2)];
const WINDOWS = Deno.build.os === "windows";

function run(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** A small disk of its own for one test; undefined where none can be had. */
function mount(directory: string): boolean {
  return run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory);
}

function withDisk(test: (directory: string) => void): void {
  withDirectory((directory) => {
    assert(mount(directory));
    try {
      test(directory);
    } finally {
      run("umount", "-l", directory);
    }
  });
}

function canMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  let mounted = false;
  withDirectory((directory) => {
    mounted = mount(directory);
    if (mounted) run("umount", "-l", directory);
  });
  return mounted;
}

const NO_DISK = !canMount();

/** Another program of these tests. */
function program(name: string, ...args: string[]): Deno.ChildProcess {
  const path = new URL(name, import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", path, ...args],
    stdout: "piped",
  }).spawn();
}

/** Its lines as they come; a last one that is cut off is left out. */
async function* linesOf(child: Deno.ChildProcess): AsyncGenerator<string> {
  let partial = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    yield* lines;
  }
}

function names(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
}

async function withDirectoryAsync(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "udpchat-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("Entries holds all that append() has returned, after kill -9", () =>
  withDirectoryAsync(async (directory) => {
    const path = `${directory}/a.db`, random = seededRandom(1);
    let seen = 0;
    for (let round = 0; round < 20; round++) {
      const child = program("appender.ts", path, "1", "1000000");
      let left = 1 + Math.floor(random() * 40), said = "";
      for await (const line of linesOf(child)) {
        if (--left === 0) child.kill("SIGKILL");
        said = line;
      }
      await child.status;
      const [, last = 0, seq = 0] = said.split(" ").map(Number);
      assert(last > seen, "it goes on where it was killed");
      using(new Entries(path), (store) => {
        const numbers = numbersIn(store), count = numbers.length;
        assert(count >= last && store.last(ROOM) >= seq, `${last} were kept, ${count} are there`);
        assertEquals(numbers, Array.from({ length: count }, (_, at) => at + 1));
        const [log] = store.logs(ROOM);
        assertEquals([log?.ranges, log?.head], [[{ first: 1, last: count }], madeId(ANN, count)]);
        assertEquals(store.movedTo, undefined);
        seen = count;
      });
    }
  }));

Deno.test("Entries opens and writes in several programs at once, each in its turn", () =>
  withDirectoryAsync(async (directory) => {
    const path = `${directory}/a.db`, logs = ["1", "2", "3", "4"];
    const children = logs.map((log) => program("appender.ts", path, log, "25"));
    const lasts = await Promise.all(children.map(async (child) => {
      let said = "";
      for await (const line of linesOf(child)) said = line;
      assert((await child.status).success);
      return Number(said.split(" ")[1]);
    }));
    using(new Entries(path), (store) => {
      for (const [at, last] of lasts.entries()) {
        const log = madeLog(at + 1);
        assertEquals(store.range(ROOM, log, 1, Infinity, Infinity).length, last);
      }
      assertEquals(numbersIn(store).length, lasts.reduce((a, b) => a + b));
      assertEquals(store.logs(ROOM).length, logs.length);
    });
  }));

Deno.test("Entries waits for another program that is writing", () =>
  withDirectoryAsync(async (directory) => {
    const path = `${directory}/a.db`, store = new Entries(path), rooms = 10_000;
    const child = program("blocker.ts", path, String(rooms));
    for await (const line of linesOf(child)) {
      assertEquals(line, "writing");
      store.append(madeEntries(ANN, 1, 3));
      // The other one was first, so this had to wait for it.
      assertEquals(store.rooms().length, rooms + 1);
    }
    assert((await child.status).success);
    store.close();
  }));

Deno.test("Entries in two places sees at once what the other one does", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, [one, two] = [new Entries(path), new Entries(path)];
    for (let number = 1; number <= 20; number++) {
      const [writer, reader] = number % 2 === 0 ? [one, two] : [two, one];
      writer.append([madeEntry(ANN, number)]);
      assertEquals(reader.last(ROOM), number);
      assertEquals(reader.logs(ROOM), writer.logs(ROOM));
      assertThrows(() => reader.append([madeEntry(ANN, number)]), Error, "UNIQUE");
    }
    one.trim({ wall: 0, bytes: 20 });
    two.forget(ROOM, ANN, 19);
    assertEquals(one.logs(ROOM)[0]?.ranges, [{ first: 11, last: 18 }]);
    one.close();
    assertEquals(two.append([madeEntry(ANN, 19)]), [21]);
    two.close();
  }));

Deno.test({
  name: "Entries keeps all that it said it keeps on a full disk, and goes on when there is room",
  ignore: NO_DISK,
  fn: () =>
    withDisk((directory) => {
      const path = `${directory}/a.db`, body = new Uint8Array(2_000).fill(5);
      const batch = (first: number) =>
        [0, 1, 2, 3].map((more) => madeEntry(ANN, first + more, { body }));
      Deno.writeFileSync(`${directory}/ballast`, new Uint8Array(400_000));
      const store = new Entries(path);
      let kept = 0;
      assertThrows(
        () => {
          for (; kept < 1_000; kept += 4) store.append(batch(kept + 1));
        },
        Error,
        "full",
      );
      assert(kept > 20, `${kept} fitted`);
      for (let again = 0; again < 3; again++) {
        assertThrows(() => store.append(batch(kept + 1)), Error, "full");
        assertEquals(numbersIn(store).length, kept);
        assertEquals(store.logs(ROOM)[0]?.ranges, [{ first: 1, last: kept }]);
        assertEquals(store.logs(ROOM)[0]?.head, madeId(ANN, kept));
      }
      Deno.removeSync(`${directory}/ballast`);
      assertEquals(store.append(batch(kept + 1)).at(-1), kept + 4);
      store.close();
      using(new Entries(path), (again) => {
        assertEquals(numbersIn(again).length, kept + 4);
        assertEquals(again.movedTo, undefined);
      });
    }),
});

Deno.test({
  name: "Entries says that a disk cannot be written, and moves nothing",
  ignore: NO_DISK,
  fn: () =>
    withDisk((directory) => {
      const path = `${directory}/a.db`;
      using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, 3)));
      assert(run("mount", "-o", "remount,ro", directory));
      assertThrows(() => new Entries(path), Deno.errors.PermissionDenied, "Cannot write");
      assertThrows(() => new Entries(`${directory}/new.db`), Error, "ead-only");
      assert(run("mount", "-o", "remount,rw", directory));
      using(new Entries(path), (store) => assertEquals(numbersIn(store), [1, 2, 3]));
      assertEquals(names(directory), ["a.db"]);
    }),
});

Deno.test({
  name: "Entries says that a file or its directory cannot be written, and moves nothing",
  ignore: WINDOWS || Deno.uid() === 0,
  fn: () =>
    withDirectory((directory) => {
      const path = `${directory}/a.db`;
      using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, 3)));
      Deno.chmodSync(path, 0o400);
      assertThrows(() => new Entries(path), Deno.errors.PermissionDenied);
      Deno.chmodSync(path, 0o600);
      Deno.chmodSync(directory, 0o500);
      assertThrows(() => new Entries(path), Deno.errors.PermissionDenied);
      assertThrows(() => new Entries(`${directory}/new.db`), Deno.errors.PermissionDenied);
      Deno.chmodSync(directory, 0o700);
      using(new Entries(path), (store) => assertEquals(numbersIn(store), [1, 2, 3]));
      assertEquals(names(directory), ["a.db"]);
    }),
});

Deno.test({
  name: "Entries lets nobody else read its files",
  ignore: WINDOWS,
  fn: () =>
    withDirectory((directory) =>
      using(new Entries(`${directory}/a.db`), (store) => {
        store.append(madeEntries(ANN, 1, 3));
        assertEquals(names(directory), ["a.db", "a.db-shm", "a.db-wal"]);
        for (const name of names(directory)) {
          assertEquals((Deno.statSync(`${directory}/${name}`).mode ?? 0) & 0o777, 0o600, name);
        }
      })
    ),
});

Deno.test("Entries moves a damaged file aside, and never deletes it", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`;
    using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, 2_000)));
    const whole = Deno.readFileSync(path), headless = whole.slice().fill(255, 100);
    const damaged = [
      new Uint8Array(5_000).fill(77),
      new TextEncoder().encode("no database at all"),
      whole.slice(0, whole.length / 2),
      headless,
      whole.slice().fill(255, whole.length / 2),
    ];
    for (const [at, bytes] of damaged.entries()) {
      Deno.writeFileSync(path, bytes);
      using(new Entries(path), (store) => {
        assertEquals(store.movedTo, `${path}.damaged-${at + 1}`);
        assertEquals(Deno.readFileSync(`${path}.damaged-${at + 1}`), bytes);
        assertEquals(store.rooms(), []);
        store.append(madeEntries(BOB, 1, 2));
      });
      using(new Entries(path), (store) => {
        assertEquals([store.movedTo, numbersIn(store)], [undefined, [1, 2]]);
      });
    }
  }));

Deno.test("Entries meets damage that lies deep in the call that reads it", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, count = 4_000;
    using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, count)));
    const bytes = Deno.readFileSync(path), middle = Math.floor(bytes.length / 8_192) * 4_096;
    // So many in a row that some are of the table, and not only of its indexes.
    Deno.writeFileSync(path, bytes.fill(255, middle, middle + 4 * 4_096));
    using(new Entries(path), (store) => {
      assertEquals(store.movedTo, undefined);
      assertThrows(() => numbersIn(store), Error, "malformed");
      assertEquals(store.append(madeEntries(BOB, 1, 1)), [count + 1]);
    });
  }));

Deno.test("Entries refuses a file of a newer program, and leaves it as it is", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`;
    using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, 3)));
    const set = (version: number): void =>
      using(
        new DatabaseSync(path),
        (database) => database.exec(`PRAGMA user_version = ${version}`),
      );
    set(99);
    const bytes = Deno.readFileSync(path);
    const text = `Cannot read ${path} as a newer udpchat has written it: use that one`;
    for (const open of [() => new Entries(path), () => new History(path)]) {
      assertThrows(open, Error, text);
    }
    assertEquals([Deno.readFileSync(path), names(directory)], [bytes, ["a.db"]]);
    set(3);
    using(new Entries(path), (store) => assertEquals(numbersIn(store), [1, 2, 3]));
  }));

/** What brings a file back to the layout before, by its version. */
const BACK: Readonly<Record<number, string>> = {
  3: "DROP TRIGGER logs_changed; DROP TRIGGER logs_removed; DROP INDEX logs_gone; " +
    "DROP INDEX rooms_by_bytes; ALTER TABLE rooms DROP COLUMN bytes; DROP TABLE marks",
  2: "DROP TABLE pairs",
};

/** Brings a file back to an earlier layout. */
function bringBack(path: string, version: number): void {
  using(new DatabaseSync(path), (database) => {
    for (let from = 3; from > version; from--) database.exec(BACK[from] ?? "");
    database.exec(`PRAGMA user_version = ${version}`);
  });
}

Deno.test("Entries brings a file of an earlier layout to this one, with all that is in it", () => {
  for (const version of [1, 2]) {
    withDirectory((directory) => {
      const path = `${directory}/a.db`;
      using(new Entries(path), (store) => store.append(madeEntries(ANN, 1, 3)));
      bringBack(path, version);
      using(new Entries(path), (store) => {
        assertEquals([numbersIn(store), store.movedTo], [[1, 2, 3], undefined]);
        store.addPair(ROOM, { parent: ROOM, one: ANN.author, other: BOB.author });
        assertEquals(store.pairsOf(ROOM, BOB.author, 9), [ANN.author]);
        // It is known how large the room is; when what was kept is not, so it counts from now on.
        assertEquals(store.trim({ wall: 1e12, keep: 1_000, bytes: 5 }).count, 1);
        store.append(madeEntries(BOB, 1, 1));
        assertEquals(store.trim({ wall: 1e12 + 1_000, keep: 1_000 }).count, 2);
        assertEquals(numbersIn(store), [1]);
      });
    });
  }
});

Deno.test("Entries and History may share a file", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, store = new Entries(path), history = new History(path);
    store.append(madeEntries(ANN, 1, 3));
    const message = { id: "1", room: "r", author: ANN.author, name: "ann", text: "hello", sent: 5 };
    assertEquals(history.add([{ ...message, self: false, private: false }]), 1);
    store.append(madeEntries(ANN, 4, 5));
    store.close();
    assertEquals(history.search({ words: "hello", limit: 5 }).length, 1);
    history.close();
    using(new Entries(path), (again) => assertEquals(numbersIn(again), [1, 2, 3, 4, 5]));
  }));
