/**
 * What a network without a server costs when nothing is said, in virtual time; and a process that idles.
 *
 * @module
 */

import { decodeBeacon } from "../../lib/wire/beacon.ts";
import { equalStores, gathered, type MeshHost, MeshNet } from "../support/mesh_net.ts";
import { IP_UDP_BYTES } from "../support/session_pair.ts";
import { processorTime } from "./process.ts";
import { median, say } from "./report.ts";

/** Over IPv4 by multicast and broadcast, over IPv6 by multicast. */
const WAYS = 3;
const MINUTE_MS = 60_000;

function come(net: MeshNet, count: number): MeshHost[] {
  return Array.from({ length: count }, (_, at) => net.come(`m${net.people.length + at}`));
}

/** Looked at this often, in ms: it costs more than what is looked at. */
const LOOK_MS = 10;

/** Time until all see each other and hold the same, in ms. */
function until(net: MeshNet, hosts: readonly MeshHost[]): number {
  const from = net.now;
  while (net.now < from + 5 * MINUTE_MS) {
    if (gathered(hosts) && equalStores(hosts)) return net.now - from;
    net.run(net.now + LOOK_MS);
  }
  return NaN;
}

function first(loss: number): void {
  const times: number[] = [];
  for (let seed = 1; seed <= 50; seed++) {
    const net = new MeshNet({ delay: 1, jitter: 2, loss }, seed), [ann] = come(net, 1);
    net.run(MINUTE_MS * (1 + net.random()));
    const [bob] = come(net, 1);
    if (ann && bob) times.push(until(net, [ann, bob]));
  }
  say(`| ${loss} % | ${median(times).toFixed(0)} | ${Math.max(...times).toFixed(0)} |`);
}

/** Packets and bytes as they leave the hosts, each beacon by all ways. */
function quiet(count: number): void {
  const net = new MeshNet({ delay: 1, jitter: 2 });
  const hosts = come(net, count), met = until(net, hosts);
  net.run(net.now + MINUTE_MS);
  let beacons = 0, beaconBytes = 0;
  const { packets, bytes } = net;
  net.sent = (sent) => {
    if (decodeBeacon(sent) === undefined) return;
    beacons++;
    beaconBytes += sent.length;
  };
  const minutes = count > 10 ? 2 : 10;
  net.run(net.now + minutes * MINUTE_MS);
  const more = beacons * (WAYS - 1), all = net.packets - packets + more;
  const size = net.bytes - bytes + beaconBytes * (WAYS - 1) + all * IP_UDP_BYTES;
  const rate = size / (minutes * 60) / 1_000;
  const each = (value: number): string => (value / minutes / count).toFixed(1);
  say(
    `| ${count} | ${count > 1 ? (met / 1_000).toFixed(1) : ""} | ${each(all)} | ${each(size)} | ` +
      `${each(beacons * WAYS)} | ${rate.toFixed(2)} |`,
  );
}

function merge(count: number, loss: number): void {
  const times: number[] = [];
  for (let seed = 1; seed <= 5; seed++) {
    const net = new MeshNet({ delay: 1, jitter: 2, loss }, seed), hosts = come(net, count);
    until(net, hosts);
    net.run(net.now + MINUTE_MS);
    for (const host of hosts.slice(count / 2)) host.segment = 1;
    for (const host of hosts) net.say(host, `of ${host.name}`);
    net.run(net.now + 2 * MINUTE_MS);
    for (const host of hosts) host.segment = 0;
    times.push(until(net, hosts) / 1_000);
  }
  const worst = Math.max(...times).toFixed(1);
  say(`| ${count} | ${loss} % | ${median(times).toFixed(1)} | ${worst} |`);
}

/** Two on the loopback interface who say nothing: processor time of one. */
async function idle(): Promise<void> {
  if (Deno.build.os !== "linux") return say("\nAn idle program: only on Linux.");
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const args = ["run", "--unstable-net", "-A", main, "lan", "--interface", "lo", "--ephemeral"];
  const more = ["--stay", "--port", "0", "--room", crypto.randomUUID()];
  const both = [1, 2].map(() =>
    new Deno.Command(Deno.execPath(), {
      args: [...args, ...more],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn()
  );
  const [child] = both, pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(10_000);
  const before = await processorTime(child?.pid ?? 0), seconds = 20;
  await pause(seconds * 1_000);
  const used = (await processorTime(child?.pid ?? 0) - before) / seconds / 1_000;
  for (const each of both) {
    each.kill("SIGKILL");
    await each.status;
  }
  say(`\nProcessor time of a program that idles, with one other: ${used.toFixed(2)} ms a second`);
}

/** All of them. */
export async function lans(): Promise<void> {
  say(
    "\nFrom the start until the two see each other, one waiting for 1 to 2 minutes, 50 seeds, ms:\n",
  );
  say("| loss | median | worst |");
  say("| --- | --- | --- |");
  for (const loss of [0, 20]) first(loss);
  say("\nNothing is said; 28 bytes a packet for UDP and IP, a beacon by 3 ways:\n");
  say(
    "| hosts | all met after s | packets/min each | bytes/min each | beacons/min each | kB/s in all |",
  );
  say("| --- | --- | --- | --- | --- | --- |");
  for (const count of [1, 2, 10, 50]) quiet(count);
  say(
    "\nCut in two for two minutes, a line said by each, joined; until all hold all, 5 seeds, s:\n",
  );
  say("| hosts | loss | median | worst |");
  say("| --- | --- | --- | --- |");
  for (const [count, loss] of [[2, 0], [10, 0], [10, 20], [50, 0]] as const) merge(count, loss);
  await idle();
}
