/**
 * All benchmarks: `deno task bench`. Sends to loopback only, bounded in count.
 *
 * @module
 */

import { bindUdp } from "../../lib/net/bind.ts";
import type { Endpoint } from "../../lib/net/endpoint.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { type Machine, Shell } from "../../lib/peer/shell.ts";
import type { PlainEvent } from "../../lib/plain/event.ts";
import { PlainGroup } from "../../lib/plain/group.ts";
import { printable } from "../../lib/chat/printable.ts";
import type { Address } from "../../lib/wire/address.ts";
import { firstLine, latencyUnderLoss } from "./latency.ts";
import { compare, head, say, serve } from "./report.ts";
import { lans } from "./lan.ts";
import { largest, relays } from "./relay.ts";
import { sessions } from "./session.ts";
import { stores } from "./store.ts";

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const MAIN = here("../../main.ts");

const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const buffer = new Uint8Array(65_536), payload = new Uint8Array(80).fill(0x61);

/** Mean round trip in microseconds. */
async function pingPong(port: number, count: number): Promise<number> {
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const begin = performance.now();
  for (let sent = 0; sent < count; sent++) {
    await socket.send(payload, to);
    await socket.receive(buffer);
  }
  return (performance.now() - begin) / count * 1000;
}

async function echoRoundTrip(): Promise<void> {
  await using ours = await serve([MAIN, "service", "echo", "--host", "127.0.0.1", "--port", "0"]);
  await using bare = await serve([here("bare_echo.ts")]);
  await compare({
    name: "echo round trip, 80 bytes, between two processes",
    unit: "us",
    rounds: 11,
    ours: () => pingPong(ours.port, 4_000),
    bare: () => pingPong(bare.port, 4_000),
    target: "<= 1.3",
  });
}

/** Members that are all one socket: it is bound to every address of 127.0.0.0/8. */
function members(count: number, port: number): Address[] {
  return Array.from({ length: count }, (_, at) => ({
    host: `127.1.${at >> 8}.${at & 255}`,
    port,
  }));
}

async function fanOut(count: number): Promise<void> {
  const sink = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const to = members(count, (sink.addr as Deno.NetAddr).port);
  const posts = Math.ceil(20_000 / count);
  const endpoint = await bindUdp(systemClock, { host: "127.0.0.1", port: 0 });
  const group = new PlainGroup();
  for (const member of to) group.receive(new Uint8Array(0), member, 0);
  let left = 0, done = (): void => {};
  const counting = new Proxy(endpoint, {
    get: (target, key) => {
      if (key !== "send") {
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (bytes: Uint8Array, address: Address) => {
        if (--left === 0) done();
        return target.send(bytes, address);
      };
    },
  }) as Endpoint;
  const shell = new Shell<PlainEvent>(group, counting, systemClock, () => {});
  const running = shell.run();
  const bareSocket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const bareTo = to.map(({ host, port }) => ({ transport: "udp", hostname: host, port }) as const);
  const author = to[0] ?? { host: "", port: 0 };
  await compare({
    name: `plain group, one message to ${count} addresses`,
    unit: "us a datagram",
    rounds: 15,
    ours: async () => {
      left = posts * count;
      const finished = new Promise<void>((resolve) => done = resolve);
      const begin = performance.now();
      for (let post = 0; post < posts; post += 500) {
        shell.act((now) => {
          for (let each = post; each < Math.min(posts, post + 500); each++) {
            group.receive(payload, author, now);
          }
        });
        if (posts > 500) {
          while (left > (posts - Math.min(posts, post + 500)) * count) await systemClock.turn();
        }
      }
      await finished;
      return (performance.now() - begin) / (posts * count) * 1000;
    },
    bare: async () => {
      const begin = performance.now();
      for (let post = 0; post < posts; post++) {
        for (const each of bareTo) await bareSocket.send(payload, each);
      }
      return (performance.now() - begin) / (posts * count) * 1000;
    },
    target: "<= 1.3",
  });
  shell.act(() => group.leave(0, "done"));
  await running;
  bareSocket.close();
  sink.close();
}

/** Counts what it hears. */
class Counter implements Machine<never> {
  readonly done = undefined;
  count = 0;
  receive(): void {
    this.count++;
  }
  tick(): void {}
  poll(): undefined {}
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): undefined {}
}

/** Floods a port from another process; gives microseconds for each datagram that was received. */
async function flooded(port: number, count: () => number): Promise<number> {
  const before = count(), begin = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--unstable-net", "-A", here("flood.ts"), `${port}`, "200000"],
  }).output();
  if (!success) throw new Error("the flood failed");
  return (performance.now() - begin) / (count() - before) * 1000;
}

async function receiveRate(): Promise<void> {
  const machine = new Counter();
  const endpoint = await bindUdp(systemClock, { host: "127.0.0.1", port: 0 });
  const running = new Shell<never>(machine, endpoint, systemClock, () => {}).run();
  const bare = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let bareCount = 0;
  const loop = (async () => {
    const into = new Uint8Array(65_536);
    try {
      for (;;) {
        await bare.receive(into);
        bareCount++;
      }
    } catch { /* Closed. */ }
  })();
  await compare({
    name: "receive, flooded from another process",
    unit: "us a datagram",
    rounds: 5,
    ours: () => flooded(endpoint.addresses[0]?.port ?? 0, () => machine.count),
    bare: () => flooded((bare.addr as Deno.NetAddr).port, () => bareCount),
  });
  endpoint.close();
  bare.close();
  await Promise.all([running, loop]);
}

async function startUp(): Promise<void> {
  const time = async (args: readonly string[]) => {
    const begin = performance.now();
    await using _server = await serve(args);
    return performance.now() - begin;
  };
  await compare({
    name: "start from source until it listens",
    unit: "ms",
    rounds: 11,
    ours: () => time([MAIN, "plain", "--host", "127.0.0.1", "--port", "0"]),
    bare: () => time([here("bare_echo.ts")]),
  });
}

async function memory(): Promise<void> {
  if (Deno.build.os !== "linux") return say("\nMemory over a million datagrams: only on Linux.");
  await using server = await serve([MAIN, "service", "echo", "--host", "127.0.0.1", "--port", "0"]);
  const resident = async (): Promise<number> => {
    const status = await Deno.readTextFile(`/proc/${server.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  };
  const figures: string[] = [];
  for (let round = 0; round < 5; round++) {
    await pingPong(server.port, 200_000);
    figures.push((await resident()).toFixed(0));
  }
  say("\nResident memory of the echo service in MB after 200, 400, 600, 800 and 1,000 thousand");
  say(`datagrams there and back: ${figures.join(", ")}`);
}

function foreignText(): void {
  const texts = {
    "ASCII, 60 characters": "the quick brown fox jumps over the lazy dog, again and again.",
    "accents, dashes, an emoji, 60 characters":
      "h\u00e9llo w\u00f6rld \u2013 this is a \u201clonger\u201d message with dashes \u2014 and \u{1f44d}!",
    "hostile, 60 characters": "\x1b[2J\u202e\u200b".repeat(10),
  };
  say("\nThe boundary for foreign text:");
  for (const [name, text] of Object.entries(texts)) {
    const begin = performance.now();
    for (let each = 0; each < 50_000; each++) printable(text);
    say(`- ${name}: ${((performance.now() - begin) / 50).toFixed(2)} us`);
  }
}

async function plainMode(): Promise<void> {
  head();
  await echoRoundTrip();
  for (const count of [10, 100, 1_000]) await fanOut(count);
  await receiveRate();
  await startUp();
  await memory();
  foreignText();
}

/** Groups, by name: `deno task bench` runs all but `large`, `deno task bench latency` one. */
const GROUPS: Readonly<Record<string, () => void | Promise<void>>> = {
  plain: plainMode,
  latency: () => {
    latencyUnderLoss();
    firstLine();
  },
  session: sessions,
  relay: relays,
  store: stores,
  lan: lans,
  large: largest,
};

say(
  `deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.build.arch}, ` +
    `${navigator.hardwareConcurrency} cores\n`,
);
for (const [name, group] of Object.entries(GROUPS)) {
  if (Deno.args.length === 0 ? name !== "large" : Deno.args.includes(name)) await group();
}
socket.close();
