import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_MEMBERS, MAX_POSTS, MEMBER_MS, PlainGroup } from "../../lib/plain/group.ts";
import { ANN, BOB, bytes, CARL, messages, notices, sentTexts, takeAll } from "../support/plain.ts";

const TO_ALL = { host: "192.0.2.255", port: 2410 };
const SELF = { hosts: ["127.0.0.1", "192.0.2.100"], port: 2410 };

Deno.test("PlainGroup passes each message on to everyone heard from, the sender included", () => {
  const group = new PlainGroup();
  group.receive(bytes("hi"), ANN, 0);
  assertEquals(sentTexts(takeAll(group, 0)), ["192.0.2.1:5001 hi"]);
  group.receive(bytes("ho\n"), BOB, 1);
  assertEquals(sentTexts(takeAll(group, 1)), ["192.0.2.1:5001 ho\n", "192.0.2.2:5002 ho\n"]);
  assertEquals(messages(group.events()), ["192.0.2.1 hi", "192.0.2.2 ho"]);
});

Deno.test("PlainGroup takes an empty datagram for a greeting: heard, not passed on", () => {
  const group = new PlainGroup();
  group.receive(new Uint8Array(0), ANN, 0);
  assertEquals(takeAll(group, 0), []);
  assertEquals(messages(group.events()), []);
  assertEquals(group.heard.length, 1);
});

Deno.test("PlainGroup forgets an address after ten silent minutes", () => {
  const group = new PlainGroup();
  group.receive(bytes("hi"), ANN, 0);
  group.receive(bytes("hi"), BOB, 1);
  group.receive(bytes("still here"), ANN, 2);
  takeAll(group, 2);
  group.receive(bytes("x"), CARL, MEMBER_MS + 2);
  assertEquals(takeAll(group, MEMBER_MS + 2).map((each) => each.to), [ANN, CARL]);
  const gone = group.events().flatMap((e) =>
    e.type === "presence" && e.state === "gone" ? [e.who] : []
  );
  assertEquals(gone, [BOB]);
});

Deno.test("PlainGroup survives a member that cannot be sent to, and the others get it", () => {
  const group = new PlainGroup();
  for (const member of [ANN, BOB, CARL]) group.receive(new Uint8Array(0), member, 0);
  group.receive(bytes("hi"), ANN, 1);
  const got: string[] = [];
  for (let next = group.poll(1); next; next = group.poll(1)) {
    const gone = next.to === BOB || next.to.port === BOB.port;
    if (!gone) got.push(next.to.host);
    group.sent(next, gone ? { code: "EINVAL", reason: "cannot be sent to" } : undefined, 1);
  }
  assertEquals(got, [CARL.host, ANN.host]);
  assertEquals(group.heard.map((each) => each.address), [CARL, ANN]);
  assert(notices(group.events()).includes("not-sent"));
});

Deno.test("PlainGroup records what comes from port 0 and sends nothing there", () => {
  const group = new PlainGroup();
  group.receive(bytes("spoofed"), { host: "192.0.2.66", port: 0 }, 0);
  assertEquals(takeAll(group, 0), []);
  assertEquals(messages(group.events()), ["192.0.2.66 spoofed"]);
});

Deno.test("PlainGroup keeps the members it has when a flood of new ones comes", () => {
  const group = new PlainGroup();
  group.receive(new Uint8Array(0), ANN, 0);
  for (let each = 0; each < MAX_MEMBERS + 500; each++) {
    group.receive(new Uint8Array(0), { host: `198.51.100.${each % 250}`, port: 1 + each }, 1);
  }
  assertEquals(group.heard.length, MAX_MEMBERS);
  assertEquals(group.heard[0]?.address, ANN);
  assertEquals(notices(group.events()).filter((code) => code === "full").length, 1, "told once");
});

Deno.test("PlainGroup records what it cannot pass on fast enough, bounded, and says so once", () => {
  const group = new PlainGroup();
  for (let each = 0; each < MAX_POSTS + 100; each++) group.receive(bytes(`${each}`), ANN, 0);
  assertEquals(takeAll(group, 0).length, MAX_POSTS);
  const events = group.events();
  assertEquals(messages(events).length, MAX_POSTS + 100);
  assertEquals(notices(events), ["busy"]);
});

Deno.test("PlainGroup by broadcast sends once, and does not pass its own broadcast on again", () => {
  const group = new PlainGroup({ broadcast: [TO_ALL], self: SELF });
  group.receive(bytes("ann: hi"), ANN, 0);
  assertEquals(sentTexts(takeAll(group, 0)), ["192.0.2.255:2410 ann: hi"]);
  group.receive(bytes("ann: hi"), { host: "192.0.2.100", port: 2410 }, 1);
  assertEquals(takeAll(group, 1), []);
  assertEquals(messages(group.events()).length, 1);
});

Deno.test("PlainGroup by broadcast hears a client on its own machine that shares its port", () => {
  const group = new PlainGroup({ broadcast: [TO_ALL], self: SELF });
  const here = { host: "192.0.2.100", port: 2410 };
  for (let turn = 0; turn < 3; turn++) {
    group.receive(bytes("same words"), here, turn * 10);
    assertEquals(takeAll(group, turn * 10).length, 1, "the client's line is passed on");
    group.receive(bytes("same words"), here, turn * 10 + 1);
    assertEquals(takeAll(group, turn * 10 + 1).length, 0, "our broadcast of it is not");
  }
});

Deno.test("PlainGroup by broadcast turns to the next address where there is no route", () => {
  const local = { host: "127.255.255.255", port: 2410 };
  const group = new PlainGroup({ broadcast: [TO_ALL, local] });
  group.receive(bytes("hi"), ANN, 0);
  const first = group.poll(0);
  assert(first);
  group.sent(first, { code: "ENETUNREACH", reason: "no route" }, 0);
  assertEquals(sentTexts(takeAll(group, 0)), ["127.255.255.255:2410 hi"], "nothing is lost");
  group.receive(bytes("ho"), ANN, 1);
  assertEquals(sentTexts(takeAll(group, 1)), ["127.255.255.255:2410 ho"]);
  assertEquals(notices(group.events()), ["broadcast"]);
});

Deno.test("PlainGroup over a stream passes on to open connections, characters whole", () => {
  const group = new PlainGroup({ stream: true });
  group.opened(ANN, 0);
  group.opened(BOB, 0);
  const word = bytes("caf\u00e9");
  group.receive(word.slice(0, 4), ANN, 1);
  group.receive(word.slice(4), ANN, 1);
  assertEquals(sentTexts(takeAll(group, 1)).filter((each) => each.startsWith("192.0.2.2")), [
    "192.0.2.2:5002 caf",
    "192.0.2.2:5002 \u00e9",
  ]);
  group.closed(BOB);
  group.receive(bytes("x"), ANN, 2);
  assertEquals(takeAll(group, 2).map((each) => each.to), [ANN]);
});

Deno.test("PlainGroup stops sending when it leaves", () => {
  const group = new PlainGroup();
  group.receive(bytes("hi"), ANN, 0);
  group.leave(130, "SIGINT");
  assertEquals(group.poll(0), undefined);
  assertEquals(group.done?.status, 130);
});

Deno.test("PlainGroup agrees with an obvious model, for 300 seeds", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), group = new PlainGroup();
    const model = new Map<number, number>(), wanted: string[] = [], got: string[] = [];
    let now = 0;
    for (let step = 0; step < 60; step++) {
      now += random() * 120_000;
      const port = 1 + Math.floor(random() * 6);
      const empty = random() < 0.2;
      group.receive(bytes(empty ? "" : `m${step}`), { host: "192.0.2.1", port }, now);
      model.delete(port);
      model.set(port, now);
      for (const [each, at] of model) {
        if (now - at > MEMBER_MS) continue;
        if (!empty) wanted.push(`${each} m${step}`);
      }
      for (const each of takeAll(group, now)) {
        got.push(`${each.to.port} ${new TextDecoder().decode(each.bytes)}`);
      }
    }
    assertEquals(got.sort(), wanted.sort(), `seed ${seed}`);
  }
});

Deno.test("PlainGroup does not talk to itself when somebody forges its own address", () => {
  const group = new PlainGroup({ self: SELF });
  group.receive(bytes("loop"), { host: "127.0.0.1", port: 2410 }, 0);
  assertEquals(takeAll(group, 0), []);
  assertEquals(group.events(), []);
});
