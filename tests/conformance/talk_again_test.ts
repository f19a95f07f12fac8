/**
 * A talk goes on over several sessions: nothing is shown twice, nothing is missing (PROTOCOL.md
 * §15.3). My side comes back with its store, and without it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";
import { same, toHex } from "./bytes.ts";
import { freshPerson, type Person } from "./handshake.ts";
import type { Talker } from "./talker.ts";
import { beTalkedTo, leave, LISTEN, printed, TALK, type TalkChoices, talkTo } from "./talking.ts";
import { loopback, Wire } from "./wire.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];

/** The program, and how a session with it begins. */
interface Other extends AsyncDisposable {
  readonly program: Program;
  readonly meet: (person: Person, choices?: TalkChoices) => Promise<Talker>;
}

/** The program waits for calls. */
async function waiting(wire: Wire, options: readonly string[] = TALK): Promise<Other> {
  const program = new Program(["talk", ...HERE, ...options]);
  const to = loopback(await program.port());
  const meet = (person: Person, choices?: TalkChoices): Promise<Talker> =>
    talkTo(wire, to, person, choices);
  return { program, meet, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** The program calls. */
function calling(wire: Wire, options: readonly string[] = TALK): Promise<Other> {
  const program = new Program(["talk", `127.0.0.1:${wire.port}`, ...HERE, ...options]);
  const meet = (person: Person, choices?: TalkChoices): Promise<Talker> =>
    beTalkedTo(wire, person, choices);
  const end = (): Promise<void> => program[Symbol.asyncDispose]();
  return Promise.resolve({ program, meet, [Symbol.asyncDispose]: end });
}

/** The same person, as another run of the program. */
function again(person: Person): Person {
  return { ...person, instance: crypto.getRandomValues(new Uint8Array(8)) };
}

/** A first session, on which each says something; then I am away. */
async function begin({ program, meet }: Other, person: Person): Promise<Talker> {
  const talker = await meet(person);
  await talker.introduce(person);
  talker.text("mine");
  await talker.kept();
  await program.type("theirs");
  await talker.session.until("heard it", () => talker.texts.length === 1);
  await talker.session.settled();
  await program.out.next('"state":"delivered"');
  await leave(program, talker);
  await program.type("while you were away");
  await program.out.next('"text":"while you were away"');
  return talker;
}

/** The program loses all but its keys. */
async function forget(home: string): Promise<void> {
  for await (const { name } of Deno.readDir(home)) {
    if (name !== "keys") await Deno.remove(`${home}/${name}`, { recursive: true });
  }
}

for (const other of [waiting, calling]) {
  Deno.test(`conformance: a talk goes on with the store, the program ${other.name}`, async () => {
    await using wire = new Wire();
    const person = freshPerson();
    await using real = await other(wire);
    const before = await begin(real, person);
    const { store } = before;
    store.write({ kind: "text", text: "written offline" });
    const talker = await real.meet(again(person), { store });
    talker.text("and on");
    await talker.session.until("heard it", () => talker.texts.length > 0);
    await talker.kept();
    await talker.session.settled();
    await real.program.out.next('"state":"delivered"');
    assertEquals(talker.texts, ["while you were away"]);
    assert(talker.heard.every(({ history, stream }) => !history && stream === 0));
    assertEquals(talker.of("missed"), []);
    assertEquals(printed(real.program), ["mine", "written offline", "and on"]);
    await leave(real.program, talker);
  });

  Deno.test(`conformance: a talk goes on without the store, the program ${other.name}`, async () => {
    await using wire = new Wire();
    const person = freshPerson();
    await using real = await other(wire);
    const before = await begin(real, person);
    const talker = await real.meet(again(person));
    talker.profile("konrad", person);
    talker.text("in another log");
    const { author, log } = talker.store.mine;
    assert(!same(log, before.store.mine.log));
    await talker.session.until("got all", () => talker.texts.length === 3);
    await talker.kept();
    const [mine, theirs] = [true, false].map((isMine) =>
      talker.heard.filter(({ entry }) => same(entry.author, author) === isMine)
    );
    assert(mine && theirs);
    assert(mine.every(({ entry, history }) => same(entry.log, before.store.mine.log) && history));
    assert(theirs.every(({ history, stream }) => !history && stream === 0));
    assertEquals([mine.length, theirs.length], [2, 3]);
    const isCaller = talker.session.hasCalled;
    assertEquals(talker.of("missed"), isCaller ? [{ type: "missed", count: 2 }] : []);
    assert(mine.every(({ stream }) => stream === (isCaller ? 0 : 1)));
    assertEquals(talker.texts.toSorted(), ["mine", "theirs", "while you were away"]);
    await real.program.out.next('"text":"in another log"');
    assertEquals(printed(real.program), ["mine", "in another log"]);
    await leave(real.program, talker);
  });

  Deno.test(`conformance: the program comes back without its store, ${other.name}`, async () => {
    const home = await Deno.makeTempDir();
    try {
      await using wire = new Wire();
      const [person, options] = [freshPerson(), ["--home", home, "--name", "real", "--json"]];
      const first = await other(wire, options);
      const { store } = await begin(first, person);
      await first[Symbol.asyncDispose]();
      await forget(home);
      await using real = await other(wire, options);
      const talker = await real.meet(again(person), { store });
      talker.text("mine again");
      await real.program.type("theirs again");
      await talker.session.until("heard it", () => talker.texts.length > 0);
      await talker.kept();
      await real.program.out.next('"text":"mine again"');
      assertEquals(talker.texts, ["theirs again"]);
      assertEquals(printed(real.program), ["mine", "mine again"]);
      const theirs = talker.heard.map(({ entry: { log, number } }) => [toHex(log), number]);
      const [[log] = []] = theirs;
      assertEquals(theirs, [[log, 1], [log, 2]], "another log");
      const asked = talker.of("want").map(({ first, last }) => [first, last]);
      assertEquals(asked, talker.session.hasCalled ? [[1, 2]] : [], "its own old log");
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

Deno.test("conformance: of what was lost the newest 50 come first, the rest as bulk", async () => {
  await using wire = new Wire();
  const person = freshPerson();
  await using real = await waiting(wire);
  const before = await real.meet(person);
  await before.introduce(person);
  await real.program.type("theirs");
  await before.session.until("heard it", () => before.texts.length === 1);
  for (let each = 0; each < 80; each++) before.text(`${each}`);
  await before.kept();
  await leave(real.program, before);
  const talker = await real.meet(again(person));
  await talker.session.until("got all", () => talker.heard.length === 83);
  assertEquals(talker.of("missed"), [{ type: "missed", count: 81 }]);
  const on = (stream: 0 | 1): number[] =>
    talker.heard.filter((each) => each.stream === stream && each.history)
      .map(({ entry }) => entry.number);
  assertEquals(on(0), [1, ...Array.from({ length: 50 }, (_, at) => 32 + at)]);
  assertEquals(on(1), Array.from({ length: 30 }, (_, at) => 2 + at));
  await leave(real.program, talker);
});

Deno.test("conformance: who calls sends entries in the first packet", async () => {
  await using wire = new Wire();
  const person = freshPerson();
  await using real = await waiting(wire);
  const talker = await real.meet(person);
  talker.profile("konrad", person);
  talker.text("at once");
  await talker.session.flush();
  assertEquals(talker.session.sent, 1);
  await real.program.out.next('"text":"at once"');
  await talker.kept();
  assertEquals(talker.had, [2, 0]);
  await leave(real.program, talker);
});

Deno.test("conformance: what turns out to be held is passed over", async () => {
  await using wire = new Wire();
  const person = freshPerson();
  await using real = await waiting(wire);
  const { store } = await begin(real, person);
  const held = store.get(store.mine, 2);
  assert(held);
  const offline = store.write({ kind: "text", text: "written offline" });
  const talker = await real.meet(again(person), { store });
  for (const entry of [held, offline]) talker.tell(entry);
  await talker.session.flush();
  assertEquals(talker.session.sent, 1);
  await talker.kept();
  assertEquals([talker.said, talker.had], [[2, 0], [2, 0]]);
  await real.program.out.next('"text":"written offline"');
  assertEquals(printed(real.program), ["mine", "written offline"]);
  await leave(real.program, talker);
});

Deno.test("conformance: both say that they are away, and back", async () => {
  await using wire = new Wire();
  const person = freshPerson();
  await using program = new Program([...LISTEN, "--commands"]);
  const talker = await talkTo(wire, loopback(await program.port()), person);
  await talker.introduce(person);
  await program.type("/away zu Tisch");
  const { presences, session } = talker;
  await session.until("heard that it is away", () => presences.some(({ away }) => away));
  assertEquals(presences.at(-1)?.text, "zu Tisch");
  assertEquals(presences.at(-1)?.author, session.identity);
  await program.type("/back");
  await session.until("heard that it is back", () => presences.at(-1)?.away === false);
  talker.showAs(person, true, "käse kaufen");
  await session.settled();
  await program.out.next('"state":"away"');
  assert(program.out.all.some((line) => line.includes("käse kaufen")));
  talker.showAs(person, false);
  await session.settled();
  await program.out.next('"state":"here"');
  await leave(program, talker);
});
