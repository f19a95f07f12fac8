/**
 * Programs for different things that call each other: both are told, or left alone; nothing is delivered.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { belong, whoIsThere } from "../../lib/peer/kinds.ts";
import { Mesh } from "../../lib/peer/mesh.ts";
import { Talk } from "../../lib/peer/talk.ts";
import type { TalkOptions } from "../../lib/peer/talk_event.ts";
import { KIND } from "../../lib/session/credentials.ts";
import type { Address } from "../../lib/wire/address.ts";
import type { Driven, Host, MachineNet } from "../support/machine_net.ts";
import { MemoryStore } from "../support/memory_store.ts";
import { EVERYBODY } from "../support/mesh_net.ts";
import { LOBBY, RoomNet, START } from "../support/room_net.ts";
import { testRandom } from "../support/session_pair.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";

const wall = (now: number): number => START + Math.floor(now);

type Told = { readonly type: string; readonly text?: string };
type Any = Driven & {
  events(): readonly Told[];
  say(text: string, now: number): void;
};

/** One of them on a network. */
type Somebody = Host & { readonly machine: Any; readonly told: Told[] };
type Bytes = (size: number) => Uint8Array;

/** Somebody on the network of a relay. */
function add(net: MachineNet, last: number, make: (bytes: Bytes) => Any): Somebody {
  const told: Told[] = [], machine = make(testRandom(net.random));
  const host = {
    machine,
    address: { host: `192.0.2.${last}`, port: 40_000 },
    off: false,
    told,
    listen: () => void told.push(...machine.events()),
  };
  net.add(host);
  return host;
}

function options(bytes: Bytes): Omit<TalkOptions, "to"> {
  const credentials = {
    identity: makeIdentity(bytes(32)),
    staticKey: keyPair(bytes(32)),
    instance: bytes(8),
  };
  const hub = { credentials, random: bytes };
  return { hub, store: new MemoryStore(), wall, name: "ann", timeout: 5_000 };
}

function talk(net: MachineNet, last: number, to: readonly Address[]): Somebody {
  return add(net, last, (bytes) => new Talk({ ...options(bytes), to, stay: true }, net.now));
}

function mesh(net: MachineNet, last: number, peers: readonly Address[]): Somebody {
  const more = { room: LOBBY, everybody: EVERYBODY, port: 40_000, stay: true, peers };
  return add(
    net,
    last,
    (bytes) => new Mesh({ ...options(bytes), ...more, random: net.random }, net.now),
  );
}

function text({ told }: { readonly told: readonly Told[] }): string {
  return told.map(({ text }) => text ?? "").join("\n");
}

Deno.test("belong() pairs members with relays, and others with their like", () => {
  const kinds = Object.values(KIND).filter((kind) => kind !== KIND.any);
  const pairs = kinds.flatMap((a) => kinds.filter((b) => belong(a, b)).map((b) => [a, b]));
  assertEquals(pairs, [[1, 2], [2, 1], [3, 3], [4, 4]]);
  for (const kind of kinds) assert(belong(kind, KIND.any));
  assertStringIncludes(whoIsThere(7, EVERYBODY), "takes no calls");
});

Deno.test("talk at a relay says that it is one, and nothing counts as delivered", () => {
  const net = new RoomNet({ delay: 5 }), ann = talk(net, 50, [net.relayAddress]);
  ann.machine.say("for a person", net.now);
  net.run(3_000);
  assertStringIncludes(text(ann), "a relay is at 192.0.2.1:2410: udpchat join 192.0.2.1:2410");
  assertEquals(ann.machine.done, { status: 1, reason: "nobody to talk to" });
  assertEquals(net.relay.machine.size, { members: 0, rooms: 0 });
});

Deno.test("lan at a relay goes on without it, and nothing counts as delivered", () => {
  const net = new RoomNet({ delay: 5 }), ann = mesh(net, 50, [net.relayAddress]);
  ann.machine.say("for somebody", net.now);
  net.run(20_000);
  assertStringIncludes(text(ann), "a relay is at 192.0.2.1:2410");
  assertEquals(ann.told.filter(({ type }) => type === "status"), []);
  assertEquals(ann.machine.done, undefined);
  assertEquals(net.relay.told, []);
});

Deno.test("join at a person's talk, or at a network, leaves with 1 and disturbs nobody", () => {
  for (const make of [talk, mesh]) {
    const net = new RoomNet({ delay: 5 }), there = make(net, 50, []);
    const ann = net.join("ann", { relay: there.address });
    net.say(ann, "for a room");
    net.run(5_000);
    assertEquals(ann.machine.done, { status: 1, reason: "no relay" });
    const notice = ann.told.find((event) => event.type === "notice");
    assert(notice?.type === "notice");
    assertStringIncludes(notice.text, "at 192.0.2.50:40000");
    assertEquals(there.told, []);
  }
});

Deno.test("talk at a network says so, and who is called there does not notice", () => {
  const net = new RoomNet({ delay: 5 }), there = mesh(net, 50, []);
  const ann = talk(net, 51, [there.address]);
  net.run(5_000);
  assertStringIncludes(text(ann), "udpchat lan is at 192.0.2.50:40000");
  assertEquals(there.told, []);
});
