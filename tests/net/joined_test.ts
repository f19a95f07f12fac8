import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  type Arrival,
  CLOSED,
  type Endpoint,
  type EndpointCounters,
  newCounters,
} from "../../lib/net/endpoint.ts";
import { JoinedEndpoint } from "../../lib/net/joined.ts";
import { MemoryNetwork } from "../../lib/net/memory.ts";
import type { Address } from "../../lib/wire/address.ts";
import { quiet, VirtualClock } from "../support/virtual_clock.ts";
import { addressOf, bytesOf, Ear, soon } from "./ear.ts";

/** A member that is told what to hear, or has always something to say. */
class FakeMember implements Endpoint {
  readonly addresses: readonly Address[];
  readonly counters: EndpointCounters = newCounters();
  readonly sent: Address[] = [];
  /** How many arrivals were taken out of it. */
  asked = 0;
  closes = 0;
  /** Never out of arrivals. */
  busy = false;
  readonly #buffer = new Uint8Array(1);
  readonly #said: number[] = [];
  #signal = Promise.withResolvers<void>();

  constructor(host: string, port = 2410) {
    this.addresses = [{ host, port }];
  }

  say(byte: number): void {
    this.#said.push(byte);
    this.#signal.resolve();
  }

  send(_bytes: Uint8Array, to: Address): Promise<undefined> {
    this.sent.push(to);
    return Promise.resolve(undefined);
  }

  async *incoming(): AsyncGenerator<Arrival> {
    while (this.closes === 0) {
      const byte = this.busy ? this.asked % 251 : this.#said.shift();
      if (byte === undefined) {
        await this.#signal.promise;
        this.#signal = Promise.withResolvers();
        continue;
      }
      this.asked++;
      this.#buffer[0] = byte; // One buffer for all, as a socket has.
      yield { kind: "data", bytes: this.#buffer, from: addressOf(this) };
    }
  }

  close(): void {
    this.closes++;
    this.#signal.resolve();
  }
}

Deno.test("JoinedEndpoint gives a quiet member its turn beside busy ones", async () => {
  const quietOne = new FakeMember("127.0.0.1"),
    busy = [6, 7].map((port) => {
      const member = new FakeMember("::1", port);
      member.busy = true;
      return member;
    });
  const joined = new JoinedEndpoint([...busy, quietOne]);
  let taken = 0, said = 0, waits = 0, heard = 0;
  for await (const arrival of joined.incoming()) {
    taken++;
    if (arrival.from.host === "127.0.0.1") heard++;
    else if (said > heard) waits++;
    assertLessOrEqual(waits, 4 * said, "it waits for its turn, not for the others to be silent");
    if (taken % 10 === 0) quietOne.say(said++);
    if (taken === 5_000) joined.close();
  }
  assertLessOrEqual(said - heard, 2);
  const [one = 0, two = 0] = busy.map((each) => each.asked);
  assertLessOrEqual(Math.abs(one - two), 2, "busy ones are heard in turn");
});

Deno.test("JoinedEndpoint lets at most one arrival wait for each member", async () => {
  const members = [1, 2, 3].map((port) => new FakeMember("127.0.0.1", port));
  for (const member of members) member.busy = true;
  const joined = new JoinedEndpoint(members);
  const iterator = joined.incoming()[Symbol.asyncIterator]();
  const taken = new Map<number, number>();
  for (let round = 0; round < 100; round++) {
    const { value } = await iterator.next();
    assert(value !== undefined);
    taken.set(value.from.port, (taken.get(value.from.port) ?? 0) + 1);
    await quiet(); // A slow consumer: everything that could pile up does.
    for (const member of members) {
      const waiting = member.asked - (taken.get(addressOf(member).port) ?? 0);
      assertLessOrEqual(waiting, 1, `round ${round}`);
    }
  }
  assertEquals([...taken.values()].toSorted(), [33, 33, 34]);
  joined.close();
  while (!(await iterator.next()).done);
});

Deno.test("JoinedEndpoint leaves the bytes alone until the next arrival is asked for", async () => {
  const members = ["127.0.0.1", "::1"].map((host) => new FakeMember(host));
  const joined = new JoinedEndpoint(members);
  for (const [index, member] of members.entries()) {
    for (let byte = 0; byte < 100; byte++) member.say(byte + 100 * index);
  }
  const next = [0, 100];
  let taken = 0;
  for await (const arrival of joined.incoming()) {
    assert(arrival.kind === "data");
    const index = arrival.from.host === "::1" ? 1 : 0;
    await quiet();
    assertEquals(arrival.bytes[0], next[index]);
    next[index] = (next[index] ?? 0) + 1;
    if (++taken === 200) joined.close();
  }
  assertEquals(next, [100, 200]);
});

Deno.test("JoinedEndpoint loses nothing, whenever its members speak", async () => {
  const clock = new VirtualClock(), network = new MemoryNetwork(clock);
  const members = [1, 2, 3].map((last) => network.bind({ host: `192.0.2.${last}`, port: 2410 }));
  const joined = new JoinedEndpoint(members), sender = network.bind({ host: "192.0.2.9", port: 1 });
  const ear = new Ear(joined);
  const wanted: string[] = [];
  for (let round = 0; round < 300; round++) {
    const member = members[round * 7 % 3];
    assert(member !== undefined);
    await sender.send(bytesOf(`${round}`), addressOf(member));
    wanted.push(`${round}`);
    if (round % 11 === 0) await quiet();
  }
  await ear.data(300);
  assertEquals(ear.texts.toSorted(), wanted.toSorted());
  sender.close();
  joined.close();
  await soon(ear.ended);
  assertEquals(clock.pending, 0);
});

Deno.test("JoinedEndpoint sends through the first member of the right family", async () => {
  const six = new FakeMember("::"), four = new FakeMember("0.0.0.0");
  const second = new FakeMember("127.0.0.1");
  const joined = new JoinedEndpoint([six, four, second]);
  assertEquals(joined.addresses.map((each) => each.host), ["::", "0.0.0.0", "127.0.0.1"]);
  for (const host of ["127.0.0.1", "::1", "fe80::1%eth0", "255.255.255.255"]) {
    assertEquals(await joined.send(bytesOf("x"), { host, port: 9 }), undefined);
  }
  assertEquals(six.sent.map((each) => each.host), ["::1", "fe80::1%eth0"]);
  assertEquals(four.sent.map((each) => each.host), ["127.0.0.1", "255.255.255.255"]);
  assertEquals(second.sent, []);
});

Deno.test("JoinedEndpoint answers EAFNOSUPPORT where no member has the family", async () => {
  const joined = new JoinedEndpoint([new FakeMember("0.0.0.0")]);
  for (const host of ["::1", "localhost", ""]) {
    assertEquals((await joined.send(bytesOf("x"), { host, port: 9 }))?.code, "EAFNOSUPPORT");
  }
});

Deno.test("JoinedEndpoint answers CLOSED after close(), whatever the family", async () => {
  const network = new MemoryNetwork(new VirtualClock());
  const joined = new JoinedEndpoint([network.bind({ host: "127.0.0.1", port: 0 })]);
  joined.close();
  assertEquals(await joined.send(bytesOf("x"), { host: "127.0.0.1", port: 9 }), CLOSED);
  assertEquals(await joined.send(bytesOf("x"), { host: "::1", port: 9 }), CLOSED);
});

Deno.test("JoinedEndpoint adds up the counters of its members", () => {
  const members = [1, 2].map((port) => new FakeMember("127.0.0.1", port));
  const joined = new JoinedEndpoint(members);
  assertEquals(joined.counters, newCounters());
  for (const [index, { counters }] of members.entries()) {
    counters.received = 1 + index;
    counters.sent = 10 + index;
    counters.sendFailures = 100 + index;
    counters.receiveFailures = 1_000 + index;
    counters.dropped = 10_000 + index;
  }
  assertEquals(joined.counters, {
    received: 3,
    sent: 21,
    sendFailures: 201,
    receiveFailures: 2_001,
    dropped: 20_001,
  });
});

Deno.test("JoinedEndpoint closes every member, and ends a pending incoming()", async () => {
  const members = [1, 2, 3].map((port) => new FakeMember("127.0.0.1", port));
  const joined = new JoinedEndpoint(members);
  const ear = new Ear(joined);
  await quiet();
  joined.close();
  joined.close();
  await soon(ear.ended);
  assertEquals(ear.heard, []);
  assert(members.every((each) => each.closes > 0));
});

Deno.test("JoinedEndpoint goes on when one member ends", async () => {
  const one = new FakeMember("127.0.0.1", 1), two = new FakeMember("127.0.0.1", 2);
  const joined = new JoinedEndpoint([one, two]);
  const ear = new Ear(joined);
  await quiet();
  one.close();
  await quiet();
  two.say(7);
  await ear.data(1);
  assertEquals(ear.heard.map((each) => each.from.port), [2]);
  joined.close();
  await soon(ear.ended);
});

Deno.test("JoinedEndpoint of no members ends at once", async () => {
  const joined = new JoinedEndpoint([]);
  await soon(new Ear(joined).ended);
  assertEquals(joined.addresses, []);
  joined.close();
});

Deno.test("JoinedEndpoint closes who is removed, and still counts what came there", async () => {
  const one = new FakeMember("127.0.0.1", 1), two = new FakeMember("127.0.0.1", 2);
  const joined = new JoinedEndpoint([one]);
  const ear = new Ear(joined), before = joined.counters;
  for (let again = 0; again < 3; again++) {
    joined.add(two);
    joined.remove(two);
    joined.remove(two);
  }
  assert(two.closes > 0);
  const { received, sent } = joined.counters;
  assertEquals(received, before.received + 3 * two.counters.received);
  assertEquals(sent, before.sent + 3 * two.counters.sent);
  one.close();
  await soon(ear.ended);
});
