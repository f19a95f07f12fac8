/**
 * Rules of PROTOCOL.md that a conversation alone does not show, tried on the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";
import { fromHex, join, toHex } from "./bytes.ts";
import { call } from "./call.ts";
import type { Frame } from "./frames.ts";
import { Answerer, Caller, type Choices, freshPerson, type Person } from "./handshake.ts";
import { encodeAnswer, encodeInit, finalHeader, type Packet } from "./packets.ts";
import { openRoom } from "./rooms.ts";
import { Member } from "./rooms_member.ts";
import { RoomStore } from "./rooms_store.ts";
import { Session } from "./session.ts";
import { Talker } from "./talker.ts";
import { beTalkedTo, leave, LISTEN, printed, TALK, talkTo } from "./talking.ts";
import { encodeVarint } from "./varint.ts";
import { VECTORS } from "./vectors.ts";
import { loopback, PATIENCE_MS, Wire } from "./wire.ts";

const TEXT = { kind: "text", text: "x" } as const;

/** Calls the program, and says who calls. */
async function introduced(
  wire: Wire,
  to: Deno.NetAddr,
  person: Person = freshPerson(),
  choices: Choices = {},
): Promise<Talker> {
  const talker = await talkTo(wire, to, person, choices);
  await talker.introduce(person);
  return talker;
}

Deno.test("conformance: repetitions, echoes, limits and challenges", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  const { session } = talker;
  talker.tell(talker.text("once"));
  session.ask(300);
  session.push({ type: "challenge", data: new Uint8Array(8).fill(7) });
  await session.until("answered", () => session.responses.length > 0 && session.echoes.length > 0);
  assertEquals(session.echoes, [300]);
  assertEquals(session.responses.map(toHex), ["0707070707070707"]);
  const large = Array.from({ length: 8 }, (_, at) => `${at}${"x".repeat(65_535)}`);
  large.forEach((text) => talker.text(text));
  await talker.kept();
  await program.out.next(/"text":"7x/);
  assert(JSON.stringify(printed(program)) === JSON.stringify(["once", ...large]));
  await leave(program, talker);
});

const NOTHING = new Uint8Array();

/** Frames that break a rule of §14, each alone. */
const BROKEN: readonly Frame[] = [
  { type: "ack", delay: 0, ranges: [{ first: 1000, last: 1000 }] },
  { type: "stream", id: 2 ** 30, offset: 0, data: NOTHING, fin: false },
  { type: "stream", id: 2, offset: 262_144, data: Uint8Array.of(1), fin: false },
  { type: "reset", id: 2, code: 0, size: 2_000_000 },
];

Deno.test("conformance: what breaks a rule is closed with code 2", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  for (const frame of BROKEN) {
    await using wire = new Wire();
    const { session } = await introduced(wire, to);
    session.push(frame);
    await session.until("closed", () => session.closed !== undefined);
    assertEquals(session.closed?.code, 2, frame.type);
  }
});

Deno.test("conformance: malformed frames are closed on with code 2", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  for (const { name, bytes } of VECTORS.malformed_frames) {
    await using wire = new Wire();
    const { session } = await introduced(wire, to);
    await session.send(fromHex(bytes));
    await session.until("closed", () => session.closed !== undefined);
    assertEquals(session.closed?.code, 2, name);
  }
});

/** Records that cannot be read, and entries that the other side should have looked at. */
const BAD_RECORDS: Readonly<Record<string, (talker: Talker) => void>> = {
  "a record of length 0": ({ session }) => session.record(Uint8Array.of(0)),
  "a record of length 0 on stream 1": ({ session }) => session.record(Uint8Array.of(0), 1),
  "a record that is too long": ({ session }) => session.record(encodeVarint(65_813)),
  "a record that is cut": ({ session }) => session.record(fromHex("021501")),
  "a signature that is not good": (talker) => {
    talker.tell({ ...talker.store.draft(TEXT), signature: new Uint8Array(64) });
  },
  "a WANT of number 0": (talker) => talker.want(talker.store.mine, 0, 1),
};

Deno.test("conformance: records that cannot be read are closed on with code 2", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  for (const [what, say] of Object.entries(BAD_RECORDS)) {
    await using wire = new Wire();
    const talker = await introduced(wire, to);
    say(talker);
    await talker.session.until(`closed on ${what}`, () => talker.session.closed !== undefined);
    assertEquals(talker.session.closed?.code, 2, what);
  }
});

Deno.test("conformance: what is not known or of no use is passed over", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  const { session } = talker;
  session.record(fromHex("0463616263"));
  session.record(fromHex("0463616263"), 1);
  talker.say({ type: "have", stream: 0, count: 1_000_000 });
  session.push({ type: "stream", id: 7, offset: 0, data: Uint8Array.of(0), fin: true });
  talker.text("after it");
  await talker.kept();
  await program.out.next('"text":"after it"');
  await leave(program, talker);
});

Deno.test("conformance: a JOIN to another room is passed over", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  const other = new Member(talker.link, new RoomStore(openRoom("lobby"), freshPerson().seed));
  other.join("lobby");
  other.text("elsewhere");
  talker.text("here");
  await talker.kept();
  await program.out.next('"text":"here"');
  await talker.session.settled();
  assertEquals(printed(program), ["here"]);
  assertEquals([other.had[0], other.records.length], [0, 0]);
  await leave(program, talker);
});

Deno.test("conformance: versions, cookies and silence before a session", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using wire = new Wire();
  const next = async (): Promise<Packet | undefined> =>
    (await wire.receive(Date.now() + PATIENCE_MS))?.packet;
  await wire.send(fromHex("f80200000a0b0c0d"), to);
  const versions = { type: "versions", receiver: 0x0a0b0c0d, versions: Uint8Array.of(1) } as const;
  assertEquals<unknown>(await next(), versions);
  const features = encodeInit(new Caller(freshPerson()).init).with(3, 1);
  await wire.send(features, to);
  const callers = Array.from({ length: 8 }, () => new Caller(freshPerson()));
  for (const { init } of callers) {
    await wire.send(encodeInit(init), to);
    const answer = await next();
    assert(answer?.type === "answer" && answer.receiver === init.sender);
  }
  const { init } = new Caller(freshPerson());
  await wire.send(encodeInit(init), to);
  const refusal = await next();
  assert(refusal?.type === "cookie" && refusal.receiver === init.sender);
  const { cookie } = refusal;
  await wire.send(encodeInit({ ...init, cookie: cookie.with(0, (cookie[0] ?? 0) ^ 1) }), to);
  await wire.send(encodeInit({ ...init, cookie }), to);
  const answer = await next();
  assert(answer?.type === "answer" && answer.receiver === init.sender);
  const [known] = callers;
  assert(known);
  await wire.send(encodeInit(known.init), to);
  const again = await next();
  assert(again?.type === "answer" && again.receiver === known.init.sender);
});

Deno.test("conformance: under load a caller gets through with a cookie", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using flood = new Wire();
  for (let each = 0; each < 8; each++) {
    await flood.send(encodeInit(new Caller(freshPerson()).init), to);
    assert(await flood.receive(Date.now() + PATIENCE_MS));
  }
  await using wire = new Wire();
  const talker = await introduced(wire, to);
  talker.text("through");
  await talker.kept();
  await leave(program, talker);
});

Deno.test("conformance: a second caller hears busy", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using one = new Wire();
  const first = await introduced(one, to);
  await using other = new Wire();
  const { session } = await talkTo(other, to);
  await session.until("closed", () => session.closed !== undefined);
  assertEquals(session.closed?.code, 3);
  await leave(program, first);
});

Deno.test("conformance: who says nothing is a ping, and no hindrance", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using quiet = new Wire();
  const ping = async (): Promise<Session> => {
    const session = await call(quiet, to);
    session.push({ type: "ping" });
    await session.settled();
    return session;
  };
  const before = await ping();
  await using wire = new Wire();
  const talker = await introduced(wire, to);
  const during = await ping();
  talker.text("to be heard");
  await talker.kept();
  await during.settled();
  assertEquals([before.closed, during.closed], [undefined, undefined]);
  await leave(program, talker);
});

Deno.test("conformance: bodies that say nothing are kept and not shown", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const person = freshPerson();
  const talker = await introduced(wire, loopback(await program.port()), person);
  const [key, certificate] = [person.static.public, new Uint8Array(64)];
  talker.write({ kind: "profile", name: "liar", static: key, certificate });
  for (const plain of [NOTHING, fromHex("0901"), fromHex("02")]) {
    talker.write({ kind: "other", plain });
  }
  talker.text("a".repeat(65_537));
  talker.profile("a".repeat(1025), person);
  talker.text("after them");
  await talker.kept();
  await program.out.next('"text":"after them"');
  assertEquals(printed(program), ["after them"]);
  await leave(program, talker);
});

Deno.test("conformance: of a fork nothing more is shown", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  const other = talker.store.draft({ kind: "text", text: "another" });
  talker.text("one");
  talker.tell(other);
  talker.text("no more");
  await talker.kept();
  await program.out.next('"text":"one"');
  await talker.session.settled();
  assertEquals(printed(program), ["one"]);
  await leave(program, talker);
});

Deno.test("conformance: a neighbour that does not fit is asked for", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  await talker.kept();
  talker.tell(talker.store.draft(TEXT, { number: 2, previous: new Uint8Array(32).fill(1) }));
  await talker.session.until("asked", () => talker.of("want").length > 0);
  assertEquals(talker.of("want"), [{ type: "want", ...talker.store.mine, first: 1, last: 1 }]);
  talker.text("it fits");
  await talker.kept();
  await program.out.next('"text":"it fits"');
  assertEquals(printed(program), ["it fits"]);
  await leave(program, talker);
});

Deno.test("conformance: a session that replaces another, and what it has missed", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  const person = freshPerson();
  await using one = new Wire();
  const first = await introduced(one, to, person);
  await program.type("for the second session");
  await program.out.next('"text":"for the second session"');
  await using other = new Wire();
  const second = await talkTo(other, to, person, { replaces: true, store: first.store });
  await second.session.flush();
  await first.session.until("closed", () => first.session.closed !== undefined);
  assertEquals(first.session.closed?.code, 1);
  const heard = (): string[] => [...first.texts, ...second.texts];
  await second.session.until("repeated its message", () => heard().length > 0);
  await second.session.settled();
  assertEquals(heard(), ["for the second session"]);
  await program.out.next('"state":"delivered"');
  await leave(program, second);
});

Deno.test("conformance: of two sessions the one with the lower hash stays", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  const person = freshPerson();
  await using one = new Wire();
  const first = await introduced(one, to, person);
  await using other = new Wire();
  const second = await talkTo(other, to, person, { store: first.store });
  await second.session.flush();
  const isFirst = toHex(first.session.hash) < toHex(second.session.hash);
  const [stays, goes] = isFirst ? [first, second] : [second, first];
  await goes.session.until("closed", () => goes.session.closed !== undefined);
  assertEquals(goes.session.closed?.code, 1);
  stays.text("on the one that stays");
  await stays.kept();
  assertEquals(stays.session.closed, undefined);
  await leave(program, stays);
});

Deno.test("conformance: a forged FINAL does not end the handshake", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using wire = new Wire();
  const person = freshPerson();
  const caller = new Caller(person);
  await wire.send(encodeInit(caller.init), to);
  const arrived = await wire.receive(Date.now() + PATIENCE_MS);
  assert(arrived?.packet.type === "answer");
  const outcome = caller.finish(arrived.packet);
  const forged = finalHeader(outcome.theirs, outcome.third.with(60, 1), 0);
  await wire.send(join(forged, new Uint8Array(40)), to);
  await using elsewhere = new Wire();
  const displaced = new Talker(new Session(elsewhere, to, outcome), person);
  displaced.text("from another address");
  await displaced.session.flush();
  const talker = new Talker(new Session(wire, to, outcome), person);
  await talker.introduce(person);
  assert(!program.out.all.some((line) => line.includes("from another address")));
  await leave(program, talker);
});

Deno.test("conformance: a forged ANSWER does not end the handshake", async () => {
  await using wire = new Wire();
  await using program = new Program(["talk", `127.0.0.1:${wire.port}`, "--port", "0", ...TALK]);
  const arrived = await wire.receive(Date.now() + PATIENCE_MS);
  assert(arrived?.packet.type === "init");
  const { answer } = new Answerer(freshPerson(), arrived.packet);
  const forged = { ...answer, noise: answer.noise.with(200, 1) };
  await wire.send(encodeAnswer(forged), arrived.from);
  await wire.send(encodeAnswer({ ...answer, mac: new Uint8Array(16).fill(1) }), arrived.from);
  const person = freshPerson();
  const talker = await beTalkedTo(wire, person);
  await talker.introduce(person);
  await leave(program, talker);
});

Deno.test("conformance: a number in a long form is taken", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const talker = await introduced(wire, loopback(await program.port()));
  const { session } = talker;
  await session.send(fromHex("3180000009" + "01c000000000000007"));
  await session.until("answered", () => session.echoes.length > 0);
  assertEquals(session.echoes, [7]);
  await leave(program, talker);
});

Deno.test("conformance: a session goes on from another address", async () => {
  await using program = new Program(LISTEN);
  const one = new Wire();
  await using other = new Wire();
  const talker = await introduced(one, loopback(await program.port()));
  await talker.session.settled();
  await one[Symbol.asyncDispose]();
  talker.session.wire = other;
  talker.text("from elsewhere");
  await talker.kept();
  assert(talker.session.challenges > 0);
  await leave(program, talker);
});
