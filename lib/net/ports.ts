/**
 * Whether a UDP port of this machine is free, and who has it if it is not.
 *
 * @module
 */

import { type BindOptions, bindUdp } from "./bind.ts";
import type { Clock } from "./clock.ts";
import { NetError } from "./endpoint.ts";

/**
 * What became of trying to bind a port: `free`, or held by others who share it or do not, or
 * refused by the system.
 */
export type PortState = "free" | "shared" | "taken" | "refused";

/** A port that was tried. */
export interface TriedPort {
  readonly state: PortState;
  /** User ids of who has sockets there, each once; undefined where the system does not tell. */
  readonly users: readonly number[] | undefined;
}

/** Where Linux lists its UDP sockets. */
const TABLES = ["/proc/net/udp", "/proc/net/udp6"];

/**
 * Tries to bind a port, and gives it back at once.
 *
 * @param clock The clock of the socket.
 * @param options Which port, and where. With `share` it is never taken alone, not even for a
 *   moment, so that nobody who shares it is disturbed; `free` then only means that it can be used
 *   and nobody is known to have it.
 * @returns What became of it.
 */
export async function tryPort(clock: Clock, options: BindOptions): Promise<TriedPort> {
  const code = await bindCode(clock, options);
  const users = await portUsers(options.port);
  if (code === undefined) {
    return { state: options.share && users?.length ? "shared" : "free", users };
  }
  if (code !== "IN_USE") return { state: "refused", users };
  const shared = !options.share && await bindCode(clock, { ...options, share: true }) === undefined;
  return { state: shared ? "shared" : "taken", users };
}

/** Why it cannot be bound; undefined if it can. */
async function bindCode(clock: Clock, options: BindOptions): Promise<string | undefined> {
  try {
    (await bindUdp(clock, options)).close();
    return undefined;
  } catch (error) {
    if (error instanceof NetError) return error.code;
    throw error;
  }
}

async function portUsers(port: number): Promise<number[] | undefined> {
  const users = new Set<number>();
  let told = false;
  for (const table of TABLES) {
    try {
      for (const user of usersIn(await Deno.readTextFile(table), port)) users.add(user);
      told = true;
    } catch {
      // Not Linux, no permission, or a machine without IPv6.
    }
  }
  return told ? [...users] : undefined;
}

/**
 * Who has a port, from the table of sockets that Linux keeps (proc(5), `/proc/net/udp`).
 *
 * @param table The text of the table.
 * @param port The port.
 * @returns User ids, each once.
 */
export function usersIn(table: string, port: number): number[] {
  const users = new Set<number>();
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/), [, local = "", remote = ""] = fields;
    const user = Number(fields[7]);
    if (parseInt(local.split(":")[1] ?? "", 16) !== port || !Number.isInteger(user)) continue;
    if (remote.endsWith(":0000")) users.add(user);
  }
  return [...users];
}
