import { assertEquals, assertThrows } from "@std/assert";
import { parseSecret } from "../../lib/crypto/secret.ts";
import stored from "../vectors/wire.json" with { type: "json" };
import { makeWireVectors } from "../vectors/make_wire_vectors.ts";

Deno.test("The wire is as docs/PROTOCOL.md and the checked-in vectors have it", () => {
  const made = makeWireVectors();
  assertEquals(Object.keys(stored), Object.keys(made));
  // Part by part, so that a failure names the part and not all of the file.
  for (const [part, vectors] of Object.entries(stored)) {
    assertEquals(JSON.parse(JSON.stringify(made[part])), vectors, part);
  }
});

Deno.test("The secrets of the vectors are read, and those that must not be are refused", () => {
  const { text, same, refused } = stored.secret;
  for (const other of same) assertEquals(parseSecret(other), parseSecret(text));
  for (const wrong of refused) assertThrows(() => parseSecret(wrong), SyntaxError);
});

Deno.test("The document quotes the vectors as they are", async () => {
  const url = new URL("../../docs/PROTOCOL.md", import.meta.url);
  const [, quoted = ""] = (await Deno.readTextFile(url)).split("\n## 19.");
  // Bytes that fill more than one line go on in the next, below each other.
  const bytes = quoted.replaceAll(/(?<=[0-9a-f]{64})\n +(?=[0-9a-f]+$)/gm, "")
    .match(/\b(?:[0-9a-f]{2}){4,}\b/g) ?? [];
  const known = JSON.stringify(stored);
  assertEquals(bytes.filter((each) => !known.includes(each)), []);
  assertEquals(bytes.length > 50, true);
});
