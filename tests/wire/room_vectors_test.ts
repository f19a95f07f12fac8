import { assertEquals } from "@std/assert";
import { parseLink } from "../../lib/chat/link.ts";
import { secretOfPassphrase } from "../../lib/crypto/passphrase.ts";
import stored from "../vectors/rooms.json" with { type: "json" };
import { makeRoomVectors } from "../vectors/make_room_vectors.ts";
import { toHex } from "../crypto/bytes.ts";

Deno.test("Rooms are on the wire as docs/PROTOCOL.md and the checked-in vectors have them", () => {
  const made = JSON.parse(JSON.stringify(makeRoomVectors()));
  assertEquals(Object.keys(stored), Object.keys(made));
  for (const [part, vectors] of Object.entries(stored)) assertEquals(made[part], vectors, part);
});

Deno.test("parseLink() reads the link of the vectors", () => {
  const link = parseLink(stored.link);
  assertEquals([link.host, link.port, link.room], ["relay.example", 4_000, "tea&käse"]);
  assertEquals(toHex(link.secret ?? new Uint8Array(0)), stored.secret_room.secret);
  assertEquals(toHex(link.relay ?? new Uint8Array(0)), stored.relay.hash);
});

Deno.test("secretOfPassphrase() differs by passphrase, relay and room, and forgives spaces around", async () => {
  const relay = new Uint8Array(32).fill(1), other = new Uint8Array(32).fill(2);
  const secrets = await Promise.all([
    secretOfPassphrase("correct horse battery", relay, "tea"),
    secretOfPassphrase(" correct horse battery\n", relay, "tea"),
    secretOfPassphrase("correct horse batterz", relay, "tea"),
    secretOfPassphrase("correct horse battery", other, "tea"),
    secretOfPassphrase("correct horse battery", relay, "cake"),
  ]);
  assertEquals(secrets[0], secrets[1]);
  assertEquals(new Set(secrets.map(toHex)).size, 4);
});
