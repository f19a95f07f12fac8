/**
 * Numbers of rooms; and rooms with a secret: the sealing of what is said in them. A relay that stores
 * such a room knows neither its name nor that.
 *
 * There is no forward secrecy: who learns the secret reads everything that was ever said. Who said
 * what is not proved by the seal, which all members can make, but by the signature of the entry.
 *
 * @module
 */

import { KEY_BYTES, NONCE_BYTES, open, seal, TAG_BYTES } from "./aead.ts";
import { compareBytes } from "../wire/bytes.ts";
import { expand, hmac, sha256 } from "./hash.ts";

/** Bytes of a room's secret. */
export const ROOM_SECRET_BYTES = 32;
/** What sealing adds to a body: a random nonce and a tag. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;

const encoder = new TextEncoder();
const OPEN_ROOM = encoder.encode("udpchat/1 open room");
const PRIVATE_ROOM = encoder.encode("udpchat/1 private");
const TALK_ROOM = encoder.encode("udpchat/1 talk");

/**
 * The number of a room without a secret: whoever knows its name can join.
 *
 * @param name The name of the room.
 * @returns 32 bytes.
 */
export function openRoomNumber(name: string): Uint8Array {
  return sha256(OPEN_ROOM, encoder.encode(name));
}

/**
 * The number of the room of two people who met in another room. Everybody there can know it.
 *
 * @param parent The number of the room where they met, 32 bytes.
 * @param one The Ed25519 key of one of them.
 * @param other The key of the other; the order does not matter.
 * @returns 32 bytes.
 */
export function privateRoomNumber(
  parent: Uint8Array,
  one: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  return sha256(PRIVATE_ROOM, parent, ...inOrder(one, other));
}

/**
 * The number of the room of two people on a line.
 *
 * @param one The Ed25519 key of one of them.
 * @param other The key of the other; the order does not matter.
 * @returns 32 bytes.
 */
export function talkRoomNumber(one: Uint8Array, other: Uint8Array): Uint8Array {
  return sha256(TALK_ROOM, ...inOrder(one, other));
}

function inOrder(one: Uint8Array, other: Uint8Array): [Uint8Array, Uint8Array] {
  return compareBytes(one, other) <= 0 ? [one, other] : [other, one];
}

/** A room's secret at work. */
export class RoomKey {
  /** The number of the room, 32 bytes: knowing it is what lets one in. */
  readonly room: Uint8Array;
  readonly #bodies: Uint8Array;

  /**
   * Derives what the room needs.
   *
   * @param secret 32 bytes that cannot be guessed.
   * @throws {RangeError} If there are more or fewer.
   */
  constructor(secret: Uint8Array) {
    if (secret.length !== ROOM_SECRET_BYTES) {
      throw new RangeError(
        `Cannot use a room secret of ${secret.length} bytes: wanted ${ROOM_SECRET_BYTES}`,
      );
    }
    this.room = expand(secret, "udpchat/1 room", 32);
    this.#bodies = expand(secret, "udpchat/1 bodies", KEY_BYTES);
  }

  /**
   * Seals a body.
   *
   * @param author Whose entry it is for, 32 bytes.
   * @param log In which log, 8 bytes.
   * @param random Makes random bytes, for the nonce.
   * @param body What was said.
   * @returns Nonce, ciphertext and tag.
   */
  seal(
    author: Uint8Array,
    log: Uint8Array,
    random: (size: number) => Uint8Array,
    body: Uint8Array,
  ): Uint8Array {
    const nonce = random(NONCE_BYTES);
    const sealed = seal(this.#keyOf(author, log), nonce, this.room, body);
    const all = new Uint8Array(nonce.length + sealed.length);
    all.set(nonce);
    all.set(sealed, nonce.length);
    return all;
  }

  /**
   * Opens a body.
   *
   * @param author Whose entry it is.
   * @param log In which log.
   * @param sealed What `seal` gave, or anything that claims to be that.
   * @returns What was said, or undefined.
   */
  open(author: Uint8Array, log: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < SEAL_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    return open(this.#keyOf(author, log), nonce, this.room, sealed.subarray(NONCE_BYTES));
  }

  #keyOf(author: Uint8Array, log: Uint8Array): Uint8Array {
    return hmac(this.#bodies, author, log);
  }
}
