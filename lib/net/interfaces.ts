/**
 * The interfaces of this machine, and where beacons go on each of them.
 *
 * @module
 */

import { canonicalHost, family, isLoopback } from "../wire/address.ts";
import { NetError } from "./endpoint.ts";

/** One address of one interface. */
export interface LocalAddress {
  /** The interface. */
  readonly name: string;
  /** Canonical; link-local ones with their scope, as `fe80::1%eth0`. */
  readonly host: string;
  /** The number of the interface, as its IPv6 tells it; 0 where it has none. */
  readonly index: number;
}

/**
 * All addresses of all interfaces that beacons are sent from.
 *
 * @param only The name of the only interface that is wanted.
 * @param list Lists them; replaced in tests.
 * @returns Addresses; of IPv6 those that are link-local. Empty where the system does not tell.
 */
export function localAddresses(
  only?: string,
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): LocalAddress[] {
  const all = listed(list);
  const indexes = new Map(
    all.flatMap(({ name, scopeid }): [string, number][] => scopeid ? [[name, scopeid]] : []),
  );
  return all.filter(({ name }) => only === undefined || name === only).flatMap((each) => {
    const { name, address } = each, host = canonicalHost(address), index = indexes.get(name) ?? 0;
    if (family(host) === 4) return [{ name, host, index }];
    return host.startsWith("fe80:") ? [{ name, host: `${host}%${name}`, index }] : [];
  });
}

/** Addresses that an interface gives itself (RFC 3927 §2.1): only neighbours have such ones. */
const SELF_GIVEN = /^169\.254\./;

/**
 * The addresses by which others can call this machine. Link-local ones of IPv6 are none: each machine
 * writes another scope behind them.
 *
 * @param only The name of the only interface that is wanted.
 * @param list Lists them; replaced in tests.
 * @returns Canonical addresses: IPv4, IPv6, IPv4 that is self-given, and those of this machine alone last.
 */
export function callableHosts(
  only?: string,
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): string[] {
  const hosts = listed(list).filter(({ name }) => only === undefined || name === only)
    .map(({ address }) => canonicalHost(address)).filter((host) => !host.startsWith("fe80:"));
  const rank = (host: string): number =>
    isLoopback(host) ? 3 : SELF_GIVEN.test(host) ? 2 : family(host) === 6 ? 1 : 0;
  return [...new Set(hosts)].sort((a, b) => rank(a) - rank(b));
}

/**
 * Where a broadcast goes that leaves by an address.
 *
 * @param host An IPv4 address of this machine.
 */
export function broadcastOf(host: string): string {
  return isLoopback(host) ? "127.255.255.255" : "255.255.255.255";
}

/**
 * The names of all interfaces that have an address.
 *
 * @param list Lists them; replaced in tests.
 * @returns Each name once, loopback last; empty where the system does not tell.
 */
export function interfaceNames(
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): string[] {
  const all = listed(list);
  const loops = new Set(all.filter((each) => isLoopback(each.address)).map((each) => each.name));
  const names = [...new Set(all.map((each) => each.name))];
  return [...names.filter((name) => !loops.has(name)), ...loops];
}

/**
 * Refuses the name of an interface that there is not.
 *
 * @param name What somebody asked for.
 * @param list Lists interfaces; replaced in tests.
 * @throws {NetError} If no interface has that name; the message names those that there are.
 */
export function checkInterface(
  name: string,
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): void {
  const names = interfaceNames(list);
  if (names.includes(name)) return;
  const known = names.length === 0
    ? "there is none with an address"
    : `there are ${names.join(", ")}`;
  throw new NetError("INTERFACE", `Cannot find the interface ${name}: ${known}`);
}

/**
 * Lists only what belongs to one address: that address, and of IPv6 the others of its interface.
 *
 * @param host A canonical address of this machine.
 * @param list Lists everything; replaced in tests.
 */
export function listOnly(
  host: string,
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): () => Deno.NetworkInterfaceInfo[] {
  const bare = host.split("%")[0];
  return () => {
    const all = listed(list);
    const found = all.filter((each) => canonicalHost(each.address) === bare);
    if (family(host) === 4) return found;
    const names = new Set(found.map((each) => each.name));
    return all.filter((each) => each.family === "IPv6" && names.has(each.name));
  };
}

/** An interface of this machine, whether or not beacons can leave by it. */
export interface LocalInterface {
  readonly name: string;
  readonly loopback: boolean;
  /** All its addresses, canonical, link-local ones without scope. */
  readonly hosts: readonly string[];
  /** Largest packet in bytes, IP header included; undefined where the system does not tell. */
  readonly mtu: number | undefined;
  /** Whether somebody who was heard from this address is a neighbour there. */
  readonly near: (host: string) => boolean;
}

/**
 * All interfaces of this machine.
 *
 * @param only The name of the only interface that is wanted.
 * @param list Lists them; replaced in tests.
 * @returns Those that have an address, loopback last.
 */
export async function localInterfaces(
  only?: string,
  list: () => Deno.NetworkInterfaceInfo[] = Deno.networkInterfaces,
): Promise<LocalInterface[]> {
  const all = listed(list);
  const names = interfaceNames(() => all).filter((name) => only === undefined || name === only);
  return await Promise.all(names.map(async (name) => {
    const own = all.filter((each) => each.name === name);
    return {
      name,
      loopback: own.some((each) => isLoopback(each.address)),
      hosts: own.map((each) => canonicalHost(each.address)),
      mtu: await mtuOf(name),
      near: (host: string) =>
        host.includes("%")
          ? host.endsWith(`%${name}`)
          : own.some(({ address, netmask }) => sameNet(host, address, netmask)),
    };
  }));
}

/** Linux tells the MTU in a file; elsewhere only programs do. */
async function mtuOf(name: string): Promise<number | undefined> {
  try {
    const mtu = Number(await Deno.readTextFile(`/sys/class/net/${name}/mtu`));
    return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined;
  } catch {
    return undefined;
  }
}

/** Whether two IPv4 addresses are on one network. */
function sameNet(a: string, b: string, netmask: string): boolean {
  if (family(a) !== 4 || family(b) !== 4) return false;
  const numbers = (text: string) => text.split(".").map(Number);
  const [first, second, mask] = [numbers(a), numbers(b), numbers(netmask)];
  return mask.every((bits, at) => ((first[at] ?? 0) & bits) === ((second[at] ?? 0) & bits));
}

function listed(list: () => Deno.NetworkInterfaceInfo[]): Deno.NetworkInterfaceInfo[] {
  try {
    return list();
  } catch {
    return [];
  }
}
