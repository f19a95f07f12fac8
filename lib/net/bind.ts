/**
 * Opens UDP sockets, and says what is wrong when that fails.
 *
 * @module
 */

import { canonicalHost, family, isLoopback } from "../wire/address.ts";
import type { Clock } from "./clock.ts";
import { type Endpoint, NetError, systemCode } from "./endpoint.ts";
import { JoinedEndpoint } from "./joined.ts";
import { resolve } from "./resolve.ts";
import { UdpEndpoint } from "./udp.ts";

/** Where to bind. */
export interface BindOptions {
  /** A local address or name. Left out: every address, IPv4 and IPv6. */
  readonly host?: string | undefined;
  /** One family only. */
  readonly family?: 4 | 6 | undefined;
  /** The port; 0 for any. */
  readonly port: number;
  /** Let other programs bind the same port (SO_REUSEADDR). */
  readonly share?: boolean | undefined;
}

/** Opens one socket; replaced in tests. */
export type Listen = (options: Deno.UdpListenOptions & { transport: "udp" }) => Deno.DatagramConn;

/** Times that a free port is looked for that both families have free (our choice). */
const TRIES_FOR_BOTH_FAMILIES = 8;

/**
 * Binds UDP. Without a host: every address; where the system keeps the families apart (Windows)
 * with one socket each, where it has no IPv6 with IPv4 alone.
 *
 * @param clock The clock for the receive loops.
 * @param options Where to bind.
 * @returns The bound endpoint.
 * @throws {NetError} If it cannot be bound; the message names the port and what to try.
 */
export async function bindUdp(clock: Clock, options: BindOptions): Promise<Endpoint> {
  if (options.host !== undefined) {
    const [hostname = ""] = await resolve(options.host, { family: options.family, prefer: 4 });
    return listen(clock, hostname, options, options.family);
  }
  if (options.family === 4) return listen(clock, "0.0.0.0", options);
  if (options.family === 6) return listen(clock, "::", options, 6);
  try {
    return Deno.build.os === "windows" ? listenBoth(clock, options) : listen(clock, "::", options);
  } catch (error) {
    const cause = error instanceof NetError ? systemCode(error.cause) : "";
    if (cause !== "EAFNOSUPPORT" && cause !== "EADDRNOTAVAIL") throw error;
    return listen(clock, "0.0.0.0", options);
  }
}

/**
 * Binds one shared port for a group that talks by broadcast: on every address, and beside it on
 * each IPv4 address of this machine, loopback included. The kernel gives a unicast datagram to
 * the most specific socket, so that what a client on this machine sends to the server reaches the
 * server, and not the last client that bound the same port.
 *
 * @param clock The clock for the receive loops.
 * @param options Where to bind; a host alone gives one socket.
 * @returns The bound endpoint; it sends through the socket on every address.
 * @throws {NetError} If the port cannot be bound.
 */
export async function bindShared(clock: Clock, options: BindOptions): Promise<Endpoint> {
  const shared = { ...options, family: options.family ?? 4, share: true };
  const every = await bindUdp(clock, shared);
  if (options.host !== undefined) return every;
  const port = every.addresses[0]?.port ?? options.port;
  const members = [every];
  for (const host of localHosts().filter((each) => family(each) === 4)) {
    try {
      members.push(listen(clock, host, { ...shared, port }));
    } catch {
      // An address that goes away in this moment is still heard by the socket on every address.
    }
  }
  return new JoinedEndpoint(members);
}

/**
 * The addresses of this machine's interfaces, loopback first.
 *
 * @returns Canonical literal addresses; empty where the system does not tell.
 */
export function localHosts(): string[] {
  const hosts = [...new Set(interfaces().map((each) => canonicalHost(each.address)))];
  return [...hosts.filter(isLoopback), ...hosts.filter((each) => !isLoopback(each))];
}

/**
 * Binds both families to one port, each with a socket of its own.
 *
 * @param clock The clock for the receive loops.
 * @param options The port.
 * @param open What opens a socket.
 * @returns Both sockets as one endpoint, or IPv4 alone where there is no IPv6.
 * @throws {NetError} If no port is free in both families.
 */
export function listenBoth(clock: Clock, options: BindOptions, open?: Listen): Endpoint {
  for (let attempt = 1;; attempt++) {
    const v4 = listen(clock, "0.0.0.0", options, undefined, open);
    const port = v4.addresses[0]?.port ?? options.port;
    try {
      return new JoinedEndpoint([v4, listen(clock, "::", { ...options, port }, 6, open)]);
    } catch (error) {
      const code = error instanceof NetError ? error.code : "";
      if (code === "UNAVAILABLE") return v4;
      v4.close();
      const again = code === "IN_USE" && options.port === 0 && attempt < TRIES_FOR_BOTH_FAMILIES;
      if (!again) throw error;
    }
  }
}

function listen(
  clock: Clock,
  hostname: string,
  options: BindOptions,
  only?: 4 | 6,
  open: Listen = Deno.listenDatagram,
): Endpoint {
  const reuseAddress = options.share ?? false;
  try {
    const socket = open({ transport: "udp", hostname, port: options.port, reuseAddress });
    return new UdpEndpoint(socket, clock, { only, scope: linkScope(hostname) });
  } catch (error) {
    throw bindError("UDP", hostname, options, error);
  }
}

/**
 * The interface that link-local senders are on: the one that is bound, or the only one there is.
 * With several and a socket on all of them nobody can tell (RFC 4007 §6).
 */
function linkScope(bound: string): string | undefined {
  if (bound.includes("%")) return bound.split("%")[1];
  if (bound !== "::") return undefined;
  const linked = interfaces().filter((each) => each.address.startsWith("fe80:"));
  const names = new Set(linked.map((each) => each.name));
  return names.size === 1 ? linked[0]?.name : undefined;
}

function interfaces(): Deno.NetworkInterfaceInfo[] {
  try {
    return Deno.networkInterfaces();
  } catch {
    return [];
  }
}

/**
 * Says why a port could not be bound and what to try.
 *
 * @param protocol `UDP` or `TCP`.
 * @param host The address that was tried.
 * @param options What was asked for.
 * @param error What the system threw.
 * @returns The error to throw.
 */
export function bindError(
  protocol: "UDP" | "TCP",
  host: string,
  options: BindOptions,
  error: unknown,
): NetError {
  const what = `Cannot bind ${protocol} port ${options.port}`;
  const cause = { cause: error };
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return options.share
        ? new NetError(
          "IN_USE",
          `${what} as another program uses it and does not share it in the same way ` +
            "(Deno shares by SO_REUSEADDR, many scripts by SO_REUSEPORT): " +
            "end that program, or use `plain serve` without --broadcast",
          cause,
        )
        : new NetError(
          "IN_USE",
          `${what} as another program uses it: try --port ${suggestion(options.port)}, ` +
            "or --port 0 for any",
          cause,
        );
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return new NetError(
        "UNAVAILABLE",
        `${what} on ${host} as this machine has no such address: try --host 127.0.0.1, or leave it out`,
        cause,
      );
    case "EACCES":
    case "EPERM":
      return new NetError(
        "PERMISSION",
        `${what} as the system does not allow it: try a port above 1023, such as --port 2410`,
        cause,
      );
    default:
      return new NetError(
        "BIND",
        `${what} on ${host}: ${error instanceof Error ? error.message : String(error)}`,
        cause,
      );
  }
}

function suggestion(port: number): number {
  return port < 65_535 ? port + 1 : port - 1;
}
