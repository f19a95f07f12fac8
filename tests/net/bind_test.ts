import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  bindError,
  type BindOptions,
  bindShared,
  bindUdp,
  type Listen,
  listenBoth,
  localHosts,
} from "../../lib/net/bind.ts";
import { type Endpoint, NetError } from "../../lib/net/endpoint.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { canonicalHost, family } from "../../lib/wire/address.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, hasIPv6, soon } from "./ear.ts";

/** An address of documentation (RFC 5737): no machine has it, and nothing is sent to it. */
const NOBODYS = "198.51.100.1";
const V4 = "127.0.0.1";

const noIPv6 = !hasIPv6();

/** Binds for one test, and closes at its end. */
async function bound(stack: DisposableStack, options: BindOptions): Promise<Endpoint> {
  const endpoint = await bindUdp(systemClock, options);
  stack.defer(() => endpoint.close());
  return endpoint;
}

Deno.test("bindUdp() names a port in use, and suggests another", async () => {
  using stack = new DisposableStack();
  const { port } = addressOf(await bound(stack, { host: V4, port: 0 }));
  const error = await assertRejects(
    () => bindUdp(systemClock, { host: V4, port }),
    NetError,
    `Cannot bind UDP port ${port} as another program uses it`,
  );
  assertEquals(error.code, "IN_USE");
  const suggested = Number(/--port (\d+),/.exec(error.message)?.[1]);
  assert(suggested !== port && suggested > 0 && suggested <= 65_535, error.message);
  assertStringIncludes(error.message, "--port 0");
});

Deno.test("bindUdp() says that an address is not this machine's", async () => {
  const error = await assertRejects(
    () => bindUdp(systemClock, { host: NOBODYS, port: 0 }),
    NetError,
    `on ${NOBODYS} as this machine has no such address`,
  );
  assertEquals(error.code, "UNAVAILABLE");
});

Deno.test("bindUdp() refuses a host of the other family", async () => {
  for (const [host, only] of [[V4, 6], ["::1", 4]] as const) {
    const error = await assertRejects(
      () => bindUdp(systemClock, { host, family: only, port: 0 }),
      NetError,
    );
    assertEquals(error.code, "FAMILY");
  }
});

Deno.test("bindUdp() shares a port only with those who share it too", async () => {
  using stack = new DisposableStack();
  const alone = await bound(stack, { host: V4, port: 0 });
  const error = await assertRejects(
    () => bindUdp(systemClock, { host: V4, port: addressOf(alone).port, share: true }),
    NetError,
    `Cannot bind UDP port ${addressOf(alone).port} as another program uses it`,
  );
  assertEquals(error.code, "IN_USE");
  assertStringIncludes(error.message, "SO_REUSEADDR");
  assertStringIncludes(error.message, "without --broadcast");

  const first = await bound(stack, { host: V4, port: 0, share: true });
  const second = await bound(stack, { host: V4, port: addressOf(first).port, share: true });
  assertEquals(addressOf(second), addressOf(first));
});

Deno.test("bindUdp() binds the address of a name, IPv4 first", async () => {
  using stack = new DisposableStack();
  const { host, port } = addressOf(await bound(stack, { host: "localhost", port: 0 }));
  assert(host === V4 || host === "::1", host);
  assert(port > 0);
});

Deno.test("bindUdp() without a host hears IPv4, and writes it as IPv4", async () => {
  using stack = new DisposableStack();
  for (const only of [undefined, 4] as const) {
    const all = await bound(stack, { port: 0, family: only });
    const sender = await bound(stack, { host: V4, port: 0 });
    const ear = new Ear(all), answer = new Ear(sender);
    await sender.send(bytesOf("hello"), { host: V4, port: addressOf(all).port });
    await ear.data(1);
    assertEquals(ear.heard[0]?.from, addressOf(sender));
    assertEquals(await all.send(bytesOf("back"), addressOf(sender)), undefined);
    await answer.data(1);
    assertEquals(answer.heard[0]?.from, { host: V4, port: addressOf(all).port });
  }
});

Deno.test({
  name: "bindUdp() without a host hears IPv6 as well",
  ignore: noIPv6,
  fn: async () => {
    using stack = new DisposableStack();
    for (const only of [undefined, 6] as const) {
      const all = await bound(stack, { port: 0, family: only });
      const sender = await bound(stack, { host: "::1", port: 0 });
      const ear = new Ear(all);
      await sender.send(bytesOf("hello"), { host: "::1", port: addressOf(all).port });
      await ear.data(1);
      assertEquals(ear.heard[0]?.from, addressOf(sender));
    }
  },
});

Deno.test({
  name: "bindUdp() makes the round trip over [::1]",
  ignore: noIPv6,
  fn: async () => {
    using stack = new DisposableStack();
    const here = await bound(stack, { host: "::1", port: 0 });
    const there = await bound(stack, { host: "0:0:0:0:0:0:0:1", family: 6, port: 0 });
    const hear = new Ear(here), thereHears = new Ear(there);
    assertEquals(addressOf(there).host, "::1");
    assertEquals(await here.send(bytesOf("ping"), addressOf(there)), undefined);
    await thereHears.data(1);
    assertEquals(thereHears.heard[0]?.from, addressOf(here));
    await there.send(bytesOf("pong"), addressOf(here));
    await hear.data(1);
    assertEquals(hear.texts, ["pong"]);
  },
});

Deno.test({
  name: "bindUdp() with IPv6 alone drops IPv4, with and without a host",
  ignore: noIPv6,
  fn: async () => {
    for (const host of [undefined, "::"]) {
      using stack = new DisposableStack();
      const six = await bound(stack, { host, family: 6, port: 0 });
      const { port } = addressOf(six);
      const ear = new Ear(six);
      const v4 = await bound(stack, { host: V4, port: 0 });
      const v6 = await bound(stack, { host: "::1", port: 0 });
      await v4.send(bytesOf("over IPv4"), { host: V4, port });
      await v6.send(bytesOf("over IPv6"), { host: "::1", port });
      await ear.until(({ texts }) => texts.includes("over IPv6"));
      assertEquals(ear.texts, ["over IPv6"], `host ${host}`);
    }
  },
});

/** A system that opens sockets as the test says; what it opened and what is still open. */
class FakeSystem {
  readonly tried: string[] = [];
  readonly open = new Set<string>();
  /** Who sends a datagram to the socket on that address. */
  senders: Readonly<Record<string, readonly string[]>> = {};
  /** Fails an attempt, where it returns something to throw. */
  refuses: (hostname: string, port: number) => unknown = () => undefined;
  #port = 50_000;

  readonly listen: Listen = ({ hostname = "", port = 0, reuseAddress }) => {
    this.tried.push(`${hostname}:${port}${reuseAddress ? " shared" : ""}`);
    const error = this.refuses(hostname, port);
    if (error !== undefined) throw error;
    const given = port === 0 ? ++this.#port : port;
    const name = `${hostname}:${given}`;
    this.open.add(name);
    const senders = [...this.senders[hostname] ?? []];
    const blocked = Promise.withResolvers<never>();
    blocked.promise.catch(() => {});
    return {
      addr: { transport: "udp", hostname, port: given },
      send: (bytes: Uint8Array) => Promise.resolve(bytes.length),
      receive: () => {
        const sender = senders.shift();
        const from = { transport: "udp", hostname: sender, port: given };
        return sender === undefined ? blocked.promise : Promise.resolve([new Uint8Array(1), from]);
      },
      close: () => {
        this.open.delete(name);
        blocked.reject(new Deno.errors.BadResource("Bad resource ID"));
      },
    } as unknown as Deno.DatagramConn;
  };
}

/** An error as Deno throws it. */
function system(code: string): Error {
  return Object.assign(new Error(`os error ${code}`), { code });
}

Deno.test("listenBoth() binds both families to the port given", () => {
  const fake = new FakeSystem();
  const endpoint = listenBoth(new VirtualClock(), { port: 2410, share: true }, fake.listen);
  assertEquals(fake.tried, ["0.0.0.0:2410 shared", ":::2410 shared"]);
  assertEquals(endpoint.addresses, [{ host: "0.0.0.0", port: 2410 }, { host: "::", port: 2410 }]);
  endpoint.close();
  assertEquals([...fake.open], []);
});

Deno.test("listenBoth() hears each datagram once, where IPv6 sockets hear IPv4 as well", async () => {
  const fake = new FakeSystem();
  fake.senders = { "0.0.0.0": ["192.0.2.7"], "::": ["::ffff:192.0.2.7", "2001:db8::7"] };
  const endpoint = listenBoth(new VirtualClock(), { port: 2410 }, fake.listen);
  const ear = new Ear(endpoint);
  await ear.data(2);
  await quiet();
  endpoint.close();
  await soon(ear.ended);
  assertEquals(ear.heard.map((each) => each.from.host).toSorted(), ["192.0.2.7", "2001:db8::7"]);
  assertEquals(endpoint.counters.dropped, 1);
});

Deno.test("listenBoth() for port 0 takes the port of the first family for the second", () => {
  const fake = new FakeSystem();
  const endpoint = listenBoth(new VirtualClock(), { port: 0 }, fake.listen);
  assertEquals(endpoint.addresses.map((each) => each.port), [50_001, 50_001]);
  endpoint.close();
  assertEquals([...fake.open], []);
});

Deno.test("listenBoth() for port 0 tries again when the second family has the port in use", () => {
  const fake = new FakeSystem();
  fake.refuses = (host, port) => host === "::" && port < 50_004 ? system("EADDRINUSE") : undefined;
  const endpoint = listenBoth(new VirtualClock(), { port: 0 }, fake.listen);
  assertEquals(endpoint.addresses.map((each) => each.port), [50_004, 50_004]);
  assertEquals([...fake.open], ["0.0.0.0:50004", ":::50004"]);
  endpoint.close();
  assertEquals([...fake.open], []);
});

Deno.test("listenBoth() gives up on port 0 after a bounded number of tries", () => {
  const fake = new FakeSystem();
  fake.refuses = (host) => host === "::" ? new Deno.errors.AddrInUse("in use") : undefined;
  const error = assertThrows(
    () => listenBoth(new VirtualClock(), { port: 0 }, fake.listen),
    NetError,
  );
  assertEquals(error.code, "IN_USE");
  assertEquals(fake.tried.length, 16);
  assertEquals([...fake.open], []);
});

Deno.test("listenBoth() does not look for another port than the one asked for", () => {
  for (const taken of ["0.0.0.0", "::"]) {
    const fake = new FakeSystem();
    fake.refuses = (host) => host === taken ? system("EADDRINUSE") : undefined;
    const error = assertThrows(
      () => listenBoth(new VirtualClock(), { port: 2410 }, fake.listen),
      NetError,
      "port 2410",
    );
    assertEquals(error.code, "IN_USE");
    assertStringIncludes(error.message, "--port 2411");
    assertEquals(fake.tried.length, taken === "::" ? 2 : 1);
    assertEquals([...fake.open], []);
  }
});

Deno.test("listenBoth() is content with IPv4 where there is no IPv6", () => {
  for (const code of ["EAFNOSUPPORT", "EADDRNOTAVAIL"]) {
    const fake = new FakeSystem();
    fake.refuses = (host) => host === "::" ? system(code) : undefined;
    const endpoint = listenBoth(new VirtualClock(), { port: 0 }, fake.listen);
    assertEquals(endpoint.addresses, [{ host: "0.0.0.0", port: 50_001 }]);
    endpoint.close();
    assertEquals([...fake.open], []);
  }
});

Deno.test("listenBoth() leaves nothing open after any other failure", () => {
  for (const error of [system("EACCES"), system("EMFILE"), new TypeError("odd"), "odd"]) {
    const fake = new FakeSystem();
    fake.refuses = (host) => host === "::" ? error : undefined;
    assertThrows(() => listenBoth(new VirtualClock(), { port: 0 }, fake.listen), NetError);
    assertEquals(fake.tried.length, 2);
    assertEquals([...fake.open], []);
  }
});

Deno.test("bindShared() hears on loopback what a client with the same port sends", async () => {
  using stack = new DisposableStack();
  const server = await bindShared(systemClock, { port: 0 });
  stack.defer(() => server.close());
  const { port } = addressOf(server);
  assertEquals(server.addresses.filter((each) => each.port !== port), []);
  assertEquals(server.addresses.filter((each) => family(each.host) !== 4), []);
  const client = await bound(stack, { family: 4, port, share: true });
  const ear = new Ear(server), clientHears = new Ear(client);
  for (let round = 0; round < 5; round++) {
    assertEquals(await client.send(bytesOf(`hello ${round}`), { host: V4, port }), undefined);
  }
  await ear.data(5);
  assertEquals(ear.texts, [0, 1, 2, 3, 4].map((round) => `hello ${round}`));
  assertEquals(clientHears.heard, []);
});

Deno.test("bindShared() binds one socket where a host is given", async () => {
  const endpoint = await bindShared(systemClock, { host: V4, port: 0 });
  assertEquals(endpoint.addresses.length, 1);
  endpoint.close();
  await soon(new Ear(endpoint).ended);
});

Deno.test("bindShared() says how to share a port that is taken", async () => {
  using stack = new DisposableStack();
  const { port } = addressOf(await bound(stack, { host: V4, port: 0 }));
  const error = await assertRejects(
    () => bindShared(systemClock, { host: V4, port }),
    NetError,
    "SO_REUSEADDR",
  );
  assertEquals(error.code, "IN_USE");
});

Deno.test("localHosts() has canonical addresses, each once, loopback first", () => {
  const hosts = localHosts();
  assertEquals(hosts, [...new Set(hosts.map(canonicalHost))]);
  assert(hosts.includes(V4));
  assert(hosts[0] === V4 || hosts[0] === "::1", hosts.join());
});

Deno.test("bindError() names protocol and port, whatever happened, and keeps the cause", () => {
  const rows: readonly [unknown, string, string][] = [
    [system("EADDRINUSE"), "IN_USE", "--port 65534"],
    [system("EADDRNOTAVAIL"), "UNAVAILABLE", "192.0.2.7"],
    [system("EAFNOSUPPORT"), "UNAVAILABLE", "192.0.2.7"],
    [system("EACCES"), "PERMISSION", "above 1023"],
    [system("EPERM"), "PERMISSION", "above 1023"],
    [new Deno.errors.PermissionDenied("no"), "PERMISSION", "above 1023"],
    [system("EMFILE"), "BIND", "os error EMFILE"],
    ["odd", "BIND", "odd"],
    [undefined, "BIND", "undefined"],
  ];
  for (const protocol of ["UDP", "TCP"] as const) {
    for (const [cause, code, text] of rows) {
      const error = bindError(protocol, "192.0.2.7", { port: 65_535 }, cause);
      assertEquals(error.code, code);
      assertEquals(error.cause, cause);
      assertStringIncludes(error.message, `Cannot bind ${protocol} port 65535`);
      assertStringIncludes(error.message, text);
    }
  }
});
