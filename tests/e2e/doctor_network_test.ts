/**
 * `doctor` between hosts and behind firewalls, in network namespaces that the test makes itself.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Segment, whyNoNamespaces } from "../support/namespaces.ts";
import { has, Program, runProgram } from "../support/program.ts";

const why = await whyNoNamespaces() ?? (await has("nft") ? undefined : "no nft here");
const ignore = why !== undefined;
if (ignore) Deno.stderr.writeSync(new TextEncoder().encode(`doctor tests skipped: ${why}\n`));

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** The program on a host of a segment. */
function on(segment: Segment, host: number): { command: string[] } {
  const program = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN];
  return { command: [...segment.on(host), ...program] };
}

/** Adds rules to the firewall of a host: `in` and `out` are its chains. */
async function block(segment: Segment, host: number, ...rules: string[]): Promise<void> {
  const chain = (name: string, hook: string) =>
    `add chain inet t ${name} { type filter hook ${hook} priority 0; }`;
  const all = ["add table inet t", chain("in", "input"), chain("out", "output")]
    .concat(rules.map((rule) => `add rule inet t ${rule} drop`));
  const [first = "", ...rest] = segment.on(host);
  const args = [...rest, "nft", all.join("; ")];
  const { success, stderr } = await new Deno.Command(first, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const MULTICAST_IN = ["in ip daddr 239.255.24.10", "in ip6 daddr ff02::7564"];
const MULTICAST_OUT = ["out ip daddr 239.255.24.10", "out ip6 daddr ff02::7564"];
const BROADCAST_IN = "in ip daddr 255.255.255.255";

/** What says something to everybody ten times a second, as a beacon would, until it is ended. */
const TALKER = `
const socket = Deno.listenDatagram({ transport: "udp", hostname: "10.77.0.2", port: 2411 });
const to = { transport: "udp", hostname: "255.255.255.255", port: 2411 };
setInterval(() => socket.send(Uint8Array.of(0xf8, 1), to), 100);
console.log("begun");
`;

Deno.test("doctor: a host hears itself, and who else is there", { ignore }, async () => {
  await using segment = await Segment.make(2);
  const command = [...segment.on(2), Deno.execPath(), "eval", "--unstable-net"];
  await using other = new Program([TALKER], { command });
  await other.out.next("begun");
  const { exit, out } = await runProgram(["doctor", "--interface", "eth0"], "", on(segment, 1));
  assertEquals(exit, 0, out);
  assertStringIncludes(out, "multicast from 10.77.0.1: sent, heard again");
  assertStringIncludes(out, "broadcast from 10.77.0.1: sent, heard again");
  assertStringIncludes(out, "multicast from fe80::77:1: sent, heard again");
  assertStringIncludes(out, "others: heard from 10.77.0.2\n");
  assertStringIncludes(out, "\nOthers on this network can be found, by eth0.\n");
  assert(!out.includes("interface lo"));
});

interface Row {
  readonly what: string;
  readonly rules: readonly string[];
  readonly exit: number;
  readonly multicast: string;
  readonly broadcast: string;
  readonly advice: RegExp;
}

const AGAIN = "sent, heard again", SILENT = "sent, not heard again", REFUSED = "not sent: ";
const IN = /\n {4}sudo ufw allow 2410:2411\/udp\n/,
  OUT = /\n {4}sudo ufw allow out 2410:2411\/udp\n/;

const ROWS: readonly Row[] = [
  {
    what: "multicast that does not come in",
    rules: MULTICAST_IN,
    exit: 0,
    multicast: SILENT,
    broadcast: AGAIN,
    advice: IN,
  },
  {
    what: "multicast that does not go out",
    rules: MULTICAST_OUT,
    exit: 0,
    multicast: REFUSED,
    broadcast: AGAIN,
    advice: OUT,
  },
  {
    what: "broadcast that does not come in",
    rules: [BROADCAST_IN],
    exit: 0,
    multicast: AGAIN,
    broadcast: SILENT,
    advice: IN,
  },
  {
    what: "nothing that comes in",
    rules: ["in iifname eth0"],
    exit: 1,
    multicast: SILENT,
    broadcast: SILENT,
    advice: IN,
  },
];

for (const { what, rules, exit, multicast, broadcast, advice } of ROWS) {
  Deno.test(`doctor: finds a firewall for ${what}`, { ignore }, async () => {
    await using segment = await Segment.make(1);
    await block(segment, 1, ...rules);
    const found = await runProgram(["doctor", "-4"], "", on(segment, 1));
    assertEquals(found.exit, exit, found.out);
    assertStringIncludes(found.out, `multicast from 10.77.0.1: ${multicast}`);
    assertStringIncludes(found.out, `broadcast from 10.77.0.1: ${broadcast}`);
    assertMatch(
      found.out,
      exit === 0 ? /\nOthers on this network should be/ : /\nChat does not work/,
    );
    assertMatch(found.out, advice);
    assert(!found.out.includes("fe80:"), "-4 looks at IPv4 alone");
  });
}

Deno.test(
  "doctor: a HOST that answers is enough where nothing else works",
  { ignore },
  async () => {
    await using segment = await Segment.make(2);
    await block(segment, 1, "in udp dport 2411");
    await using relay = new Program(["talk", "--ephemeral"], on(segment, 2));
    assertEquals(await relay.port(), 2410);
    const { exit, out } = await runProgram(["doctor", "10.77.0.2"], "", on(segment, 1));
    assertEquals(exit, 0, out);
    assertStringIncludes(out, "largest datagram known to pass: 1472 bytes");
    assertStringIncludes(
      out,
      "\nChat with 10.77.0.2:2410 works.\nOthers on this network cannot be",
    );
    const beside = await runProgram(["doctor"], "", on(segment, 2));
    assertMatch(
      beside.out,
      /note {2}UDP port 2410 \(chat\) is in use by a program of yours, and not/,
    );
  },
);

Deno.test("doctor: no network but loopback, and a held port 2411", { ignore }, async () => {
  await using segment = await Segment.make(1);
  const hold = ["plain", "--host", "0.0.0.0", "--port", "2411"];
  await using holder = new Program(hold, on(segment, 1));
  await holder.port();
  const held = await runProgram(["doctor", "-4"], "", on(segment, 1));
  assertEquals(held.exit, 1, held.out);
  assertMatch(
    held.out,
    /\nFAIL {2}UDP port 2411 \(beacons\) is in use by a program of yours, and not/,
  );
  assertStringIncludes(held.out, "\n    sudo ss -ulpn sport = :2411\n");
  const [first = "", ...rest] = segment.on(1);
  await new Deno.Command(first, { args: [...rest, "ip", "link", "del", "eth0"] }).output();
  const alone = await runProgram(["doctor"], "", on(segment, 1));
  assertEquals(alone.exit, 1, alone.out);
  assertStringIncludes(alone.out, "- Connect this machine to a network");
});
