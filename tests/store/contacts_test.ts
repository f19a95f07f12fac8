import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { Contacts } from "../../lib/store/contacts.ts";

const [ANN, BOB] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

/** A home for one test. */
function withHome(test: (home: string) => void): void {
  const home = Deno.makeTempDirSync({ prefix: "udpchat-" });
  try {
    test(home);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

/** Opens, does something, closes. */
function using<T>(home: string | undefined, action: (contacts: Contacts) => T): T {
  const contacts = new Contacts(home);
  try {
    return action(contacts);
  } finally {
    contacts.close();
  }
}

function names(home: string): string[] {
  return Array.from(Deno.readDirSync(home), ({ name }) => name);
}

Deno.test("Contacts keeps people and pins", () =>
  withHome((home) => {
    using(home, (contacts) => {
      assertEquals(contacts.meet(ANN, "ann", 1_000.5), undefined);
      assertEquals(contacts.meet(BOB, "bob", 2_000), undefined);
      contacts.verify(ANN, true);
      contacts.pin("192.0.2.1:2410", ANN, 1_000.5);
      assertEquals(contacts.movedTo, undefined);
    });
    using(home, (contacts) => {
      assertEquals(contacts.byKey(ANN), { key: ANN, name: "ann", verified: true });
      assertEquals(contacts.byName("bob"), [{ key: BOB, name: "bob", verified: false }]);
      assertEquals(contacts.pinned("192.0.2.1:2410"), ANN);
      assertEquals(contacts.pinned("192.0.2.1:2411"), undefined);
      assertEquals(contacts.byKey(new Uint8Array(32)), undefined);
      assertEquals([contacts.byName("eve"), contacts.names().sort()], [[], ["ann", "bob"]]);
    });
  }));

Deno.test("Contacts meets some in one go, and keeps what was verified", () =>
  using(undefined, (contacts) => {
    contacts.meetAll([{ key: ANN, name: "ann" }], 1);
    contacts.verify(ANN, true);
    contacts.meetAll([{ key: ANN, name: "anna" }, { key: BOB, name: "bob" }], 2);
    assertEquals(contacts.byKey(ANN), { key: ANN, name: "anna", verified: true });
    assertEquals(contacts.byKey(BOB), { key: BOB, name: "bob", verified: false });
    const bad = [{ key: ANN, name: "zoe" }, { key: BOB, name: undefined as unknown as string }];
    assertThrows(() => contacts.meetAll(bad, 3), Error);
    assertEquals(contacts.byKey(ANN)?.name, "anna", "all or none");
  }));

Deno.test("Contacts changes name and pin, and keeps what was verified", () =>
  using(undefined, (contacts) => {
    contacts.meet(ANN, "ann", 1);
    contacts.verify(ANN, true);
    assertEquals(contacts.meet(ANN, "anna", 2)?.name, "ann");
    assertEquals(contacts.byKey(ANN), { key: ANN, name: "anna", verified: true });
    assertEquals(contacts.byName("ann"), []);
    contacts.verify(ANN, false);
    assertEquals(contacts.byKey(ANN)?.verified, false);
    contacts.pin("here", ANN, 1);
    contacts.pin("here", BOB, 2);
    assertEquals(contacts.pinned("here"), BOB);
  }));

Deno.test("Contacts gives people of one name, the one seen last first", () =>
  using(undefined, (contacts) => {
    contacts.meet(ANN, "sam", 10);
    contacts.meet(BOB, "sam", 20);
    assertEquals(contacts.byName("sam").map(({ key }) => key), [BOB, ANN]);
    contacts.meet(ANN, "sam", 30);
    assertEquals(contacts.byName("sam").map(({ key }) => key), [ANN, BOB]);
    assertEquals(contacts.names(), ["sam"]);
  }));

Deno.test("Contacts takes any name as it is", () =>
  using(undefined, (contacts) => {
    for (const [at, name] of ["'; DROP TABLE contacts; --", "", "\u{1f600}", "a\nb"].entries()) {
      contacts.meet(new Uint8Array(32).fill(at), name, at);
      assertEquals(contacts.byName(name).length, 1);
    }
  }));

Deno.test("Contacts without a home keeps nothing", () => {
  using(undefined, (contacts) => contacts.meet(ANN, "ann", 1));
  using(undefined, (contacts) => assertEquals(contacts.names(), []));
});

Deno.test("Contacts moves a damaged database aside, and never deletes it", () => {
  const garbage = [new Uint8Array(5_000).fill(77), new TextEncoder().encode("no database at all")];
  for (const bytes of garbage) {
    withHome((home) => {
      Deno.writeFileSync(`${home}/contacts.db`, bytes);
      for (let round = 0; round < 2; round++) {
        const movedTo = using(home, (contacts) => {
          contacts.meet(ANN, "ann", 1);
          return contacts.movedTo;
        });
        if (round > 0) {
          assertEquals(movedTo, undefined);
          continue;
        }
        assert(movedTo);
        assertEquals(Deno.readFileSync(movedTo), bytes);
      }
      using(home, (contacts) => assertEquals(contacts.names(), ["ann"]));
    });
  }
});

Deno.test("Contacts keeps both of two damaged databases, also of the same moment", () =>
  withHome((home) => {
    const moved = new Set<string | undefined>(), time = new Date(1_700_000_000_000);
    for (const fill of [77, 88]) {
      for (const name of names(home)) {
        if (/db(-wal|-shm)?$/.test(name)) Deno.removeSync(`${home}/${name}`);
      }
      Deno.writeFileSync(`${home}/contacts.db`, new Uint8Array(5_000).fill(fill));
      Deno.utimeSync(`${home}/contacts.db`, time, time);
      moved.add(using(home, (contacts) => contacts.movedTo));
    }
    const kept = [...moved].map((path) => Deno.readFileSync(path ?? "")[0]);
    assertEquals(kept.sort(), [77, 88]);
  }));

Deno.test("Contacts moves a database aside whose tables are damaged", () =>
  withHome((home) => {
    using(home, (contacts) => {
      for (let at = 0; at < 200; at++) contacts.meet(new Uint8Array(32).fill(at), `name ${at}`, at);
    });
    const path = `${home}/contacts.db`, bytes = Deno.readFileSync(path);
    bytes.fill(255, 100);
    Deno.writeFileSync(path, bytes);
    using(home, (contacts) => {
      assert(contacts.movedTo);
      contacts.meet(ANN, "ann", 1);
      assertEquals(contacts.names(), ["ann"]);
    });
  }));

Deno.test("Contacts refuses a database of a newer program, and leaves it as it is", () =>
  withHome((home) => {
    const database = new DatabaseSync(`${home}/contacts.db`);
    database.exec(
      "PRAGMA user_version = 99; CREATE TABLE later (x); INSERT INTO later VALUES (5);",
    );
    database.close();
    assertThrows(() => new Contacts(home), Error, "a newer udpchat has written it");
    const again = new DatabaseSync(`${home}/contacts.db`);
    assertEquals(again.prepare("SELECT x FROM later").get()?.["x"], 5);
    again.close();
    assertEquals(names(home).filter((name) => name.includes("damaged")), []);
  }));

Deno.test("Contacts opens in two programs at once, and each sees what the other wrote", () =>
  withHome((home) => {
    const one = new Contacts(home), two = new Contacts(home);
    one.meet(ANN, "ann", 1);
    two.meet(BOB, "bob", 2);
    two.verify(ANN, true);
    assertEquals([one.names().sort(), two.names().sort()], [["ann", "bob"], ["ann", "bob"]]);
    assertEquals(one.byKey(ANN)?.verified, true);
    one.close();
    two.pin("here", BOB, 3);
    two.close();
    using(home, (contacts) => assertEquals(contacts.pinned("here"), BOB));
  }));

Deno.test({
  name: "Contacts lets nobody else read its files",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withHome((home) => {
      using(home, (contacts) => {
        contacts.meet(ANN, "ann", 1);
        for (const name of names(home)) {
          const mode = (Deno.statSync(`${home}/${name}`).mode ?? 0) & 0o777;
          assertEquals(mode & 0o077, 0, `${name}: ${mode.toString(8)}`);
        }
      });
    }),
});

Deno.test("Contacts moves a database aside whose damage lies deep, before anybody asks for it", () =>
  withHome((home) => {
    using(home, (contacts) => {
      for (let at = 0; at < 250; at++) contacts.meet(new Uint8Array(32).fill(at), `n ${at}`, at);
    });
    const path = `${home}/contacts.db`, bytes = Deno.readFileSync(path);
    assert(bytes.length > 3 * 4_096);
    bytes.fill(255, 4_096);
    Deno.writeFileSync(path, bytes);
    using(home, (contacts) => {
      assert(contacts.movedTo);
      assertEquals(contacts.names(), []);
    });
  }));

Deno.test("Contacts knows of whom nothing is wanted, and until when", () =>
  using(undefined, (contacts) => {
    assertEquals(contacts.ignored(0), []);
    contacts.ignore(ANN, Infinity);
    contacts.ignore(BOB, 5_000.5);
    const [ann, bob] = [{ key: ANN, until: Infinity }, { key: BOB, until: 5_000 }];
    assertEquals(contacts.ignored(4_999), [ann, bob]);
    assertEquals(contacts.ignored(5_000), [ann], "its time is over");
    assertEquals([contacts.ignores(BOB, 4_999), contacts.ignores(BOB, 5_000)], [true, false]);
    contacts.ignore(ANN, 0);
    assertEquals([contacts.ignored(1), contacts.ignores(ANN, 1)], [[bob], false]);
  }));
