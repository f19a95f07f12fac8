/**
 * The packets as bytes: INIT, ANSWER, FINAL, REFUSAL and DATA (PROTOCOL.md §2, §3).
 *
 * @module
 */

import { fixed, isZero, join, Malformed, Reader } from "./bytes.ts";
import { truncateNumber } from "./numbers.ts";

/** First message of a handshake. */
export interface Init {
  readonly type: "init";
  readonly mode: number;
  readonly features: number;
  readonly sender: number;
  readonly ephemeral: Uint8Array;
  readonly tag: Uint8Array;
  readonly mac: Uint8Array;
  readonly cookie: Uint8Array;
}

/** An INIT of another version. */
export interface OtherInit {
  readonly type: "other init";
  readonly version: number;
  readonly sender: number;
}

/** Second message. */
export interface Answer {
  readonly type: "answer";
  readonly receiver: number;
  readonly noise: Uint8Array;
  readonly mac: Uint8Array;
}

/** A header in front of sealed frames, with the number cut. */
export interface Sealed {
  readonly receiver: number;
  readonly value: number;
  readonly bits: 16 | 32;
  readonly phase: 0 | 1;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Third message and sealed frames. */
export interface Final extends Sealed {
  readonly type: "final";
  readonly noise: Uint8Array;
}

/** Sealed frames. */
export interface Data extends Sealed {
  readonly type: "data";
}

/** Asks for a cookie. */
export interface CookieRefusal {
  readonly type: "cookie";
  readonly receiver: number;
  readonly cookie: Uint8Array;
}

/** Lists versions. */
export interface VersionRefusal {
  readonly type: "versions";
  readonly receiver: number;
  readonly versions: Uint8Array;
}

/** Any packet. */
export type Packet = Init | OtherInit | Answer | Final | Data | CookieRefusal | VersionRefusal;

/** No cookie, no mac, no tag. */
export const NONE: Uint8Array = new Uint8Array(16);

/** The head of an INIT: 56 bytes. */
export function initHead(init: Init): Uint8Array {
  const { mode, features, sender, ephemeral, tag } = init;
  return join(Uint8Array.of(0xf8, 1, mode, features), fixed(sender, 4), ephemeral, tag);
}

/** The head of an ANSWER: 210 bytes. */
export function answerHead(answer: Answer): Uint8Array {
  return join(Uint8Array.of(0xf9), fixed(answer.receiver, 4), answer.noise);
}

/** An INIT as 256 bytes. */
export function encodeInit(init: Init): Uint8Array {
  return join(initHead(init), init.mac, init.cookie, new Uint8Array(168));
}

/** An ANSWER as 226 bytes. */
export function encodeAnswer(answer: Answer): Uint8Array {
  return join(answerHead(answer), answer.mac);
}

/** The header of a FINAL: 176 bytes. */
export function finalHeader(receiver: number, noise: Uint8Array, number: number): Uint8Array {
  return join(Uint8Array.of(0xfa), fixed(receiver, 4), noise, fixed(number % 2 ** 16, 2));
}

/** The header of a DATA: 7 or 9 bytes. */
export function dataHeader(
  receiver: number,
  number: number,
  bits: 16 | 32,
  phase: number,
): Uint8Array {
  const type = 0xfc + phase + (bits === 32 ? 2 : 0);
  const cut = fixed(truncateNumber(number, bits), bits === 32 ? 4 : 2);
  return join(Uint8Array.of(type), fixed(receiver, 4), cut);
}

/** A cookie refusal. */
export function encodeCookieRefusal(receiver: number, cookie: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0xfb, 1), fixed(receiver, 4), cookie);
}

/** A versions refusal; version 1 is all there is. */
export function encodeVersionRefusal(receiver: number): Uint8Array {
  return join(Uint8Array.of(0xfb, 2), fixed(receiver, 4), Uint8Array.of(1, 1));
}

function decodeInit(bytes: Uint8Array): Init | OtherInit {
  const reader = new Reader(bytes);
  reader.take(1);
  const version = reader.number(1);
  const [mode, features, sender] = [reader.number(1), reader.number(1), reader.number(4)];
  if (version !== 1) return { type: "other init", version, sender };
  const [ephemeral, tag, mac] = [reader.take(32), reader.take(16), reader.take(16)];
  const cookie = reader.take(16);
  if (!isZero(reader.take(168))) throw new Malformed("padding that is not zero");
  reader.end();
  return { type: "init", mode, features, sender, ephemeral, tag, mac, cookie };
}

function decodeRefusal(reader: Reader): CookieRefusal | VersionRefusal {
  const [kind, receiver] = [reader.number(1), reader.number(4)];
  if (kind === 1) {
    const cookie = reader.take(16);
    reader.end();
    return { type: "cookie", receiver, cookie };
  }
  if (kind !== 2) throw new Malformed(`refusal of kind ${kind}`);
  const versions = reader.take(reader.number(1));
  if (versions.length === 0) throw new Malformed("no versions");
  reader.end();
  return { type: "versions", receiver, versions };
}

function sealedRest(reader: Reader): Uint8Array {
  if (reader.left < 17) throw new Malformed("nothing is sealed");
  return reader.rest();
}

function decodeFinal(bytes: Uint8Array, reader: Reader): Final {
  const [receiver, noise, value] = [reader.number(4), reader.take(169), reader.number(2)];
  const [header, sealed] = [bytes.slice(0, 176), sealedRest(reader)];
  return { type: "final", receiver, noise, value, bits: 16, phase: 0, header, sealed };
}

function decodeData(bytes: Uint8Array, reader: Reader, first: number): Data {
  const bits = first >= 0xfe ? 32 : 16;
  const [receiver, value] = [reader.number(4), reader.number(bits / 8)];
  const header = bytes.slice(0, 5 + bits / 8);
  const phase = first % 2 === 0 ? 0 : 1;
  return { type: "data", receiver, value, bits, phase, header, sealed: sealedRest(reader) };
}

/** Reads a datagram; throws if it is no packet. */
export function decodePacket(bytes: Uint8Array): Packet {
  const reader = new Reader(bytes);
  const first = reader.number(1);
  if (first === 0xf8) return decodeInit(bytes);
  if (first === 0xf9) {
    const [receiver, noise, mac] = [reader.number(4), reader.take(205), reader.take(16)];
    reader.end();
    return { type: "answer", receiver, noise, mac };
  }
  if (first === 0xfa) return decodeFinal(bytes, reader);
  if (first === 0xfb) return decodeRefusal(reader);
  if (first >= 0xfc) return decodeData(bytes, reader, first);
  throw new Malformed(`no packet begins with ${first}`);
}
