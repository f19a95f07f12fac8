/**
 * `udpchat invite HOST[:PORT][/ROOM]`: a link to a fresh encrypted room.
 *
 * @module
 */

import { formatLink, relayHash } from "../chat/link.ts";
import { printableJson } from "../chat/printable.ts";
import { ROOM_SECRET_BYTES } from "../crypto/room_key.ts";
import { formatAddress } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { printOut } from "./print.ts";
import { askRelayKey } from "./relay_key.ts";
import { readPlace } from "./room_link.ts";
import { resolveAll } from "./talk.ts";

const WANTED = "HOST[:PORT][/ROOM]";

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options, words }: Invocation): Promise<number> {
  const link = readPlace(words[0] ?? "", WANTED);
  if (link.secret) throw new UsageError(`Cannot invite to a link: wanted ${WANTED}`);
  const to = await resolveAll(link, options);
  const key = await askRelayKey(host, options, to, formatAddress(link));
  const secret = host.randomBytes(ROOM_SECRET_BYTES);
  const text = formatLink({ ...link, secret, relay: relayHash(key) });
  if (!options.json) return await printOut(host, `${text}\n`);
  const event = { event: "invite", time: new Date(host.clock.wall()).toISOString(), link: text };
  return await printOut(host, `${printableJson(event)}\n`);
}
