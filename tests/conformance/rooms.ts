/**
 * Numbers, keys, passphrases and links of rooms, and bodies that are sealed (PROTOCOL.md §20.3).
 *
 * @module
 */

import { openWith, sealWith } from "./aead.ts";
import { join, Malformed, Reader, toHex, utf8 } from "./bytes.ts";
import { expand, hmac, sha256 } from "./hash.ts";
import { decodeBase32, encodeBase32 } from "./text.ts";

const NONCE = 12;
const TAG = 16;
const PORT = 2410;
const RELAY_HASH = 16;

/** What the members of a room with a secret know. */
export interface RoomKeys {
  /** The number of the room. */
  readonly room: Uint8Array;
  /** What the keys of its bodies are derived from. */
  readonly bodies: Uint8Array;
}

/** Whose body it is: each log has a key of its own. */
export interface LogName {
  readonly author: Uint8Array;
  readonly log: Uint8Array;
}

/** A room, and how bodies are sealed in it. */
export interface Place {
  readonly room: Uint8Array;
  /** The only ones whose entries are shown, in a room of two. */
  readonly two?: readonly Uint8Array[];
  /** A body as it is in an entry of that log. */
  readonly seal: (name: LogName, plain: Uint8Array) => Uint8Array;
  /** The body in the clear; throws if it does not open. */
  readonly open: (name: LogName, body: Uint8Array) => Uint8Array;
}

/** The place of an open room, of which the number is enough, or of one with a secret. */
export function placeOf(room: Uint8Array | RoomKeys): Place {
  if (room instanceof Uint8Array) {
    return { room, seal: (_, plain) => plain, open: (_, body) => body };
  }
  return {
    room: room.room,
    seal: (name, plain) => sealBody(room, name, plain),
    open: (name, body) => openBody(room, name, body),
  };
}

/** The room in which two people talk without a relay (PROTOCOL.md §15.3). */
export function talkPlace(one: Uint8Array, other: Uint8Array): Place {
  const two = inOrder(one, other);
  return { ...placeOf(sha256(utf8("udpchat/1 talk"), ...two)), two };
}

/** Two keys, the lower one first. */
export function inOrder(one: Uint8Array, other: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return toHex(one) < toHex(other) ? [one, other] : [other, one];
}

/** The number of an open room. */
export function openRoom(name: string): Uint8Array {
  return sha256(utf8("udpchat/1 open room"), utf8(name));
}

/** The number and the keys of a room with a secret of 32 bytes. */
export function secretRoom(secret: Uint8Array): RoomKeys {
  if (secret.length !== 32) throw new RangeError(`a secret of ${secret.length} bytes`);
  return {
    room: expand(secret, "udpchat/1 room"),
    bodies: expand(secret, "udpchat/1 bodies"),
  };
}

function bodyKey({ bodies }: RoomKeys, { author, log }: LogName): Uint8Array {
  return hmac(bodies, author, log);
}

/** WebCrypto with Argon2id, which the types of the platform do not know yet. */
interface Argon2 {
  importKey(
    format: "raw-secret",
    key: Uint8Array,
    algorithm: "Argon2id",
    extractable: false,
    usages: readonly ["deriveBits"],
  ): Promise<CryptoKey>;
  deriveBits(
    algorithm: {
      readonly name: "Argon2id";
      readonly memory: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly nonce: Uint8Array;
    },
    key: CryptoKey,
    bits: number,
  ): Promise<ArrayBuffer>;
}

/** The secret of a room that has a passphrase; the relay is named by its identity. */
export async function passphraseSecret(
  passphrase: string,
  relay: Uint8Array,
  name: string,
): Promise<Uint8Array> {
  const nonce = sha256(utf8("udpchat/1 passphrase"), relay, utf8(name.normalize("NFC")));
  const argon2 = crypto.subtle as unknown as Argon2;
  const words = utf8(passphrase.normalize("NFC").trim());
  const key = await argon2.importKey("raw-secret", words, "Argon2id", false, ["deriveBits"]);
  const cost = { name: "Argon2id", memory: 65_536, passes: 3, parallelism: 1, nonce } as const;
  return new Uint8Array(await argon2.deriveBits(cost, key, 256));
}

/** A body as it is in an entry of a room with a secret. */
export function sealBody(
  keys: RoomKeys,
  name: LogName,
  plain: Uint8Array,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(NONCE)),
): Uint8Array {
  return join(nonce, sealWith(bodyKey(keys, name), nonce, keys.room, plain));
}

/** What was sealed in a body; throws if it is not authentic. */
export function openBody(keys: RoomKeys, name: LogName, body: Uint8Array): Uint8Array {
  if (body.length < NONCE + TAG) throw new Malformed("shorter than a nonce and a tag");
  const nonce = body.slice(0, NONCE);
  return openWith(bodyKey(keys, name), nonce, keys.room, body.slice(NONCE));
}

/** What a link says of the relay's key. */
export function relayHash(identity: Uint8Array): Uint8Array {
  return sha256(utf8("udpchat/1 relay"), identity).slice(0, RELAY_HASH);
}

/** A link to a room with a secret. */
export interface Link {
  readonly host: string;
  readonly port: number;
  /** The room's name, which is only a label. */
  readonly name: string;
  readonly secret: Uint8Array;
  /** The hash of the relay's key. */
  readonly relay: Uint8Array;
}

/** A link as text. The document leaves the case of the base32 open: it is lower here. */
export function encodeLink({ host, port, name, secret, relay }: Link): string {
  const to = port === PORT ? host : `${host}:${port}`;
  const end = encodeBase32(join(secret, relay)).toLowerCase();
  return `udpchat://${to}/${encodeURIComponent(name)}#${end}`;
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new Malformed(`no percent encoding: ${text}`, { cause });
  }
}

/** Reads a link; a host of IPv6 is in brackets (a guess: the document does not say). */
export function decodeLink(text: string): Link {
  const match = /^udpchat:\/\/(\[[^\]/#]+\]|[^:/#]+)(?::(\d{1,5}))?\/([^#]*)#([^#]+)$/.exec(text);
  const [, host = "", port = `${PORT}`, name = "", end = ""] = match ?? [];
  if (!match) throw new Malformed(`no link: ${text}`);
  const number = Number(port);
  if (number < 1 || number > 65_535) throw new Malformed(`no port: ${port}`);
  const reader = new Reader(decodeBase32(end));
  const [secret, relay] = [reader.take(32), reader.take(RELAY_HASH)];
  reader.end();
  return { host, port: number, name: decodeName(name), secret, relay };
}
