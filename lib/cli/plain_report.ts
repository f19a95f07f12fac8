/**
 * How the events of plain mode are reported.
 *
 * @module
 */

import type { Endpoint } from "../net/endpoint.ts";
import type { PlainEvent } from "../plain/event.ts";
import { formatAddress } from "../wire/address.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";

/** What is needed to report. */
export interface PlainReport {
  /** The world. */
  readonly host: Host;
  /** What the person sees. */
  readonly front: Front;
  /** Our own address is its first one. */
  readonly endpoint: Endpoint;
  /** The name of our own messages. */
  readonly ownName: () => string;
}

/** What a plain chat is called where events name a room. */
const ROOM = "plain";

/**
 * Reports one event of plain mode.
 *
 * @param run What is needed for it.
 * @param event The event.
 */
export function reportPlain(run: PlainReport, event: PlainEvent): void {
  const { reporter } = run.front;
  switch (event.type) {
    case "message":
    case "own": {
      const own = event.type === "own";
      const address = own ? run.endpoint.addresses[0] ?? { host: "", port: 0 } : event.from;
      const name = own ? run.ownName() : formatAddress(address);
      return reporter.report({
        event: "message",
        id: String(event.id),
        room: ROOM,
        from: { name, key: null, address },
        text: event.text,
        sent: new Date(run.host.clock.wall()).toISOString(),
        self: own,
        private: false,
        history: false,
      }, { bare: !own && event.direct });
    }
    case "status": {
      const { state, reason = null } = event;
      return reporter.report({ event: "status", id: String(event.id), state, by: null, reason });
    }
    case "presence": {
      const who = { name: formatAddress(event.who), key: null };
      return reporter.report({ event: "presence", who, state: event.state, old: null });
    }
    case "notice": {
      const { level, code, text } = event;
      return reporter.report({ event: "notice", level, code, text });
    }
  }
}
