import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { formatLink } from "../../lib/chat/link.ts";
import { UsageError } from "../../lib/cli/exit.ts";
import { readPlace, readRoom, WANTED_ROOM } from "../../lib/cli/room_link.ts";

const SECRET = { secret: new Uint8Array(32).fill(7), relay: new Uint8Array(16).fill(8) };
const ROOM = { host: "relay.example", port: 2410, room: "tea" };

Deno.test("readRoom() reads a link and a place", () => {
  assertEquals(readRoom("relay.example/tea"), ROOM);
  const link = { ...ROOM, ...SECRET };
  for (const hidden of [false, true]) assertEquals(readRoom(formatLink(link), hidden), link);
});

Deno.test("readRoom() refuses a link that has lost its secret: its open room is another one", () => {
  for (const text of ["udpchat://relay.example/tea", "udpchat://relay.example"]) {
    assertThrows(() => readRoom(text), UsageError, "a link ends in #SECRET");
    assertThrows(() => readRoom(text, true), UsageError, "write HOST/ROOM");
  }
});

Deno.test("readRoom() says what is wanted instead of a link of the web", () => {
  for (const text of ["http://127.0.0.1/x", "HTTPS://relay.example/tea#x", "ws://[::1]/"]) {
    assertThrows(() => readRoom(text), UsageError, WANTED_ROOM);
  }
  assertThrows(() => readPlace("http://a/b", "HOST[:PORT]"), UsageError, "wanted HOST[:PORT]");
});

Deno.test("readRoom() repeats nothing of what was not to be seen", () => {
  const link = formatLink({ ...ROOM, ...SECRET }), [, secret = ""] = link.split("#");
  for (
    const text of [
      link.replace("#", "%23"),
      link.replace("udpchat", "updchat"),
      link.replace("://", ":/"),
      `${secret}:${secret}`,
      `relay.example:${secret}`,
      `${link} ${secret}`,
    ]
  ) {
    const { message } = assertThrows(() => readRoom(text, true), UsageError);
    assert(!message.includes(secret), message);
    assertStringIncludes(message, WANTED_ROOM);
  }
});
