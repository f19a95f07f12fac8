/**
 * What is held of a room in a few bytes: two who hold the same have the same. Pure.
 *
 * @module
 */

import { hmac, sha256 } from "../crypto/hash.ts";
import { DIGEST_BYTES, ROOM_TAG_BYTES } from "../wire/beacon.ts";
import { Writer } from "../wire/bytes.ts";
import { AUTHOR_BYTES, ENTRY_ID_BYTES, LOG_BYTES } from "../wire/entry.ts";
import type { Room } from "./room.ts";

const encoder = new TextEncoder();
const ROOM = encoder.encode("udpchat/1 beacon room");
const DIGEST = encoder.encode("udpchat/1 beacon digest");

/**
 * The sum of what is held: the order of logs does not matter. Of a frozen log each has what came first,
 * and takes nothing more: that it is frozen is all that two can agree on.
 *
 * @param room The room.
 * @returns 32 bytes.
 */
export function holdingsSum(room: Room): Uint8Array {
  const sum = new Uint8Array(32);
  for (const { name, held, head, frozen } of room.logs) {
    if (held.empty && !frozen) continue;
    const writer = new Writer(AUTHOR_BYTES + LOG_BYTES + ENTRY_ID_BYTES + 16 * held.ranges.length)
      .bytes(name.author).bytes(name.log);
    if (!frozen) {
      writer.bytes(head);
      for (const { first, last } of held.ranges) writer.varint(first).varint(last);
    }
    const hash = sha256(writer.finish());
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) ^ (hash[at] ?? 0);
  }
  return sum;
}

/**
 * The hash of a room as one run of a program says it: another run says another one.
 *
 * @param room The number of the room.
 * @param tag The number of the run.
 * @returns 16 bytes.
 */
export function roomTag(room: Uint8Array, tag: Uint8Array): Uint8Array {
  return hmac(room, ROOM, tag).slice(0, ROOM_TAG_BYTES);
}

/**
 * The digest of what is held as one run of a program says it.
 *
 * @param room The number of the room.
 * @param tag The number of the run.
 * @param sum What {@linkcode holdingsSum} gave.
 * @returns 8 bytes.
 */
export function digestOf(room: Uint8Array, tag: Uint8Array, sum: Uint8Array): Uint8Array {
  return hmac(room, DIGEST, tag, sum).slice(0, DIGEST_BYTES);
}
