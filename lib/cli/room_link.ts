/**
 * A room on a relay, as somebody wrote it. Errors say what is wanted, and never repeat a secret.
 *
 * @module
 */

import { parseLink, type RoomLink } from "../chat/link.ts";
import { UsageError } from "./exit.ts";

/** What stands for a room. */
export const WANTED_ROOM = "udpchat://HOST[:PORT]/ROOM#SECRET, or HOST[:PORT][/ROOM]";

const SCHEME = "udpchat://";

/**
 * Reads a link or a place.
 *
 * @param text What was written.
 * @param wanted What may be written there.
 * @returns The room.
 * @throws {UsageError} If it is neither.
 */
export function readPlace(text: string, wanted: string): RoomLink {
  const [, scheme] = /^([a-z][a-z\d+.-]*):\/\//i.exec(text) ?? [];
  if (scheme !== undefined && !text.startsWith(SCHEME)) {
    throw new UsageError(`Cannot use a link that begins with ${scheme}://: wanted ${wanted}`);
  }
  try {
    return parseLink(text);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/**
 * Reads the room to join. A link that has lost its secret is refused: the open room of that name is
 * another one, in which everybody could read along.
 *
 * @param text What was written.
 * @param hidden It was not to be seen: no error repeats any of it.
 * @returns The room.
 * @throws {UsageError} If it is none.
 */
export function readRoom(text: string, hidden = false): RoomLink {
  let link: RoomLink;
  try {
    link = readPlace(text, WANTED_ROOM);
  } catch (error) {
    if (hidden) throw new UsageError(`Cannot read that as a room: wanted ${WANTED_ROOM}`);
    throw error;
  }
  if (!text.startsWith(SCHEME) || link.secret) return link;
  throw new UsageError(
    "Cannot join by a link without its secret: a link ends in #SECRET; to join an open room write " +
      "HOST/ROOM",
  );
}
