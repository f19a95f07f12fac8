/**
 * What a relay costs, and how soon it passes on: beside a minimal relay in Python without security or
 * storage, or beside a bare loop, in the same run.
 *
 * @module
 */

import { Crowd, crowd, TEXT } from "./crowd.ts";
import { processorTime, resident } from "./process.ts";
import { hasPython, pause, PythonRoom } from "./python.ts";
import { median, say, serve, type Server } from "./report.ts";

const here = (file: string): string => new URL(file, import.meta.url).pathname;
/** UDP payload of a full Ethernet frame over IPv6. */
const ETHERNET = 1_452;
/** Seconds that a quiet room is looked at. */
const QUIET_SECONDS = 12;
/** Messages in the measurement of latency, and how many of them a second. */
const PACED = 500, PER_SECOND = 100;

/** A relay with a store of its own. */
async function relay(mtu?: number): Promise<Server> {
  const home = await Deno.makeTempDir(), size = mtu === undefined ? [] : ["--mtu", `${mtu}`];
  const server = await serve([here("relay_end.ts"), ...size, `${home}/rooms.db`]);
  return {
    port: server.port,
    pid: server.pid,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
    },
  };
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  return { host: "127.0.0.1", port: server.port };
}

/** Processor time of our relay for a delivery in bursts, in us. */
async function ours(size: number, lines: number, rounds: number, mtu?: number): Promise<number> {
  await using server = await relay(mtu);
  await using all = await crowd(size, addressOf(server));
  await all.burst(size, lines);
  const before = await processorTime(server.pid);
  let deliveries = 0;
  for (let round = 0; round < rounds; round++) deliveries += await all.burst(size, lines);
  return (await processorTime(server.pid) - before) / deliveries;
}

async function inBursts(): Promise<void> {
  const python: number[] = [], loopback: number[] = [], ethernet: number[] = [];
  for (let round = 0; round < 3; round++) {
    loopback.push(await ours(50, 20, 6));
    {
      await using room = await PythonRoom.open(50);
      python.push(await room.cost(new TextEncoder().encode(TEXT), 40));
    }
    ethernet.push(await ours(50, 20, 6, ETHERNET));
  }
  row("a delivery in a room of 50, in bursts, datagrams of 16,384", loopback, python, "<= 1.0");
  row("the same, datagrams of 1,452", ethernet, python, "<= 1.5");
}

function row(
  what: string,
  left: readonly number[],
  right: readonly number[],
  target: string,
): void {
  const ratio = median(left.map((value, at) => value / (right[at] ?? NaN)));
  say(
    `| ${what} | ${median(left).toFixed(2)} us | ${median(right).toFixed(2)} us | ` +
      `${ratio.toFixed(2)} | ${target} |`,
  );
}

/** A message a second, beside a loop that seals and sends as many datagrams of the same sizes. */
async function quiet(): Promise<void> {
  await using server = await relay();
  await using all = await crowd(50, addressOf(server));
  const [author] = all.members, sizes: number[] = [];
  const say = (): void =>
    author?.shell.act(() => author.machine.write([author.machine.entry(TEXT)]));
  for (let second = 0; second < 3; second++) {
    say();
    await pause(1_000);
  }
  for (const { machine } of all.members) machine.onDatagram = (size) => sizes.push(size);
  say();
  await pause(1_000);
  for (const { machine } of all.members) machine.onDatagram = () => {};
  const sink = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const port = (sink.addr as Deno.NetAddr).port;
  await using bare = await serve([here("bare_fan_out.ts"), `${port}`, ...sizes.map(String)]);
  await pause(2_000);
  const before = [await processorTime(server.pid), await processorTime(bare.pid)];
  for (let second = 0; second < QUIET_SECONDS; second++) {
    say();
    await pause(1_000);
  }
  const after = [await processorTime(server.pid), await processorTime(bare.pid)];
  const [left = 0, right = 0] = after.map((time, at) =>
    (time - (before[at] ?? 0)) / QUIET_SECONDS / 49
  );
  row(`a delivery at one message a second, beside a bare loop`, [left], [right], "<= 1.5");
  sink.close();
}

/** Tells the middle and the worst of a hundred, in ms. */
function tails(latencies: readonly number[]): string {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor(sorted.length * share)] ?? NaN).toFixed(1);
  return `${at(0.5)} | ${at(0.99)} | ${at(1 - 1e-9)}`;
}

async function paced(each: (message: number) => unknown): Promise<void> {
  const begin = performance.now();
  for (let message = 0; message < PACED; message++) {
    const wait = begin + message * 1_000 / PER_SECOND - performance.now();
    if (wait > 0) await pause(wait);
    await each(message);
  }
  await pause(500);
}

async function latency(): Promise<void> {
  say(`\nLatency through the relay, room of 50, ${PER_SECOND} messages a second, in ms:\n`);
  say("| relay | p50 | p99 | max | arrived |");
  say("| --- | --- | --- | --- | --- |");
  const share = (heard: number): string => `${(heard / (PACED * 49) * 100).toFixed(1)} %`;
  {
    await using server = await relay();
    await using all = await crowd(50, addressOf(server));
    const latencies: number[] = [], since = new Map<string, number>();
    for (const { machine } of all.members) {
      machine.onEntries = (author, first, count) => {
        const now = performance.now();
        for (let each = first; each < first + count; each++) {
          latencies.push(now - (since.get(`${author.toHex()} ${each}`) ?? NaN));
        }
      };
    }
    await paced((message) => {
      const { machine, shell } = all.members[message % 50] ?? {};
      if (machine === undefined || shell === undefined) return;
      const entry = machine.entry(TEXT), key = machine.identity.publicKey.toHex();
      since.set(`${key} ${Math.floor(message / 50) + 1}`, performance.now());
      shell.act(() => machine.write([entry]));
    });
    say(`| ours | ${tails(latencies)} | ${share(latencies.length)} |`);
  }
  {
    await using room = await PythonRoom.open(50);
    const latencies: number[] = [], since: number[] = [], line = new Uint8Array(80);
    room.onHeard = (bytes) => {
      const message = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
      latencies.push(performance.now() - (since[message] ?? NaN));
    };
    await paced(async (message) => {
      line[0] = message >> 8;
      line[1] = message & 255;
      since[message] = performance.now();
      await room.say(message % 50, line);
    });
    say(`| Python, plain text | ${tails(latencies)} | ${share(latencies.length)} |`);
  }
}

/** Processor time for a message in a room of so many, in us: 10 authors, 300 messages at once. */
async function perMessage(size: number): Promise<number> {
  await using server = await relay();
  await using all = await crowd(size, addressOf(server));
  const authors = size < 10 ? 1 : 10, lines = 300 / authors;
  await all.burst(authors, lines);
  const rounds = Math.max(1, Math.min(10, Math.round(1_000 / size)));
  const before = await processorTime(server.pid);
  for (let round = 0; round < rounds; round++) await all.burst(authors, lines);
  return (await processorTime(server.pid) - before) / (rounds * authors * lines);
}

async function sizes(all: readonly number[]): Promise<void> {
  say("\nFor rooms of other sizes, 300 messages at once:\n");
  say("| members | us a delivery | without what a message costs once |");
  say("| --- | --- | --- |");
  const two = await perMessage(2), hundred = await perMessage(100);
  const once = two - (hundred - two) / 98;
  for (const size of all) {
    const cost = size === 100 ? hundred : await perMessage(size);
    const each = (value: number): string => (value / (size - 1)).toFixed(2);
    say(`| ${size} | ${each(cost)} | ${each(cost - once)} |`);
  }
  say(`\nA message itself, signature and disk: ${once.toFixed(0)} us`);
}

async function join(): Promise<void> {
  await using server = await relay();
  await using all = new Crowd(addressOf(server));
  await all.join(1);
  const memory = await resident(server.pid), before = await processorTime(server.pid);
  const begin = performance.now();
  const inTime = await Promise.race([all.join(1_000).then(() => true), pause(60_000)]);
  const seconds = (performance.now() - begin) / 1_000;
  const cost = (await processorTime(server.pid) - before) / 1_000;
  say(
    inTime
      ? `\n1,000 members who join at once: all are in after ${seconds.toFixed(1)} s ` +
        `(${cost.toFixed(0)} us of the relay's processor each)`
      : "\n1,000 members who join at once: not all were in after 60 s",
  );
  await pause(3_000);
  const more = (await resident(server.pid) - memory) * 1_024 / 1_000;
  say(`Memory for each of them once they are idle: ${more.toFixed(0)} kB`);
}

/** All of them. */
export async function relays(): Promise<void> {
  if (Deno.build.os !== "linux") return say("skipped: a relay's processor time is read from /proc");
  if (!await hasPython()) return say("skipped: the relay beside one in Python (no python3 here)");
  say("\n| processor time of the relay | ours | Python, plain text | ratio | reach for |");
  say("| --- | --- | --- | --- | --- |");
  await inBursts();
  await quiet();
  await latency();
  await sizes([10, 100, 1_000]);
  await join();
}

/** The largest room: it takes minutes. */
export async function largest(): Promise<void> {
  if (Deno.build.os !== "linux") return say("skipped: a relay's processor time is read from /proc");
  await sizes([5_000]);
}
