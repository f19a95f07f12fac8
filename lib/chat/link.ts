/**
 * Where a room is: `HOST[:PORT][/ROOM]`, or a link with the secret of a room behind `#`. Pure.
 *
 * ```text
 *   udpchat://HOST[:PORT]/ROOM#base32(secret (32) | hash of the relay's key (16))
 * ```
 *
 * @module
 */

import { decodeBase32, encodeBase32 } from "../crypto/base32.ts";
import { sha256 } from "../crypto/hash.ts";
import { ROOM_SECRET_BYTES } from "../crypto/room_key.ts";
import { formatAddress, parseTarget } from "../wire/address.ts";

/** The port of a relay where none is written (the contract). */
export const RELAY_PORT = 2410;
/** The room where none is written (the contract). */
export const LOBBY = "lobby";
/** Bytes of the hash of the relay's key in a link: enough that nobody finds another (128 bits). */
export const RELAY_HASH_BYTES = 16;
/** The longest name of a room, in characters (our choice). */
const MAX_ROOM_NAME = 64;

const SCHEME = "udpchat://";
const encoder = new TextEncoder();

/** A room on a relay. */
export interface RoomLink {
  readonly host: string;
  readonly port: number;
  /** The name of the room. */
  readonly room: string;
  /** 32 bytes; undefined for a room that everybody can join. */
  readonly secret?: Uint8Array;
  /** What the relay's key must hash to; 16 bytes. */
  readonly relay?: Uint8Array;
}

/**
 * Reads a link or a place.
 *
 * @param text `HOST[:PORT][/ROOM]` or `udpchat://HOST[:PORT]/ROOM#SECRET`.
 * @returns The room.
 * @throws {SyntaxError} If it is neither. The message never repeats a secret.
 *
 * @example
 * ```ts
 * import { parseLink } from "./link.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseLink("relay.example"), { host: "relay.example", port: 2410, room: "lobby" });
 * assertEquals(parseLink("[::1]:99/tea").room, "tea");
 * ```
 */
export function parseLink(text: string): RoomLink {
  const isLink = text.startsWith(SCHEME), rest = isLink ? text.slice(SCHEME.length) : text;
  const hash = rest.indexOf("#"), place = hash < 0 ? rest : rest.slice(0, hash);
  const slash = place.indexOf("/");
  const { host, port = RELAY_PORT } = parseTarget(slash < 0 ? place : place.slice(0, slash));
  if (port === 0) throw new SyntaxError(`Cannot join at port 0 in "${place}": wanted 1-65535`);
  const room = roomName(slash < 0 ? "" : place.slice(slash + 1));
  if (hash < 0) return { host, port, room };
  const bytes = decodeBase32(rest.slice(hash + 1));
  if (bytes?.length !== ROOM_SECRET_BYTES + RELAY_HASH_BYTES) {
    throw new SyntaxError(
      `Cannot read the secret of the link to "${place}": wanted all that stands behind its #`,
    );
  }
  return {
    host,
    port,
    room,
    secret: bytes.slice(0, ROOM_SECRET_BYTES),
    relay: bytes.slice(ROOM_SECRET_BYTES),
  };
}

/**
 * Writes a link.
 *
 * @param link A room with a secret and the hash of its relay's key.
 * @returns The link. Who has it can read the room.
 */
export function formatLink(link: Required<RoomLink>): string {
  const bytes = new Uint8Array(ROOM_SECRET_BYTES + RELAY_HASH_BYTES);
  bytes.set(link.secret);
  bytes.set(link.relay, ROOM_SECRET_BYTES);
  return `${SCHEME}${formatPlace(link)}#${encodeBase32(bytes)}`;
}

/**
 * Writes a place, without any secret.
 *
 * @param link A room.
 * @returns `HOST:PORT/ROOM`; the port is left out where it is the usual one.
 */
export function formatPlace({ host, port, room }: RoomLink): string {
  const address = formatAddress({ host, port });
  const short = port === RELAY_PORT ? address.slice(0, address.lastIndexOf(":")) : address;
  return `${short}/${encodeURIComponent(room)}`;
}

/**
 * What a link says of its relay's key.
 *
 * @param key The relay's Ed25519 key.
 * @returns 16 bytes.
 */
export function relayHash(key: Uint8Array): Uint8Array {
  return sha256(encoder.encode("udpchat/1 relay"), key).slice(0, RELAY_HASH_BYTES);
}

/** A name may be written as it is, or as in a URL. */
function roomName(text: string): string {
  let name = text;
  try {
    name = decodeURIComponent(text);
  } catch { /* It is written as it is, with a % in it. */ }
  // Typed in two ways it is one room.
  name = name.normalize();
  if (name === "") return LOBBY;
  // deno-lint-ignore no-control-regex -- characters that a name must not have
  if ([...name].length > MAX_ROOM_NAME || /[\s\x00-\x1f\x7f#/@]/.test(name)) {
    throw new SyntaxError(
      `Cannot use "${text}" as the name of a room: wanted 1-${MAX_ROOM_NAME} characters without ` +
        "white space, /, # and @",
    );
  }
  return name;
}
