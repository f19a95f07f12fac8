/**
 * Host names to addresses, once, through the system's own resolver (so `/etc/hosts` counts).
 * `Deno.DatagramConn.send` is never given a name: from a socket on `::` it picks `::1` for
 * `localhost` and the datagram is lost.
 *
 * @module
 */

import { canonicalHost, family } from "../wire/address.ts";
import { NetError, systemCode } from "./endpoint.ts";

/** Which addresses are wanted. */
export interface ResolveOptions {
  /** Only this family. */
  readonly family?: 4 | 6 | undefined;
  /** This family first, where a name has both. */
  readonly prefer?: 4 | 6 | undefined;
}

/** Asks the system; replaced in tests. */
export type Lookup = (name: string) => Promise<readonly { address: string }[]>;

const systemLookup: Lookup = async (name) => {
  const { lookup } = await import("node:dns/promises"); // Only names need it, and it takes time.
  return await lookup(name, { all: true });
};

/**
 * Turns a host into literal addresses, the preferred first.
 *
 * @param host A name or a literal address.
 * @param options Which family is wanted or preferred.
 * @param ask Who is asked for names.
 * @returns At least one canonical address.
 * @throws {NetError} If there is no such name, or it has no address of the family asked for.
 */
export async function resolve(
  host: string,
  options: ResolveOptions = {},
  ask: Lookup = systemLookup,
): Promise<string[]> {
  const literal = family(canonicalHost(host));
  const found = literal === undefined ? await askSystem(host, ask) : [canonicalHost(host)];
  const wanted = options.family;
  const fitting = wanted === undefined ? found : found.filter((each) => family(each) === wanted);
  if (fitting.length === 0) {
    const other = wanted === 4 ? 6 : 4;
    throw new NetError(
      "FAMILY",
      `Cannot use ${host} over IPv${wanted} as it ` +
        (literal === undefined ? `has only IPv${other} addresses` : `is an IPv${other} address`) +
        ": check -4, -6 and --host",
    );
  }
  const first = fitting.filter((each) => family(each) === options.prefer);
  return [...first, ...fitting.filter((each) => !first.includes(each))];
}

async function askSystem(host: string, ask: Lookup): Promise<string[]> {
  try {
    const all = (await ask(host)).map((each) => canonicalHost(each.address));
    if (all.length > 0) return [...new Set(all)];
    throw Object.assign(new Error("no address"), { code: "ENOTFOUND" });
  } catch (error) {
    if (systemCode(error) === "ENOTFOUND") {
      throw new NetError(
        "UNKNOWN_HOST",
        `Cannot find the host "${host}" as no such name is known here: check the spelling, or use its IP address`,
        { cause: error },
      );
    }
    throw new NetError(
      "UNKNOWN_HOST",
      `Cannot find the host "${host}" as the name service does not answer: use its IP address`,
      { cause: error },
    );
  }
}
