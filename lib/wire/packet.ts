/**
 * The packets of udpchat/1, byte for byte as docs/PROTOCOL.md has them. Pure.
 *
 * The first byte of every packet is 0xF8-0xFF: no UTF-8 text begins so (RFC 3629 §4), so a packet is
 * never taken for text, and text never for a packet.
 *
 * ```text
 *  0xF8 INIT    version mode features sender(4) ephemeral(32) tag(16) mac(16) cookie(16) zeros: 256
 *  0xF9 ANSWER  receiver(4) noise(205) mac(16)
 *  0xFA FINAL   receiver(4) noise(169) number(2) sealed frames
 *  0xFB REFUSAL kind receiver(4) …
 *  0xFC-F DATA  receiver(4) number(2 or 4) sealed frames       bit 0: key phase, bit 1: long number
 * ```
 *
 * @module
 */

import { Reader, Writer } from "./bytes.ts";

/** The version of the protocol that we speak. */
export const VERSION = 1;

/** First bytes. */
export const PACKET = {
  init: 0xf8,
  answer: 0xf9,
  final: 0xfa,
  refusal: 0xfb,
  data: 0xfc,
} as const;

/** How a session is asked for: anybody, or only who knows the shared secret. */
export const MODE = { open: 0, secret: 1 } as const;

/** What a refusal says. */
export const REFUSAL = { cookie: 1, version: 2 } as const;

/** The size of a first message in bytes: no answer to it is larger (our choice). */
export const INIT_BYTES = 256;
/** An X25519 public key in bytes. */
export const KEY_BYTES = 32;
/** The tag of ChaCha20-Poly1305 in bytes. */
export const TAG_BYTES = 16;
/** A message authentication code that is cut, and a cookie, in bytes. */
export const MAC_BYTES = 16;
/** The second Noise message: e 32, s 32 + 16, payload 109 + 16 (Noise rev 34 §7.5, XX). */
export const ANSWER_NOISE_BYTES = 205;
/** The third Noise message: s 32 + 16, payload 105 + 16. */
export const FINAL_NOISE_BYTES = 169;
/** Header of a data packet with a short number; with a long one it is 2 more. */
export const DATA_HEADER_BYTES = 7;
/** What a data packet adds to its frames: header and tag, 23 bytes as a rule. */
export const DATA_OVERHEAD_BYTES = DATA_HEADER_BYTES + TAG_BYTES;
/** What message 3 adds to the data packet that carries it. */
export const FINAL_OVERHEAD_BYTES = 5 + FINAL_NOISE_BYTES + 2 + TAG_BYTES;

/** A packet with its parts, not yet authenticated. Byte strings are views of the datagram. */
export type Packet =
  | {
    readonly type: "init";
    readonly version: number;
    readonly mode: number;
    readonly features: number;
    readonly sender: number;
    readonly ephemeral: Uint8Array;
    /** The tag of the first Noise message with a secret; zero without. */
    readonly tag: Uint8Array;
    /** What the mac covers; its first eight bytes go into the prologue. */
    readonly head: Uint8Array;
    readonly mac: Uint8Array;
    readonly cookie: Uint8Array;
  }
  | {
    readonly type: "answer";
    readonly receiver: number;
    readonly noise: Uint8Array;
    /** What the mac covers. */
    readonly head: Uint8Array;
    readonly mac: Uint8Array;
  }
  | {
    readonly type: "final";
    readonly receiver: number;
    readonly noise: Uint8Array;
    readonly phase: 0;
    readonly number: TruncatedNumber;
    readonly header: Uint8Array;
    readonly sealed: Uint8Array;
  }
  | {
    readonly type: "refusal";
    readonly kind: "cookie";
    readonly receiver: number;
    readonly cookie: Uint8Array;
  }
  | {
    readonly type: "refusal";
    readonly kind: "version";
    readonly receiver: number;
    readonly versions: readonly number[];
  }
  | {
    readonly type: "data";
    readonly receiver: number;
    readonly phase: 0 | 1;
    readonly number: TruncatedNumber;
    /** What is authenticated beside the frames. */
    readonly header: Uint8Array;
    readonly sealed: Uint8Array;
  };

/** The lowest bits of a packet number (RFC 9000 §17.1). */
export interface TruncatedNumber {
  /** The bits that were sent. */
  readonly value: number;
  /** How many: 16 or 32. */
  readonly bits: 16 | 32;
}

/**
 * Whether a datagram claims to be one of ours.
 *
 * @param datagram Any bytes.
 * @returns True if its first byte is 0xF8-0xFF.
 */
export function isNative(datagram: Uint8Array): boolean {
  return (datagram[0] ?? 0) >= 0xf8;
}

/**
 * Takes a datagram apart. Exact lengths first; a wrong one is no packet.
 *
 * @param datagram Any bytes.
 * @returns The packet, or undefined for nonsense.
 */
export function decodePacket(datagram: Uint8Array): Packet | undefined {
  const type = datagram[0] ?? 0;
  if (type >= PACKET.data) return decodeData(datagram, type);
  if (type === PACKET.init) return decodeInit(datagram);
  if (type === PACKET.answer) return decodeAnswer(datagram);
  if (type === PACKET.final) return decodeFinal(datagram);
  if (type === PACKET.refusal) return decodeRefusal(datagram);
  return undefined;
}

function decodeData(datagram: Uint8Array, type: number): Packet | undefined {
  const bits = (type & 2) === 0 ? 16 : 32, header = bits === 16 ? 7 : 9;
  if (datagram.length < header + TAG_BYTES + 1) return undefined;
  const reader = new Reader(datagram);
  reader.u8();
  const receiver = reader.u32();
  return {
    type: "data",
    receiver,
    phase: (type & 1) === 0 ? 0 : 1,
    number: { value: bits === 16 ? reader.u16() : reader.u32(), bits },
    header: datagram.subarray(0, header),
    sealed: datagram.subarray(header),
  };
}

/** The bytes of a first message that stand before its mac. */
const INIT_HEAD_BYTES = 8 + KEY_BYTES + TAG_BYTES;

function decodeInit(datagram: Uint8Array): Packet | undefined {
  const reader = new Reader(datagram);
  reader.u8();
  const version = reader.u8(), mode = reader.u8(), features = reader.u8(), sender = reader.u32();
  // The part that every version has: type, version, and four bytes to name the asker.
  if (reader.failed) return undefined;
  if (version === VERSION && datagram.length !== INIT_BYTES) return undefined;
  if (version === VERSION && !datagram.subarray(INIT_HEAD_BYTES + 2 * MAC_BYTES).every(isZero)) {
    return undefined;
  }
  return {
    type: "init",
    version,
    mode,
    features,
    sender,
    ephemeral: reader.bytes(KEY_BYTES),
    tag: reader.bytes(TAG_BYTES),
    head: datagram.subarray(0, INIT_HEAD_BYTES),
    mac: reader.bytes(MAC_BYTES),
    cookie: reader.bytes(MAC_BYTES),
  };
}

function isZero(byte: number): boolean {
  return byte === 0;
}

function decodeAnswer(datagram: Uint8Array): Packet | undefined {
  if (datagram.length !== 5 + ANSWER_NOISE_BYTES + MAC_BYTES) return undefined;
  const reader = new Reader(datagram);
  reader.u8();
  return {
    type: "answer",
    receiver: reader.u32(),
    noise: reader.bytes(ANSWER_NOISE_BYTES),
    head: datagram.subarray(0, 5 + ANSWER_NOISE_BYTES),
    mac: reader.bytes(MAC_BYTES),
  };
}

function decodeFinal(datagram: Uint8Array): Packet | undefined {
  if (datagram.length < FINAL_OVERHEAD_BYTES + 1) return undefined;
  const reader = new Reader(datagram);
  reader.u8();
  const header = 5 + FINAL_NOISE_BYTES + 2;
  return {
    type: "final",
    receiver: reader.u32(),
    noise: reader.bytes(FINAL_NOISE_BYTES),
    phase: 0,
    number: { value: reader.u16(), bits: 16 },
    header: datagram.subarray(0, header),
    sealed: datagram.subarray(header),
  };
}

function decodeRefusal(datagram: Uint8Array): Packet | undefined {
  const reader = new Reader(datagram);
  reader.u8();
  const kind = reader.u8(), receiver = reader.u32();
  if (kind === REFUSAL.cookie) {
    const cookie = reader.bytes(MAC_BYTES);
    return reader.done ? { type: "refusal", kind: "cookie", receiver, cookie } : undefined;
  }
  if (kind !== REFUSAL.version) return undefined;
  const versions = [...reader.bytes(reader.u8())];
  return reader.done && versions.length > 0
    ? { type: "refusal", kind: "version", receiver, versions }
    : undefined;
}

/**
 * The part of a first message that the mac covers.
 *
 * @param parts Mode, features, the sender's session index, its ephemeral key and tag.
 * @returns 56 bytes.
 */
export function encodeInitHead(
  parts: {
    mode: number;
    features: number;
    sender: number;
    ephemeral: Uint8Array;
    tag: Uint8Array;
  },
): Uint8Array {
  return new Writer(INIT_HEAD_BYTES).u8(PACKET.init).u8(VERSION).u8(parts.mode).u8(parts.features)
    .u32(parts.sender).bytes(parts.ephemeral).bytes(parts.tag).finish();
}

/**
 * A first message.
 *
 * @param head What `encodeInitHead` gave.
 * @param mac 16 bytes, zero without a secret.
 * @param cookie 16 bytes, zero without a cookie.
 * @returns 256 bytes.
 */
export function encodeInit(head: Uint8Array, mac: Uint8Array, cookie: Uint8Array): Uint8Array {
  const writer = new Writer(INIT_BYTES).bytes(head).bytes(mac).bytes(cookie);
  return writer.bytes(new Uint8Array(writer.left)).finish();
}

/**
 * The part of an answer that the mac covers.
 *
 * @param receiver The asker's session index.
 * @param noise The second Noise message.
 * @returns 210 bytes.
 */
export function encodeAnswerHead(receiver: number, noise: Uint8Array): Uint8Array {
  return new Writer(5 + noise.length).u8(PACKET.answer).u32(receiver).bytes(noise).finish();
}

/**
 * An answer.
 *
 * @param head What `encodeAnswerHead` gave.
 * @param mac 16 bytes, zero without a secret.
 * @returns 226 bytes.
 */
export function encodeAnswer(head: Uint8Array, mac: Uint8Array): Uint8Array {
  return new Writer(head.length + mac.length).bytes(head).bytes(mac).finish();
}

/**
 * The header of a data packet that carries message 3.
 *
 * @param receiver The other side's session index.
 * @param noise The third Noise message.
 * @param number The packet number.
 * @returns 176 bytes.
 */
export function encodeFinalHeader(receiver: number, noise: Uint8Array, number: number): Uint8Array {
  return new Writer(7 + noise.length).u8(PACKET.final).u32(receiver).bytes(noise)
    .u16(number % 65_536).finish();
}

/**
 * The header of a data packet.
 *
 * @param receiver The other side's session index.
 * @param phase The key phase.
 * @param number The packet number.
 * @param bits How many of its bits are sent.
 * @returns 7 or 9 bytes.
 */
export function encodeDataHeader(
  receiver: number,
  phase: number,
  number: number,
  bits: 16 | 32,
): Uint8Array {
  const type = PACKET.data | (phase & 1) | (bits === 32 ? 2 : 0);
  const writer = new Writer(9).u8(type).u32(receiver);
  return (bits === 16 ? writer.u16(number % 65_536) : writer.u32(number % 2 ** 32)).finish();
}

/**
 * A refusal that asks for a cookie.
 *
 * @param receiver The asker's session index.
 * @param cookie 16 bytes.
 * @returns 22 bytes.
 */
export function encodeCookieRefusal(receiver: number, cookie: Uint8Array): Uint8Array {
  return new Writer(6 + MAC_BYTES).u8(PACKET.refusal).u8(REFUSAL.cookie).u32(receiver)
    .bytes(cookie).finish();
}

/**
 * A refusal that lists the versions we speak.
 *
 * @param receiver The asker's session index.
 * @returns 8 bytes: no larger than the least that asks.
 */
export function encodeVersionRefusal(receiver: number): Uint8Array {
  return new Writer(8).u8(PACKET.refusal).u8(REFUSAL.version).u32(receiver).u8(1).u8(VERSION)
    .finish();
}

/**
 * How many bits of a packet number must be sent so that the other side can tell it
 * (RFC 9000 A.2).
 *
 * @param number The full packet number.
 * @param acknowledged The largest one acknowledged, or undefined for none.
 * @returns 16 as a rule, else 32.
 */
export function numberBits(number: number, acknowledged: number | undefined): 16 | 32 {
  const unacknowledged = acknowledged === undefined ? number + 1 : number - acknowledged;
  return unacknowledged < 32_768 ? 16 : 32;
}

/**
 * The full packet number (RFC 9000 A.3).
 *
 * @param largest The largest number received so far, -1 for none.
 * @param truncated What was sent of it.
 * @returns The number closest to the next one expected.
 */
export function expandNumber(largest: number, truncated: TruncatedNumber): number {
  const expected = largest + 1, window = 2 ** truncated.bits, half = window / 2;
  const candidate = expected - expected % window + truncated.value;
  if (candidate <= expected - half && candidate < Number.MAX_SAFE_INTEGER - window) {
    return candidate + window;
  }
  if (candidate > expected + half && candidate >= window) return candidate - window;
  return candidate;
}
