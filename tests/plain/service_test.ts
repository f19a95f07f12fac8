import { assertEquals } from "@std/assert";
import { PlainService } from "../../lib/plain/service.ts";
import { ANN, BOB, bytes, messages, sentTexts, takeAll } from "../support/plain.ts";

Deno.test("PlainService echo returns each datagram unchanged, whatever is in it", () => {
  const echo = new PlainService("echo");
  for (const given of [bytes("hi\r\n"), new Uint8Array([0xff, 0x00, 0xc3]), new Uint8Array(0)]) {
    echo.receive(given, ANN);
    assertEquals(takeAll(echo, 0).map((each) => each.bytes), [given]);
  }
  assertEquals(messages(echo.events()), ["192.0.2.1 hi", "192.0.2.1 \ufffd\0\ufffd"]);
});

Deno.test("PlainService echo copies: the receive buffer is used again", () => {
  const echo = new PlainService("echo"), buffer = bytes("one");
  echo.receive(buffer, ANN);
  buffer.set(bytes("two"));
  assertEquals(sentTexts(takeAll(echo, 0)), ["192.0.2.1:5001 one"]);
});

Deno.test("PlainService upper knows all of Unicode", () => {
  const upper = new PlainService("upper");
  upper.receive(bytes("stra\u00dfe \u00e9\u03c3\u0434"), ANN);
  assertEquals(sentTexts(takeAll(upper, 0)), ["192.0.2.1:5001 STRASSE \u00c9\u03a3\u0414"]);
});

Deno.test("PlainService count counts the letter", () => {
  const count = new PlainService("count");
  count.receive(bytes("Mississippi"), ANN);
  const other = new PlainService("count", { letter: "\u00e9" });
  other.receive(bytes("\u00e9t\u00e9"), BOB);
  assertEquals(sentTexts(takeAll(count, 0)), ["192.0.2.1:5001 4"]);
  assertEquals(sentTexts(takeAll(other, 0)), ["192.0.2.2:5002 2"]);
});

Deno.test("PlainService hello greets and hangs up", () => {
  const hello = new PlainService("hello", { stream: true });
  hello.opened(ANN);
  const [greeting] = takeAll(hello, 0);
  assertEquals(greeting?.end, "connection");
  assertEquals(greeting?.bytes, bytes("Thank you for connecting\r\n"));
});

Deno.test("PlainService echo over a stream hangs up on exactly bye, for that one alone", () => {
  const echo = new PlainService("echo", { stream: true });
  for (
    const [line, end] of [["bye!", undefined], ["goodbye", undefined], [
      "bye\r\n",
      "connection",
    ]] as const
  ) {
    echo.receive(bytes(line), ANN);
    echo.receive(bytes("on"), BOB);
    const sent = takeAll(echo, 0);
    assertEquals(sent.map((each) => each.end), [end, undefined], line);
    assertEquals(sent[1]?.to, BOB);
  }
});

Deno.test("PlainService echo over datagrams echoes bye like any other word", () => {
  const echo = new PlainService("echo");
  echo.receive(bytes("bye"), ANN);
  assertEquals(sentTexts(takeAll(echo, 0)), ["192.0.2.1:5001 bye"]);
});

Deno.test("PlainService drops answers past its bound instead of growing", () => {
  const echo = new PlainService("echo");
  for (let each = 0; each < 10_000; each++) echo.receive(bytes("x"), ANN);
  assertEquals(takeAll(echo, 0).length, 4_096);
});

Deno.test("PlainService does not talk to itself when somebody forges its own address", () => {
  const echo = new PlainService("echo", { self: { hosts: ["127.0.0.1"], port: 8080 } });
  echo.receive(bytes("loop"), { host: "127.0.0.1", port: 8080 });
  assertEquals(takeAll(echo, 0), []);
});
