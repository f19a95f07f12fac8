/**
 * What a member says of things that go wrong below. Pure.
 *
 * @module
 */

import { VERSION } from "../wire/packet.ts";
import type { MemberEvent } from "./member_event.ts";
import type { NodeEvent } from "./node_event.ts";

/** What is told to the person. */
type Notice = Extract<MemberEvent, { type: "notice" }>;

const HOUR_MS = 3_600_000;
/** Who is on the other side of a session: the relay, or anybody on the network. */
const WHO = { relay: "the relay", lan: "somebody here" } as const;
/** And what they are called the next time. */
const THEM = { relay: "it", lan: "them" } as const;

/**
 * Puts an event into words.
 *
 * @param event The event.
 * @param nameOf What somebody is called.
 * @param where Whether sessions are with a relay or with the others on a network.
 * @returns The words; undefined where there is nothing to say.
 */
export function noticeOf(
  event: NodeEvent,
  nameOf: (key: Uint8Array) => string,
  where: keyof typeof WHO,
): Notice | undefined {
  switch (event.type) {
    case "version": {
      if (event.versions.includes(VERSION)) return undefined;
      const versions = event.versions.join(", ");
      return notice("error", "version", `${WHO[where]} speaks ${versions} only: update one of you`);
    }
    case "broken":
      return notice(
        "error",
        "forged",
        `${WHO[where]} sends what its author did not sign, or what cannot be read: ` +
          `do not trust ${THEM[where]}`,
      );
    case "fork": {
      const name = nameOf(event.author);
      return notice("warning", "fork", `${name} signed two histories: this log goes no further`);
    }
    case "disk":
      return event.error
        ? notice(
          "error",
          "disk",
          `cannot keep messages (${event.error.message}): free some space; trying again`,
        )
        : notice("info", "disk", "messages can be kept again");
    default:
      return undefined;
  }
}

/**
 * What is said where a network has more people than a mesh is for.
 *
 * @param most So many at most.
 */
export function tooMany(most: number): string {
  return `more than ${most} people are here: for so many run udpchat serve on one machine, ` +
    "and udpchat join on the others";
}

/**
 * Entries are missing, and nobody who is reachable holds them.
 *
 * @param count How many.
 */
export function missingNotice(count: number): Notice {
  const text = count === 1
    ? "1 message is missing here: nobody who is reachable holds it"
    : `${count} messages are missing here: nobody who is reachable holds them`;
  return notice("info", "missing", text);
}

/**
 * Somebody's clock is not followed.
 *
 * @param name What they are called.
 * @param aheadMs By how much it is ahead of ours, in ms.
 */
export function clockNotice(name: string, aheadMs: number): Notice {
  const hours = Math.round(aheadMs / HOUR_MS), days = Math.round(hours / 24);
  const ahead = hours < 48 ? `${hours} h` : `${days} days`;
  return notice("info", "clock", `the clock of ${name} is ${ahead} ahead`);
}

function notice(level: Notice["level"], code: string, text: string): Notice {
  return { type: "notice", level, code, text };
}
