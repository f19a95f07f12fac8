/**
 * Rooms of two on the real relay (PROTOCOL.md §20.7): private messages between a member that was
 * written from the document alone and one of the real program.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Malformed, same, utf8 } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import { freshPerson, type Person } from "./handshake.ts";
import { Meeting } from "./rooms_meeting.ts";
import { Member, together } from "./rooms_member.ts";
import { type Other, privatePlace, privateRoom } from "./rooms_private.ts";
import type { RealProgram } from "./rooms_process.ts";
import type { RoomRecord } from "./rooms_records.ts";
import { RoomStore } from "./rooms_store.ts";

/** Waits until the program shows a private message. */
async function shows(program: RealProgram, text: string): Promise<{ readonly history?: boolean }> {
  const line = new RegExp(`^\\{"event":"message".*"text":"${text}".*"private":true.*$`, "m");
  const [shown] = await program.prints(line);
  return JSON.parse(shown);
}

/** Goes on until texts came. */
async function hears(member: Member, ...texts: readonly string[]): Promise<void> {
  await member.session.until(`heard ${texts}`, () => member.texts.length >= texts.length);
  assertEquals(member.texts, texts);
}

for (const hasSecret of [false, true]) {
  const where = hasSecret ? "a room with a secret" : "an open room";

  Deno.test(`rooms: private messages each way, in ${where}`, async () => {
    await using meeting = new Meeting(hasSecret);
    const { member, program, other } = await meeting.both();
    const two = member.withOther(meeting.me, other);
    two.joinPrivate(member.room, other.author);
    two.profile("konrad", meeting.me);
    two.text("grüße, ganz leise");
    await two.kept();
    await shows(program, "grüße, ganz leise");
    await program.type("/msg konrad leise");
    await program.type("/reply noch leiser");
    await hears(two, "leise", "noch leiser");
    two.text("am leisesten");
    await two.kept();
    assertEquals((await shows(program, "am leisesten")).history, false);
    await program.prints(/"state":"delivered"/);
    const delivered = (): boolean =>
      two.of("delivered").some(({ log, members, entries }) =>
        same(log, two.store.mine.log) && members === 1 &&
        entries.some(({ number, holders }) => number === 3 && holders === 1)
      );
    await two.session.until("delivered", delivered);
    const [first] = two.heard;
    assert(first?.body.kind === "profile" && first.entry.number === 1);
    assertEquals([member.texts, two.of("member"), two.of("refused")], [[], [], []]);
  });

  Deno.test(`rooms: a private message waits for me, in ${where}`, async () => {
    await using meeting = new Meeting(hasSecret);
    const { member, program, other } = await meeting.both();
    await member.kept();
    assertEquals(member.of("privates"), []);
    await member.session.close(0, "away");
    await program.prints(/"state":"gone"/);
    await program.type("/msg konrad wenn du wieder da bist");
    await program.prints(/"state":"stored"/);
    const back = await meeting.member(meeting.me, member.store);
    await back.session.until("told", () => back.of("privates").length > 0);
    assertEquals(back.of("privates"), [{ type: "privates", authors: [other.author] }]);
    const two = back.withOther(meeting.me, other);
    two.joinPrivate(back.room, other.author);
    await hears(two, "wenn du wieder da bist");
    assertEquals(two.of("missed"), [{ type: "missed", count: 2 }]);
    assert(two.heard.every(({ history, stream }) => history && stream === 0));
    await two.session.settled();
    await program.prints(/"state":"delivered"/);
  });

  Deno.test(`rooms: a private message waits for the program, in ${where}`, async () => {
    const home = await Deno.makeTempDir();
    try {
      await using meeting = new Meeting(hasSecret);
      const { member, program, other } = await meeting.both("--home", home);
      await program[Symbol.asyncDispose]();
      await member.session.until("gone", () => member.of("member").some(({ here }) => !here));
      const two = member.withOther(meeting.me, other);
      two.joinPrivate(member.room, other.author);
      two.profile("konrad", meeting.me);
      two.text("wenn du wieder da bist");
      await two.kept();
      const back = await meeting.program(member, "--home", home);
      assertEquals((await shows(back, "wenn du wieder da bist")).history, true);
      await back.type("/reply danke");
      await hears(two, "danke");
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

Deno.test("rooms: who is in the parent alone is told once of private messages", async () => {
  await using meeting = new Meeting(false);
  const { member, program, other } = await meeting.both();
  for (const text of ["eins", "zwei"]) {
    await program.type(`/msg konrad ${text}`);
    await member.session.until("told", () => member.of("privates").length > 0);
  }
  await program.prints(/"state":"stored"[^]*"state":"stored"/);
  const two = member.withOther(meeting.me, other);
  two.joinPrivate(member.room, other.author);
  await hears(two, "eins", "zwei");
  await member.session.settled();
  assertEquals(member.of("privates"), [{ type: "privates", authors: [other.author] }]);
});

/** Waits for the answer to ROOM and what followed: the code of REFUSED, or nothing. */
async function answerOf(member: Member): Promise<number | undefined> {
  const answers = (): number => member.of("refused").length + member.of("hold").length;
  await member.session.until("answered", () => answers() > 0);
  await member.session.settled();
  assertEquals(answers(), 1);
  return member.of("refused")[0]?.code;
}

/** Another member as others see it. */
function otherOf({ seed, static: { public: key } }: Person): Other {
  return { author: identityOf(seed), static: key };
}

Deno.test("rooms: nobody else comes into a room of two, whatever they say", async () => {
  await using meeting = new Meeting(false);
  const [ann, bob] = [freshPerson(), freshPerson()];
  const first = await meeting.member(ann);
  const two = first.withOther(ann, otherOf(bob));
  two.joinPrivate(first.room, otherOf(bob).author);
  two.profile("ann", ann);
  await two.kept();
  assertEquals(await answerOf(two), undefined);
  const tries: readonly RoomRecord[] = [
    { type: "private", parent: first.room, author: otherOf(ann).author },
    { type: "private", parent: first.room, author: otherOf(bob).author },
    { type: "join", name: "" },
  ];
  for (const record of tries) {
    const eve = freshPerson();
    const { link } = await meeting.member(eve);
    const spy = new Member(link, new RoomStore(two.store.place, eve.seed));
    spy.enter(record);
    spy.text("who is there?");
    assertEquals(await answerOf(spy), 1, record.type);
    assertEquals([spy.heard, spy.had[0]], [[], 0]);
  }
  assertEquals(two.heard, []);
  const joiner = new Member((await meeting.member(ann)).link, two.store);
  joiner.join("");
  assertEquals(await answerOf(joiner), 1, "JOIN by one of the two");
});

Deno.test("rooms: who is not in the parent comes into no room of two", async () => {
  await using meeting = new Meeting(false);
  const [ann, bob] = [freshPerson(), freshPerson()];
  for (const isLeft of [false, true]) {
    await using member = await Member.call(await meeting.relay.address(), meeting.room, ann);
    if (isLeft) {
      member.join("tea");
      member.say({ type: "leave" });
    }
    const two = member.withOther(ann, otherOf(bob));
    two.joinPrivate(member.room, otherOf(bob).author);
    assertEquals(await answerOf(two), 1);
  }
});

Deno.test("rooms: who leaves the parent leaves its rooms of two", async () => {
  await using meeting = new Meeting(false);
  const [ann, bob] = [freshPerson(), freshPerson()];
  const both = [await meeting.member(ann), await meeting.member(bob)];
  const [first, second] = both;
  assert(first && second);
  const mine = first.withOther(ann, otherOf(bob));
  const theirs = second.withOther(bob, otherOf(ann));
  mine.joinPrivate(first.room, otherOf(bob).author);
  theirs.joinPrivate(second.room, otherOf(ann).author);
  mine.text("before");
  await together(both, "heard", () => theirs.texts.length === 1);
  second.say({ type: "leave" });
  await second.session.settled();
  mine.text("after");
  await mine.kept();
  await second.session.settled();
  theirs.text("from outside");
  await second.session.settled();
  assertEquals([theirs.texts, theirs.had[0], mine.texts], [["before"], 0, []]);
});

Deno.test("rooms: a private message is sealed with the latest key of the other", async () => {
  await using meeting = new Meeting(false);
  const { member, program, other } = await meeting.both();
  const renewed = { ...meeting.me, static: freshPerson().static };
  member.profile("konstantin", renewed);
  await member.kept();
  await program.prints(/konstantin/);
  await program.type("/msg konstantin mit neuem Schlüssel");
  const two = member.withOther(renewed, other);
  await member.session.until("told", () => member.of("privates").length > 0);
  two.joinPrivate(member.room, other.author);
  await hears(two, "mit neuem Schlüssel");
});

Deno.test("rooms: entries of others in a room of two are not shown", async () => {
  await using meeting = new Meeting(true);
  const { member, program, other } = await meeting.both();
  const [eve, { room }] = [freshPerson(), member];
  const two = member.withOther(meeting.me, other);
  two.joinPrivate(room, other.author);
  two.profile("konrad", meeting.me);
  const of = new RoomStore(privatePlace(room, meeting.me, other), eve.seed);
  assertEquals(of.room, two.room);
  two.tell(of.write({ kind: "text", text: "von eve" }));
  two.text("von konrad");
  await two.kept();
  await shows(program, "von konrad");
  assert(!program.printed.includes("von eve"));
});

Deno.test("rooms: what is sealed for one opens for nobody else", () => {
  const [ann, bob, eve] = [freshPerson(), freshPerson(), freshPerson()];
  const parent = crypto.getRandomValues(new Uint8Array(32));
  const [a, b] = [otherOf(ann), otherOf(bob)];
  const [mine, theirs] = [privatePlace(parent, ann, b), privatePlace(parent, bob, a)];
  assertEquals(mine.room, theirs.room);
  assertEquals(mine.room, privateRoom(parent, b.author, a.author));
  const name = { author: a.author, log: new Uint8Array(8).fill(1) };
  const body = mine.seal(name, utf8("x"));
  assertEquals(body.length, 1 + 96);
  assertEquals(theirs.open(name, body), utf8("x"));
  assertThrows(() => mine.open(name, body), Malformed);
  assertThrows(() => privatePlace(parent, eve, a).open(name, body), Malformed);
  assertThrows(() => theirs.open({ ...name, author: b.author }, body), Malformed);
  assertThrows(() => theirs.open({ ...name, log: new Uint8Array(8) }, body), Malformed);
});
