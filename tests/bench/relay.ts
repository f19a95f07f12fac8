/**
 * What a relay costs: processor time of the relay alone for each message that it delivers, beside a
 * minimal relay in Python without security or storage, in the same run.
 *
 * @module
 */

import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { openRoomNumber } from "../../lib/crypto/room_key.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { bindUdp } from "../../lib/net/bind.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { type Machine, Shell } from "../../lib/peer/shell.ts";
import { Hub } from "../../lib/session/hub.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { encodeRoom, roomReader } from "../../lib/wire/room.ts";
import { random } from "./hub_end.ts";
import { median, say, serve, type Server } from "./report.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const PYTHON_RELAY = new URL("relay_plain.py", import.meta.url).pathname;
const ROOM = openRoomNumber("lobby");
/** A line of 80 bytes. */
const TEXT = "x".repeat(80);
/** Ticks of the processor time in /proc, a second (Linux: USER_HZ). */
const TICKS = 100;

/** Seconds of processor time that a process has used. */
async function processorTime(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** A member that checks nothing: it counts, and says HAVE. */
class Counter implements Machine<never> {
  readonly identity = makeIdentity(random(32));
  readonly hub = new Hub({
    credentials: { identity: this.identity, staticKey: keyPair(random(32)), instance: random(8) },
    random,
  });
  done: object | undefined;
  /** Entries that came. */
  count = 0;
  onCount: () => void = () => {};
  onUp: () => void = () => {};
  #session: Session | undefined;
  readonly #readers = [roomReader(), roomReader()];
  readonly #records: [number, number] = [0, 0];
  readonly #log = random(8);
  #number = 0;
  #previous: Uint8Array = NO_ENTRY;

  /** An entry, signed and encoded: made before the clock runs. */
  entry(text: string): Uint8Array {
    const number = ++this.#number, time = Date.now(), log = this.#log;
    const body = encodeBody({ kind: "text", text }), clock = time * CLOCK_STEPS + number;
    const fields = { room: ROOM, log, number, previous: this.#previous, clock, time, body };
    const { entry, id } = signEntry(this.identity, fields), { author } = entry;
    const run = { history: false, author, log, first: number, previous: this.#previous };
    this.#previous = id;
    return encodeRoom({ type: "entries", ...run, parts: [entry] });
  }

  write(records: readonly Uint8Array[]): void {
    if (!this.#session) return;
    for (const record of records) this.#session.write(0, record);
    this.hub.touch(this.#session);
  }

  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.hub.receive(bytes, from, now);
    this.#listen();
  }
  tick(now: number): void {
    this.hub.tick(now);
    this.#listen();
  }
  poll(now: number): Transmit | undefined {
    return this.hub.poll(now);
  }
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): number | undefined {
    return this.hub.nextTimeout();
  }

  #listen(): void {
    for (const event of this.hub.events()) {
      if (event.type === "up") {
        this.#session = event.session;
        this.write([
          encodeRoom({ type: "room", room: ROOM }),
          encodeRoom({ type: "join", name: "lobby" }),
          encodeRoom({ type: "hold", last: true, logs: [] }),
        ]);
        this.onUp();
      } else if (event.type === "session" && event.event.type === "data") {
        this.#read(event.event.stream === 0 ? 0 : 1, event.event.bytes);
      }
    }
  }

  #read(stream: 0 | 1, bytes: Uint8Array): void {
    let came = 0;
    for (const record of this.#readers[stream]?.push(bytes) ?? []) {
      if (record.type !== "entries") continue;
      came++;
      this.count += record.parts.length;
    }
    if (came === 0) return;
    this.#records[stream] += came;
    this.write([encodeRoom({ type: "have", stream, count: this.#records[stream] })]);
    this.onCount();
  }
}

interface Crowd extends AsyncDisposable {
  readonly members: readonly { readonly machine: Counter; readonly shell: Shell<never> }[];
}

/** So many members of the lobby. */
async function crowd(size: number, to: Address): Promise<Crowd> {
  const running: Promise<void>[] = [];
  const members: { machine: Counter; shell: Shell<never> }[] = [];
  for (let each = 0; each < size; each++) {
    const machine = new Counter();
    const endpoint = await bindUdp(systemClock, { host: "127.0.0.1", port: 0 });
    const shell = new Shell<never>(machine, endpoint, systemClock, () => {});
    const up = new Promise<void>((resolve) => machine.onUp = resolve);
    running.push(shell.run());
    shell.act((now) => machine.hub.call(to, false, now));
    await up;
    members.push({ machine, shell });
  }
  return {
    members,
    [Symbol.asyncDispose]: async () => {
      for (const { machine, shell } of members) {
        machine.done = {};
        shell.act(() => {});
      }
      await Promise.all(running);
    },
  };
}

/** Each member says some lines at once; until all have heard all. Gives the deliveries. */
async function burst({ members }: Crowd, lines: number): Promise<number> {
  const said = members.map(({ machine }) =>
    Array.from({ length: lines }, () => machine.entry(TEXT))
  );
  const wanted = members.map(({ machine }) => machine.count + (members.length - 1) * lines);
  const heard = new Promise<void>((resolve) => {
    const check = (): void => {
      if (members.every(({ machine }, at) => machine.count >= (wanted[at] ?? 0))) resolve();
    };
    for (const { machine } of members) machine.onCount = check;
  });
  for (const [at, { machine, shell }] of members.entries()) {
    shell.act(() => machine.write(said[at] ?? []));
  }
  await heard;
  return members.length * (members.length - 1) * lines;
}

/** Processor time of our relay for a delivery, in us. */
async function ours(size: number, lines: number, rounds: number): Promise<number> {
  const home = await Deno.makeTempDir();
  const server = await serve([MAIN, "serve", "--host", "127.0.0.1", "--port", "0", "--home", home]);
  try {
    await using all = await crowd(size, { host: "127.0.0.1", port: server.port });
    await burst(all, lines);
    const before = await processorTime(server.pid);
    let deliveries = 0;
    for (let round = 0; round < rounds; round++) deliveries += await burst(all, lines);
    return (await processorTime(server.pid) - before) / deliveries * 1e6;
  } finally {
    await server[Symbol.asyncDispose]();
    await Deno.remove(home, { recursive: true });
  }
}

/** The same of the relay in Python, with plain datagrams. */
async function python(size: number, lines: number, rounds: number): Promise<number> {
  const server = await startPython();
  const to = { transport: "udp", hostname: "127.0.0.1", port: server.port } as const;
  const sockets = Array.from(
    { length: size },
    () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  try {
    let heard = 0;
    const buffer = new Uint8Array(2_048);
    for (const socket of sockets) {
      void (async () => {
        for (;;) {
          try {
            await socket.receive(buffer);
            heard++;
          } catch {
            return;
          }
        }
      })();
    }
    const line = new TextEncoder().encode(TEXT);
    for (const socket of sockets) await socket.send(line, to);
    await new Promise((resolve) => setTimeout(resolve, 200));
    heard = 0;
    const before = await processorTime(server.pid);
    for (let round = 0; round < rounds * lines; round++) {
      // No faster than the receivers take it, or datagrams are lost: it has no acknowledgements.
      for (const socket of sockets) {
        await socket.send(line, to);
        if (heard % 7 === 0) await systemClock.turn();
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    return (await processorTime(server.pid) - before) / heard * 1e6;
  } finally {
    for (const socket of sockets) socket.close();
    await server[Symbol.asyncDispose]();
  }
}

async function startPython(): Promise<Server> {
  const child = new Deno.Command("python3", {
    args: [PYTHON_RELAY],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  const text = new TextDecoder().decode((await reader.read()).value);
  return {
    port: Number(/:(\d+)/.exec(text)?.[1]),
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

async function hasPython(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("python3", { args: ["--version"] }).output();
    return success;
  } catch {
    return false;
  }
}

/** All of them. */
export async function relays(): Promise<void> {
  if (Deno.build.os !== "linux") return say("skipped: a relay's processor time is read from /proc");
  if (!await hasPython()) return say("skipped: the relay beside one in Python (no python3 here)");
  say("\n| what | ours | Python, plain text | ratio | reach for |");
  say("| --- | --- | --- | --- | --- |");
  const left: number[] = [], right: number[] = [];
  for (let round = 0; round < 3; round++) {
    left.push(await ours(50, 20, 5));
    right.push(await python(50, 20, 2));
  }
  const [a, b] = [median(left), median(right)];
  say(
    `| processor time of the relay a delivery, room of 50, in bursts | ${a.toFixed(2)} us | ` +
      `${b.toFixed(2)} us | ${(a / b).toFixed(2)} | <= 1.0 |`,
  );
  say("\nFor rooms of other sizes, in bursts of 1,000 messages:\n");
  say("| members | us a delivery |");
  say("| --- | --- |");
  for (const size of [10, 100, 200]) {
    say(`| ${size} | ${(await ours(size, Math.ceil(1_000 / size), 3)).toFixed(2)} |`);
  }
}
