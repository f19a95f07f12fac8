/**
 * What must be so of members when a storm is over.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type MemberHost, messages } from "./room_net.ts";

/** Each author's messages are shown once; the numbers that they end with rise. */
export function assertInOrder(host: MemberHost, where: string): void {
  const last = new Map<string, number>(), seen = new Set<string>();
  for (const { id, author, text, history } of messages(host)) {
    assert(!seen.has(id), `${where}: ${text} twice`);
    seen.add(id);
    if (history) continue;
    const key = author.key.join(), number = Number(text);
    assert(number > (last.get(key) ?? -1), `${where}: ${author.name} ${text} out of order`);
    last.set(key, number);
  }
}

/** Messages of one's own of which one does not know that they are stored. */
export function unsure(host: MemberHost): string[] {
  const fates = new Map<string, string>();
  for (const event of host.told) if (event.type === "status") fates.set(event.id, event.state);
  return messages(host).filter(({ self, history }) => self && !history)
    .filter(({ id }) => !["stored", "delivered"].includes(fates.get(id) ?? ""))
    .map(({ id, text }) => `${text} of ${host.name} is ${fates.get(id)}`);
}
