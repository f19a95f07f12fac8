import { assert, assertEquals, assertThrows } from "@std/assert";
import { PlainChat, type PlainChatOptions } from "../../lib/plain/chat.ts";
import {
  ANN,
  BOB,
  bytes,
  CARL,
  messages,
  notices,
  sentTexts,
  takeAll,
  text,
} from "../support/plain.ts";

const REFUSED = { code: "ENETUNREACH", reason: "no route" };

function withAnn(options: PlainChatOptions = {}): PlainChat {
  return new PlainChat({ to: ANN, ...options });
}

Deno.test("PlainChat sends each line as one datagram and says so", () => {
  const chat = withAnn();
  chat.say("hello", 0);
  assertEquals(sentTexts(takeAll(chat, 0)), ["192.0.2.1:5001 hello"]);
  assertEquals(chat.events().map((event) => event.type), ["own", "status"]);
  assertEquals(chat.done, undefined);
});

Deno.test("PlainChat marks what comes from the one it talks to, and shows the others too", () => {
  const chat = withAnn();
  chat.receive(bytes("yes"), ANN, 0);
  chat.receive(bytes("no\r\n"), BOB, 0);
  const events = chat.events();
  assertEquals(messages(events), ["192.0.2.1 yes", "192.0.2.2 no"]);
  assertEquals(events.map((event) => event.type === "message" && event.direct), [true, false]);
});

Deno.test("PlainChat answers whoever spoke last, and keeps lines until somebody does", () => {
  const chat = new PlainChat();
  chat.say("early", 0);
  assertEquals(takeAll(chat, 0), []);
  chat.endInput(0);
  assertEquals(chat.done, undefined, "it goes on waiting after the end of input");
  chat.receive(bytes("hi"), BOB, 1);
  assertEquals(sentTexts(takeAll(chat, 1)), ["192.0.2.2:5002 early"]);
  chat.receive(bytes("me too"), CARL, 2);
  chat.say("you", 3);
  assertEquals(sentTexts(takeAll(chat, 3)), ["192.0.2.3:5003 you"]);
});

Deno.test("PlainChat leaves on quit without sending it, and after bye", () => {
  const quit = withAnn();
  quit.say("quit", 0);
  assertEquals(takeAll(quit, 0), []);
  assertEquals(quit.done?.status, 0);
  const bye = withAnn();
  bye.say("bye", 0);
  assertEquals(bye.done, undefined);
  assertEquals(sentTexts(takeAll(bye, 0)), ["192.0.2.1:5001 bye"]);
  assertEquals(bye.done?.status, 0);
});

Deno.test("PlainChat that quits hands over what was said before", () => {
  const chat = withAnn();
  chat.say("first", 0);
  const first = chat.poll(0);
  chat.say("second", 0);
  chat.say("quit", 0);
  assertEquals(chat.done, undefined);
  assert(first);
  chat.sent(first, undefined, 1);
  assertEquals(sentTexts(takeAll(chat, 1)), ["192.0.2.1:5001 second"]);
  assertEquals(chat.done, { status: 0, reason: "quit" });
});

Deno.test("PlainChat literal sends quit and bye as words", () => {
  const chat = withAnn({ literal: true });
  for (const word of ["quit", "bye"]) chat.say(word, 0);
  assertEquals(takeAll(chat, 0).map((each) => text(each.bytes)), ["quit", "bye"]);
  assertEquals(chat.done, undefined);
});

Deno.test("PlainChat leaves at the end of input once all is handed over", () => {
  const chat = withAnn();
  chat.say("one", 0);
  chat.endInput(0);
  assertEquals(chat.done, undefined);
  takeAll(chat, 0);
  assertEquals(chat.done, { status: 0, reason: "end of input" });
  assertEquals(chat.nextTimeout(), undefined);
});

Deno.test("PlainChat stays when told to", () => {
  const chat = withAnn({ stay: true });
  chat.endInput(0);
  assertEquals(chat.done, undefined);
});

Deno.test("PlainChat notices after 3 s that nobody answers, once", () => {
  const chat = withAnn();
  chat.say("one", 100);
  takeAll(chat, 100);
  assertEquals(chat.nextTimeout(), 3_100);
  chat.tick(3_099);
  assertEquals(notices(chat.events()), []);
  chat.tick(3_100);
  assertEquals(notices(chat.events()), ["no-answer"]);
  chat.say("two", 5_000);
  takeAll(chat, 5_000);
  assertEquals(chat.nextTimeout(), undefined);
});

Deno.test("PlainChat does not complain when an answer came in time", () => {
  const chat = withAnn();
  chat.say("one", 0);
  takeAll(chat, 0);
  chat.receive(bytes("yes"), ANN, 2_999);
  assertEquals(chat.nextTimeout(), undefined);
});

Deno.test("PlainChat expectReply leaves with 0 when each line has its answer", () => {
  const chat = withAnn({ expectReply: true, timeout: 1_000 });
  chat.say("one", 0);
  chat.say("two", 0);
  takeAll(chat, 0);
  chat.receive(bytes("1"), ANN, 10);
  chat.receive(bytes("not for us"), BOB, 11);
  chat.endInput(20);
  assertEquals(chat.done, undefined);
  chat.receive(bytes(""), ANN, 30);
  assertEquals(chat.done?.status, 0);
});

Deno.test("PlainChat expectReply leaves with 3 when the time is over", () => {
  const chat = withAnn({ expectReply: true, timeout: 1_000 });
  chat.say("one", 0);
  takeAll(chat, 0);
  chat.endInput(500);
  chat.tick(1_499);
  assertEquals(chat.done, undefined);
  chat.tick(1_500);
  assertEquals(chat.done?.status, 3);
  assert(notices(chat.events()).includes("no-reply"));
});

Deno.test("PlainChat leaves with 4 and says which lines could not be sent", () => {
  const chat = withAnn();
  chat.say("lost one", 0);
  chat.say("lost two", 0);
  takeAll(chat, 0, REFUSED);
  chat.endInput(0);
  assertEquals(chat.done?.status, 4);
  const events = chat.events();
  assertEquals(notices(events), ["not-sent", "undelivered"], "one notice for a series");
  const told = events.find((event) => event.type === "notice" && event.code === "undelivered");
  assert(
    told?.type === "notice" && told.text.includes("lost one") && told.text.includes("lost two"),
  );
  assertEquals(events.filter((event) => event.type === "status").length, 2);
});

Deno.test("PlainChat that quits with lines nobody could get leaves with 4", () => {
  const chat = new PlainChat();
  chat.say("for nobody", 0);
  chat.leave(0, "quit");
  assertEquals(chat.done?.status, 4);
});

Deno.test("PlainChat keeps the status of a signal", () => {
  const chat = new PlainChat();
  chat.say("for nobody", 0);
  chat.leave(143, "SIGTERM");
  assertEquals(chat.done?.status, 143);
  chat.leave(0, "again");
  assertEquals(chat.done?.status, 143);
});

Deno.test("PlainChat cuts a long line between characters and says so", () => {
  const chat = withAnn({ format: "{name}: {text}", name: "ann" });
  chat.say("\u65e5".repeat(500), 0);
  const sent = takeAll(chat, 0);
  assertEquals(sent.length, 2);
  assert(sent.every((each) => each.bytes.length <= 1_024));
  assertEquals(
    sent.map((each) => text(each.bytes).replace("ann: ", "")).join(""),
    "\u65e5".repeat(500),
  );
  assertEquals(notices(chat.events()), ["cut"]);
});

Deno.test("PlainChat is full at a thousand waiting lines, and not before", () => {
  const chat = new PlainChat();
  for (let line = 1; line < 1_000; line++) chat.say(`${line}`, 0);
  assertEquals(chat.full, false);
  chat.say("1000", 0);
  assertEquals(chat.full, true);
});

Deno.test("PlainChat remembers a bounded number of addresses", () => {
  const chat = new PlainChat();
  for (let port = 1; port <= 5_000; port++) {
    chat.receive(bytes("x"), { host: "192.0.2.9", port }, port);
  }
  assertEquals(chat.heard.length, 1_024);
  assertEquals(chat.heard.at(-1)?.address.port, 5_000);
});

Deno.test("PlainChat shared does not show its own lines again, each exactly once", () => {
  const chat = withAnn({ shared: true });
  chat.say("hi", 0);
  takeAll(chat, 0);
  chat.receive(bytes("hi"), ANN, 5);
  chat.receive(bytes("hi"), ANN, 6);
  assertEquals(messages(chat.events()), ["192.0.2.1 hi"], "the second is somebody else's");
  chat.say("late", 10);
  takeAll(chat, 10);
  chat.receive(bytes("late"), ANN, 60_000);
  assertEquals(messages(chat.events()), ["192.0.2.1 late"]);
});

Deno.test("PlainChat takes an alias of a local server for the server", () => {
  const chat = new PlainChat({ to: { host: "127.0.0.1", port: 2410 }, aliases: ["192.0.2.7"] });
  chat.receive(bytes("a"), { host: "192.0.2.7", port: 2410 }, 0);
  chat.receive(bytes("b"), { host: "192.0.2.7", port: 2411 }, 0);
  assertEquals(chat.events().map((each) => each.type === "message" && each.direct), [true, false]);
});

Deno.test("PlainChat renames from the next line on", () => {
  const chat = withAnn({ format: "{name}: {text}", name: "ann" });
  chat.say("one", 0);
  chat.rename("anna");
  chat.say("two", 0);
  assertEquals(takeAll(chat, 0).map((each) => text(each.bytes)), ["ann: one", "anna: two"]);
});

Deno.test("PlainChat counts an empty datagram as an answer and does not show it", () => {
  const chat = withAnn();
  chat.receive(new Uint8Array(0), ANN, 0);
  assertEquals(chat.events(), []);
  assertEquals(chat.heard.length, 1);
});

Deno.test("PlainChat refuses a bad format", () => {
  assertThrows(() => new PlainChat({ format: "x" }), SyntaxError, "{text}");
});

Deno.test("PlainChat over a stream sends one line at a time: after an answer, or a pause", () => {
  const chat = withAnn({ stream: true });
  chat.say("one", 0);
  chat.say("two", 0);
  chat.say("three", 0);
  assertEquals(takeAll(chat, 0).map((each) => text(each.bytes)), ["one"]);
  const next = chat.nextTimeout() ?? 0;
  assert(next > 0 && next <= 50);
  chat.receive(bytes("got one"), ANN, 1);
  assertEquals(takeAll(chat, 1).map((each) => text(each.bytes)), ["two"]);
  assertEquals(takeAll(chat, 2), []);
  assertEquals(takeAll(chat, 1 + next).map((each) => text(each.bytes)), ["three"]);
});

Deno.test("PlainChat over a stream without anybody wants no timer", () => {
  const chat = new PlainChat({ stream: true });
  chat.say("kept", 0);
  assertEquals(chat.nextTimeout(), undefined);
});

Deno.test("PlainChat over a stream ends its half, then waits a moment for the last answer", () => {
  const chat = withAnn({ stream: true });
  chat.say("one", 0);
  takeAll(chat, 0);
  chat.endInput(5);
  const end = takeAll(chat, 5);
  assertEquals(end.map((each) => each.end), ["sending"]);
  chat.receive(bytes("answer"), ANN, 10);
  assertEquals(chat.done, undefined);
  chat.closed(ANN);
  assertEquals(chat.done?.status, 0);
  assertEquals(messages(chat.events()), ["192.0.2.1 answer"]);
});

Deno.test("PlainChat over a stream leaves a second after the end of input at the latest", () => {
  const chat = withAnn({ stream: true });
  chat.endInput(0);
  takeAll(chat, 0);
  assertEquals(chat.nextTimeout(), 1_000);
  chat.tick(1_000);
  assertEquals(chat.done?.status, 0);
});

Deno.test("PlainChat over a stream leaves when the other side closes, even mid-character", () => {
  const chat = withAnn({ stream: true });
  chat.receive(bytes("caf\u00e9").slice(0, 4), ANN, 0);
  chat.closed(ANN);
  assertEquals(messages(chat.events()), ["192.0.2.1 caf", "192.0.2.1 \ufffd"]);
  assertEquals(chat.done?.status, 0);
});

Deno.test("PlainChat over a stream leaves with 3 when it closes before the answers", () => {
  const chat = withAnn({ stream: true, expectReply: true });
  chat.say("one", 0);
  takeAll(chat, 0);
  chat.closed(ANN);
  assertEquals(chat.done?.status, 3);
});

Deno.test("PlainChat listening leaves when the last connection closes, unless it is to stay", () => {
  for (const stay of [false, true]) {
    const chat = new PlainChat({ stream: true, stay });
    chat.opened(ANN, 0);
    chat.opened(BOB, 0);
    chat.closed(BOB);
    assertEquals(chat.done, undefined);
    chat.say("to ann", 1);
    assertEquals(sentTexts(takeAll(chat, 1)), ["192.0.2.1:5001 to ann"]);
    chat.closed(ANN);
    assertEquals(chat.done?.status, stay ? undefined : 0);
  }
});

Deno.test("PlainChat bye with nobody to say it to leaves at once, and says what was lost", () => {
  const chat = new PlainChat();
  chat.say("bye", 0);
  assertEquals(chat.done?.status, 4);
});

Deno.test("PlainChat expectReply wants an answer to each datagram of a long line", () => {
  const chat = withAnn({ expectReply: true });
  chat.say("x".repeat(3_000), 0);
  assertEquals(takeAll(chat, 0).length, 3);
  chat.endInput(0);
  chat.receive(bytes("1"), ANN, 1);
  chat.receive(bytes("2"), ANN, 1);
  assertEquals(chat.done, undefined);
  chat.receive(bytes("3"), ANN, 1);
  assertEquals(chat.done?.status, 0);
});

Deno.test("PlainChat expectReply does not wait for an answer to what was never sent", () => {
  const chat = withAnn({ expectReply: true });
  chat.say("lost", 0);
  takeAll(chat, 0, REFUSED);
  chat.endInput(0);
  assertEquals(chat.done?.status, 4);
});

Deno.test("PlainChat does not answer to port 0, where nothing can be sent", () => {
  const chat = new PlainChat();
  chat.receive(bytes("hi"), ANN, 0);
  chat.receive(bytes("spoofed"), { host: "192.0.2.9", port: 0 }, 1);
  chat.say("to ann", 2);
  assertEquals(sentTexts(takeAll(chat, 2)), ["192.0.2.1:5001 to ann"]);
});

Deno.test("PlainChat sends bare text past the format", () => {
  const chat = withAnn({ format: "{name}: {text}", name: "ann" });
  chat.say("* ann waves", 0, true);
  assertEquals(takeAll(chat, 0).map((each) => text(each.bytes)), ["* ann waves"]);
});
