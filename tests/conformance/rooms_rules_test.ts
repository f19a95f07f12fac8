/**
 * Rules of rooms (PROTOCOL.md §20.4-§20.6) that a conversation alone does not show, tried on the
 * real relay.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromHex, join } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import { freshPerson } from "./handshake.ts";
import { openRoom } from "./rooms.ts";
import * as entries from "./rooms_entries.ts";
import { Member } from "./rooms_member.ts";
import { startRelay } from "./rooms_process.ts";
import { encodeRoomRecord } from "./rooms_records.ts";
import { RoomStore } from "./rooms_store.ts";
import { keyText } from "./text.ts";
import { encodeVarint } from "./varint.ts";

const NAME = "rules";
const ROOM = openRoom(NAME);
const TEXT = { kind: "text", text: "x" } as const;
const WRONG = new Uint8Array(32).fill(1);

/** What a member must not say: the session is closed with code 2. */
const BROKEN: Readonly<Record<string, (member: Member) => void>> = {
  "a signature that is not good": (member) => {
    member.tell({ ...member.store.draft(TEXT), signature: new Uint8Array(64) });
  },
  "a run of which the last signature is not good": (member) => {
    const [one, two] = [member.store.write(TEXT), member.store.write(TEXT)];
    const run = [one, { ...two, signature: one.signature }];
    member.say(entries.runOf(run, false));
  },
  "a number 1 with a previous": (member) => {
    member.tell(member.store.draft(TEXT, { previous: WRONG }));
  },
  "a number 0": (member) => member.tell(member.store.draft(TEXT, { number: 0 })),
  "a run without parts": (member) => {
    member.say({ ...entries.runOf([member.store.draft(TEXT)], false), parts: [] });
  },
  "a run of 257 parts": (member) => {
    member.say(entries.runOf(Array.from({ length: 257 }, () => member.store.write(TEXT)), false));
  },
  "a body that is too long": (member) => {
    const plain = new Uint8Array(entries.LONGEST_BODY + 1);
    member.tell(member.store.draft({ kind: "other", plain }));
  },
  "a record of length 0": (member) => member.session.record(Uint8Array.of(0)),
  "a record that is too long": (member) => member.session.record(encodeVarint(65_813)),
  "a record that is cut": (member) => member.session.record(fromHex("021501")),
};

for (const [what, say] of Object.entries(BROKEN)) {
  Deno.test(`rooms: the relay closes on ${what}`, async () => {
    await using relay = startRelay();
    await using member = await Member.call(await relay.address(), ROOM);
    member.join(NAME);
    say(member);
    await member.session.until("closed", () => member.session.closed !== undefined);
    assertEquals(member.session.closed?.code, 2);
  });
}

Deno.test("rooms: records before ROOM and of unknown types are passed over", async () => {
  await using relay = startRelay();
  await using member = await Member.call(await relay.address(), ROOM);
  const hello = fromHex("05015a6fc3ab");
  member.session.record(join(hello, encodeRoomRecord({ type: "missed", count: 1 })));
  member.join(NAME);
  member.session.record(join(hello, encodeRoomRecord({ type: "other" })));
  member.text("after them");
  await member.kept();
});

Deno.test("rooms: an entry is kept again and again, and heard once", async () => {
  await using relay = startRelay();
  await using member = await Member.call(await relay.address(), ROOM);
  member.join(NAME);
  const entry = member.text("once");
  member.tell(entry);
  member.tell(entry, 1);
  await member.kept();
  assertEquals(member.had, [2, 1]);
  await using late = await Member.call(await relay.address(), ROOM);
  late.join(NAME);
  await late.session.until("has it", () => late.texts.length > 0);
  assertEquals(late.of("missed"), [{ type: "missed", count: 1 }]);
});

Deno.test("rooms: a relay answers WANT as bulk, with what it has of it", async () => {
  await using relay = startRelay();
  await using author = await Member.call(await relay.address(), ROOM);
  author.join(NAME);
  for (const text of ["1", "2", "3", "4"]) author.text(text);
  await author.kept();
  const { mine } = author.store;
  await using late = await Member.call(await relay.address(), ROOM);
  late.say({ type: "join", name: NAME });
  const everything = { ...mine, floor: 4, ranges: [], last: undefined };
  late.say({ type: "hold", last: true, logs: [everything] });
  await late.session.until("answered", () => late.of("hold").length > 0);
  assertEquals(late.of("missed"), []);
  late.want(mine, 3, 99);
  late.want({ ...mine, log: new Uint8Array(8) }, 1, 9);
  late.want(mine, 1, 2);
  await late.session.until("has all", () => late.texts.length === 4);
  assertEquals(late.texts, ["3", "4", "1", "2"]);
  assert(late.heard.every(({ stream, history }) => stream === 1 && history));
});

Deno.test("rooms: a hole in a log is accepted, and filled later", async () => {
  await using relay = startRelay();
  await using author = await Member.call(await relay.address(), ROOM);
  author.join(NAME);
  const [one, two, three] = [1, 2, 3].map(() => author.store.write(TEXT));
  assert(one && two && three);
  for (const entry of [one, three]) author.tell(entry);
  await author.kept();
  author.tell(two);
  await author.kept();
  await using late = await Member.call(await relay.address(), ROOM);
  late.join(NAME);
  await late.session.until("has all", () => late.texts.length === 3);
  assertEquals(late.heard.map(({ entry }) => entry), [one, two, three]);
});

Deno.test("rooms: after a fork nothing more is taken of a log", async () => {
  await using relay = startRelay();
  await using author = await Member.call(await relay.address(), ROOM);
  author.join(NAME);
  author.text("1");
  const two = author.store.draft({ kind: "text", text: "other 2" });
  author.text("2");
  await author.kept();
  author.tell(two);
  await author.kept();
  author.text("3");
  await author.kept();
  await using late = await Member.call(await relay.address(), ROOM);
  late.join(NAME);
  await late.session.until("has what is taken", () => late.texts.length >= 2);
  const { mine } = author.store;
  await late.session.until("has the proof", () => late.store.forksOf(mine).length > 0);
  assertEquals(late.store.forksOf(mine), [two]);
  assertEquals(late.of("missed"), [{ type: "missed", count: 2 }]);
  assertEquals(late.texts, ["1", "2"]);
});

Deno.test("rooms: two entries of one number in a row prove a fork, whatever is held", async () => {
  await using relay = startRelay();
  await using author = await Member.call(await relay.address(), ROOM);
  author.join(NAME);
  author.text("1");
  await author.kept();
  // Neither of them fits what is held.
  const halves = ["one", "other"].map((text) =>
    author.store.draft({ kind: "text", text }, { number: 2, previous: WRONG })
  );
  await using knows = await Member.call(await relay.address(), ROOM);
  knows.join(NAME);
  await knows.session.until("has it", () => knows.texts.length === 1);
  for (const half of halves) knows.say(entries.runOf([half], true), 1);
  await knows.kept();
  author.text("2");
  await author.kept();
  await using late = await Member.call(await relay.address(), ROOM);
  late.join(NAME);
  await late.session.until("has what is taken", () => late.texts.length > 0);
  await late.session.settled();
  assertEquals(late.texts, ["1"], "nothing more is taken of it");
});

Deno.test("rooms: who lost the store gets the old log back and begins another", async () => {
  await using relay = startRelay();
  const ann = freshPerson();
  const before = await Member.call(await relay.address(), ROOM, ann);
  before.join(NAME);
  before.text("before");
  await before.kept();
  await before[Symbol.asyncDispose]();
  await using after = await Member.call(await relay.address(), ROOM, ann);
  after.join(NAME);
  after.text("after");
  await after.kept();
  assertEquals(after.texts, ["before"]);
  assertEquals(after.stored.map(({ log, ranges }) => ({ log, ranges })), [
    { log: before.store.mine.log, ranges: [{ first: 1, last: 1 }] },
  ]);
});

Deno.test("rooms: a clock far ahead is kept and shown, and not followed", async () => {
  await using relay = startRelay();
  await using author = await Member.call(await relay.address(), ROOM);
  author.join(NAME);
  const clock = (Date.now() + 7_200_000) * 1024;
  author.tell(author.store.draft(TEXT, { clock }));
  await author.kept();
  await using late = await Member.call(await relay.address(), ROOM);
  late.join(NAME);
  await late.session.until("has it", () => late.texts.length === 1);
  assertEquals(late.heard[0]?.entry.clock, clock);
  assert(late.store.draft(TEXT).clock < clock - 3_600_000 * 1024);
});

Deno.test("rooms: whose key is not allowed is refused, and so is one too many", async () => {
  const ann = freshPerson();
  const allowed = keyText(identityOf(ann.seed));
  for (
    const [code, option, value] of [[1, "--allow", allowed], [2, "--max-members", "1"]] as const
  ) {
    await using relay = startRelay(option, value);
    await using first = await Member.call(await relay.address(), ROOM, ann);
    first.join(NAME);
    await first.session.until("came in", () => first.of("hold").length > 0);
    await using second = await Member.call(await relay.address(), ROOM);
    second.join(NAME);
    await second.session.until("refused", () => second.of("refused").length > 0);
    assertEquals(second.of("refused")[0]?.code, code);
    assertEquals(second.of("hold"), []);
  }
});

Deno.test("rooms: who leaves is gone for the others, and the session goes on", async () => {
  await using relay = startRelay();
  await using stays = await Member.call(await relay.address(), ROOM);
  stays.join(NAME);
  await stays.session.until("came in", () => stays.of("hold").length > 0);
  await using goes = await Member.call(await relay.address(), ROOM);
  goes.join(NAME);
  const { author } = goes.store.mine;
  await goes.session.until("came in", () => goes.of("hold").length > 0);
  goes.say({ type: "leave" });
  await goes.session.settled();
  await stays.session.until("heard of both", () => stays.of("member").length === 2);
  assertEquals(stays.of("member"), [
    { type: "member", here: true, author },
    { type: "member", here: false, author },
  ]);
  assertEquals(goes.session.closed, undefined);
});

Deno.test("rooms: one session is in two rooms, and HAVE counts for each by itself", async () => {
  await using relay = startRelay();
  const ann = freshPerson();
  await using member = await Member.call(await relay.address(), ROOM, ann);
  const other = new Member(member.link, new RoomStore(openRoom("other"), ann.seed));
  member.join(NAME);
  member.text("1");
  member.text("2");
  other.join("other");
  other.text("1");
  await member.kept();
  await other.kept();
  assertEquals([member.had[0], other.had[0]], [2, 1]);
});

Deno.test(
  "rooms: a neighbour that does not fit is asked for, and the entry is not taken",
  async () => {
    await using relay = startRelay();
    await using author = await Member.call(await relay.address(), ROOM);
    author.join(NAME);
    author.text("1");
    await author.kept();
    author.tell(author.store.draft(TEXT, { number: 2, previous: WRONG }));
    await author.session.until("asked", () => author.of("want").length > 0);
    assertEquals(author.of("want"), [{ type: "want", ...author.store.mine, first: 1, last: 1 }]);
  },
);

Deno.test(
  "rooms: entries that are said at once are checked against each other",
  async () => {
    await using relay = startRelay();
    await using author = await Member.call(await relay.address(), ROOM);
    author.join(NAME);
    author.text("1");
    const two = author.store.draft({ kind: "text", text: "other 2" });
    author.text("2");
    author.tell(two);
    author.text("3");
    await author.kept();
    await using late = await Member.call(await relay.address(), ROOM);
    late.join(NAME);
    await late.session.until("has what is taken", () => late.texts.length >= 2);
    assertEquals(late.of("missed"), [{ type: "missed", count: 2 }]);
  },
);

Deno.test("rooms: who leaves and joins at once is in the room", async () => {
  await using relay = startRelay();
  await using member = await Member.call(await relay.address(), ROOM);
  member.join(NAME);
  await member.session.until("came in", () => member.of("hold").length === 1);
  member.say({ type: "leave" });
  member.join(NAME);
  await member.session.until("came in again", () => member.of("hold").length === 2);
  member.text("back");
  await member.session.until("kept", () => member.had[0] > 0);
});
