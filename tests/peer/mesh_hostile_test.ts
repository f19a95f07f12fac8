/**
 * Beacons that lie, in virtual time: nobody is believed who cannot prove who they are, and the chat goes
 * on.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { digestOf, roomTag } from "../../lib/chat/digest.ts";
import { Gathering } from "../../lib/peer/gathering.ts";
import { Hub } from "../../lib/session/hub.ts";
import { encodeBeacon } from "../../lib/wire/beacon.ts";
import { gathered, type MeshHost, MeshNet, onceShown, readMesh } from "../support/mesh_net.ts";
import { LOBBY } from "../support/room_net.ts";
import { testRandom } from "../support/session_pair.ts";

/** Where there are minutes. */
const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined;
const RANDOM = slow ? 1_000_000 : 30_000, INVENTED = slow ? 100_000 : 20_000;

/** Where somebody invented says that they are. */
function hostOf(number: number): string {
  return `172.${16 + (number >> 16)}.${number >> 8 & 255}.${number & 255}`;
}

function two(net: MeshNet): [MeshHost, MeshHost] {
  const ann = net.come("ann"), bob = net.come("bob");
  assert(net.runUntil(() => gathered([ann, bob]), 5_000));
  return [ann, bob];
}

function beacon(net: MeshNet, tag: Uint8Array, leaving = false): Uint8Array {
  const digest = digestOf(LOBBY.number, tag, testRandom(net.random)(32));
  return encodeBeacon({ leaving, tag, port: 40_000, room: roomTag(LOBBY.number, tag), digest });
}

Deno.test(`mesh hostile: ${RANDOM} random and damaged beacons change nothing`, () => {
  const net = new MeshNet({ delay: 1 }), [ann, bob] = two(net), bytes = testRandom(net.random);
  const from = { host: "10.0.0.66", port: 2_411 };
  for (let each = 0; each < RANDOM; each++) {
    const good = beacon(net, each % 3 === 0 ? bob.credentials.instance : bytes(8));
    const at = Math.floor(net.random() * good.length);
    if (each % 2 === 0) good[at] = (good[at] ?? 0) ^ 1 << Math.floor(net.random() * 8);
    else good.set(bytes(good.length - 6 - each % 20), 6 + each % 20);
    ann.machine.receive(each % 5 === 0 ? good.subarray(0, at) : good, from, net.now);
    if (each % 100 === 0) net.run(net.now + 10);
  }
  net.say(bob, "still here");
  net.run(net.now + 1_000);
  assertEquals([ann.machine.size, readMesh(ann)], [1, ["bob: still here"]]);
});

Deno.test("mesh hostile: forged farewells and digests end nothing", () => {
  const net = new MeshNet({ delay: 1 }), [ann, bob] = two(net), { packets } = net;
  for (let second = 0; second < 60; second++) {
    for (const { host, port } of [bob.address, { host: "10.0.0.66", port: 2_411 }]) {
      ann.machine.receive(beacon(net, bob.credentials.instance, true), { host, port }, net.now);
      ann.machine.receive(beacon(net, bob.credentials.instance), { host, port }, net.now);
    }
    net.run(net.now + 1_000);
  }
  assertEquals(ann.told.filter(({ type }) => type === "presence").length, 1);
  assertLess(net.packets - packets, 60 * 20, "what a wrong digest makes the two compare");
});

Deno.test(`mesh hostile: among ${INVENTED} invented people the chat goes on, a newcomer gets in`, () => {
  const net = new MeshNet({ delay: 1 }), [ann, bob] = two(net), bytes = testRandom(net.random);
  let cem: MeshHost | undefined, sent = 0;
  net.sent = () => sent++;
  for (let each = 0; each < INVENTED; each++) {
    const from = { host: hostOf(each), port: 2_411 }, said = beacon(net, bytes(8));
    for (const { machine } of net.people) machine.receive(said, from, net.now);
    if (each % 20 === 0) net.run(net.now + 10);
    if (each % 2_000 === 0) net.say(bob, `line ${each}`);
    if (each === INVENTED / 2) cem = net.come("cem");
  }
  assert(cem);
  net.run(net.now + 1_000);
  assertEquals(readMesh(ann).length, INVENTED / 2_000);
  assertLess(sent / (net.now / 1_000), 3 * 120, "datagrams a second of three, mostly calls");
  assert(net.runUntil(() => gathered([ann, bob, ...(cem ? [cem] : [])]), net.now + 70_000));
  assert(onceShown(net.people));
});

Deno.test("mesh hostile: of 100,000 invented peers few are remembered, and few called at once", () => {
  const net = new MeshNet(), { credentials } = net.come("ann"), random = testRandom(net.random);
  const hub = new Hub({ credentials, random });
  const stalls = () => false;
  const gathering = new Gathering({ hub, own: "8", peers: [], random: net.random, stalls }, 0);
  for (let each = 0; each < 100_000; each++) {
    gathering.told(random(8).toHex(), { host: hostOf(each), port: 40_000 }, each);
    if (each % 250 === 0) gathering.tick(each);
    assert(hub.unfinished <= 24);
  }
  for (let now = 100_000; now < 200_000; now += 250) gathering.tick(now);
  assertEquals(hub.unfinished, 0, "all are forgotten");
});
