import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { EVERYBODY } from "../../lib/net/lan.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { Checkup, PROBE } from "../../lib/peer/checkup.ts";
import { testRandom } from "../support/session_pair.ts";

const BY = { host: "192.0.2.1" }, OTHER = { host: "192.0.2.9", port: 2411 };
const SELF = { host: BY.host, port: 2411 }, BROADCAST = { host: "255.255.255.255", port: 2411 };

function begin(listen = 2_000): Checkup {
  return new Checkup({ random: testRandom(seededRandom(1)), listen }, 1_000);
}

Deno.test("PROBE begins as no text and no packet does, and says what it is", () => {
  assertEquals(PROBE[0], 0xff);
  assertEquals(new TextDecoder().decode(PROBE.subarray(1)), "udpchat doctor");
});

Deno.test("Checkup sends three test datagrams, listens, and is over", () => {
  const machine = begin(), sent: number[] = [];
  for (let now = 1_000; !machine.done; now = machine.nextTimeout() ?? Infinity) {
    machine.tick(now);
    for (let next = machine.poll(now); next; next = machine.poll(now)) {
      assertEquals([next.bytes, next.to], [PROBE, EVERYBODY]);
      sent.push(now - 1_000);
    }
    assert(now <= 3_000);
  }
  assertEquals(sent, [0, 250, 750]);
  assertEquals([machine.done, machine.ended], [{ status: 0, reason: "done" }, true]);
  assertEquals(machine.nextTimeout(), undefined);
  machine.conclude(1, "no");
  assertEquals(machine.done, { status: 1, reason: "no" });
});

Deno.test("Checkup knows what comes back by its way, and others by everything else", () => {
  const machine = begin();
  const multicast = machine.mark(PROBE, BY, EVERYBODY);
  const broadcast = machine.mark(PROBE, BY, BROADCAST);
  assertNotEquals(multicast, broadcast);
  assertEquals(multicast.subarray(0, PROBE.length), PROBE);
  machine.receive(broadcast, SELF, 1_010);
  assertEquals(machine.cameBack(BY.host, BROADCAST.host), true);
  assertEquals(machine.cameBack(BY.host, EVERYBODY.host), false);
  assertEquals(machine.cameBack("192.0.2.2", BROADCAST.host), false);
  assertEquals([...machine.heard], []);
  const changed = multicast.with(multicast.length - 1, (multicast.at(-1) ?? 0) ^ 1);
  for (const bytes of [changed, PROBE, new Uint8Array(0), Uint8Array.of(0xf8, 1)]) {
    machine.receive(bytes, OTHER, 1_020);
  }
  assertEquals(machine.cameBack(BY.host, EVERYBODY.host), false);
  assertEquals([...machine.heard], [OTHER.host]);
});

Deno.test("Checkup remembers no more than a list of others in a flood", () => {
  const machine = begin();
  for (let at = 0; at < 5_000; at++) {
    const host = `10.0.${at >> 8}.${at & 255}`;
    machine.receive(Uint8Array.of(1), { host, port: 2411 }, 1_000);
  }
  assertEquals(machine.heard.size, 1_000);
});

Deno.test("Checkup that is told to leave stays with that", () => {
  const machine = begin();
  machine.leave(130, "SIGINT");
  machine.tick(9_000);
  machine.conclude(0, "chat will work");
  assertEquals([machine.done, machine.ended], [{ status: 130, reason: "SIGINT" }, false]);
  assertEquals(machine.poll(9_000), undefined);
});
