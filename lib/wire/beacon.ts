/**
 * Beacons: how programs on one network tell each other that they are there. Nothing in one is believed
 * before the handshake. Pure.
 *
 * ```text
 *   0xFF "udb" | version (1) flags (1) tag (8) port (2) room (16) digest (8)
 * ```
 *
 * @module
 */

import { Reader, sameBytes, Writer } from "./bytes.ts";

/** 0xFF begins no text, and "udb" no packet that we would have sent to that port. */
const MAGIC = Uint8Array.of(0xff, 0x75, 0x64, 0x62);
const VERSION = 1;
/** Bytes of the random number of a program's run. */
export const TAG_BYTES = 8;
/** Bytes of a room's hash, and of a digest. */
export const ROOM_TAG_BYTES = 16, DIGEST_BYTES = 8;
/** Bytes of a beacon. */
export const BEACON_BYTES = MAGIC.length + 1 + 1 + TAG_BYTES + 2 + ROOM_TAG_BYTES + DIGEST_BYTES;
const LEAVING = 1;

/** What a program says of itself. */
export interface Beacon {
  /** It is about to end. */
  readonly leaving: boolean;
  /** The random number of its run. */
  readonly tag: Uint8Array;
  /** The port of its sessions, 1 to 65535. */
  readonly port: number;
  /** A hash of the room under the tag: only who knows the room can tell. */
  readonly room: Uint8Array;
  /** A hash of what it holds, under the tag. */
  readonly digest: Uint8Array;
}

/**
 * Writes a beacon.
 *
 * @param beacon What is said.
 * @returns 40 bytes.
 */
export function encodeBeacon({ leaving, tag, port, room, digest }: Beacon): Uint8Array {
  return new Writer(BEACON_BYTES).bytes(MAGIC).u8(VERSION).u8(leaving ? LEAVING : 0).bytes(tag)
    .u16(port).bytes(room).bytes(digest).finish();
}

/**
 * Reads a beacon.
 *
 * @param bytes What came.
 * @returns What is said; undefined for anything else, and for another version.
 */
export function decodeBeacon(bytes: Uint8Array): Beacon | undefined {
  if (bytes.length !== BEACON_BYTES || !sameBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    return undefined;
  }
  const reader = new Reader(bytes.subarray(MAGIC.length));
  const version = reader.u8(), flags = reader.u8(), tag = reader.bytes(TAG_BYTES).slice();
  const port = reader.u16(), room = reader.bytes(ROOM_TAG_BYTES).slice();
  const digest = reader.bytes(DIGEST_BYTES).slice();
  if (version !== VERSION || port === 0) return undefined;
  return { leaving: (flags & LEAVING) !== 0, tag, port, room, digest };
}
