import { assert, assertEquals } from "@std/assert";
import { decodePacket } from "../../lib/wire/packet.ts";
import { secretRoom } from "../support/room_net.ts";
import {
  equalStores,
  gathered,
  type MeshHost,
  MeshNet,
  onceShown,
  readMesh,
} from "../support/mesh_net.ts";

function come(net: MeshNet, names: string, coming = {}): MeshHost[] {
  return names.split(" ").map((name) => net.come(name, coming));
}

Deno.test("two on one network see each other within two seconds, and chat", () => {
  const net = new MeshNet({ delay: 1 }), [ann] = come(net, "ann");
  assert(ann);
  net.run(60_000);
  const [bob] = come(net, "bob"), from = net.now;
  assert(bob);
  assert(net.runUntil(() => gathered([ann, bob]), from + 2_000), "within two seconds");
  net.say(ann, "hello");
  net.say(bob, "hi");
  net.run(net.now + 1_000);
  assertEquals([readMesh(ann), readMesh(bob)], [["bob: hi"], ["ann: hello"]]);
  const last = ann.told.findLast(({ type }) => type === "status");
  assert(last?.type === "status");
  assertEquals([last.state, last.holders, last.members], ["delivered", 1, 1]);
  bob.machine.leave(0, "quit");
  net.flush();
  net.run(net.now + 100);
  const states = ann.told.flatMap((event) => event.type === "presence" ? [event.state] : []);
  assertEquals(states, ["here", "gone"]);
});

Deno.test("what was typed while nobody was there reaches whoever comes; and who was away gets all", () => {
  const net = new MeshNet({ delay: 5 }), [ann] = come(net, "ann");
  assert(ann);
  for (let line = 0; line < 70; line++) net.say(ann, `${line}`);
  net.run(10_000);
  const [bob] = come(net, "bob", { shown: 50 });
  assert(bob);
  net.run(20_000);
  assertEquals(readMesh(bob), Array.from({ length: 50 }, (_, at) => `ann: ${at + 20}`));
  assertEquals(bob.told.filter(({ type }) => type === "past").length, 20);
  // Ann goes; what she said comes from bob.
  ann.machine.leave(0, "quit");
  net.run(30_000);
  const [cem] = come(net, "cem");
  assert(cem);
  assert(net.runUntil(() => equalStores([bob, cem]), net.now + 10_000));
  net.run(net.now + 3_000);
  assert(readMesh(cem).length >= 48, "the newest 50 entries, with names among them");
});

Deno.test("what somebody says before they meet those who were there before is news, all of it, in order", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const net = new MeshNet({ delay: 2, jitter: 3, loss: seed % 3 * 10 }, seed);
    const there = come(net, "ann bob", { shown: 50 });
    assert(net.runUntil(() => gathered(there), 20_000));
    net.run(net.now + 10_000);
    for (const name of ["big", "again"]) {
      const [big] = come(net, name);
      assert(big);
      for (let line = 0; line < 120; line++) net.say(big, `${name} ${line}`);
      assert(net.runUntil(() => equalStores([...there, big]), net.now + 30_000));
      net.run(net.now + 3_000);
      big.machine.leave(0, "quit");
      net.flush();
    }
    const wanted = ["big", "again"].flatMap((name) =>
      Array.from({ length: 120 }, (_, at) => `${name}: ${name} ${at}`)
    );
    for (const host of there) assertEquals(readMesh(host), wanted, `${seed}: ${host.name}`);
  }
});

Deno.test("two halves of a network merge when it heals", () => {
  const net = new MeshNet({ delay: 5, loss: 5 }), left = come(net, "ann bob cem");
  const right = come(net, "dan eve", { segment: 1 }), all = [...left, ...right];
  assert(net.runUntil(() => gathered(left) && gathered(right), 20_000));
  for (const host of all) net.say(host, `from ${host.name}`);
  net.run(net.now + 5_000);
  assert(equalStores(left) && equalStores(right) && !equalStores(all));
  for (const host of right) host.segment = 0;
  assert(net.runUntil(() => gathered(all) && equalStores(all), net.now + 60_000));
});

Deno.test("a mesh of people who crash and come back ends with equal stores, for 60 seeds", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const net = new MeshNet({ delay: 20, jitter: 20, loss: seed % 4 * 10, dup: 2 }, seed);
    const size = 2 + seed % 7,
      hosts = come(net, Array.from({ length: size }, (_, at) => `m${at}`).join(" "));
    const said: string[] = [];
    while (net.now < 20_000) {
      net.run(net.now + net.random() * 1_500);
      const host = hosts[Math.floor(net.random() * size)];
      if (host === undefined) continue;
      const what = net.random();
      if (what < 0.7 && !host.off) {
        net.say(host, `${said.length}`);
        said.push(`${said.length}`);
      } else if (what < 0.85) {
        host.off = true;
        if (net.random() < 0.7) net.restart(host);
      } else host.segment = net.random() < 0.5 ? 0 : 1;
    }
    for (const host of hosts) {
      host.segment = 0;
      if (host.off) net.restart(host);
    }
    const wanted = said.length + size;
    const all = (): boolean => hosts.every(({ store }) => store.entries.length === wanted);
    assert(
      net.runUntil(() => all() && equalStores(hosts), net.now + 180_000),
      `seed ${seed}: ${hosts.map(({ store }) => store.entries.length)} of ${wanted}`,
    );
    assert(onceShown(hosts), `seed ${seed}: somebody saw one twice`);
  }
});

Deno.test("rooms do not see each other; with a secret strangers get no answer at all", () => {
  const net = new MeshNet({ delay: 5 }), secret = new Uint8Array(32).fill(3);
  const [ann, bob] = come(net, "ann bob", { room: secretRoom(), secret });
  const [cem, dan] = come(net, "cem dan");
  assert(ann && bob && cem && dan);
  net.run(10_000);
  assert(gathered([ann, bob]) && gathered([cem, dan]));
  net.say(ann, "hidden");
  net.run(12_000);
  assertEquals([readMesh(bob), readMesh(cem)], [["ann: hidden"], []]);
});

Deno.test("where beacons are blocked, one that is named by hand brings all together", () => {
  const net = new MeshNet({ delay: 5 });
  net.blocked = true;
  const [ann] = come(net, "ann");
  assert(ann);
  const others = come(net, "bob cem dan", { peers: [ann.address] });
  assert(net.runUntil(() => gathered([ann, ...others]), 30_000));
  net.say(others[0] ?? ann, "all of you");
  net.run(net.now + 2_000);
  assertEquals(others.map(readMesh).filter((each) => each.length > 0).length, 2);
});

Deno.test("where beacons are blocked, a late one gets what somebody said who has left", () => {
  const net = new MeshNet({ delay: 5 });
  net.blocked = true;
  const [ann] = come(net, "ann");
  assert(ann);
  const [cem] = come(net, "cem", { peers: [ann.address] });
  assert(cem && net.runUntil(() => gathered([ann, cem]), 10_000));
  net.say(cem, "I was here");
  net.run(net.now + 2_000);
  cem.machine.leave(0, "quit");
  net.flush();
  net.run(net.now + 5_000);
  const [dan] = come(net, "dan", { peers: [ann.address] });
  assert(dan && net.runUntil(() => equalStores([ann, dan]), net.now + 20_000));
  net.run(net.now + 3_000);
  assertEquals(readMesh(dan), ["cem: I was here"]);
});

Deno.test("where beacons are blocked, who is quiet for long is still there", () => {
  const net = new MeshNet({ delay: 5 });
  net.blocked = true;
  const [ann] = come(net, "ann");
  assert(ann);
  const others = come(net, "bob cem", { peers: [ann.address] });
  assert(net.runUntil(() => gathered([ann, ...others]), 30_000));
  net.run(600_000);
  for (const { told } of [ann, ...others]) {
    assertEquals(told.filter((event) => event.type === "presence" && event.state === "gone"), []);
  }
});

Deno.test("a call of one to nowhere is no reason to call another who is here", () => {
  const net = new MeshNet({ delay: 5 }), [ann] = come(net, "ann");
  assert(ann);
  const [bob] = come(net, "bob", {
    peers: [ann.address, { host: "10.0.0.2", port: 40_000 }, { host: "10.0.9.9", port: 40_000 }],
  });
  assert(bob && net.runUntil(() => gathered([ann, bob]), 10_000));
  net.run(20_000);
  let calls = 0;
  net.filter = ({ bytes, to }) => {
    if (to.host === ann.address.host && decodePacket(bytes)?.type === "init") calls++;
    return true;
  };
  net.run(300_000);
  assertEquals(calls, 0);
});

Deno.test("a crash is seen within 45 s, and nobody is given up who is only quiet", () => {
  const net = new MeshNet({ delay: 5 }), [ann, bob, cem] = come(net, "ann bob cem");
  assert(ann && bob && cem);
  net.run(600_000);
  assert(gathered([ann, bob, cem]));
  assertEquals(ann.told.filter((event) => event.type === "presence" && event.state === "gone"), []);
  cem.off = true;
  const from = net.now;
  assert(net.runUntil(() => ann.machine.size === 1, from + 45_000));
});

Deno.test("a message for one person goes to them alone, and waits for them", () => {
  const net = new MeshNet({ delay: 5 }), [ann, bob, cem] = come(net, "ann bob cem");
  assert(ann && bob && cem);
  net.run(5_000);
  bob.off = true;
  ann.machine.sayTo(bob.credentials.identity.publicKey, "for you", net.now);
  net.run(70_000);
  net.restart(bob);
  net.run(90_000);
  assertEquals(readMesh(bob).at(-1), "ann: for you");
  assertEquals(readMesh(cem), []);
  assertEquals(ann.told.findLast((event) => event.type === "status")?.type, "status");
});
