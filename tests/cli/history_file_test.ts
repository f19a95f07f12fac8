import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { messageLine, readMessage, readMessages } from "../../lib/cli/history_file.ts";
import { keyText } from "../../lib/crypto/identity.ts";
import { NetError } from "../../lib/net/endpoint.ts";
import type { Message } from "../../lib/store/history.ts";
import { checkEvent } from "../support/event_schema.ts";

const NOW = Date.UTC(2026, 0, 2);

function message(text: string): Message {
  const author = new Uint8Array(32).fill(7);
  const base = { room: "tea", author, name: "ann", self: false, private: false };
  return { ...base, id: `id of ${text}`, text, sent: Date.UTC(2026, 0, 1) };
}

async function file(text: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("messageLine() is an event with a time and all fields, which readMessage() takes", () => {
  for (const text of ["hello", "two\nlines \u001b[2J \u65e5\u672c"]) {
    const line = messageLine(message(text), NOW), event = JSON.parse(line);
    assertEquals(checkEvent(event), []);
    assertEquals([event.time, event.from.address], ["2026-01-02T00:00:00.000Z", null]);
    assertEquals(readMessage(line, 1), message(text));
  }
});

Deno.test("readMessage() takes what was written without a time and an address, and with others", () => {
  const old = {
    event: "message",
    ...{ id: "id of hi", room: "tea", from: { name: "ann", key: keyText(message("").author) } },
    ...{ text: "hi", sent: "2026-01-01T00:00:00.000Z", self: false, private: false, history: true },
  };
  assertEquals(readMessage(JSON.stringify(old), 1), message("hi"));
  const from = { ...old.from, address: { host: "192.0.2.1", port: 1 } };
  assertEquals(readMessage(JSON.stringify({ ...old, from }), 1), message("hi"));
});

Deno.test("readMessage() names the line that is none", () => {
  for (const line of ["{", "null", "7", "{}", '{"id":1}', JSON.stringify({ from: null })]) {
    assertThrows(() => readMessage(line, 4), NetError, "Cannot take line 4");
  }
});

Deno.test("readMessages() finds lines wherever a read of the file ends", async () => {
  const all = Array.from(
    { length: 500 },
    (_, at) => message(`\u65e5\u672c\u8a9e ${at} `.repeat(40)),
  );
  await using place = await file(all.map((each) => messageLine(each, NOW)).join("\r\n").trimEnd());
  assertEquals(await Array.fromAsync(readMessages(place.path)), all);
});

Deno.test("readMessages() does not gather a line without end", async () => {
  await using place = await file(messageLine(message("hi"), NOW) + "x".repeat(3_000_000));
  const lines = readMessages(place.path);
  assertEquals((await lines.next()).value, message("hi"));
  await assertRejects(() => lines.next(), NetError, "Cannot take line 2: it is longer");
});

Deno.test("readMessages() says why a file cannot be read, in words", async () => {
  const read = (path: string) => () => readMessages(path).next();
  await assertRejects(
    read("/nonexistent/file"),
    NetError,
    "/nonexistent/file: there is no such file",
  );
  if (Deno.build.os !== "windows") await assertRejects(read("/"), NetError, "this is a directory");
});
