/**
 * The frames inside a packet. Encoding and decoding share the numbers in `FRAME`. Pure.
 *
 * @module
 */

import { Reader, varintLength, type Writer } from "./bytes.ts";

/** Frame types. STREAM takes eight: bit 0 the end, bit 1 a length, bit 2 an offset. */
export const FRAME = {
  padding: 0x00,
  ping: 0x01,
  /** One range, not delayed: the usual answer to a line of chat, two bytes shorter. */
  ackOne: 0x02,
  ack: 0x03,
  stream: 0x08,
  maxData: 0x10,
  maxStreamData: 0x11,
  reset: 0x12,
  pathChallenge: 0x13,
  pathResponse: 0x14,
  rekey: 0x15,
  rekeyAnswer: 0x16,
  rekeyRequest: 0x17,
  close: 0x18,
  datagram: 0x30,
} as const;

/** Bits of a STREAM frame's type, and bit 0 of a DATAGRAM frame's: it has a length. */
const FIN = 1, HAS_LENGTH = 2, HAS_OFFSET = 4, DATAGRAM_HAS_LENGTH = 1;

/** Ranges in one ACK; the oldest are left out (our choice: 64 gaps are a network that is gone). */
export const MAX_ACK_RANGES = 64;
/** The payload of a path challenge in bytes (RFC 9000 §19.17). */
export const CHALLENGE_BYTES = 8;
/** The text of a CLOSE in bytes of UTF-8 (our choice). */
export const MAX_CLOSE_REASON = 128;

/** Numbers from first to last, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** One frame. Byte strings are views of the packet. */
export type Frame =
  | { readonly type: "padding"; readonly length: number }
  | { readonly type: "ping" }
  | {
    readonly type: "ack";
    /** Largest first, with gaps between them. */
    readonly ranges: readonly Range[];
    /** Time since the largest came, in ms. */
    readonly delay: number;
  }
  | {
    readonly type: "stream";
    readonly id: number;
    readonly offset: number;
    readonly data: Uint8Array;
    readonly fin: boolean;
  }
  | { readonly type: "maxData"; readonly limit: number }
  | { readonly type: "maxStreamData"; readonly id: number; readonly limit: number }
  | { readonly type: "reset"; readonly id: number; readonly code: number; readonly size: number }
  | { readonly type: "pathChallenge" | "pathResponse"; readonly data: Uint8Array }
  | {
    readonly type: "rekey" | "rekeyAnswer";
    readonly generation: number;
    readonly ephemeral: Uint8Array;
  }
  | { readonly type: "rekeyRequest" }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  | { readonly type: "datagram"; readonly data: Uint8Array };

/**
 * Takes the frames of a packet apart.
 *
 * @param plaintext What was sealed.
 * @returns All frames, or undefined if any of them is malformed, unknown or cut.
 */
export function decodeFrames(plaintext: Uint8Array): Frame[] | undefined {
  const reader = new Reader(plaintext), frames: Frame[] = [];
  while (reader.left > 0) {
    const frame = decodeFrame(reader);
    if (frame === undefined || reader.failed) return undefined;
    frames.push(frame);
  }
  return frames.length > 0 ? frames : undefined;
}

function decodeFrame(reader: Reader): Frame | undefined {
  const type = reader.u8();
  if ((type & 0xf8) === FRAME.stream) return decodeStream(reader, type);
  if ((type & 0xfe) === FRAME.datagram) {
    const length = type & DATAGRAM_HAS_LENGTH ? reader.varint() : reader.left;
    return { type: "datagram", data: reader.bytes(length) };
  }
  return DECODERS[type]?.(reader);
}

const DECODERS: Readonly<Record<number, (reader: Reader) => Frame | undefined>> = {
  [FRAME.padding]: decodePadding,
  [FRAME.ping]: () => ({ type: "ping" }),
  [FRAME.ackOne]: (reader) => decodeAck(reader, true),
  [FRAME.ack]: (reader) => decodeAck(reader, false),
  [FRAME.maxData]: (reader) => ({ type: "maxData", limit: reader.varint() }),
  [FRAME.maxStreamData]: (reader) => ({
    type: "maxStreamData",
    id: reader.varint(),
    limit: reader.varint(),
  }),
  [FRAME.reset]: (reader) => ({
    type: "reset",
    id: reader.varint(),
    code: reader.varint(),
    size: reader.varint(),
  }),
  [FRAME.pathChallenge]: (reader) => ({
    type: "pathChallenge",
    data: reader.bytes(CHALLENGE_BYTES),
  }),
  [FRAME.pathResponse]: (reader) => ({ type: "pathResponse", data: reader.bytes(CHALLENGE_BYTES) }),
  [FRAME.rekey]: (reader) => decodeRekey(reader, "rekey"),
  [FRAME.rekeyAnswer]: (reader) => decodeRekey(reader, "rekeyAnswer"),
  [FRAME.rekeyRequest]: () => ({ type: "rekeyRequest" }),
  [FRAME.close]: decodeClose,
};

/** Padding ends the packet: all that follows must be zero. */
function decodePadding(reader: Reader): Frame | undefined {
  const rest = reader.rest();
  return rest.every((byte) => byte === 0)
    ? { type: "padding", length: rest.length + 1 }
    : undefined;
}

function decodeStream(reader: Reader, type: number): Frame | undefined {
  const id = reader.varint();
  const offset = type & HAS_OFFSET ? reader.varint() : 0;
  const length = type & HAS_LENGTH ? reader.varint() : reader.left;
  const data = reader.bytes(length);
  if (offset + data.length > Number.MAX_SAFE_INTEGER) return undefined;
  return { type: "stream", id, offset, data, fin: (type & FIN) !== 0 };
}

/** Delays are sent in steps of 1/8 ms (our choice; RFC 9000 §19.3 has an exponent for it). */
const DELAY_STEPS_PER_MS = 8;

function decodeAck(reader: Reader, one: boolean): Frame | undefined {
  let last = reader.varint();
  const delay = one ? 0 : reader.varint() / DELAY_STEPS_PER_MS;
  const more = one ? 0 : reader.varint();
  if (more >= MAX_ACK_RANGES) return undefined;
  const ranges: Range[] = [];
  for (let range = 0; range <= more; range++) {
    if (range > 0) last = (ranges[range - 1]?.first ?? 0) - reader.varint() - 2;
    const first = last - reader.varint();
    if (reader.failed || first < 0) return undefined;
    ranges.push({ first, last });
  }
  return { type: "ack", ranges, delay };
}

function decodeRekey(reader: Reader, type: "rekey" | "rekeyAnswer"): Frame {
  return { type, generation: reader.varint(), ephemeral: reader.bytes(32) };
}

function decodeClose(reader: Reader): Frame | undefined {
  const code = reader.varint(), length = reader.varint();
  if (length > MAX_CLOSE_REASON) return undefined;
  return { type: "close", code, reason: new TextDecoder().decode(reader.bytes(length)) };
}

/**
 * Writes a frame. A STREAM or DATAGRAM frame that fills the packet needs no length.
 *
 * @param writer Where to.
 * @param frame What.
 * @param last Nothing follows in this packet.
 */
export function encodeFrame(writer: Writer, frame: Frame, last: boolean): void {
  switch (frame.type) {
    case "padding":
      writer.bytes(new Uint8Array(frame.length));
      break;
    case "ack":
      encodeAck(writer, frame);
      break;
    case "stream": {
      const offset = frame.offset > 0 ? HAS_OFFSET : 0;
      writer.u8(FRAME.stream | (frame.fin ? FIN : 0) | (last ? 0 : HAS_LENGTH) | offset)
        .varint(frame.id);
      if (offset) writer.varint(frame.offset);
      if (!last) writer.varint(frame.data.length);
      writer.bytes(frame.data);
      break;
    }
    case "datagram":
      writer.u8(FRAME.datagram | (last ? 0 : DATAGRAM_HAS_LENGTH));
      if (!last) writer.varint(frame.data.length);
      writer.bytes(frame.data);
      break;
    case "maxData":
      writer.u8(FRAME.maxData).varint(frame.limit);
      break;
    case "maxStreamData":
      writer.u8(FRAME.maxStreamData).varint(frame.id).varint(frame.limit);
      break;
    case "reset":
      writer.u8(FRAME.reset).varint(frame.id).varint(frame.code).varint(frame.size);
      break;
    case "rekey":
    case "rekeyAnswer":
      writer.u8(FRAME[frame.type]).varint(frame.generation).bytes(frame.ephemeral);
      break;
    case "close": {
      const reason = new TextEncoder().encode(frame.reason).subarray(0, MAX_CLOSE_REASON);
      writer.u8(FRAME.close).varint(frame.code).varint(reason.length).bytes(reason);
      break;
    }
    case "pathChallenge":
    case "pathResponse":
      writer.u8(FRAME[frame.type]).bytes(frame.data);
      break;
    default:
      writer.u8(FRAME[frame.type]);
  }
}

function encodeAck(writer: Writer, frame: Extract<Frame, { type: "ack" }>): void {
  const [first, ...more] = frame.ranges;
  if (first === undefined) throw new TypeError("Cannot write an ACK without ranges");
  const steps = Math.round(frame.delay * DELAY_STEPS_PER_MS);
  const one = more.length === 0 && steps === 0;
  writer.u8(one ? FRAME.ackOne : FRAME.ack).varint(first.last);
  if (!one) writer.varint(steps).varint(more.length);
  writer.varint(first.last - first.first);
  let before = first;
  for (const range of more) {
    writer.varint(before.first - range.last - 2).varint(range.last - range.first);
    before = range;
  }
}

/**
 * What a STREAM frame adds to its data.
 *
 * @param id The stream.
 * @param offset Where the data begins.
 * @param length How much data; counted only where a length is written.
 * @param last Nothing follows in this packet, so no length is written.
 * @returns Bytes.
 */
export function streamOverhead(id: number, offset: number, length: number, last: boolean): number {
  return 1 + varintLength(id) + (offset > 0 ? varintLength(offset) : 0) +
    (last ? 0 : varintLength(length));
}
