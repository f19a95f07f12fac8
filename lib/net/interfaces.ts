/**
 * The interfaces of this machine, and where beacons go on each of them.
 *
 * @module
 */

import { canonicalHost, family, isLoopback } from "../wire/address.ts";

/** One address of one interface. */
export interface LocalAddress {
  /** The interface. */
  readonly name: string;
  /** Canonical; link-local ones with their scope, as `fe80::1%eth0`. */
  readonly host: string;
  /** The number of the interface, for IPv6; 0 where there is none. */
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
  let all: Deno.NetworkInterfaceInfo[];
  try {
    all = list();
  } catch {
    return [];
  }
  return all.filter(({ name }) => only === undefined || name === only).flatMap((each) => {
    const { name, address } = each, host = canonicalHost(address), index = each.scopeid ?? 0;
    if (family(host) === 4) return [{ name, host, index: 0 }];
    return host.startsWith("fe80:") ? [{ name, host: `${host}%${name}`, index }] : [];
  });
}

/** The names of all interfaces; empty where the system does not tell. */
export function interfaceNames(): string[] {
  try {
    return [...new Set(Deno.networkInterfaces().map(({ name }) => name))];
  } catch {
    return [];
  }
}

/**
 * Where a broadcast goes that leaves by an address.
 *
 * @param host An IPv4 address of this machine.
 */
export function broadcastOf(host: string): string {
  return isLoopback(host) ? "127.255.255.255" : "255.255.255.255";
}
