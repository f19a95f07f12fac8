/**
 * A relay and its members on hosts of their own, in network namespaces, with real loss.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Segment, whyNoNamespaces } from "../support/namespaces.ts";
import { has, Program } from "../support/program.ts";

const why = await whyNoNamespaces();
const ignore = why !== undefined || !await has("nft");
/** Where there are minutes: ten members for ten minutes; else four, and forty lines each. */
const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined;
const MEMBERS = slow ? 10 : 4, LINES = slow ? 300 : 40, PAUSE_MS = slow ? 2_000 : 20;

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

function start(segment: Segment, host: number, args: string[]): Program {
  const program = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN];
  return new Program(args, { command: [...segment.on(host), ...program], patience: 120_000 });
}

async function lossy(segment: Segment, host: number): Promise<void> {
  const rules = [
    "nft add table inet bad",
    "nft add chain inet bad out { type filter hook output priority 0 ; }",
    "nft add rule inet bad out udp dport 1-65535 numgen random mod 100 < 20 drop",
  ];
  for (const rule of rules) {
    const [first = "", ...rest] = [...segment.on(host), ...rule.split(" ")];
    const { success, stderr } = await new Deno.Command(first, { args: rest }).output();
    if (!success) throw new Error(`${rule}: ${new TextDecoder().decode(stderr)}`);
  }
}

Deno.test(
  `room network: ${MEMBERS} members at 20 % real loss each way hear all, once and in order`,
  {
    ignore,
  },
  async () => {
    await using segment = await Segment.make(MEMBERS + 1);
    for (let host = 1; host <= MEMBERS + 1; host++) await lossy(segment, host);
    await using relay = start(segment, 1, ["serve", "--ephemeral"]);
    await relay.port();
    const members: Program[] = [];
    try {
      for (let member = 0; member < MEMBERS; member++) {
        const args = [
          "join",
          "10.77.0.1",
          "--ephemeral",
          "--name",
          `m${member}`,
          "--timeout",
          "60",
        ];
        members.push(start(segment, member + 2, args));
      }
      for (const each of members) await each.err.next("connected to the relay");
      for (let line = 0; line < LINES; line++) {
        for (const each of members) await each.type(`${line}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      for (const each of members) await each.out.atLeast((MEMBERS - 1) * LINES);
      for (const [at, each] of members.entries()) {
        for (let other = 0; other < MEMBERS; other++) {
          if (other === at) continue;
          const heard = each.out.all.filter((line) => line.startsWith(`m${other}: `));
          const wanted = Array.from({ length: LINES }, (_, line) => `m${other}: ${line}`);
          assertEquals(heard, wanted, `m${at} of m${other}`);
        }
      }
    } finally {
      for (const each of members) await each[Symbol.asyncDispose]();
    }
  },
);
