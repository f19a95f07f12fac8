/**
 * What is known about a session, for `/link`.
 *
 * @module
 */

import { format } from "@std/fmt/duration";
import type { Session } from "../session/session.ts";
import { formatAddress } from "../wire/address.ts";
import type { Host } from "./host.ts";

/**
 * Describes a session.
 *
 * @param session The session; undefined where there is none.
 * @param host The world, for the time.
 * @returns Lines for the person.
 */
export function linkLines(session: Session | undefined, host: Host): string[] {
  if (session === undefined) return ["not connected"];
  const { rtt, jitter, loss, lossBack, mtu, generation, keyedAt } = session.link;
  const silence = (host.clock.now() - session.heardAt) / 1000;
  return [
    `address     ${formatAddress(session.address)}`,
    `round trip  ${round(rtt)} ms, jitter ${round(jitter)} ms`,
    `loss        ${round(loss * 100)} % there, ${round(lossBack * 100)} % back`,
    `MTU         ${mtu} bytes`,
    `keys        ${age(host.clock.now() - keyedAt)} old, changed ${generation} times`,
    `traffic     ${session.bytes.sent} bytes sent, ${session.bytes.received} received`,
    `last heard  ${round(silence)} s ago`,
  ];
}

/**
 * The same in short, for one of many.
 *
 * @param name Who is at its other end.
 * @param session The session; undefined where there is none.
 * @returns One line for the person.
 */
export function linkLine(name: string, session: Session | undefined): string {
  if (session === undefined) return `${name}  not connected`;
  const { rtt, jitter, loss, lossBack, mtu } = session.link;
  return `${name}  ${formatAddress(session.address)}, round trip ${round(rtt)} ms, ` +
    `jitter ${round(jitter)} ms, loss ${round(loss * 100)} % there, ${round(lossBack * 100)} % ` +
    `back, MTU ${mtu}`;
}

function age(ms: number): string {
  return format(Math.floor(ms / 1000) * 1000, { ignoreZero: true }) || "0s";
}

/** Two digits behind the point at most. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
