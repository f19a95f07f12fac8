/**
 * What a line for two says of things that go wrong below. Pure.
 *
 * @module
 */

import { VERSION } from "../wire/packet.ts";
import type { NodeEvent } from "./node_event.ts";
import type { TalkEvent } from "./talk_event.ts";

/** What is told to the person. */
type Notice = Extract<TalkEvent, { type: "notice" }>;

/**
 * Puts an event into words.
 *
 * @param event The event.
 * @returns The words; undefined where there is nothing to say.
 */
export function talkNotice(event: NodeEvent): Notice | undefined {
  switch (event.type) {
    case "version": {
      if (event.versions.includes(VERSION)) return undefined;
      const versions = event.versions.join(", ");
      return notice(
        "error",
        "version",
        `the other speaks only version ${versions} of the protocol: update one of you`,
      );
    }
    case "fork":
      return notice("warning", "fork", "the other signed two histories: this log goes no further");
    case "disk":
      return event.error
        ? diskNotice(event.error)
        : notice("info", "disk", "messages are kept again");
    default:
      return undefined;
  }
}

/**
 * Nothing can be kept.
 *
 * @param error Why.
 * @returns The words.
 */
export function diskNotice(error: Error): Notice {
  const text = `cannot keep messages (${error.message}): free some space; trying again`;
  return notice("error", "disk", text);
}

function notice(level: Notice["level"], code: string, text: string): Notice {
  return { type: "notice", level, code, text };
}
