/**
 * A member that was written from PROTOCOL.md alone and one of the real program meet in a room of
 * the real relay: by a link, and by a passphrase.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { toHex } from "./bytes.ts";
import { freshPerson } from "./handshake.ts";
import { decodeLink, encodeLink, passphraseSecret, relayHash, secretRoom } from "./rooms.ts";
import { Member } from "./rooms_member.ts";
import { RealProgram, startRelay } from "./rooms_process.ts";

const JOIN = ["--name", "real", "--json", "--stay"];

/** Both say a profile and a text, and hear the other's. */
async function converse(
  member: Member,
  program: RealProgram,
  person = freshPerson(),
): Promise<void> {
  member.join("");
  member.profile("konrad", person);
  member.text("from the document");
  await program.type("from the program");
  await member.session.until("heard it", () => member.texts.length > 0);
  assertEquals(member.texts, ["from the program"]);
  assert(member.heard.some(({ body }) => body.kind === "profile" && body.name === "real"));
  await member.session.until("delivered", () => member.of("delivered").length > 0);
  await program.prints(/"name":"konrad".*"text":"from the document"/);
  await program.prints(/"state":"delivered"/);
}

Deno.test("rooms: the program's invitation leads into the same room", async () => {
  await using relay = startRelay();
  const address = await relay.address();
  const person = freshPerson();
  await using invitation = new RealProgram("invite", `127.0.0.1:${address.port}/tea`);
  const [printed] = await invitation.prints(/udpchat:\S+/);
  const link = decodeLink(printed);
  assertEquals([link.host, link.port, link.name], ["127.0.0.1", address.port, "tea"]);
  assertEquals(encodeLink(link), printed);
  await using member = await Member.call(address, secretRoom(link.secret), person);
  assertEquals(toHex(link.relay), toHex(relayHash(member.session.identity)));
  await using program = new RealProgram("join", printed, ...JOIN);
  await converse(member, program, person);
});

Deno.test("rooms: the program comes by a link that was made from the document", async () => {
  await using relay = startRelay();
  const { hostname: host, port } = await relay.address();
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const person = freshPerson();
  await using member = await Member.call(await relay.address(), secretRoom(secret), person);
  const hash = relayHash(member.session.identity);
  const link = encodeLink({ host, port, name: "tea&käse🫖", secret, relay: hash });
  await using program = new RealProgram("join", link, ...JOIN);
  await converse(member, program, person);
});

Deno.test("rooms: a passphrase leads to the same room", async () => {
  await using relay = startRelay();
  const address = await relay.address();
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "  correct horse, gru\u0308ner Käse \n");
    const words = ["join", `127.0.0.1:${address.port}/tea`, "--passphrase-file", file];
    await using program = new RealProgram(...words, ...JOIN);
    const person = freshPerson();
    await using session = await Member.call(address, secretRoom(new Uint8Array(32)));
    const { identity } = session.session;
    const secret = await passphraseSecret("correct horse, grüner Käse", identity, "tea");
    await using member = await Member.call(address, secretRoom(secret), person);
    await converse(member, program, person);
  } finally {
    await Deno.remove(file);
  }
});
