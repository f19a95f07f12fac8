import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { NetError } from "../../lib/net/endpoint.ts";
import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import { MemoryNetwork } from "../../lib/net/memory.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, soon } from "./ear.ts";

const HERE = { host: "192.0.2.1", port: 2410 };
const THERE = { host: "192.0.2.2", port: 2410 };

Deno.test("MemoryNetwork refuses an address that is bound, until it is closed", () => {
  const network = new MemoryNetwork(new VirtualClock());
  const first = network.bind(HERE);
  const error = assertThrows(() => network.bind(HERE), NetError, "192.0.2.1:2410");
  assertEquals(error.code, "IN_USE");
  network.bind(THERE).close();
  network.bind({ ...HERE, port: 2411 }).close();
  first.close();
  const second = network.bind(HERE);
  first.close();
  assertThrows(() => network.bind(HERE), NetError);
  second.close();
});

Deno.test("MemoryNetwork gives out dynamic ports for port 0, host by host", () => {
  const network = new MemoryNetwork(new VirtualClock());
  const bind = (host: string) => network.bind({ host, port: 0 });
  const one = bind("192.0.2.1"), two = bind("192.0.2.1"), other = bind("192.0.2.2");
  assertEquals(addressOf(one), { host: "192.0.2.1", port: 49_152 });
  assertEquals(addressOf(two), { host: "192.0.2.1", port: 49_153 });
  assertEquals(addressOf(other), { host: "192.0.2.2", port: 49_152 });
  one.close();
  assertEquals(addressOf(bind("192.0.2.1")).port, 49_152);
});

Deno.test("MemoryNetwork takes the time that was asked for, to the millisecond", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock, { delay: 50 });
  const here = network.bind(HERE), there = network.bind(THERE), ear = new Ear(there);
  await here.send(bytesOf("first"), THERE);
  await clock.advance(20);
  await here.send(bytesOf("second"), THERE);
  await clock.advance(29);
  assertEquals(ear.texts, []);
  await clock.advance(1);
  assertEquals(ear.texts, ["first"]);
  await clock.advance(19);
  assertEquals(ear.texts, ["first"]);
  await clock.advance(1);
  assertEquals(ear.texts, ["first", "second"]);
  assertEquals(clock.pending, 0);
  here.close();
  there.close();
  await soon(ear.ended);
});

Deno.test("MemoryNetwork carries between many hosts, each to its own", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock, { delay: 5 });
  const hosts = Array.from(
    { length: 20 },
    (_, index) => network.bind({ host: `192.0.2.${index}`, port: 7 }),
  );
  const ears = hosts.map((each) => new Ear(each));
  for (const from of hosts) {
    for (const to of hosts) {
      const text = `${addressOf(from).host} to ${addressOf(to).host}`;
      await from.send(bytesOf(text), addressOf(to));
    }
  }
  await clock.advance(5);
  for (const [index, { texts, heard }] of ears.entries()) {
    assertEquals(texts, hosts.map((_, from) => `192.0.2.${from} to 192.0.2.${index}`));
    assertEquals(heard.map((each) => each.from), hosts.map(addressOf));
    hosts[index]?.close();
  }
  await soon(Promise.all(ears.map((each) => each.ended)));
  assertEquals(clock.pending, 0);
});

Deno.test("MemoryNetwork knows a host by address and port, IPv6 as well", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const six = network.bind({ host: "::1", port: 7 }),
    other = network.bind({ host: "::1", port: 8 });
  const ear = new Ear(six);
  await other.send(bytesOf("x"), { host: "::1", port: 7 });
  await ear.data(1);
  assertEquals(ear.heard[0]?.from, { host: "::1", port: 8 });
  six.close();
  other.close();
  await soon(ear.ended);
});

Deno.test("MemoryNetwork drops more than 256 datagrams that nobody takes, and counts them", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const here = network.bind(HERE), there = network.bind(THERE);
  for (let index = 0; index < 300; index++) await here.send(bytesOf(`${index}`), THERE);
  assertEquals(there.counters.dropped, 44);
  const ear = new Ear(there);
  await ear.data(256);
  await here.send(bytesOf("room again"), THERE);
  await ear.data(257);
  assertEquals(ear.texts.slice(-2), ["255", "room again"]);
  assertEquals(there.counters.received, 257);
  assertEquals(here.counters.sent, 301);
  here.close();
  there.close();
  await soon(ear.ended);
});

Deno.test("MemoryNetwork loses what comes for a host that has left, and leaves no timer", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock, { delay: 50 });
  const here = network.bind(HERE), there = network.bind(THERE), ear = new Ear(there);
  await here.send(bytesOf("late"), THERE);
  await clock.advance(25);
  there.close();
  await soon(ear.ended);
  const next = network.bind(THERE), nextHears = new Ear(next);
  await here.send(bytesOf("for the next"), THERE);
  here.close();
  await clock.advance(100);
  assertEquals(ear.texts, []);
  assertEquals(nextHears.texts, ["late", "for the next"], "an address is all that counts");
  next.close();
  await soon(nextHears.ended);
  assertEquals(clock.pending, 0);
});

Deno.test("MemoryNetwork does not hear what is queued once it is closed", async () => {
  const network = new MemoryNetwork(new VirtualClock());
  const here = network.bind(HERE), there = network.bind(THERE);
  await here.send(bytesOf("x"), THERE);
  there.close();
  const ear = new Ear(there);
  await soon(ear.ended);
  assertEquals(ear.heard, []);
  here.close();
});

/** What arrives of some datagrams on a bad network, and when. */
async function onBadNetwork(spec: ImpairmentSpec, seed: number): Promise<string[]> {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock, spec, seededRandom(seed));
  const here = network.bind(HERE), there = network.bind(THERE);
  const heard: string[] = [];
  const ended = (async () => {
    for await (const arrival of there.incoming()) {
      assert(arrival.kind === "data");
      heard.push(`${clock.now()} ${new TextDecoder().decode(arrival.bytes)}`);
    }
  })();
  for (let index = 0; index < 100; index++) {
    await here.send(bytesOf(`${index}`), THERE);
    await clock.advance(1);
  }
  await clock.advance(1_000);
  here.close();
  there.close();
  await soon(ended);
  assertEquals(clock.pending, 0);
  return heard;
}

Deno.test("MemoryNetwork is as bad as asked for, and the same again for the same seed", async () => {
  const items = (heard: string[]) => heard.map((each) => Number(each.split(" ")[1]));
  assertEquals(items(await onBadNetwork({}, 1)), Array.from({ length: 100 }, (_, index) => index));
  assertEquals(await onBadNetwork({ loss: 100 }, 1), []);
  assertEquals((await onBadNetwork({ dup: 100 }, 1)).length, 200);
  const bad = { loss: 10, delay: 50, jitter: 40, dup: 10, reorder: 10 };
  const heard = await onBadNetwork(bad, 7);
  assertEquals(heard, await onBadNetwork(bad, 7));
  assert(heard.join() !== (await onBadNetwork(bad, 8)).join());
  assert(items(heard).some((each, index) => each < (items(heard)[index - 1] ?? -1)));
});

Deno.test("MemoryNetwork carries thousands through time, and nothing is left", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, { delay: 30, jitter: 30, loss: 5 }, seededRandom(3));
  const here = network.bind(HERE), there = network.bind(THERE), ear = new Ear(there);
  for (let index = 0; index < 3_000; index++) {
    await here.send(bytesOf(`${index}`), THERE);
    if (index % 50 === 0) await clock.advance(10);
  }
  await clock.advance(100);
  await quiet();
  assertGreater(ear.texts.length, 2_700);
  assertEquals(new Set(ear.texts).size, ear.texts.length);
  assertEquals(there.counters.received, ear.texts.length);
  assertEquals(clock.pending, 0);
  here.close();
  there.close();
  await soon(ear.ended);
});
