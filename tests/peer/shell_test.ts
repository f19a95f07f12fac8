import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../lib/net/clock.ts";
import { type Arrival, type Endpoint, newCounters } from "../../lib/net/endpoint.ts";
import { MemoryNetwork } from "../../lib/net/memory.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { type Machine, Shell } from "../../lib/peer/shell.ts";
import { PlainChat } from "../../lib/plain/chat.ts";
import type { PlainEvent } from "../../lib/plain/event.ts";
import { PlainGroup } from "../../lib/plain/group.ts";
import { PlainService } from "../../lib/plain/service.ts";
import type { Address } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { messages } from "../support/plain.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";

/** Without it the heap is a saw, and its height says nothing. */
setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

const SERVER: Address = { host: "10.0.0.1", port: 2410 };

interface Node<M> {
  readonly machine: M;
  readonly shell: Shell<PlainEvent>;
  readonly events: PlainEvent[];
  readonly running: Promise<void>;
}

function start<M extends Machine<PlainEvent>>(
  clock: VirtualClock,
  network: MemoryNetwork,
  address: Address,
  machine: M,
): Node<M> {
  const events: PlainEvent[] = [];
  const shell = new Shell(machine, network.bind(address), clock, (event) => events.push(event));
  return { machine, shell, events, running: shell.run() };
}

async function stop(...nodes: Node<PlainChat | PlainGroup | PlainService>[]): Promise<void> {
  for (const { shell, machine } of nodes) shell.act(() => machine.leave(0, "test"));
  await Promise.all(nodes.map((node) => node.running));
}

Deno.test("Shell carries a conversation both ways at once", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock, { delay: 50 });
  const ann = start(clock, network, SERVER, new PlainChat());
  const bob = start(clock, network, { host: "10.0.0.2", port: 0 }, new PlainChat({ to: SERVER }));
  bob.shell.act((now) => bob.machine.say("hello", now));
  await clock.advance(60);
  for (let line = 0; line < 10; line++) {
    ann.shell.act((now) => ann.machine.say(`a${line}`, now));
    bob.shell.act((now) => bob.machine.say(`b${line}`, now));
  }
  await clock.advance(60);
  assertEquals(messages(bob.events).length, 10);
  assertEquals(messages(ann.events).length, 11);
  await stop(ann, bob);
  assertEquals(clock.pending, 0, "no timer is left");
});

Deno.test("Shell wakes the machine at the time it asked for, and arms one timer only", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const bob = start(clock, network, { host: "10.0.0.2", port: 0 }, new PlainChat({ to: SERVER }));
  for (let line = 0; line < 20; line++) bob.shell.act((now) => bob.machine.say("anyone?", now));
  await clock.advance(0);
  assertEquals(clock.pending, 1);
  await clock.advance(2_999);
  assertEquals(bob.events.filter((event) => event.type === "notice").length, 0);
  await clock.advance(2);
  assertEquals(bob.events.filter((event) => event.type === "notice").length, 1);
  await stop(bob);
});

Deno.test("Shell passes a group's messages on to all, 200 members, within the same moment", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const server = start(clock, network, SERVER, new PlainGroup());
  const members = Array.from(
    { length: 200 },
    (_, at) =>
      start(clock, network, { host: "10.0.1.1", port: 1 + at }, new PlainChat({ to: SERVER })),
  );
  for (const { shell, machine } of members) shell.act((now) => machine.say("here", now));
  await clock.advance(1);
  const before = members.map((member) => messages(member.events).length);
  members[0]?.shell.act((now) => members[0]?.machine.say("to all", now));
  await clock.advance(1);
  for (const [at, member] of members.entries()) {
    const heard = messages(member.events);
    assertEquals(heard.length, (before[at] ?? 0) + 1);
    assertEquals(heard.at(-1), "10.0.0.1 to all");
  }
  assertEquals(messages(server.events).length, 201);
  await stop(server, ...members);
  assertEquals(clock.pending, 0);
});

Deno.test("Shell goes on through loss, duplicates and reordering, for 50 seeds", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const clock = new VirtualClock();
    const spec = { loss: 30, delay: 20, jitter: 20, dup: 10, reorder: 10 };
    const network = new MemoryNetwork(clock, spec, seededRandom(seed));
    const echo = start(clock, network, SERVER, new PlainService("echo"));
    const chat = start(
      clock,
      network,
      { host: "10.0.0.2", port: 0 },
      new PlainChat({ to: SERVER }),
    );
    for (let line = 0; line < 100; line++) {
      chat.shell.act((now) => chat.machine.say(`${line}`, now));
      await clock.advance(10);
    }
    await clock.advance(200);
    const heard = messages(chat.events).map((each) => each.replace("10.0.0.1 ", ""));
    assert(heard.length > 20 && heard.length < 110, `seed ${seed}: ${heard.length}`);
    assert(heard.every((each) => /^\d+$/.test(each)), `seed ${seed}`);
    await stop(echo, chat);
    assertEquals(clock.pending, 0, `seed ${seed}`);
  }
});

Deno.test("feed() reads no faster than the machine takes", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const waiting = start(clock, network, SERVER, new PlainChat());
  let read = 0;
  async function* lines(): AsyncGenerator<readonly string[]> {
    for (; read < 100_000; read++) yield [`line ${read}`];
  }
  const fed = waiting.shell.feed(
    lines(),
    (lines, now) => lines.forEach((line) => waiting.machine.say(line, now)),
    (now) => waiting.machine.endInput(now),
  );
  await clock.advance(10_000);
  assert(read >= 999 && read <= 1_001, `read ${read}`);
  await stop(waiting);
  await fed;
});

Deno.test("feed() rests between bursts, so that a receiver's buffer is not overrun", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const sink = start(clock, network, SERVER, new PlainChat());
  const chat = start(clock, network, { host: "10.0.0.2", port: 0 }, new PlainChat({ to: SERVER }));
  async function* lines(): AsyncGenerator<readonly string[]> {
    for (let line = 0; line < 3_200; line++) yield [`${line}`];
  }
  const fed = chat.shell.feed(
    lines(),
    (lines, now) => lines.forEach((line) => chat.machine.say(line, now)),
    (now) => chat.machine.endInput(now),
  );
  await clock.advance(50);
  const half = messages(sink.events).length;
  assert(half > 1_000 && half < 2_000, `after 50 ms ${half}`);
  await clock.advance(60);
  assertEquals(messages(sink.events).length, 3_200);
  await fed;
  await chat.running;
  assertEquals(chat.machine.done?.status, 0);
  await stop(sink);
});

/** Sends without end; counts what it hears meanwhile. */
class Chatterbox implements Machine<never> {
  done: object | undefined;
  heard = 0;
  sends = 0;
  receive(): void {
    this.heard++;
  }
  tick(): void {}
  poll(): Transmit | undefined {
    if (this.sends >= 10_000) return undefined;
    this.sends++;
    return { bytes: new Uint8Array(8), to: { host: "10.0.0.9", port: 9 } };
  }
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): undefined {
    return undefined;
  }
}

Deno.test("Shell gives the receive loop a turn at least every 32 sends", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock), machine = new Chatterbox();
  let turns = 0;
  const counting: Clock = {
    now: () => clock.now(),
    wall: () => clock.wall(),
    wake: (at, then) => clock.wake(at, then),
    turn: () => {
      turns++;
      return quiet();
    },
  };
  const shell = new Shell<never>(machine, network.bind(SERVER), counting, () => {});
  const running = shell.run();
  const sender = network.bind({ host: "10.0.0.2", port: 1 });
  while (machine.sends < 10_000) {
    await sender.send(new Uint8Array(1), SERVER);
    await quiet();
  }
  assertEquals(turns, Math.floor(10_000 / 32));
  assert(machine.heard > 100, `heard ${machine.heard} while it was sending`);
  machine.done = {};
  shell.act(() => {});
  await running;
});

/** Counts what it is asked. */
class Listener implements Machine<never> {
  done: object | undefined;
  heard = 0;
  /** How much had come each time it was asked what to send. */
  readonly polls: number[] = [];
  receive(): void {
    this.heard++;
  }
  tick(): void {}
  poll(): undefined {
    this.polls.push(this.heard);
    return undefined;
  }
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): undefined {
    return undefined;
  }
}

Deno.test("Shell takes what is there together, 32 at most, before it asks what to answer", async () => {
  for (const count of [1, 10, 100]) {
    const clock = new VirtualClock(), listener = new Listener();
    const arrival = { kind: "data", bytes: new Uint8Array(1), from: SERVER } as const;
    const closed = Promise.withResolvers<void>();
    const endpoint: Endpoint = {
      addresses: [SERVER],
      counters: newCounters(),
      send: () => Promise.resolve(undefined),
      close: () => closed.resolve(),
      async *incoming(): AsyncGenerator<Arrival> {
        for (let each = 0; each < count; each++) yield arrival;
        await closed.promise;
      },
    };
    const shell = new Shell<never>(listener, endpoint, clock, () => {}), running = shell.run();
    await quiet();
    assertEquals(listener.heard, count);
    const asked = [...new Set(listener.polls)];
    assertEquals(asked, [0, ...count === 100 ? [32, 64, 96] : [], count]);
    listener.done = {};
    shell.act(() => {});
    await running;
  }
});

Deno.test("run() rejects when the machine breaks, and closes the endpoint", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const machine = new PlainChat(), endpoint = network.bind(SERVER);
  const shell = new Shell<PlainEvent>(machine, endpoint, clock, () => {});
  const running = shell.run();
  shell.act(() => {
    throw new TypeError("our mistake");
  });
  await assertRejects(() => running, TypeError, "our mistake");
  assertEquals((await endpoint.send(new Uint8Array(1), SERVER))?.code, "CLOSED");
  assertEquals(clock.pending, 0);
});

Deno.test("run() ends when the endpoint is closed", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const endpoint = network.bind(SERVER);
  const shell = new Shell<PlainEvent>(new PlainChat(), endpoint, clock, () => {});
  const running = shell.run();
  endpoint.close();
  await running;
});

Deno.test("Shell keeps no memory of a million datagrams", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const events = { count: 0 };
  const echo = new PlainService("echo");
  const shell = new Shell<PlainEvent>(echo, network.bind(SERVER), clock, () => events.count++);
  const running = shell.run();
  const from = { host: "10.0.0.2", port: 5 };
  const payload = new Uint8Array(80).fill(0x61);
  const pour = async (datagrams: number): Promise<number> => {
    for (let sent = 0; sent < datagrams; sent += 200) {
      for (let each = 0; each < 200; each++) network.carry(payload, from, SERVER);
      await quiet();
    }
    collectGarbage();
    return Deno.memoryUsage().heapUsed;
  };
  const warm = await pour(100_000);
  const after = await pour(900_000);
  assertEquals(events.count, 1_000_000);
  assert(after - warm < 4e6, `heap grew by ${((after - warm) / 1e6).toFixed(1)} MB`);
  shell.act(() => echo.leave(0, "test"));
  await running;
});
