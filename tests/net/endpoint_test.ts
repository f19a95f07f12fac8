/**
 * The contract of a datagram endpoint: the same tests over memory and over real loopback sockets.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bindUdp } from "../../lib/net/bind.ts";
import { CLOSED, type Endpoint, sendFailure, systemCode } from "../../lib/net/endpoint.ts";
import { MemoryNetwork } from "../../lib/net/memory.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, soon } from "./ear.ts";

/** Binds one more endpoint on the network of this test. */
type Bind = () => Promise<Endpoint>;

const NETWORKS: Readonly<Record<string, () => Bind>> = {
  MemoryEndpoint: () => {
    const network = new MemoryNetwork(new VirtualClock());
    return () => Promise.resolve(network.bind({ host: "127.0.0.1", port: 0 }));
  },
  UdpEndpoint: () => () => bindUdp(systemClock, { host: "127.0.0.1", port: 0 }),
};

const MAX = 65_507;

/** Two endpoints, and what each hears. */
interface Pair {
  readonly here: Endpoint;
  readonly there: Endpoint;
  readonly hear: Ear;
  readonly thereHears: Ear;
}

/** One row of the table: run on each network, with everything closed and ended afterwards. */
function over(what: string, body: (pair: Pair, bind: Bind) => Promise<void>): void {
  for (const [name, network] of Object.entries(NETWORKS)) {
    Deno.test(`${name} ${what}`, async () => {
      const bind = network();
      const here = await bind(), there = await bind();
      const pair = { here, there, hear: new Ear(here), thereHears: new Ear(there) };
      try {
        await body(pair, bind);
      } finally {
        here.close();
        there.close();
      }
      await soon(pair.hear.ended);
      await soon(pair.thereHears.ended);
    });
  }
}

/** Shows that an endpoint still sends and hears, whatever went wrong before. */
async function goesOn({ here, there, hear, thereHears }: Pair): Promise<void> {
  const before = thereHears.sizes.length, back = hear.sizes.length;
  assertEquals(await here.send(bytesOf("still there?"), addressOf(there)), undefined);
  await thereHears.data(before + 1);
  assertEquals(await there.send(bytesOf("still here"), addressOf(here)), undefined);
  await hear.data(back + 1);
  assertEquals(thereHears.texts.at(-1), "still there?");
  assertEquals(hear.texts.at(-1), "still here");
}

over("makes the round trip, and says who sent", async ({ here, there, hear, thereHears }) => {
  assertEquals(await here.send(bytesOf("ping"), addressOf(there)), undefined);
  await thereHears.data(1);
  const [question] = thereHears.heard;
  assert(question?.kind === "data");
  assertEquals(question.from, addressOf(here));
  await there.send(bytesOf("pong"), question.from);
  await hear.data(1);
  assertEquals(hear.heard, [{ kind: "data", bytes: bytesOf("pong"), from: addressOf(there) }]);
});

over("binds port 0 to a port that nobody else has", async ({ here, there }, bind) => {
  const third = await bind();
  const ports = [here, there, third].map((each) => addressOf(each).port);
  third.close();
  assertEquals(new Set(ports).size, 3);
  assert(ports.every((port) => port > 0 && port <= 65_535));
  assertEquals(addressOf(here).host, "127.0.0.1");
});

over("sends to itself", async ({ here, hear }) => {
  await here.send(bytesOf("note to self"), addressOf(here));
  await hear.data(1);
  assertEquals(hear.texts, ["note to self"]);
});

over("carries a datagram of no bytes", async (pair) => {
  assertEquals(await pair.here.send(new Uint8Array(0), addressOf(pair.there)), undefined);
  await pair.thereHears.data(1);
  assertEquals(pair.thereHears.sizes, [0]);
  await goesOn(pair);
});

over("carries the largest datagram that there is", async (pair) => {
  const bytes = Uint8Array.from({ length: MAX }, (_, index) => index % 251);
  assertEquals(await pair.here.send(bytes, addressOf(pair.there)), undefined);
  await pair.thereHears.data(1);
  const [arrival] = pair.thereHears.heard;
  assert(arrival?.kind === "data");
  assertEquals(arrival.bytes, bytes);
  await goesOn(pair);
});

over("answers EMSGSIZE to a datagram of one byte too many, and goes on", async (pair) => {
  const failure = await pair.here.send(new Uint8Array(MAX + 1), addressOf(pair.there));
  assertEquals(failure, { code: "EMSGSIZE", reason: "it is too large for a datagram" });
  await goesOn(pair);
  assertEquals(pair.thereHears.texts, ["still there?"]);
  assertEquals(pair.here.counters.sendFailures, 1);
});

over("answers EINVAL to port 0, and goes on", async (pair) => {
  const failure = await pair.here.send(bytesOf("x"), { host: "127.0.0.1", port: 0 });
  assertEquals(failure, {
    code: "EINVAL",
    reason: "the address is not one that can be sent to",
  });
  await goesOn(pair);
  assertEquals(pair.here.counters.sendFailures, 1);
});

over("does not mind that nobody is there", async (pair, bind) => {
  const gone = await bind();
  const nobody = addressOf(gone);
  gone.close();
  for (let round = 0; round < 3; round++) {
    assertEquals(await pair.here.send(bytesOf("anyone?"), nobody), undefined);
    await goesOn(pair);
  }
});

over("keeps the order", async ({ here, there, thereHears }) => {
  const wanted = Array.from({ length: 200 }, (_, index) => `line ${index}`);
  for (const text of wanted) await here.send(bytesOf(text), addressOf(there));
  await thereHears.data(wanted.length);
  assertEquals(thereHears.texts, wanted);
});

over("leaves the buffer to the caller once send() has resolved", async (pair) => {
  const buffer = bytesOf("first");
  await pair.here.send(buffer, addressOf(pair.there));
  buffer.fill(0);
  await pair.thereHears.data(1);
  assertEquals(pair.thereHears.texts, ["first"]);
});

over("keeps what comes before anyone listens", async ({ here, hear }, bind) => {
  const late = await bind();
  await here.send(bytesOf("early"), addressOf(late));
  const ear = new Ear(late);
  await ear.data(1);
  assertEquals(ear.texts, ["early"]);
  late.close();
  await soon(ear.ended);
  assertEquals(hear.heard, []);
});

over("counts what it sends, hears and cannot send", async ({ here, there, thereHears }) => {
  for (let round = 0; round < 5; round++) await here.send(bytesOf("x"), addressOf(there));
  await here.send(new Uint8Array(MAX + 1), addressOf(there));
  await thereHears.data(5);
  const none = { received: 0, sent: 0, sendFailures: 0, receiveFailures: 0, dropped: 0 };
  assertEquals({ ...here.counters }, { ...none, sent: 5, sendFailures: 1 });
  assertEquals({ ...there.counters }, { ...none, received: 5 });
});

over("ends a pending incoming() when it is closed", async ({ here, hear }) => {
  const iterator = hear.ended;
  here.close();
  await soon(iterator);
  assertEquals(hear.heard, []);
});

over("ends every later incoming() at once", async ({ here, hear }) => {
  here.close();
  await soon(hear.ended);
  const again = new Ear(here);
  await soon(again.ended);
  assertEquals(again.heard, []);
});

over("may be closed from inside its own loop", async ({ here }, bind) => {
  const third = await bind();
  const texts: string[] = [];
  const loop = (async () => {
    for await (const arrival of third.incoming()) {
      if (arrival.kind === "data") texts.push(new TextDecoder().decode(arrival.bytes));
      third.close();
    }
  })();
  await here.send(bytesOf("one"), addressOf(third));
  await here.send(bytesOf("two"), addressOf(third));
  await soon(loop);
  assertEquals(texts, ["one"]);
});

over("may be closed any number of times", async ({ here, there, hear, thereHears }) => {
  for (let round = 0; round < 3; round++) here.close();
  await soon(hear.ended);
  here.close();
  assertEquals(await there.send(bytesOf("x"), addressOf(there)), undefined);
  await thereHears.data(1);
});

over("answers CLOSED to every send after close(), and counts none", async ({ here, there }) => {
  here.close();
  assertEquals(await here.send(bytesOf("x"), addressOf(there)), CLOSED);
  assertEquals(await here.send(new Uint8Array(MAX + 1), addressOf(there)), CLOSED);
  assertEquals(await here.send(bytesOf("x"), { host: "127.0.0.1", port: 0 }), CLOSED);
  assertEquals(here.counters.sent, 0);
  assertEquals(here.counters.sendFailures, 0);
});

over("has what was sent before close() on its way", async ({ here, there, thereHears }) => {
  assertEquals(await here.send(bytesOf("bye"), addressOf(there)), undefined);
  here.close();
  await thereHears.data(1);
  assertEquals(thereHears.texts, ["bye"]);
});

Deno.test("systemCode() knows Deno's errors by code and by name", () => {
  const rows: readonly [unknown, string][] = [
    [Object.assign(new Error("x"), { code: "EMSGSIZE" }), "EMSGSIZE"],
    [new Deno.errors.AddrInUse("x"), "EADDRINUSE"],
    [new Deno.errors.AddrNotAvailable("x"), "EADDRNOTAVAIL"],
    [new Deno.errors.BadResource("x"), "CLOSED"],
    [new Deno.errors.ConnectionRefused("x"), "ECONNREFUSED"],
    [new Deno.errors.ConnectionReset("x"), "ECONNRESET"],
    [new Deno.errors.PermissionDenied("x"), "EACCES"],
    [new Deno.errors.NotCapable("x"), "EPERM"],
    [new Deno.errors.TimedOut("x"), "ETIMEDOUT"],
    [new Error("x"), "UNKNOWN"],
    [Object.assign(new Error("x"), { code: 90 }), "UNKNOWN"],
  ];
  for (const [error, code] of rows) assertEquals(systemCode(error), code, String(error));
  for (const odd of [undefined, null, 0, "", "EMSGSIZE", 1n, Symbol("x"), {}, [], () => {}]) {
    assertEquals(systemCode(odd), "UNKNOWN", typeof odd);
  }
});

Deno.test("sendFailure() has one line for a person, for anything that can be thrown", () => {
  for (const code of ["EMSGSIZE", "EINVAL", "ENETUNREACH", "EPERM", "ENOBUFS", "ENOTHING"]) {
    const { reason } = sendFailure(Object.assign(new Error("as it is"), { code }));
    assertNotEquals(reason, "");
    assert(!reason.includes("\n"));
    assertEquals(reason === "as it is", code === "ENOTHING");
  }
  assertEquals(sendFailure(new Deno.errors.BadResource("x")), CLOSED);
  assertEquals(sendFailure("odd"), { code: "UNKNOWN", reason: "odd" });
  assertEquals(sendFailure(undefined), { code: "UNKNOWN", reason: "undefined" });
});
