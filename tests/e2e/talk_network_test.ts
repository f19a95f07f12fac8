/**
 * `talk` between hosts, in network namespaces that the test makes itself: real loss, an address that
 * changes, a NAT that forgets.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Segment, whyNoNamespaces } from "../support/namespaces.ts";
import { has, Program } from "../support/program.ts";

const why = await whyNoNamespaces();
const ignore = why !== undefined;
const noNft = ignore || !await has("nft");
const noConntrack = noNft || !await has("conntrack");

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A talk on a host of a segment. */
function talk(segment: Segment, host: number, args: string[], name: string): Program {
  const program = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN, "talk", "--ephemeral"];
  return new Program(["--name", name, ...args], { command: [...segment.on(host), ...program] });
}

/** Runs a command on a host to its end. */
async function run(segment: Segment, host: number, command: string): Promise<void> {
  const [first = "", ...rest] = [...segment.on(host), ...command.split(" ")];
  const { success, stderr } = await new Deno.Command(first, { args: rest }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

Deno.test("talk network: 20 % real loss each way, 300 lines each way, in order and once", {
  ignore: noNft,
}, async () => {
  await using segment = await Segment.make(2);
  for (const host of [1, 2]) {
    await run(segment, host, "nft add table inet bad");
    await run(segment, host, "nft add chain inet bad out { type filter hook output priority 0 ; }");
    await run(
      segment,
      host,
      "nft add rule inet bad out udp dport 1-65535 numgen random mod 100 < 20 drop",
    );
  }
  await using ann = talk(segment, 1, [], "ann");
  await ann.port();
  await using bob = talk(segment, 2, ["10.77.0.1"], "bob");
  const lines = Array.from({ length: 300 }, (_, line) => `${line}`);
  for (const line of lines) {
    await ann.type(line);
    await bob.type(line);
  }
  await ann.out.next(": 299");
  await bob.out.next(": 299");
  for (const side of [ann, bob]) {
    assertEquals(side.out.all.map((line) => line.split(" ")[1]), lines);
  }
});

Deno.test(
  "talk network: a host gets another address, and the chat goes on",
  { ignore },
  async () => {
    await using segment = await Segment.make(2);
    await using ann = talk(segment, 1, [], "ann");
    await ann.port();
    await using bob = talk(segment, 2, ["10.77.0.1", "--json"], "bob");
    await bob.type("from the old address");
    await ann.out.next("old address");
    await run(segment, 2, "ip addr del 10.77.0.2/24 dev eth0");
    await run(segment, 2, "ip addr add 10.77.0.99/24 brd + dev eth0");
    await run(segment, 2, "ip route add default dev eth0");
    await bob.type("from the new address");
    assertStringIncludes(await ann.out.next("new address"), "bob: from the new address");
    await ann.type("answer to the new address");
    await bob.out.next("answer to the new address");
  },
);

Deno.test("talk network: a NAT forgets the flow, and the chat goes on", {
  ignore: noConntrack,
}, async () => {
  await using outside = await Segment.make(2);
  // Host 2 is the router; what comes from its inside leaves with its own address.
  const inside = outside.on(2)[3] ?? "";
  const host = `${inside}-in`;
  const ip = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("ip", { args }).output();
    if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  };
  await ip("netns", "add", host);
  try {
    await ip("-n", host, "link", "add", "eth0", "type", "veth", "peer", "in0", "netns", inside);
    await ip("-n", host, "addr", "add", "10.78.0.2/24", "dev", "eth0");
    await ip("-n", host, "link", "set", "eth0", "up");
    await ip("-n", host, "link", "set", "lo", "up");
    await ip("-n", host, "route", "add", "default", "via", "10.78.0.1");
    await ip("-n", inside, "addr", "add", "10.78.0.1/24", "dev", "in0");
    await ip("-n", inside, "link", "set", "in0", "up");
    await run(outside, 2, "sysctl -qw net.ipv4.ip_forward=1");
    await run(outside, 2, "nft add table ip nat");
    await run(outside, 2, "nft add chain ip nat post { type nat hook postrouting priority 100 ; }");
    await run(
      outside,
      2,
      "nft add rule ip nat post oifname eth0 udp dport 1-65535 masquerade random",
    );
    await using ann = talk(outside, 1, [], "ann");
    await ann.port();
    const program = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN, "talk", "--ephemeral"];
    await using bob = new Program(["10.77.0.1", "--name", "bob"], {
      command: ["ip", "netns", "exec", host, ...program],
    });
    await bob.type("through the router");
    await ann.out.next("through the router");
    for (let round = 0; round < 3; round++) {
      await run(outside, 2, "conntrack -F");
      await bob.type(`after flush ${round}`);
      await ann.out.next(`after flush ${round}`);
      await ann.type(`answer ${round}`);
      await bob.out.next(`answer ${round}`);
    }
  } finally {
    await ip("netns", "del", host);
  }
});
