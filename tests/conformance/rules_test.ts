/**
 * Rules of PROTOCOL.md that a conversation alone does not show, tried on the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";
import { fromHex, join, toHex } from "./bytes.ts";
import { beCalled, call } from "./call.ts";
import type { Frame } from "./frames.ts";
import { Answerer, Caller, freshPerson } from "./handshake.ts";
import { encodeAnswer, encodeInit, finalHeader, type Packet } from "./packets.ts";
import { Session } from "./session.ts";
import { leave, LISTEN, printed, TALK } from "./talking.ts";
import { VECTORS } from "./vectors.ts";
import { loopback, PATIENCE_MS, Wire } from "./wire.ts";

Deno.test("conformance: repetitions, echoes, limits and challenges", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const session = await call(wire, loopback(await program.port()));
  session.hello("konrad");
  session.say("once");
  session.again(1, "once");
  session.ask(300);
  session.push({ type: "challenge", data: new Uint8Array(8).fill(7) });
  await session.until("answered", () => session.responses.length > 0 && session.echoes.length > 0);
  assertEquals(session.echoes, [300]);
  assertEquals(session.responses.map(toHex), ["0707070707070707"]);
  const large = Array.from({ length: 8 }, (_, at) => `${at}${"x".repeat(65_535)}`);
  large.forEach((text) => session.say(text));
  await session.until("has the large messages", () => session.held === 9);
  await program.out.next(/"text":"7x/);
  assert(JSON.stringify(printed(program)) === JSON.stringify(["once", ...large]));
  await leave(program, session);
});

const NOTHING = new Uint8Array();

/** Frames that break a rule of §14, each alone. */
const BROKEN: readonly Frame[] = [
  { type: "ack", delay: 0, ranges: [{ first: 1000, last: 1000 }] },
  { type: "stream", id: 2 ** 30, offset: 0, data: NOTHING, fin: false },
  { type: "stream", id: 2, offset: 262_144, data: Uint8Array.of(1), fin: false },
  { type: "reset", id: 2, code: 0, size: 2_000_000 },
  { type: "stream", id: 0, offset: 8, data: Uint8Array.of(0), fin: false },
];

Deno.test("conformance: what breaks a rule is closed with code 2", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  for (const frame of BROKEN) {
    await using wire = new Wire();
    const session = await call(wire, to);
    session.hello("konrad");
    await session.until("said its name", () => session.name !== undefined);
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
    const session = await call(wire, to);
    session.hello("konrad");
    await session.until("said its name", () => session.name !== undefined);
    await session.send(fromHex(bytes));
    await session.until("closed", () => session.closed !== undefined);
    assertEquals(session.closed?.code, 2, name);
  }
});

Deno.test("conformance: records of an unknown type are passed over", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const session = await call(wire, loopback(await program.port()));
  session.hello("konrad");
  session.record(fromHex("0463616263"));
  const number = session.say("after it");
  await session.until("has the message", () => session.held === number);
  await program.out.next('"text":"after it"');
  await leave(program, session);
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
  const session = await call(wire, to);
  session.hello("konrad");
  const number = session.say("through");
  await session.until("has the message", () => session.held === number);
  await leave(program, session);
});

Deno.test("conformance: a second caller hears busy", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using one = new Wire();
  const first = await call(one, to);
  first.hello("konrad");
  await first.until("said its name", () => first.name !== undefined);
  await using other = new Wire();
  const second = await call(other, to);
  second.hello("second");
  await second.until("closed", () => second.closed !== undefined);
  assertEquals(second.closed?.code, 3);
  await leave(program, first);
});

Deno.test("conformance: a session that replaces another, and the repetition in it", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  const person = freshPerson();
  await using one = new Wire();
  const first = await call(one, to, {}, person);
  first.hello("konrad");
  await first.until("said its name", () => first.name !== undefined);
  await program.type("for the second session");
  await program.out.next('"text":"for the second session"');
  await using other = new Wire();
  const second = await call(other, to, { replaces: true }, person);
  second.hello("konrad");
  await second.flush();
  await first.until("closed", () => first.closed !== undefined);
  assertEquals(first.closed?.code, 1);
  await second.until("repeated its message", () => second.messages.length > 0);
  assertEquals(second.messages.map(({ text }) => text), ["for the second session"]);
  await second.settled();
  await program.out.next('"state":"delivered"');
  await leave(program, second);
});

Deno.test("conformance: of two sessions the one with the lower hash stays", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  const person = freshPerson();
  await using one = new Wire();
  const first = await call(one, to, {}, person);
  first.hello("konrad");
  await first.until("said its name", () => first.name !== undefined);
  await using other = new Wire();
  const second = await call(other, to, {}, person);
  second.hello("konrad");
  await second.flush();
  const [stays, goes] = toHex(first.hash) < toHex(second.hash) ? [first, second] : [second, first];
  await goes.until("closed", () => goes.closed !== undefined);
  assertEquals(goes.closed?.code, 1);
  const number = stays.say("on the one that stays");
  await stays.until("has the message", () => stays.held === number);
  assertEquals(stays.closed, undefined);
  await leave(program, stays);
});

Deno.test("conformance: a forged FINAL does not end the handshake", async () => {
  await using program = new Program(LISTEN);
  const to = loopback(await program.port());
  await using wire = new Wire();
  const caller = new Caller(freshPerson());
  await wire.send(encodeInit(caller.init), to);
  const arrived = await wire.receive(Date.now() + PATIENCE_MS);
  assert(arrived?.packet.type === "answer");
  const outcome = caller.finish(arrived.packet);
  const forged = finalHeader(outcome.theirs, outcome.third.with(60, 1), 0);
  await wire.send(join(forged, new Uint8Array(40)), to);
  await using elsewhere = new Wire();
  const displaced = new Session(elsewhere, to, outcome);
  displaced.hello("from another address");
  await displaced.flush();
  const session = new Session(wire, to, outcome);
  session.hello("konrad");
  await session.until("said its name", () => session.name !== undefined);
  assert(!program.out.all.some((line) => line.includes("from another address")));
  await leave(program, session);
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
  const session = await beCalled(wire);
  session.hello("konrad");
  await session.until("said its name", () => session.name !== undefined);
  await leave(program, session);
});

Deno.test("conformance: a number in a long form is taken", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const session = await call(wire, loopback(await program.port()));
  session.hello("konrad");
  await session.until("said its name", () => session.name !== undefined);
  await session.send(fromHex("3180000009" + "01c000000000000007"));
  await session.until("answered", () => session.echoes.length > 0);
  assertEquals(session.echoes, [7]);
  await leave(program, session);
});

Deno.test("conformance: a session goes on from another address", async () => {
  await using program = new Program(LISTEN);
  const one = new Wire();
  await using other = new Wire();
  const session = await call(one, loopback(await program.port()));
  session.hello("konrad");
  await session.until("said its name", () => session.name !== undefined);
  await session.settled();
  await one[Symbol.asyncDispose]();
  session.wire = other;
  const number = session.say("from elsewhere");
  await session.until("has the message", () => session.held === number);
  assert(session.challenges > 0);
  await leave(program, session);
});
