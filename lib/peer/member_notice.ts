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

/**
 * Puts an event into words.
 *
 * @param event The event.
 * @param nameOf What somebody is called.
 * @returns The words; undefined where there is nothing to say.
 */
export function noticeOf(
  event: NodeEvent,
  nameOf: (key: Uint8Array) => string,
): Notice | undefined {
  switch (event.type) {
    case "version": {
      if (event.versions.includes(VERSION)) return undefined;
      const versions = event.versions.join(", ");
      return notice("error", "version", `the relay speaks ${versions} only: update one of you`);
    }
    case "broken":
      return notice(
        "error",
        "forged",
        "the relay sends what its author did not sign, or what cannot be read: do not trust it",
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

function notice(level: Notice["level"], code: string, text: string): Notice {
  return { type: "notice", level, code, text };
}
