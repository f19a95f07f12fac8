/**
 * What a session costs: processor time a packet, goodput of bulk, memory, handshakes, and a flood.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nonceOf, open, seal } from "../../lib/crypto/aead.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { Hub } from "../../lib/session/hub.ts";
import { HubNet } from "../support/hub_net.ts";
import { type End, end, random } from "./hub_end.ts";
import { idle, packets } from "./packets.ts";
import { compare, median, say, serve } from "./report.ts";

const here = (file: string): string => new URL(file, import.meta.url).pathname;

async function connect(): Promise<[End, End]> {
  const ann = await end(), bob = await end();
  const up = [ann, bob].map(({ machine }) =>
    new Promise<void>((resolve) => machine.onUp = resolve)
  );
  ann.shell.act((now) => ann.machine.hub.call(bob.address, false, now));
  await Promise.all(up);
  return [ann, bob];
}

async function stop(...ends: End[]): Promise<void> {
  for (const { machine, shell } of ends) {
    machine.done = {};
    shell.act(() => {});
  }
  await Promise.all(ends.map((each) => each.running));
}

/** A line there and back between two processes, against a bare echo. */
async function roundTrip(): Promise<void> {
  await using ours = await serve([here("hub_echo.ts")]);
  await using bare = await serve([here("bare_echo.ts")]);
  const ann = await end();
  const up = new Promise<void>((resolve) => ann.machine.onUp = resolve);
  const to = { host: "127.0.0.1", port: ours.port };
  ann.shell.act((now) => ann.machine.hub.call(to, false, now));
  await up;
  let left = 0, done = (): void => {};
  ann.machine.onData = () => {
    if (--left > 0) ann.machine.write(0, line);
    else done();
  };
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const line = new Uint8Array(64), buffer = new Uint8Array(2_048), count = 2_000;
  await compare({
    name: "round trip of a 64-byte message between two processes",
    unit: "us",
    rounds: 7,
    ours: async () => {
      const begin = performance.now();
      left = count;
      const finished = new Promise<void>((resolve) => done = resolve);
      ann.shell.act(() => ann.machine.write(0, line));
      await finished;
      return (performance.now() - begin) / count * 1000;
    },
    bare: async () => {
      const begin = performance.now();
      for (let each = 0; each < count; each++) {
        await socket.send(line, { transport: "udp", hostname: "127.0.0.1", port: bare.port });
        await socket.receive(buffer);
      }
      return (performance.now() - begin) / count * 1000;
    },
    target: "<= 3",
  });
  socket.close();
  await stop(ann);
}

/** Goodput of one bulk stream, and what seal, send, receive and open alone allow. */
async function bulk(): Promise<void> {
  const [ann, bob] = await connect();
  const total = 32_000_000, chunk = new Uint8Array(250_000);
  let got = 0, done = (): void => {};
  bob.machine.onData = (bytes) => {
    got += bytes.length;
    if (got >= total) done();
  };
  const measure = async (): Promise<number> => {
    got = 0;
    const finished = new Promise<void>((resolve) => done = resolve);
    const begin = performance.now();
    let written = 0;
    ann.machine.onRoom = () => {
      if (written >= total) return;
      ann.machine.write(1, chunk);
      written += chunk.length;
    };
    ann.shell.act(() => {});
    await finished;
    return total / 1e6 / ((performance.now() - begin) / 1000);
  };
  const bare = async (): Promise<number> => {
    const from = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const key = random(32), ad = new Uint8Array(7), size = 16_000, buffer = new Uint8Array(20_000);
    const payload = new Uint8Array(size), packets = Math.ceil(total / size);
    const begin = performance.now();
    for (let each = 0; each < packets; each++) {
      await from.send(seal(key, nonceOf(each), ad, payload), to.addr as Deno.NetAddr);
      const [bytes] = await to.receive(buffer);
      open(key, nonceOf(each), ad, bytes);
    }
    const rate = total / 1e6 / ((performance.now() - begin) / 1000);
    from.close();
    to.close();
    return rate;
  };
  await compare({
    name: "goodput of one bulk stream over loopback",
    unit: "MB/s",
    rounds: 3,
    ours: measure,
    bare,
    target: ">= 0.6",
  });
  await stop(ann, bob);
}

function handshakes(): void {
  const times: number[] = [];
  for (let round = 0; round < 100; round++) {
    const net = new HubNet({}, round + 1);
    const ann = net.add("192.0.2.1"), bob = net.add("192.0.2.2");
    const begin = performance.now();
    ann.hub.call(bob.address, false, 0);
    net.runUntil(() => bob.up.length > 0, 1_000);
    times.push(performance.now() - begin);
  }
  say(`\nHandshakes, both sides in one process: ${(1_000 / median(times)).toFixed(0)} a second`);
}

async function memory(): Promise<void> {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  const net = new HubNet();
  const bob = net.add("192.0.2.1");
  const count = 500;
  for (let each = 0; each < count; each++) {
    const ann = net.add(`198.51.100.${each % 250}`, undefined, 1_000 + each);
    ann.hub.call(bob.address, false, net.now);
    net.runUntil(() => bob.up.length > each, net.now + 1_000);
    net.nodes.pop();
    net.log.length = 0;
  }
  net.nodes.length = 1;
  await systemClock.turn();
  collect();
  const before = Deno.memoryUsage().heapUsed;
  bob.up.length = 0;
  bob.events.length = 0;
  for (const session of bob.hub.sessions) session.drop();
  bob.hub.tick(net.now + 1e6);
  net.nodes.length = 0;
  bob.hub = new Hub({ credentials: bob.credentials, random });
  await systemClock.turn();
  collect();
  const after = Deno.memoryUsage().heapUsed;
  say(`Memory of an idle session: ${((before - after) / count / 1024).toFixed(1)} kB of heap`);
}

/** A chat while a flood of junk comes in: how long a line takes. */
async function flood(): Promise<void> {
  const [ann, bob] = await connect();
  let heard = (): void => {};
  bob.machine.onData = () => heard();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--unstable-net", "-A", new URL("flood.ts", import.meta.url).pathname],
      ...[`${bob.address.port}`, "1000000"],
    ],
  }).spawn();
  const times: number[] = [];
  const begin = performance.now();
  while (performance.now() - begin < 4_000) {
    const at = performance.now();
    const arrived = new Promise<void>((resolve) => heard = resolve);
    ann.shell.act(() => ann.machine.write(0, new Uint8Array(64)));
    await arrived;
    times.push(performance.now() - at);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await child.status;
  const { malformed, unknown } = bob.machine.hub.counters;
  const rate = (malformed + unknown) / 4;
  say(
    `A line during a flood of junk (${(rate / 1000).toFixed(0)} thousand a second received): ` +
      `median ${median(times).toFixed(1)} ms, worst ${Math.max(...times).toFixed(0)} ms`,
  );
  await stop(ann, bob);
}

/** All of them. */
export async function sessions(): Promise<void> {
  say("\n| what | ours | yardstick | ratio | reach for |");
  say("| --- | --- | --- | --- | --- |");
  await roundTrip();
  await bulk();
  await packets();
  handshakes();
  await memory();
  idle();
  await flood();
}
