/**
 * Networks of many sizes, cut and joined, that lose and repeat: in the end all is the same everywhere.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { NEWEST } from "../../lib/chat/sync.ts";
import { decodeBeacon } from "../../lib/wire/beacon.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import {
  equalStores,
  gathered,
  type MeshHost,
  MeshNet,
  onceShown,
  readMesh,
} from "../support/mesh_net.ts";

/** Where there are minutes. */
const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined;

function comeAll(net: MeshNet, count: number): MeshHost[] {
  return Array.from(
    { length: count },
    (_, at) => net.come(`m${at}`, { addresses: net.random() < 0.3 ? 2 : 1 }),
  );
}

/** Everybody has heard everybody's name. */
function acquainted(hosts: readonly MeshHost[]): boolean {
  const names = hosts.map(({ name }) => name);
  return hosts.every(({ name, machine }) => {
    const known = new Set(machine.roster.people.names);
    return names.every((each) => each === name || known.has(each));
  });
}

/** Cuts a network again and again; then it is whole, and all must be the same everywhere. */
function storm(seed: number, count: number, until: number): void {
  const spec = { delay: 1 + seed % 30, jitter: seed % 20, loss: seed % 5 * 7, dup: seed % 3 };
  const net = new MeshNet(spec, seed), hosts = comeAll(net, count), parts = 1 + seed % 4;
  const saidBy = hosts.map(() => 0);
  let said = 0;
  while (net.now < until) {
    net.run(net.now + net.random() * 2_000);
    const host = hosts[Math.floor(net.random() * count)];
    if (host === undefined) continue;
    if (net.random() < 0.6) {
      net.say(host, `${said++}`);
      const at = hosts.indexOf(host);
      saidBy[at] = (saidBy[at] ?? 0) + 1;
    } else if (net.random() < 0.2) { for (const each of hosts) each.segment = 0; }
    else host.segment = Math.floor(net.random() * parts);
  }
  for (const host of hosts) host.segment = 0;
  const wanted = said + count;
  const whole = (): boolean =>
    gathered(hosts) && hosts[0]?.store.entries.length === wanted && equalStores(hosts);
  const sizes = hosts.map(({ machine, store }) => `${machine.size}/${store.entries.length}`);
  assert(net.runUntil(whole, net.now + 180_000), `seed ${seed}, of ${wanted}: ${sizes}`);
  net.run(net.now + 30_000);
  assert(whole(), `seed ${seed}: it does not stay so`);
  assert(acquainted(hosts), `seed ${seed}: not everybody knows everybody`);
  assert(onceShown(hosts), `seed ${seed}: somebody saw one twice`);
  // Fewer than a block of what was missed is never hidden.
  assert(said < NEWEST);
  for (const [at, host] of hosts.entries()) {
    const wanted = said - (saidBy[at] ?? 0);
    assertEquals(readMesh(host).length, wanted, `seed ${seed}: ${host.name} was shown all`);
  }
}

/** 867: a call that was answered and never confirmed, and one beside a dead session that failed. */
const SEEDS = [...Array(slow ? 1_000 : 20).keys().map((at) => at + 1), ...slow ? [] : [867]];

Deno.test(`mesh: networks that are cut and joined converge, for ${SEEDS.length} seeds`, () => {
  for (const seed of SEEDS) storm(seed, 2 + seed % 5, 15_000);
});

Deno.test(`mesh: ${slow ? 60 : 20} on a network that is cut and joined converge`, () => {
  storm(3, slow ? 60 : 20, 20_000);
});

Deno.test("mesh: one person with two addresses is one person, by one session", () => {
  const net = new MeshNet({ delay: 5, jitter: 3 });
  const ann = net.come("ann", { addresses: 2 }), bob = net.come("bob", { addresses: 2 });
  assert(net.runUntil(() => gathered([ann, bob]), 3_000));
  net.run(120_000);
  for (const { told } of [ann, bob]) {
    assertEquals(told.filter(({ type }) => type === "presence").length, 1);
  }
});

Deno.test("mesh: who is reached by hand alone meets who comes later and is heard by beacons", () => {
  const net = new MeshNet({ delay: 5 }), ann = net.come("ann");
  const far = net.come("far", { peers: [ann.address] });
  // Beacons of far reach nobody, and none reach far.
  net.filter = ({ bytes, from, to }) =>
    decodeBeacon(bytes) === undefined ||
    from.host !== far.address.host && to.host !== far.address.host;
  assert(net.runUntil(() => gathered([ann, far]), 5_000));
  net.run(20_000);
  const bob = net.come("bob");
  assert(net.runUntil(() => gathered([ann, far, bob]), net.now + 10_000), "all three");
});

Deno.test("mesh: who has got another address while all were quiet is found there", () => {
  const net = new MeshNet({ delay: 5 }), ann = net.come("ann"), bob = net.come("bob");
  assert(net.runUntil(() => gathered([ann, bob]), 5_000));
  net.run(100_000);
  net.move(bob, { host: "10.0.9.9", port: 40_000 });
  net.run(net.now + 30_000);
  const from = net.now;
  net.say(ann, "are you there?");
  const shown = (): boolean => bob.told.some(({ type }) => type === "message");
  assert(net.runUntil(shown, from + 30_000));
  assertLess(net.now - from, 1_000, "its new address was known by then");
});

Deno.test("mesh: that somebody leaves is no reason to call others again", () => {
  const net = new MeshNet({ delay: 5 }), ann = net.come("ann");
  const bob = net.come("bob", { peers: [ann.address] }), cem = net.come("cem");
  assert(net.runUntil(() => gathered([ann, bob, cem]), 5_000));
  net.run(20_000);
  cem.machine.leave(0, "quit");
  net.flush();
  let calls = 0;
  net.filter = ({ bytes, from }) => {
    if (from.host === bob.address.host && decodePacket(bytes)?.type === "init") calls++;
    return true;
  };
  net.run(net.now + 30_000);
  assertEquals(calls, 0);
});
