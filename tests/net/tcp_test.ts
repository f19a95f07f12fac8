/**
 * The endpoint over TCP, on real loopback sockets. What needs a script rather than a network is in
 * `tcp_scripted_test.ts`.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { BindOptions } from "../../lib/net/bind.ts";
import { CLOSED, NetError } from "../../lib/net/endpoint.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { connectTcp, listenTcp, type TcpEndpoint } from "../../lib/net/tcp.ts";
import type { Address } from "../../lib/wire/address.ts";
import { quiet } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, hasIPv6, soon } from "./ear.ts";

const V4 = "127.0.0.1";
const TIMEOUT_MS = 10_000;
const noIPv6 = !hasIPv6();

/** A listening endpoint and what it hears; closed at the end of its block. */
class Server implements AsyncDisposable {
  readonly ear: Ear;
  readonly address: Address;

  private constructor(readonly endpoint: TcpEndpoint) {
    this.ear = new Ear(endpoint);
    this.address = { host: V4, port: addressOf(endpoint).port };
  }

  static async listen(options: BindOptions = { host: V4, port: 0 }): Promise<Server> {
    return new Server(await listenTcp(systemClock, options));
  }

  /** The other end of a connection, as the server knows it. */
  static from(connection: Deno.TcpConn): Address {
    return { host: connection.localAddr.hostname, port: connection.localAddr.port };
  }

  /** Connects, and waits until the server has heard of it. */
  async join(stack: DisposableStack, hostname: string = V4): Promise<Deno.TcpConn> {
    const before = this.ear.count("open");
    const connection = await Deno.connect({ hostname, port: this.address.port });
    stack.defer(() => {
      try {
        connection.close();
      } catch { /* The test has closed it. */ }
    });
    await this.ear.until((ear) => ear.count("open") > before);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endpoint.close();
    await soon(this.ear.ended);
  }
}

/** Reads a number of bytes as text; fewer where the connection ends or breaks before. */
async function read(connection: Deno.TcpConn, count: number): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(16_384), decoder = new TextDecoder();
  while (text.length < count) {
    const room = Math.min(buffer.length, count - text.length);
    const got = await soon(connection.read(buffer.subarray(0, room)));
    if (got === null) break;
    text += decoder.decode(buffer.subarray(0, got), { stream: true });
  }
  return text;
}

/** Writes all of it. */
async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

Deno.test("TcpEndpoint makes the round trip, and tells of open and close", async () => {
  await using server = await Server.listen();
  const { endpoint, to } = await connectTcp(systemClock, [V4], server.address.port, TIMEOUT_MS);
  const ear = new Ear(endpoint), from = addressOf(endpoint);
  assertEquals(to, server.address);
  await ear.until((each) => each.count("open") === 1);
  assertEquals(await endpoint.send(bytesOf("ping"), to), undefined);
  await server.ear.data(1);
  assertEquals(await server.endpoint.send(bytesOf("pong"), from), undefined);
  await ear.data(1);
  endpoint.close();
  await soon(ear.ended);
  await server.ear.until((each) => each.count("close") === 1);
  assertEquals(ear.heard, [
    { kind: "open", from: to },
    { kind: "data", bytes: bytesOf("pong"), from: to },
  ]);
  assertEquals(server.ear.heard, [
    { kind: "open", from },
    { kind: "data", bytes: bytesOf("ping"), from },
    { kind: "close", from },
  ]);
  const { received, sent, sendFailures } = server.endpoint.counters;
  assertEquals({ received, sent, sendFailures }, { received: 1, sent: 1, sendFailures: 0 });
});

Deno.test("TcpEndpoint keeps its clients apart", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const clients: Deno.TcpConn[] = [];
  for (let index = 0; index < 10; index++) clients.push(await server.join(stack));
  for (const [index, client] of clients.entries()) await write(client, bytesOf(`I am ${index}`));
  await server.ear.data(10);
  for (const arrival of server.ear.heard) {
    if (arrival.kind !== "data") continue;
    const index = clients.findIndex((each) => Server.from(each).port === arrival.from.port);
    assertEquals(new TextDecoder().decode(arrival.bytes), `I am ${index}`);
    await server.endpoint.send(bytesOf(`you are ${index}`), arrival.from);
  }
  for (const [index, client] of clients.entries()) {
    assertEquals(await read(client, 9), `you are ${index}`);
  }
});

Deno.test("TcpEndpoint carries bytes wherever they are cut, both ways", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const client = await server.join(stack), random = seededRandom(1);
  const bytes = Uint8Array.from({ length: 200_000 }, () => random() * 256);
  const heard = () => {
    const pieces = server.ear.heard.flatMap((each) => each.kind === "data" ? [each.bytes] : []);
    return new Uint8Array(pieces.flatMap((each) => [...each]));
  };
  const total = (ear: Ear) => ear.sizes.reduce((sum, each) => sum + each, 0);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() ** 4 * 5_000);
    await write(client, bytes.subarray(at, at + size));
    if (random() < 0.1) await quiet();
    at += size;
  }
  await server.ear.until((ear) => total(ear) === bytes.length);
  assertEquals(heard(), bytes);

  const back = new Uint8Array(bytes.length);
  const reading = (async () => {
    for (let at = 0; at < back.length;) {
      at += await soon(client.read(back.subarray(at))) ?? Infinity;
    }
  })();
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() ** 4 * 5_000);
    const piece = bytes.slice(at, at + size);
    assertEquals(await server.endpoint.send(piece, Server.from(client)), undefined);
    piece.fill(0); // It is the caller's again.
    at += size;
  }
  await reading;
  assertEquals(back, bytes);
});

/**
 * Sends until the server gives up on a client that does not read; another goes on meanwhile, both
 * ways, and in step: so whatever can be read is read.
 */
async function stall(
  server: Server,
  stalled: Deno.TcpConn,
  other: Deno.TcpConn,
  line?: string,
): Promise<void> {
  const chunk = new Uint8Array(65_536);
  for (let round = 0; round < 5_000; round++) {
    if (line !== undefined) await write(stalled, bytesOf(line));
    const failure = await server.endpoint.send(chunk, Server.from(stalled));
    const text = `round ${round}`;
    await write(other, bytesOf(text));
    await server.ear.until(({ texts }) => texts.at(-1) === text || texts.at(-2) === text);
    assertEquals(await server.endpoint.send(bytesOf(text), Server.from(other)), undefined);
    assertEquals(await read(other, text.length), text);
    if (failure === undefined) continue;
    assertEquals(failure.code, "ENOBUFS");
    assert(round >= 16, "a megabyte may wait");
    return;
  }
  throw new Error("it is never closed");
}

Deno.test("TcpEndpoint closes a client that never reads, and the others go on", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const stalled = await server.join(stack), from = Server.from(stalled);
  const other = await server.join(stack);
  await stall(server, stalled, other);
  assertEquals((await server.endpoint.send(bytesOf("x"), from))?.code, "ENOTCONN");
  await server.ear.until((ear) => ear.count("close") === 1);
  assertEquals(server.ear.heard.filter((each) => each.kind === "close"), [{ kind: "close", from }]);
  assert((await read(stalled, Infinity)).length > 0, "it sees the end when it reads at last");
  for (const each of [other, await server.join(stack)]) {
    await server.endpoint.send(bytesOf("still here"), Server.from(each));
    assertEquals(await read(each, 10), "still here");
  }
});

Deno.test("TcpEndpoint closes a client that writes but never reads", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const stalled = await server.join(stack), other = await server.join(stack);
  await stall(server, stalled, other, "but I write\n");
  try {
    await server.ear.until((ear) => ear.count("close") === 1);
  } finally {
    stalled.close();
    await write(other, bytesOf("still here"));
    await server.ear.until((ear) => ear.texts.includes("still here"));
  }
});

Deno.test("TcpEndpoint survives a reset by the peer", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const rude = await server.join(stack), other = await server.join(stack);
  await server.endpoint.send(bytesOf("never to be read"), Server.from(rude));
  assertEquals(await read(rude, 1), "n");
  const from = Server.from(rude);
  rude.close(); // With bytes unread: the system sends a reset.
  await server.ear.until((ear) => ear.count("close") === 1);
  assertEquals(server.ear.heard.at(-1), { kind: "close", from });
  assertEquals((await server.endpoint.send(bytesOf("x"), from))?.code, "ENOTCONN");
  await write(other, bytesOf("still here"));
  await server.ear.data(1);
  await server.endpoint.send(bytesOf("so am I"), Server.from(other));
  assertEquals(await read(other, 7), "so am I");
});

Deno.test("TcpEndpoint.end() of sending leaves the other direction open", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const client = await server.join(stack), from = Server.from(client);
  await server.endpoint.send(new Uint8Array(100_000).fill(97), from);
  server.endpoint.end(from, "sending");
  assertEquals((await read(client, 200_000)).length, 100_000);
  await write(client, bytesOf("my last word"));
  await server.ear.data(1);
  assertEquals(server.ear.count("close"), 0);
  client.close();
  await server.ear.until((ear) => ear.count("close") === 1);
});

Deno.test("TcpEndpoint.end() of a connection writes first what is queued", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const client = await server.join(stack), from = Server.from(client);
  await server.endpoint.send(new Uint8Array(500_000).fill(97), from);
  await server.endpoint.send(bytesOf("bye"), from);
  server.endpoint.end(from, "connection");
  const text = await read(client, 1_000_000);
  assertEquals(text.length, 500_003);
  assert(text.endsWith("bye"));
  await server.ear.until((ear) => ear.count("close") === 1);
  assertEquals((await server.endpoint.send(bytesOf("x"), from))?.code, "ENOTCONN");
});

Deno.test("TcpEndpoint.end() of a connection that is not there does nothing", async () => {
  await using server = await Server.listen();
  for (const what of ["sending", "connection"] as const) {
    server.endpoint.end({ host: V4, port: 9 }, what);
  }
  assertEquals((await server.endpoint.send(bytesOf("x"), { host: V4, port: 9 }))?.code, "ENOTCONN");
  assertEquals(server.endpoint.counters.sendFailures, 1);
});

Deno.test("TcpEndpoint keeps the close contract", async () => {
  await using server = await Server.listen();
  using stack = new DisposableStack();
  const clients = [await server.join(stack), await server.join(stack)];
  server.endpoint.close();
  server.endpoint.close();
  await soon(server.ear.ended);
  for (const client of clients) {
    assertEquals(await read(client, 1), "");
    assertEquals(await server.endpoint.send(bytesOf("x"), Server.from(client)), CLOSED);
  }
  assertEquals(await server.endpoint.send(bytesOf("x"), { host: V4, port: 9 }), CLOSED);
  await soon(new Ear(server.endpoint).ended);
});

/** A port that nobody listens on. */
function freePort(): number {
  const listener = Deno.listen({ hostname: V4, port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("connectTcp() says that nothing listens there", async () => {
  const port = freePort();
  const error = await assertRejects(
    () => connectTcp(systemClock, [V4], port, TIMEOUT_MS),
    NetError,
    `Cannot connect to ${V4}:${port} as nothing listens there`,
  );
  assertEquals(error.code, "REFUSED");
});

Deno.test("connectTcp() goes on to the next address, and tells the first failure", async () => {
  await using server = await Server.listen();
  const hosts = ["::1", V4];
  const { endpoint, to } = await connectTcp(systemClock, hosts, server.address.port, TIMEOUT_MS);
  assertEquals(to, server.address);
  endpoint.close();
  const failing = connectTcp(systemClock, hosts, freePort(), TIMEOUT_MS);
  await assertRejects(() => failing, NetError, "[::1]:");
  const none = await assertRejects(() => connectTcp(systemClock, [], 9, TIMEOUT_MS), NetError);
  assertEquals(none.code, "UNKNOWN_HOST");
});

Deno.test("listenTcp() names a port in use", async () => {
  await using server = await Server.listen();
  const error = await assertRejects(
    () => listenTcp(systemClock, server.address),
    NetError,
    `Cannot bind TCP port ${server.address.port} as another program uses it`,
  );
  assertEquals(error.code, "IN_USE");
  const wrong = await assertRejects(
    () => listenTcp(systemClock, { host: "198.51.100.1", port: 0 }),
    NetError,
  );
  assertEquals(wrong.code, "UNAVAILABLE");
  assertStringIncludes(wrong.message, "198.51.100.1");
});

Deno.test({
  name: "listenTcp() without a host hears both families, with one it hears that one",
  ignore: noIPv6,
  fn: async () => {
    for (const family of [undefined, 4, 6] as const) {
      await using server = await Server.listen({ port: 0, family });
      for (const host of family === 4 ? [V4] : family === 6 ? ["::1"] : [V4, "::1"]) {
        using stack = new DisposableStack();
        const client = await server.join(stack, host);
        assertEquals(server.ear.heard.at(-1), { kind: "open", from: Server.from(client) });
        client.close();
        await server.ear.until((ear) => ear.count("close") === ear.count("open"));
      }
    }
  },
});

Deno.test({
  name: "listenTcp() with IPv6 alone does not let IPv4 in",
  ignore: noIPv6,
  fn: async () => {
    await using server = await Server.listen({ port: 0, family: 6 });
    using stack = new DisposableStack();
    try {
      stack.use(await Deno.connect({ hostname: V4, port: server.address.port }));
    } catch { /* Refused is right. */ }
    const client = await server.join(stack, "::1");
    assertEquals(server.ear.heard, [{ kind: "open", from: Server.from(client) }]);
  },
});
