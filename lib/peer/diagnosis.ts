/**
 * From what was seen on this machine's network to whether chat will work, and why not. Pure: no
 * words for people, no looking around.
 *
 * @module
 */

import type { Kind } from "../session/credentials.ts";
import type { SendFailure } from "../wire/datagram.ts";

/** One way to reach everybody from one address. */
export interface SeenWay {
  readonly kind: "multicast" | "broadcast";
  /** Why the system did not send. */
  readonly failure?: SendFailure | undefined;
  /** Whether what was sent came back to this machine. */
  readonly back: boolean;
}

/** An address of an interface. */
export interface SeenAddress {
  readonly host: string;
  /** Empty where no socket could be opened there. */
  readonly ways: readonly SeenWay[];
}

/** An interface. */
export interface SeenInterface {
  readonly name: string;
  readonly loopback: boolean;
  readonly mtu: number | undefined;
  /** Those that can send to everybody. */
  readonly addresses: readonly SeenAddress[];
  /** Addresses of others who were heard there. */
  readonly others: readonly string[];
  /** Whether other programs of this machine were heard there. */
  readonly beside: boolean;
}

/** A port that udpchat wants. */
export interface SeenPort {
  readonly port: number;
  readonly role: "chat" | "beacons";
  readonly state: "free" | "shared" | "taken" | "refused";
  /** User ids of who has it, where that is known. */
  readonly users: readonly number[] | undefined;
}

/** Somebody who was called. */
export interface SeenTarget {
  /** As it was typed, with its port. */
  readonly place: string;
  readonly outcome: "answers" | "silent" | "unknown" | "other key";
  /** What answers is for, where something answers. */
  readonly kind?: Kind;
}

/** All that was seen. */
export interface Seen {
  /** Loopback is all that was asked for. */
  readonly onlyLoopback: boolean;
  readonly interfaces: readonly SeenInterface[];
  readonly ports: readonly SeenPort[];
  readonly target: SeenTarget | undefined;
  /** Others who were heard, on no known interface. */
  readonly elsewhere: readonly string[];
}

/** How well an interface serves to find others; `none` where it has no address for it. */
export type Health = "works" | "partly" | "fails" | "none";

/** What stands in the way, or is worth knowing; the gravest first. */
export type Cause =
  /** There is no interface but loopback. */
  | { readonly kind: "no network" }
  /** The port of beacons is held by somebody who does not share it, or is refused. */
  | { readonly kind: "beacon port"; readonly port: SeenPort }
  /** Nothing comes back (`in`), or the system forbids sending (`out`): on these interfaces. */
  | { readonly kind: "firewall"; readonly way: "in" | "out"; readonly names: readonly string[] }
  /** There is no route: on these interfaces. */
  | { readonly kind: "no route"; readonly names: readonly string[] }
  /** Nobody has the name that was typed, or answers there, or somebody else does. */
  | { readonly kind: "target"; readonly target: SeenTarget }
  /** The port of chat is in use. */
  | { readonly kind: "chat port"; readonly port: SeenPort }
  /** All is well here, but nobody else was heard, and nobody was named. */
  | { readonly kind: "alone" };

/** What it comes to. */
export interface Diagnosis {
  /** Whether chat will work: with the one who was named, else with who can be found here. */
  readonly works: boolean;
  /** Interfaces by which others can be found. */
  readonly finds: readonly string[];
  /** How many others were heard. */
  readonly others: number;
  readonly causes: readonly Cause[];
}

/** The system itself forbids it. */
const FORBIDDEN: readonly string[] = ["EPERM", "EACCES"];
/** There is no way there. macOS also says so where a program may not use the local network. */
const UNREACHABLE: readonly string[] = ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL"];

/**
 * How well an interface serves to find others. Who is heard there proves that hearing works, and
 * a datagram that comes back that sending does, as far as this machine can see.
 *
 * @param seen The interface.
 */
export function healthOf(seen: SeenInterface): Health {
  if (seen.addresses.length === 0) return "none";
  const ways = seen.addresses.flatMap((each) => each.ways);
  const good = ways.filter((way) => way.back).length;
  const opened = seen.addresses.every((each) => each.ways.length > 0);
  if (good === 0) return seen.others.length > 0 && ways.some(leaves) ? "partly" : "fails";
  return good === ways.length && opened ? "works" : "partly";
}

/**
 * What it all comes to.
 *
 * @param seen What was seen.
 */
export function diagnose(seen: Seen): Diagnosis {
  const { interfaces, target } = seen;
  const finders = interfaces.filter((each) =>
    (seen.onlyLoopback || !each.loopback) && ["works", "partly"].includes(healthOf(each))
  );
  const others = new Set([...interfaces.flatMap((each) => each.others), ...seen.elsewhere]).size;
  const works = target === undefined ? finders.length > 0 : target.outcome === "answers";
  return {
    works,
    finds: finders.map((each) => each.name),
    others,
    causes: causesOf(seen, finders),
  };
}

function causesOf(seen: Seen, finders: readonly SeenInterface[]): Cause[] {
  const causes: Cause[] = [], { target, ports } = seen;
  if (target && target.outcome !== "answers") causes.push({ kind: "target", target });
  const networks = seen.interfaces.filter((each) => seen.onlyLoopback || !each.loopback);
  if (networks.every((each) => each.addresses.length === 0)) causes.push({ kind: "no network" });
  const beacons = ports.find((each) => each.role === "beacons");
  const held = beacons?.state === "taken" || beacons?.state === "refused";
  if (beacons && held) causes.push({ kind: "beacon port", port: beacons });
  for (const [way, test] of [["in", silent], ["out", forbidden]] as const) {
    const names = held ? [] : namesWhere(networks, test);
    if (names.length > 0) causes.push({ kind: "firewall", way, names });
  }
  const cut = namesWhere(networks, (way) => UNREACHABLE.includes(way.failure?.code ?? ""));
  if (cut.length > 0) causes.push({ kind: "no route", names: cut });
  const chat = ports.find((each) => each.role === "chat" && each.state !== "free");
  if (chat) causes.push({ kind: "chat port", port: chat });
  const heard = seen.elsewhere.length > 0 || seen.interfaces.some((each) => each.others.length > 0);
  const lonely = finders.length > 0 && !heard && !seen.onlyLoopback;
  if (lonely && target === undefined) causes.push({ kind: "alone" });
  return causes;
}

function namesWhere(
  interfaces: readonly SeenInterface[],
  test: (way: SeenWay) => boolean,
): string[] {
  return interfaces.filter((each) => each.addresses.some(({ ways }) => ways.some(test)))
    .map((each) => each.name);
}

function leaves(way: SeenWay): boolean {
  return way.failure === undefined;
}

function silent(way: SeenWay): boolean {
  return leaves(way) && !way.back;
}

function forbidden(way: SeenWay): boolean {
  return FORBIDDEN.includes(way.failure?.code ?? "");
}
