/**
 * What `doctor` saw, put together for the diagnosis: sockets, test datagrams, interfaces, ports.
 *
 * @module
 */

import {
  listOnly,
  localAddresses,
  type LocalInterface,
  localInterfaces,
} from "../net/interfaces.ts";
import { BEACON_PORT, type LanEndpoint, type WayState } from "../net/lan.ts";
import { tryPort } from "../net/ports.ts";
import { resolve } from "../net/resolve.ts";
import type { Checkup } from "../peer/checkup.ts";
import type { Seen, SeenAddress, SeenInterface, SeenPort, SeenTarget } from "../peer/diagnosis.ts";
import { canonicalHost, family } from "../wire/address.ts";
import type { Host } from "./host.ts";
import { bindingOf, type Options } from "./options.ts";
import { TALK_PORT } from "./talk.ts";

/** Lists interfaces. */
type List = () => Deno.NetworkInterfaceInfo[];

/** What is looked at. */
export interface Scope {
  /** Those that were asked for. */
  readonly interfaces: readonly LocalInterface[];
  /** All of this machine. */
  readonly all: readonly LocalInterface[];
  /** The addresses that can send to everybody, by interface. */
  readonly senders: readonly { readonly name: string; readonly host: string }[];
  /** Whether somebody asked for these alone. */
  readonly asked: boolean;
  /** Lists what was asked for; undefined for everything. */
  readonly list: List | undefined;
}

/**
 * Finds out what is to be looked at.
 *
 * @param options `interface`, `host`, `ipv4`, `ipv6`.
 * @returns Interfaces and addresses.
 * @throws {NetError} If the local address is a name that nobody knows.
 */
export async function scopeOf(options: Options): Promise<Scope> {
  const { interface: only } = options, wanted = bindingOf(options).family;
  const list = await listAt(options);
  return {
    interfaces: await localInterfaces(only, list),
    all: await localInterfaces(),
    senders: localAddresses(only, list)
      .filter(({ host }) => wanted === undefined || family(host) === wanted),
    asked: only !== undefined || list !== undefined,
    list,
  };
}

/** With `--host` only the interface with that address. */
async function listAt(options: Options): Promise<List | undefined> {
  if (options.host === undefined) return undefined;
  const wanted = bindingOf(options).family;
  const [host = ""] = await resolve(options.host, { family: wanted, prefer: 4 });
  return host === "0.0.0.0" || host === "::" ? undefined : listOnly(host);
}

/**
 * Tries the ports that udpchat wants.
 *
 * @param host The clock.
 * @param options Where they would be bound; `port` for another port of chat.
 */
export async function seePorts(host: Host, options: Options): Promise<SeenPort[]> {
  const { clock } = host, where = bindingOf(options);
  const chat = options.port || TALK_PORT, beacons = BEACON_PORT;
  return [
    { port: chat, role: "chat", ...await tryPort(clock, { ...where, port: chat }) },
    {
      port: beacons,
      role: "beacons",
      ...await tryPort(clock, { ...where, port: beacons, share: true }),
    },
  ];
}

/** What the parts know after the look around. */
export interface Sources {
  readonly scope: Scope;
  readonly machine: Checkup;
  readonly endpoint: LanEndpoint;
  readonly ports: readonly SeenPort[];
  readonly target: SeenTarget | undefined;
}

/**
 * Puts together what was seen.
 *
 * @param sources What the parts know.
 */
export function whatWasSeen({ scope, machine, endpoint, ports, target }: Sources): Seen {
  const own = new Set(scope.all.flatMap((each) => each.hosts));
  const heard = [...machine.heard].map((host) => ({ host, own: own.has(bare(host)) }));
  const others = heard.filter((each) => !each.own).map((each) => each.host);
  const states = new Map(endpoint.states.map((each) => [each.address.host, each]));
  const interfaces = scope.interfaces.map((each): SeenInterface => ({
    name: each.name,
    loopback: each.loopback,
    mtu: each.mtu,
    addresses: scope.senders.filter(({ name }) => name === each.name)
      .map(({ host }) => addressSeen(host, states.get(host), machine)),
    others: others.filter(each.near).map(bare),
    beside: heard.some(({ host, own }) => own && each.hosts.includes(bare(host))),
  }));
  return {
    onlyLoopback: scope.asked && scope.interfaces.every((each) => each.loopback),
    interfaces,
    ports,
    target,
    elsewhere: others.filter((host) => !scope.all.some((each) => each.near(host))),
  };
}

function addressSeen(host: string, state: WayState | undefined, machine: Checkup): SeenAddress {
  const ways = [...state?.failures ?? []].map(([to, failure]) => ({
    kind: to.endsWith(".255") ? "broadcast" as const : "multicast" as const,
    failure,
    back: machine.cameBack(host, to),
  }));
  return { host, ways };
}

function bare(host: string): string {
  return canonicalHost(host).split("%")[0] ?? host;
}
