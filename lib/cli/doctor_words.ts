/**
 * What `doctor` says: findings in the order in which they are looked at, and what it comes to.
 * Pure.
 *
 * @module
 */

import {
  type Diagnosis,
  type Health,
  healthOf,
  type Seen,
  type SeenInterface,
  type SeenPort,
  type SeenWay,
} from "../peer/diagnosis.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly level: "info" | "warning" | "error";
  /** For scripts. */
  readonly code: "interface" | "port" | "target" | "verdict";
  readonly text: string;
  /** More of it, a line each. */
  readonly details: readonly string[];
}

/** How grave it is how well an interface serves. */
const LEVELS: Readonly<Record<Health, Finding["level"]>> = {
  works: "info",
  partly: "warning",
  fails: "error",
  none: "warning",
};

/** The same for loopback: it concerns programs of this machine alone, and has no IPv6 for it. */
const LOOPBACK_LEVELS: typeof LEVELS = { ...LEVELS, fails: "warning", none: "info" };

/** Most addresses that are named in a line (our choice). */
const MAX_NAMED = 5;

/**
 * An interface.
 *
 * @param seen What was seen there.
 * @returns The finding.
 */
export function interfaceFinding(seen: SeenInterface): Finding {
  const { name, loopback, mtu, addresses, others, beside } = seen;
  const health = healthOf(seen),
    details = addresses.flatMap(({ host, ways }) => {
      const bare = host.split("%")[0] ?? "";
      if (ways.length === 0) return [`${bare}: UDP port 2411 does not open there (yet)`];
      return ways.map((way) => `${way.kind} from ${bare}: ${wayText(way)}`);
    });
  if (health === "none") details.push("no address from which everybody can be reached");
  if (beside) details.push("other programs of this machine: heard");
  if (!loopback && (others.length > 0 || health !== "none")) {
    details.push(
      others.length === 0 ? "others: none heard" : `others: heard from ${named(others)}`,
    );
  }
  return {
    level: loopback ? LOOPBACK_LEVELS[health] : LEVELS[health],
    code: "interface",
    text: `interface ${name}${loopback ? " (this machine alone)" : ""}, MTU ${mtu ?? "unknown"}`,
    details,
  };
}

function wayText({ failure, back }: SeenWay): string {
  if (failure) return `not sent: ${failure.reason}`;
  return back ? "sent, heard again" : "sent, not heard again";
}

function named(hosts: readonly string[]): string {
  const more = hosts.length - MAX_NAMED;
  const list = hosts.slice(0, MAX_NAMED).join(", ");
  return `${list}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * A port.
 *
 * @param seen What became of trying it.
 * @param own The user id of this program, where the system has such.
 * @returns The finding.
 */
export function portFinding(seen: SeenPort, own: number | null): Finding {
  const { port, role, state, users } = seen, what = `UDP port ${port} (${role})`;
  const by = state === "free" ? "" : usersText(users ?? [], own);
  const texts = {
    free: role === "chat" ? `${what} is free` : `${what} can be used`,
    shared: role === "chat"
      ? `${what} is in use${by}, and shared`
      : `${what} is in use${by}, and shared as it should be`,
    taken: `${what} is in use${by}, and not shared`,
    refused: `${what} is refused by the system`,
  };
  const good = state === "free" || (role === "beacons" && state === "shared");
  const level = good ? "info" : role === "beacons" ? "error" : "warning";
  return { level, code: "port", text: texts[state], details: [] };
}

function usersText(users: readonly number[], own: number | null): string {
  if (users.length === 0) return "";
  return ` by ${
    users.map((user) => user === own ? "a program of yours" : `a program of user id ${user}`).join(
      " and ",
    )
  }`;
}

/**
 * What it all comes to, in a line or two.
 *
 * @param seen What was seen.
 * @param diagnosis What it comes to.
 * @param seconds How long others were listened for.
 * @returns The finding.
 */
export function verdictFinding(seen: Seen, diagnosis: Diagnosis, seconds: number): Finding {
  const lan = lanText(seen, diagnosis, seconds);
  const { target } = seen, level = diagnosis.works ? "info" : "error";
  if (target === undefined) return { level, code: "verdict", text: lan, details: [] };
  const text = diagnosis.works
    ? `Chat with ${target.place} works.`
    : `Chat with ${target.place} does not work now.`;
  return { level, code: "verdict", text, details: [lan] };
}

function lanText(seen: Seen, { finds, others }: Diagnosis, seconds: number): string {
  if (finds.length === 0) {
    return seen.target
      ? "Others on this network cannot be found from here."
      : "Chat does not work here: others on this network cannot be found.";
  }
  if (seen.onlyLoopback) return "Programs of this machine can find each other.";
  const where = finds.join(" and ");
  if (others > 0) return `Others on this network can be found, by ${where}.`;
  return `Others on this network should be found: what is sent to everybody by ${where} is heard ` +
    `again. Nobody else was heard in ${seconds} seconds.`;
}
