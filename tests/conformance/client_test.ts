/**
 * An implementation that was written from PROTOCOL.md alone talks with the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../support/program.ts";
import { Caller, type Choices, freshPerson, type Person } from "./handshake.ts";
import { encodeInit } from "./packets.ts";
import type { Talker } from "./talker.ts";
import { beTalkedTo, converse, leave, lines, LISTEN, printed, TALK, talkTo } from "./talking.ts";
import { keyText, pskOf, secretText } from "./text.ts";
import { loopback, PATIENCE_MS, Wire } from "./wire.ts";

Deno.test("conformance: calling the program, and a conversation", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const person = freshPerson();
  const talker = await talkTo(wire, loopback(await program.port()), person);
  await converse(program, talker, person);
  const ready = lines(program).find((line) => line.event === "ready");
  assertEquals((ready as { key?: string } | undefined)?.key, keyText(talker.session.identity));
  await leave(program, talker);
});

Deno.test("conformance: the program calls, and a conversation", async () => {
  await using wire = new Wire();
  await using program = new Program(["talk", `127.0.0.1:${wire.port}`, "--port", "0", ...TALK]);
  const person = freshPerson();
  const talker = await beTalkedTo(wire, person);
  await converse(program, talker, person);
  const { came } = talker.session;
  assert(came.final > 0 && came.data > 0);
  await leave(program, talker);
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
  const person = freshPerson();
  const talker = await talkTo(second, to, person, KNOWN);
  await converse(program, talker, person);
  await leave(program, talker);
});

Deno.test("conformance: the program calls with a secret", async () => {
  await using wire = new Wire();
  const to = `127.0.0.1:${wire.port}`;
  await using program = new Program(["talk", to, "--port", "0", ...TALK, "--secret", SECRET]);
  const person = freshPerson();
  const talker = await beTalkedTo(wire, person, KNOWN);
  await converse(program, talker, person);
  await leave(program, talker);
});

/** New keys twice, with a message under each. */
async function changeKeys(program: Program, talker: Talker, person: Person): Promise<void> {
  const { session } = talker;
  await talker.introduce(person);
  for (const generation of [1, 2]) {
    session.rekey();
    await session.until("has new keys", () => session.generation === generation);
    talker.text(`under generation ${generation}`);
    await talker.kept();
  }
  await program.type("still here");
  await session.until("sent its message", () => talker.texts.length === 1);
  await session.settled();
  await program.out.next('"state":"delivered"');
  assertEquals(printed(program), ["under generation 1", "under generation 2"]);
}

Deno.test("conformance: new keys, as initiator", async () => {
  await using program = new Program(LISTEN);
  await using wire = new Wire();
  const person = freshPerson();
  const talker = await talkTo(wire, loopback(await program.port()), person);
  await changeKeys(program, talker, person);
  await leave(program, talker);
});

Deno.test("conformance: new keys, as responder who asks for them", async () => {
  await using wire = new Wire();
  await using program = new Program(["talk", `127.0.0.1:${wire.port}`, "--port", "0", ...TALK]);
  const person = freshPerson();
  const talker = await beTalkedTo(wire, person);
  await changeKeys(program, talker, person);
  await leave(program, talker);
});

const BAD_NETWORK = ["--sim", "loss=25,dup=5,reorder=5,delay=5,jitter=5,seed=7"];

Deno.test("conformance: calling the program over a bad network", async () => {
  await using program = new Program([...LISTEN, ...BAD_NETWORK]);
  await using wire = new Wire();
  const person = freshPerson();
  const talker = await talkTo(wire, loopback(await program.port()), person);
  await converse(program, talker, person);
});

Deno.test("conformance: the program calls over a bad network", async () => {
  await using wire = new Wire();
  const to = `127.0.0.1:${wire.port}`;
  await using program = new Program(["talk", to, "--port", "0", ...TALK, ...BAD_NETWORK]);
  const person = freshPerson();
  await converse(program, await beTalkedTo(wire, person), person);
});
