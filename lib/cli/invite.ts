/**
 * `udpchat invite HOST[:PORT][/ROOM]`: a link to a fresh encrypted room.
 *
 * @module
 */

import { formatLink, parseLink, relayHash, type RoomLink } from "../chat/link.ts";
import { ROOM_SECRET_BYTES } from "../crypto/room_key.ts";
import { formatAddress } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { printOut } from "./print.ts";
import { askRelayKey } from "./relay_key.ts";
import { resolveAll } from "./talk.ts";

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options, words }: Invocation): Promise<number> {
  const link = read(words[0] ?? "");
  if (link.secret) throw new UsageError("Cannot invite to a link: wanted HOST[:PORT][/ROOM]");
  const to = await resolveAll(link, options);
  const key = await askRelayKey(host, options, to, formatAddress(link));
  const secret = host.randomBytes(ROOM_SECRET_BYTES);
  return await printOut(host, `${formatLink({ ...link, secret, relay: relayHash(key) })}\n`);
}

function read(text: string): RoomLink {
  try {
    return parseLink(text);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
