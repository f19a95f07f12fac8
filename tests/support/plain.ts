/**
 * Drives a machine of plain mode by hand, without a shell: everything it wants sent is taken at
 * once, and everything it tells is collected.
 *
 * @module
 */

import type { Address } from "../../lib/wire/address.ts";
import type { SendFailure, Transmit } from "../../lib/wire/datagram.ts";
import type { PlainEvent } from "../../lib/plain/event.ts";
import type { Machine } from "../../lib/peer/shell.ts";

export const ANN: Address = { host: "192.0.2.1", port: 5001 };
export const BOB: Address = { host: "192.0.2.2", port: 5002 };
export const CARL: Address = { host: "192.0.2.3", port: 5003 };

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of bytes. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * Takes all that a machine wants sent.
 *
 * @param machine The machine.
 * @param now Time in ms.
 * @param failure What becomes of each send; undefined for success.
 * @returns What was sent.
 */
export function takeAll(
  machine: Machine<PlainEvent>,
  now: number,
  failure?: SendFailure,
): Transmit[] {
  const all: Transmit[] = [];
  for (let next = machine.poll(now); next; next = machine.poll(now)) {
    all.push(next);
    machine.sent(next, failure, now);
  }
  return all;
}

/** What was sent, as `HOST:PORT TEXT`. */
export function sentTexts(all: readonly Transmit[]): string[] {
  return all.map((each) => `${each.to.host}:${each.to.port} ${text(each.bytes)}`);
}

/** The messages among events, as `HOST TEXT`. */
export function messages(events: readonly PlainEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "message" ? [`${event.from.host} ${event.text}`] : []
  );
}

/** The codes of the notices among events. */
export function notices(events: readonly PlainEvent[]): string[] {
  return events.flatMap((event) => event.type === "notice" ? [event.code] : []);
}
