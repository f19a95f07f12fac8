/** Two histories of one log: whoever finds out lets everybody know, and then it is quiet. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { equal } from "../../lib/crypto/hash.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import type { MemoryStore } from "../support/memory_store.ts";
import { equalStores, gathered, MeshNet } from "../support/mesh_net.ts";
import { LOBBY, type MemberHost, read, RoomNet, START } from "../support/room_net.ts";
import { unsure } from "../support/storm_checks.ts";

const EVE = makeIdentity(new Uint8Array(32).fill(66)), LOG = new Uint8Array(8).fill(6);

/** Entries of Eve's log, one after the other. */
function said(texts: string): CheckedEntry[] {
  const entries: CheckedEntry[] = [];
  for (const [at, text] of texts.split(" ").entries()) {
    const previous = entries.at(-1)?.id ?? NO_ENTRY, body = encodeBody({ kind: "text", text });
    const time = START + at, number = at + 1, clock = time * 1_024;
    const fields = { room: LOBBY.number, log: LOG, number, previous, clock, time, body };
    entries.push(signEntry(EVE, fields));
  }
  return entries;
}

const YES = said("well then yes"), NO = said("well then no"), LONG = said("well then no no no");

function forksOf(hosts: readonly { readonly store: MemoryStore }[]): number[] {
  return hosts.map(({ store }) => store.proofs.length);
}

function toldOf(host: { readonly told: MemberHost["told"] }, code: string): string[] {
  return host.told.flatMap((event) =>
    event.type === "notice" && event.code === code ? [event.text] : []
  );
}

/** Datagrams of a minute. */
function packetsOf(net: RoomNet | MeshNet): number {
  const before = net.packets;
  net.run(net.now + 60_000);
  return net.packets - before;
}

/** Members of whom each has a store of before. */
function joined(
  net: RoomNet,
  stores: Readonly<Record<string, readonly CheckedEntry[]>>,
): MemberHost[] {
  const members = Object.entries(stores).map(([name, entries]) => {
    const host = net.join(name);
    host.store.append(entries);
    return host;
  });
  for (const host of members) net.restart(host);
  return members;
}

Deno.test("a fork that a relay finds is known to all who are there, and to who comes later", () => {
  for (const [here, there] of [[YES, NO], [YES, LONG], [LONG, YES]] as const) {
    const net = new RoomNet({ delay: 5 }), members = joined(net, { ann: [], cem: here });
    net.run(3_000);
    assertEquals(net.relay.store.entries.length, here.length + 2);
    members.push(...joined(net, { bob: there }));
    net.run(6_000);
    members.push(net.join("dan"));
    net.run(12_000);
    assertEquals(forksOf([net.relay, ...members]), [1, 1, 1, 1, 1]);
    for (const member of members) assertEquals(toldOf(member, "fork").length, 1, member.name);
    const dan = members.at(-1);
    assert(dan);
    assertEquals(dan.store.entries.length, here.length + 4, "he has what was held before it");
    assertLess(packetsOf(net), 5 * 60, "and then it is quiet");
    // A session later nobody finds it again.
    for (const member of members) net.restart(member);
    net.run(net.now + 10_000);
    assertEquals(forksOf([net.relay, ...members]), [1, 1, 1, 1, 1]);
  }
});

Deno.test("a relay learns of a fork from who knows, also of what it has let go", () => {
  const net = new RoomNet({ delay: 5 }), [ann] = joined(net, { ann: YES });
  assert(ann);
  net.run(3_000);
  const [, , held] = YES, [, , other] = NO;
  assert(held && other);
  net.relay.machine.trimmed(LOBBY.number, [{ author: EVE.publicKey, log: LOG, floor: 3 }]);
  ann.store.freeze(held, other);
  net.restart(ann);
  net.run(8_000);
  assertEquals(forksOf([net.relay, ann]), [1, 1]);
});

Deno.test("on a network all get the proof of a fork, and nobody compares for ever", () => {
  const net = new MeshNet({ delay: 2 }), stores = [YES, LONG, []];
  const hosts = stores.map((entries, at) => {
    const host = net.come(`m${at}`, { segment: at });
    host.store.append(entries);
    net.restart(host);
    return host;
  });
  net.run(5_000);
  for (const host of hosts) host.segment = 0;
  const all = (): boolean => forksOf(hosts).every((count) => count === 1);
  assert(net.runUntil(() => gathered(hosts) && all(), 60_000));
  for (const host of hosts) {
    assertEquals(toldOf(host, "fork").length, 1, host.name);
    net.say(host, "hello");
  }
  net.run(net.now + 20_000);
  assert(!equalStores(hosts), "each has what came first");
  const quiet = new MeshNet({ delay: 2 });
  for (const { name } of hosts) quiet.come(name);
  quiet.run(net.now);
  assertLess(packetsOf(net), packetsOf(quiet) * 1.2, "as quiet as if nothing had been");
});

Deno.test("whose store was copied and gone on with goes on in another log, and loses nothing", () => {
  const net = new RoomNet({ delay: 5 }), ann = net.join("ann"), bob = net.join("bob");
  net.run(1_000);
  net.say(ann, "1");
  net.run(2_000);
  const copied = [...ann.store.entries], { identity } = ann.credentials;
  net.say(ann, "2");
  net.run(3_000);
  const mine = ann.store.entries.find(({ entry }) =>
    equal(entry.author, identity.publicKey) && entry.number === 3
  );
  assert(mine);
  const body = encodeBody({ kind: "text", text: "another 2" });
  const other = signEntry(identity, { ...mine.entry, body });
  const [dan] = joined(net, { dan: [...copied, other] });
  assert(dan);
  net.run(8_000);
  net.say(ann, "3");
  net.run(12_000);
  assertEquals(read(bob), ["ann: 1", "ann: 2", "ann: 3"]);
  assertEquals(unsure(ann), []);
  const logs = new Set(
    bob.store.entries.map(({ entry: { author, log } }) =>
      equal(author, identity.publicKey) ? log.join() : undefined
    ),
  );
  assertEquals(logs.size, 2 + 1, "two of hers");
  assertEquals(forksOf([net.relay, ann, bob, dan]), [1, 1, 1, 1]);
});
