/**
 * An implementation that was written from PROTOCOL.md alone talks with the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";
import { beCalled, call } from "./call.ts";
import { Caller, type Choices, freshPerson } from "./handshake.ts";
import { encodeInit } from "./packets.ts";
import type { Session } from "./session.ts";
import { converse, freshIdentity, leave, lines, LISTEN, printed, TALK } from "./talking.ts";
import { keyText, pskOf, secretText } from "./text.ts";
import { loopback, PATIENCE_MS, Wire } from "./wire.ts";

Deno.test("conformance: calling the program, and a conversation", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const { person, key } = freshIdentity();
  const session = await call(wire, loopback(await program.port()), {}, person);
  await converse(program, session, key);
  const ready = lines(program).find((line) => line.event === "ready");
  assertEquals((ready as { key?: string } | undefined)?.key, keyText(session.identity));
  await leave(program, session);
});

Deno.test("conformance: the program calls, and a conversation", async () => {
  await using wire = new Wire();
  await using program = new Program(["talk", `127.0.0.1:${wire.port}`, "--port", "0", ...TALK]);
  const { person, key } = freshIdentity();
  const session = await beCalled(wire, {}, person);
  await converse(program, session, key);
  assert(session.came.final > 0 && session.came.data > 0);
  await leave(program, session);
});

const SECRET = secretText(crypto.getRandomValues(new Uint8Array(20)));
const KNOWN: Choices = { psk: pskOf(SECRET) };

Deno.test("conformance: with a secret; without it or with another one there is silence", async () => {
  await using program = new Program([...LISTEN, "--secret", SECRET]);
  const to = loopback(await program.port());
  await using wire = new Wire();
  const other = pskOf(secretText(crypto.getRandomValues(new Uint8Array(20))));
  const right = new Caller(freshPerson(), KNOWN);
  const stranger = new Caller(freshPerson());
  const guesser = new Caller(freshPerson(), { psk: other });
  for (const { init } of [stranger, guesser, right]) await wire.send(encodeInit(init), to);
  const arrived = await wire.receive(Date.now() + PATIENCE_MS);
  assert(arrived?.packet.type === "answer");
  assertEquals(arrived.packet.receiver, right.init.sender);
  await using second = new Wire();
  const { person, key } = freshIdentity();
  const session = await call(second, to, KNOWN, person);
  await converse(program, session, key);
  await leave(program, session);
});

Deno.test("conformance: the program calls with a secret", async () => {
  await using wire = new Wire();
  const to = `127.0.0.1:${wire.port}`;
  await using program = new Program(["talk", to, "--port", "0", ...TALK, "--secret", SECRET]);
  const { person, key } = freshIdentity();
  const session = await beCalled(wire, KNOWN, person);
  await converse(program, session, key);
  await leave(program, session);
});

/** New keys twice, with a message under each. */
async function changeKeys(program: Program, session: Session): Promise<void> {
  session.hello("konrad");
  for (const generation of [1, 2]) {
    session.rekey();
    await session.until("has new keys", () => session.generation === generation);
    const number = session.say(`under generation ${generation}`);
    await session.until("has the message", () => session.held === number);
  }
  await program.type("still here");
  await session.until("sent its message", () => session.messages.length === 1);
  await session.settled();
  await program.out.next('"state":"delivered"');
  assertEquals(printed(program), ["under generation 1", "under generation 2"]);
}

Deno.test("conformance: new keys, as initiator", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const session = await call(wire, loopback(await program.port()));
  await changeKeys(program, session);
  await leave(program, session);
});

Deno.test("conformance: new keys, as responder who asks for them", async () => {
  await using wire = new Wire();
  await using program = new Program(["talk", `127.0.0.1:${wire.port}`, "--port", "0", ...TALK]);
  const session = await beCalled(wire);
  await changeKeys(program, session);
  await leave(program, session);
});

const BAD_NETWORK = ["--sim", "loss=25,dup=5,reorder=5,delay=5,jitter=5,seed=7"];

Deno.test("conformance: calling the program over a bad network", async () => {
  await using program = new Program([...LISTEN, ...BAD_NETWORK]);
  await using wire = new Wire();
  const { person, key } = freshIdentity();
  const session = await call(wire, loopback(await program.port()), {}, person);
  await converse(program, session, key);
});

Deno.test("conformance: the program calls over a bad network", async () => {
  await using wire = new Wire();
  const to = `127.0.0.1:${wire.port}`;
  await using program = new Program(["talk", to, "--port", "0", ...TALK, ...BAD_NETWORK]);
  const { person, key } = freshIdentity();
  await converse(program, await beCalled(wire, {}, person), key);
});
