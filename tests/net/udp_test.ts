import { assert, assertEquals } from "@std/assert";
import { type Arrival, CLOSED } from "../../lib/net/endpoint.ts";
import { type DatagramSocket, UdpEndpoint } from "../../lib/net/udp.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";
import { bytesOf, Ear, soon } from "./ear.ts";

type Received = [Uint8Array, Deno.Addr];

/** What a datagram from there looks like to the endpoint. */
function from(hostname: string, port: number, text = "x"): Received {
  return [bytesOf(text), { transport: "udp", hostname, port }];
}

/** A socket that does as the test says, and blocks when it has nothing more to do. */
class FakeSocket implements DatagramSocket {
  readonly addr: Deno.Addr;
  /** When each receive was asked for, in ms. */
  readonly asked: number[] = [];
  readonly sent: [string, Deno.NetAddr][] = [];
  closes = 0;
  /** Answers one receive: a datagram, or something to throw. Left out: it blocks. */
  next: () => Received | { readonly throws: unknown } | undefined = () => undefined;
  /** Thrown by send, where set. */
  refusal: { readonly throws: unknown } | undefined;
  readonly #clock: VirtualClock;
  readonly #blocked = Promise.withResolvers<Received>();

  constructor(clock: VirtualClock, hostname = "127.0.0.1", port = 2410) {
    this.#clock = clock;
    this.addr = { transport: "udp", hostname, port };
    this.#blocked.promise.catch(() => {}); // Nobody waits for it in many tests.
  }

  send(bytes: Uint8Array, to: Deno.NetAddr): Promise<number> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal.throws);
    this.sent.push([new TextDecoder().decode(bytes), to]);
    return Promise.resolve(bytes.length);
  }

  receive(_buffer: Uint8Array): Promise<Received> {
    this.asked.push(this.#clock.now());
    if (this.asked.length > 100_000) throw new Error("it spins");
    const next = this.next();
    if (next === undefined) return this.#blocked.promise;
    return "throws" in next ? Promise.reject(next.throws) : Promise.resolve(next);
  }

  close(): void {
    this.closes++;
    this.#blocked.reject(new Deno.errors.Interrupted("operation canceled"));
  }
}

/** What a socket may throw: the system's errors, and things that no system should. */
const ODD_THINGS: readonly unknown[] = [
  Object.assign(new Error("forcibly closed by the remote host"), { code: "ECONNRESET" }),
  new Deno.errors.ConnectionReset("reset"),
  new Deno.errors.Interrupted("interrupted"),
  new TypeError("odd"),
  new Error(""),
  "text",
  "",
  7,
  7n,
  Symbol("odd"),
  null,
  undefined,
  {},
  [],
  { code: 7 },
  { code: null, name: null, message: null },
];

Deno.test("UdpEndpoint backs off a socket that only fails, doubling up to a second", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  socket.next = () => ({ throws: new Deno.errors.ConnectionReset("again") });
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await clock.advance(5_000);
  const waits = socket.asked.slice(1).map((at, index) => at - (socket.asked[index] ?? 0));
  assertEquals(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000]);
  await clock.advance(3_600_000);
  assertEquals(socket.asked.length, 14 + 3_600);
  assertEquals(endpoint.counters.receiveFailures, socket.asked.length);
  assertEquals(endpoint.counters.received, 0);
  endpoint.close();
  await clock.advance(1_000);
  await soon(ear.ended);
  assertEquals(socket.asked.length, 14 + 3_600);
  assertEquals(clock.pending, 0);
});

Deno.test("UdpEndpoint goes on after any number of failures, whatever was thrown", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  let left = 500;
  socket.next = () => {
    if (left-- > 0) return { throws: ODD_THINGS[left % ODD_THINGS.length] };
    return left === -1 ? from("192.0.2.7", 9, "at last") : undefined;
  };
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await clock.advance(500_000);
  assertEquals(ear.texts, ["at last"]);
  assertEquals(endpoint.counters.receiveFailures, 500);
  endpoint.close();
  await soon(ear.ended);
  assertEquals(clock.pending, 0);
});

Deno.test("UdpEndpoint begins again at 1 ms after a receive that went well", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const script = ["fail", "fail", "fail", "data", "fail", "fail", "data"];
  socket.next = () => {
    const step = script.shift();
    if (step === undefined) return undefined;
    return step === "data" ? from("192.0.2.7", 9) : { throws: new Error("bad") };
  };
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await clock.advance(100);
  assertEquals(socket.asked, [0, 1, 3, 7, 7, 8, 10, 10]);
  assertEquals(ear.sizes.length, 2);
  endpoint.close();
  await soon(ear.ended);
  assertEquals(clock.pending, 0);
});

Deno.test("UdpEndpoint hears everything between failures, at random", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const clock = new VirtualClock(), socket = new FakeSocket(clock), random = seededRandom(seed);
    let given = 0;
    socket.next = () => {
      if (given >= 40) return undefined;
      if (random() < 0.5) {
        return { throws: ODD_THINGS[Math.floor(random() * ODD_THINGS.length)] };
      }
      return from("192.0.2.7", 9, `${given++}`);
    };
    const endpoint = new UdpEndpoint(socket, clock);
    const ear = new Ear(endpoint);
    await clock.advance(100_000);
    assertEquals(ear.texts, Array.from({ length: 40 }, (_, index) => `${index}`), `seed ${seed}`);
    endpoint.close();
    await soon(ear.ended);
  }
});

Deno.test("UdpEndpoint ends at once when it is closed while it backs off", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  socket.next = () => ({ throws: new Error("bad") });
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await clock.advance(3_000);
  endpoint.close();
  let over = false;
  void ear.ended.then(() => over = true);
  await quiet();
  const state = { over, timers: clock.pending };
  await clock.advance(2_000);
  await soon(ear.ended);
  assertEquals(state, { over: true, timers: 0 });
});

Deno.test("UdpEndpoint ends when the socket has gone away", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  socket.next = () => ({ throws: new Deno.errors.BadResource("Bad resource ID") });
  const endpoint = new UdpEndpoint(socket, clock);
  await soon(new Ear(endpoint).ended);
  assertEquals(socket.asked.length, 1);
  assertEquals(endpoint.counters.receiveFailures, 0);
  assertEquals(clock.pending, 0);
  endpoint.close();
});

Deno.test("UdpEndpoint never rejects a send, whatever the socket throws", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const endpoint = new UdpEndpoint(socket, clock);
  const to = { host: "127.0.0.1", port: 9 };
  for (const [index, throws] of ODD_THINGS.entries()) {
    socket.refusal = { throws };
    const failure = await endpoint.send(bytesOf("x"), to);
    assert(failure !== undefined, `row ${index}`);
    assertEquals(typeof failure.code, "string", `row ${index}`);
    assertEquals(typeof failure.reason, "string", `row ${index}`);
  }
  assertEquals(endpoint.counters.sendFailures, ODD_THINGS.length);
  assertEquals(endpoint.counters.sent, 0);
  socket.refusal = undefined;
  assertEquals(await endpoint.send(bytesOf("fine"), to), undefined);
  assertEquals(socket.sent, [["fine", { transport: "udp", hostname: "127.0.0.1", port: 9 }]]);
  assertEquals(endpoint.counters.sent, 1);
  endpoint.close();
});

Deno.test("UdpEndpoint survives a socket that throws where it should reject", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const receive = socket.receive.bind(socket);
  let thrown = 0;
  socket.receive = (buffer) => {
    if (thrown++ < 3) throw new TypeError("at once");
    return receive(buffer);
  };
  socket.send = () => {
    throw new TypeError("at once");
  };
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  assertEquals(await endpoint.send(bytesOf("x"), { host: "127.0.0.1", port: 9 }), {
    code: "UNKNOWN",
    reason: "at once",
  });
  await clock.advance(10);
  assertEquals(endpoint.counters.receiveFailures, 3);
  assertEquals(socket.asked, [7]);
  endpoint.close();
  await soon(ear.ended);
});

Deno.test("UdpEndpoint says CLOSED of a send that close() interrupts", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const endpoint = new UdpEndpoint(socket, clock);
  const sending = Promise.withResolvers<number>();
  socket.send = () => sending.promise;
  const pending = endpoint.send(bytesOf("x"), { host: "127.0.0.1", port: 9 });
  endpoint.close();
  sending.reject(new Deno.errors.BadResource("Bad resource ID"));
  assertEquals(await soon(pending), CLOSED);
});

Deno.test("UdpEndpoint writes every address in canonical form", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock, "::ffff:127.0.0.1");
  const datagrams = [
    from("::ffff:192.0.2.7", 1),
    from("192.0.2.7", 2),
    from("2001:DB8:0:0:0:0:0:1", 3),
    from("fe80::1%eth0", 4),
    from("::ffff:c000:207", 5),
  ];
  socket.next = () => datagrams.shift();
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await ear.data(5);
  assertEquals(ear.heard.map((each: Arrival) => each.from), [
    { host: "192.0.2.7", port: 1 },
    { host: "192.0.2.7", port: 2 },
    { host: "2001:db8::1", port: 3 },
    { host: "fe80::1%eth0", port: 4 },
    { host: "192.0.2.7", port: 5 },
  ]);
  assertEquals(endpoint.addresses, [{ host: "127.0.0.1", port: 2410 }]);
  endpoint.close();
  await soon(ear.ended);
});

Deno.test("UdpEndpoint drops what is of the wrong family, and counts it", async () => {
  for (const [only, ports] of [[4, [1, 2]], [6, [3, 4]], [undefined, [1, 2, 3, 4]]] as const) {
    const clock = new VirtualClock(), socket = new FakeSocket(clock, "::");
    const datagrams = [
      from("192.0.2.7", 1),
      from("::ffff:192.0.2.7", 2),
      from("2001:db8::1", 3),
      from("fe80::1%eth0", 4),
    ];
    socket.next = () => datagrams.shift();
    const endpoint = new UdpEndpoint(socket, clock, { only });
    const ear = new Ear(endpoint);
    await quiet();
    assertEquals(ear.heard.map((each) => each.from.port), [...ports]);
    assertEquals(endpoint.counters.received, ports.length);
    assertEquals(endpoint.counters.dropped, 4 - ports.length);
    endpoint.close();
    await soon(ear.ended);
  }
});

Deno.test("UdpEndpoint adds its scope to link-local senders that come without", async () => {
  const rows: readonly [sender: string, from: string][] = [
    ["fe80::1", "fe80::1%br_lan"],
    ["FE80:0:0:0:0:0:0:2", "fe80::2%br_lan"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["2001:db8::1", "2001:db8::1"],
    ["::1", "::1"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
  ];
  for (const only of [undefined, 6] as const) {
    const clock = new VirtualClock(), socket = new FakeSocket(clock, "::");
    const datagrams = rows.map(([sender], index) => from(sender, index + 1));
    socket.next = () => datagrams.shift();
    const endpoint = new UdpEndpoint(socket, clock, { only, scope: "br_lan" });
    const ear = new Ear(endpoint);
    await quiet();
    const wanted = rows.map(([, host]) => host).slice(0, only === 6 ? -1 : rows.length);
    assertEquals(ear.heard.map((each) => each.from.host), wanted);
    endpoint.close();
    await soon(ear.ended);
  }
});

Deno.test("UdpEndpoint has room for the largest datagram, and a byte to see that one was", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const rooms: number[] = [];
  const receive = socket.receive.bind(socket);
  socket.receive = (buffer) => {
    rooms.push(buffer.length);
    return receive(buffer);
  };
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await quiet();
  endpoint.close();
  await soon(ear.ended);
  assertEquals(rooms, [65_508]);
});

Deno.test("UdpEndpoint closes its socket once, also when that throws", async () => {
  const clock = new VirtualClock(), socket = new FakeSocket(clock);
  const close = socket.close.bind(socket);
  socket.close = () => {
    close();
    throw new Deno.errors.BadResource("Bad resource ID");
  };
  const endpoint = new UdpEndpoint(socket, clock);
  const ear = new Ear(endpoint);
  await quiet();
  endpoint.close();
  endpoint.close();
  await soon(ear.ended);
  assertEquals(socket.closes, 1);
  assertEquals(endpoint.counters.receiveFailures, 0);
  assertEquals(await endpoint.send(bytesOf("x"), { host: "127.0.0.1", port: 9 }), CLOSED);
  assertEquals(socket.sent, []);
});
