/**
 * What others type to reach this program.
 *
 * @module
 */

import type { Endpoint } from "../net/endpoint.ts";
import { callableHosts } from "../net/interfaces.ts";
import { family, formatAddress, isLoopback } from "../wire/address.ts";

/** How a program can be reached. */
export interface Reach {
  /** `HOST` or `HOST:PORT`; undefined where no address is of any use to others. */
  readonly where: string | undefined;
  /** Only programs of this machine reach it. */
  readonly local: boolean;
}

/**
 * How an endpoint can be reached: by the address that it is bound to, or else by one of this machine.
 *
 * @param endpoint The endpoint.
 * @param usual The port that others take where none is written.
 * @param only The name of the only interface that is used.
 * @param list The addresses that can be called, the best first; replaced in tests.
 * @returns How.
 */
export function reachOf(
  endpoint: Pick<Endpoint, "addresses">,
  usual: number,
  only?: string,
  list: (only?: string) => readonly string[] = callableHosts,
): Reach {
  const { host = "", port = usual } = endpoint.addresses[0] ?? {};
  const bound = host !== "0.0.0.0" && host !== "::";
  // Of another scope it is somebody else's address.
  const own = host.startsWith("fe80:") ? [] : [host];
  const hosts = bound
    ? own
    : list(only).filter((each) =>
      endpoint.addresses.some((address) => family(address.host) === family(each))
    );
  const [first] = hosts, local = first !== undefined && isLoopback(first);
  if (first === undefined) return { where: undefined, local };
  const address = formatAddress({ host: first, port });
  const where = port === usual ? address.slice(0, address.lastIndexOf(":")) : address;
  return { where, local };
}
