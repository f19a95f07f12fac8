import { assert, assertEquals, assertGreater } from "@std/assert";
import { CLOSED, type Endpoint } from "../../lib/net/endpoint.ts";
import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import { MemoryNetwork } from "../../lib/net/memory.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { SimulatedEndpoint } from "../../lib/net/simulated.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, soon } from "./ear.ts";

const THERE = { host: "192.0.2.2", port: 2410 };

/** A simulated endpoint on a perfect network, with somebody at the other end. */
class Scene {
  readonly clock = new VirtualClock();
  readonly inner: Endpoint;
  readonly here: SimulatedEndpoint;
  readonly there: Endpoint;
  readonly ear: Ear;

  constructor(spec: ImpairmentSpec, seed = 1) {
    const network = new MemoryNetwork(this.clock);
    this.inner = network.bind({ host: "192.0.2.1", port: 2410 });
    this.here = new SimulatedEndpoint(this.inner, spec, this.clock, seededRandom(seed));
    this.there = network.bind(THERE);
    this.ear = new Ear(this.there);
  }

  /** Sends some datagrams, one a millisecond. */
  async send(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      assertEquals(await this.here.send(bytesOf(`${index}`), THERE), undefined);
      await this.clock.advance(1);
    }
  }

  /** Closes everything, and sees that nothing is left. */
  async end(): Promise<void> {
    this.here.close();
    this.there.close();
    await soon(this.ear.ended);
    assertEquals(this.clock.pending, 0);
  }
}

Deno.test("SimulatedEndpoint without a spec is the endpoint itself", async () => {
  const scene = new Scene({});
  await scene.send(20);
  assertEquals(scene.ear.texts, Array.from({ length: 20 }, (_, index) => `${index}`));
  assertEquals(scene.ear.heard[0]?.from, addressOf(scene.here));
  assertEquals(scene.here.addresses, scene.inner.addresses);
  assertEquals(scene.here.counters, { ...scene.inner.counters });
  assertEquals(scene.here.counters.sent, 20);
  await scene.end();
});

Deno.test("SimulatedEndpoint delays what is sent, to the millisecond", async () => {
  const scene = new Scene({ delay: 50 });
  await scene.here.send(bytesOf("x"), THERE);
  assertEquals(scene.here.counters.sent, 0);
  await scene.clock.advance(49);
  assertEquals(scene.ear.texts, []);
  await scene.clock.advance(1);
  assertEquals(scene.ear.texts, ["x"]);
  assertEquals(scene.here.counters.sent, 1);
  await scene.end();
});

Deno.test("SimulatedEndpoint leaves alone what arrives", async () => {
  const scene = new Scene({ loss: 100, delay: 1_000 });
  const hear = new Ear(scene.here);
  await scene.there.send(bytesOf("x"), addressOf(scene.here));
  await hear.data(1);
  assertEquals(hear.texts, ["x"]);
  await scene.end();
  await soon(hear.ended);
});

Deno.test("SimulatedEndpoint tells nobody what it loses, but counts it as dropped", async () => {
  const scene = new Scene({ loss: 100 });
  await scene.send(30);
  assertEquals(scene.ear.texts, []);
  assertEquals(scene.here.counters.dropped, 30);
  assertEquals(scene.inner.counters.dropped, 0);
  await scene.end();
});

Deno.test("SimulatedEndpoint loses, repeats and reorders by its seed", async () => {
  const spec = { loss: 20, delay: 40, jitter: 30, dup: 20, reorder: 20 };
  const texts: string[][] = [];
  for (const seed of [7, 7, 8]) {
    const scene = new Scene(spec, seed);
    await scene.send(200);
    await scene.clock.advance(1_000);
    assertGreater(scene.here.counters.dropped, 10);
    assertGreater(scene.ear.texts.length, new Set(scene.ear.texts).size);
    assertEquals(new Set(scene.ear.texts).size + scene.here.counters.dropped, 200);
    texts.push(scene.ear.texts);
    await scene.end();
  }
  assertEquals(texts[0], texts[1]);
  assert(texts[0]?.join() !== texts[2]?.join());
  const order = texts[0]?.map(Number) ?? [];
  assert(order.some((each, index) => each < (order[index - 1] ?? -1)));
});

Deno.test("SimulatedEndpoint keeps the order where it only delays", async () => {
  const scene = new Scene({ delay: 33 });
  await scene.send(200);
  await scene.clock.advance(33);
  assertEquals(scene.ear.texts, Array.from({ length: 200 }, (_, index) => `${index}`));
  await scene.end();
});

Deno.test("SimulatedEndpoint sends a copy: the buffer stays the caller's", async () => {
  const scene = new Scene({ delay: 10 });
  const buffer = bytesOf("mine");
  await scene.here.send(buffer, THERE);
  buffer.fill(0);
  await scene.clock.advance(10);
  assertEquals(scene.ear.texts, ["mine"]);
  await scene.end();
});

Deno.test("SimulatedEndpoint goes on after a send that the system refuses", async () => {
  const scene = new Scene({ delay: 10 });
  assertEquals(await scene.here.send(new Uint8Array(65_508), THERE), undefined);
  assertEquals(await scene.here.send(bytesOf("x"), { ...THERE, port: 0 }), undefined);
  await scene.here.send(bytesOf("fine"), THERE);
  await scene.clock.advance(10);
  assertEquals(scene.ear.texts, ["fine"]);
  assertEquals(scene.here.counters.sendFailures, 2);
  await scene.end();
});

Deno.test("SimulatedEndpoint loses what is on its way when it is closed, and leaves no timer", async () => {
  const scene = new Scene({ delay: 50 });
  const hear = new Ear(scene.here);
  await scene.send(10);
  assertEquals(scene.clock.pending, 1);
  scene.here.close();
  assertEquals(scene.clock.pending, 0);
  await soon(hear.ended);
  scene.here.close();
  assertEquals(await scene.here.send(bytesOf("x"), THERE), CLOSED);
  assertEquals(await scene.inner.send(bytesOf("x"), THERE), CLOSED);
  await scene.clock.advance(1_000);
  assertEquals(scene.ear.texts, []);
  await scene.end();
});
