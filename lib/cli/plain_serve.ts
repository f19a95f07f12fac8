/**
 * `udpchat plain serve`: the plain group server.
 *
 * @module
 */

import { bindShared, bindUdp, localHosts } from "../net/bind.ts";
import { listenTcp } from "../net/tcp.ts";
import type { PlainEvent } from "../plain/event.ts";
import { MAX_MEMBERS, PlainGroup } from "../plain/group.ts";
import { type Address, isLoopback } from "../wire/address.ts";
import type { Command, Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { openFront } from "./front.ts";
import { bindingOf } from "./options.ts";
import { PLAIN_PORT } from "./plain.ts";
import { reportPlain } from "./plain_report.ts";
import { runMachine } from "./run_machine.ts";

/** To all on the local network (RFC 919 §7). */
const BROADCAST = "255.255.255.255";
/** To all programs of this machine: the broadcast address of 127.0.0.0/8. */
const LOOPBACK_BROADCAST = "127.255.255.255";

/** The command. */
export const plainServe: Command = {
  name: "plain serve",
  usage: "",
  words: [0, 0],
  summary: "the plain group server: prints what it hears and passes it on to all",
  options: ["broadcast", "to", "tcp"],
  details: [
    "Prints each message once as IP:PORT: TEXT, and passes it on unchanged to",
    `every address heard from in the last 10 minutes (at most ${MAX_MEMBERS}), the sender`,
    "included. With --broadcast it is sent to the broadcast address and the same",
    "port instead; clients then share that port:",
    "  udpchat plain SERVER:2410 --broadcast",
  ],
  examples: ["plain serve", "plain serve --broadcast --to 192.168.1.255"],
  run: serve,
};

async function serve({ host, options }: Invocation): Promise<number> {
  if (options.broadcast && options.tcp) {
    throw new UsageError("Cannot broadcast over TCP: leave out --broadcast or --tcp");
  }
  if (options.to !== undefined && !options.broadcast) {
    throw new UsageError(
      "Cannot use --to without --broadcast: wanted plain serve --broadcast --to",
    );
  }
  const where = { ...bindingOf(options), port: options.port ?? PLAIN_PORT };
  if (options.broadcast && where.family === 6) {
    throw new UsageError("Cannot broadcast over IPv6 as it has no broadcast: leave out -6");
  }
  const bind = options.tcp ? listenTcp : options.broadcast ? bindShared : bindUdp;
  const endpoint = await bind(host.clock, where);
  const bound: Address = endpoint.addresses[0] ?? { host: "0.0.0.0", port: where.port };
  const targets = options.to !== undefined
    ? [options.to]
    : isLoopback(bound.host)
    ? [LOOPBACK_BROADCAST]
    : [BROADCAST, LOOPBACK_BROADCAST];
  const machine = new PlainGroup({
    stream: options.tcp ?? false,
    ...(options.broadcast
      ? { broadcast: targets.map((each) => ({ host: each, port: bound.port })) }
      : {}),
    ...(!options.tcp && (!options.broadcast || hearsBroadcasts(bound.host))
      ? { self: { hosts: localHosts(), port: bound.port } }
      : {}),
  });
  const front = await openFront(host, options, false);
  const ready = { mode: "plain serve", key: null };
  const report = (event: PlainEvent) =>
    reportPlain({ host, front, endpoint, ownName: () => "" }, event);
  return await runMachine({ host, options, front, machine, endpoint, ready, report });
}

/** A socket bound to one address hears no broadcasts, but on Windows. */
function hearsBroadcasts(host: string): boolean {
  return host === "0.0.0.0" || Deno.build.os === "windows";
}
