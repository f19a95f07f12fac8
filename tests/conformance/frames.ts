/**
 * Frames (PROTOCOL.md §9).
 *
 * @module
 */

import { isZero, join, Malformed, Reader, utf8 } from "./bytes.ts";
import { encodeVarint, LARGEST, readVarint } from "./varint.ts";

/** Numbers that came, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Any frame. A delay is in steps of 1/8 ms. */
export type Frame =
  | { readonly type: "padding"; readonly size: number }
  | { readonly type: "ping" }
  | { readonly type: "ack"; readonly delay: number; readonly ranges: readonly Range[] }
  | {
    readonly type: "stream";
    readonly id: number;
    readonly offset: number;
    readonly data: Uint8Array;
    readonly fin: boolean;
  }
  | { readonly type: "max data"; readonly limit: number }
  | { readonly type: "max stream data"; readonly id: number; readonly limit: number }
  | { readonly type: "reset"; readonly id: number; readonly code: number; readonly size: number }
  | { readonly type: "challenge" | "response"; readonly data: Uint8Array }
  | {
    readonly type: "rekey" | "rekey answer";
    readonly generation: number;
    readonly key: Uint8Array;
  }
  | { readonly type: "rekey request" }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  | { readonly type: "datagram"; readonly data: Uint8Array };

type Ack = Extract<Frame, { type: "ack" }>;
type Stream = Extract<Frame, { type: "stream" }>;

/** Whether a packet with this frame must be acknowledged. */
export function elicits(frame: Frame): boolean {
  return frame.type !== "padding" && frame.type !== "ack" && frame.type !== "close";
}

/** Whether this frame must be sent again if its packet is lost. */
export function isRepeated(frame: Frame): boolean {
  const once = ["padding", "ping", "ack", "challenge", "response", "close", "datagram"];
  return !once.includes(frame.type);
}

function withNumbers(type: number, ...numbers: readonly number[]): Uint8Array {
  return join(Uint8Array.of(type), ...numbers.map(encodeVarint));
}

function withLength(data: Uint8Array, last: boolean): Uint8Array {
  return last ? data : join(encodeVarint(data.length), data);
}

function encodeAck({ delay, ranges }: Ack): Uint8Array {
  const [newest, ...older] = ranges;
  if (!newest) throw new RangeError("no range");
  const length = newest.last - newest.first;
  if (older.length === 0 && delay === 0) return withNumbers(0x02, newest.last, length);
  let before = newest.first;
  const more = older.flatMap(({ first, last }) => {
    const gap = before - last - 2;
    before = first;
    return [gap, last - first];
  });
  return withNumbers(0x03, newest.last, delay, older.length, length, ...more);
}

function encodeStream({ id, offset, data, fin }: Stream, last: boolean): Uint8Array {
  const type = 0x08 + (fin ? 1 : 0) + (last ? 0 : 2) + (offset > 0 ? 4 : 0);
  const front = withNumbers(type, id, ...(offset > 0 ? [offset] : []));
  return join(front, withLength(data, last));
}

/** One frame as bytes; the last of a packet needs no length. */
export function encodeFrame(frame: Frame, last: boolean): Uint8Array {
  switch (frame.type) {
    case "padding":
      return new Uint8Array(frame.size);
    case "ping":
      return Uint8Array.of(0x01);
    case "ack":
      return encodeAck(frame);
    case "stream":
      return encodeStream(frame, last);
    case "max data":
      return withNumbers(0x10, frame.limit);
    case "max stream data":
      return withNumbers(0x11, frame.id, frame.limit);
    case "reset":
      return withNumbers(0x12, frame.id, frame.code, frame.size);
    case "challenge":
      return join(Uint8Array.of(0x13), frame.data);
    case "response":
      return join(Uint8Array.of(0x14), frame.data);
    case "rekey":
      return join(withNumbers(0x15, frame.generation), frame.key);
    case "rekey answer":
      return join(withNumbers(0x16, frame.generation), frame.key);
    case "rekey request":
      return Uint8Array.of(0x17);
    case "close": {
      const reason = utf8(frame.reason);
      return join(withNumbers(0x18, frame.code, reason.length), reason);
    }
    case "datagram":
      return join(Uint8Array.of(last ? 0x30 : 0x31), withLength(frame.data, last));
  }
}

/** The frames of a packet as bytes. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  return join(...frames.map((frame, at) => encodeFrame(frame, at === frames.length - 1)));
}

function readAck(reader: Reader, short: boolean): Ack {
  let last = readVarint(reader);
  const delay = short ? 0 : readVarint(reader);
  const more = short ? 0 : readVarint(reader);
  if (more > 63) throw new Malformed("too many ranges");
  const ranges: Range[] = [];
  for (let at = 0; at <= more; at++) {
    const before = ranges.at(-1);
    if (before) last = before.first - readVarint(reader) - 2;
    const first = last - readVarint(reader);
    if (first < 0) throw new Malformed("acknowledges a number below 0");
    ranges.push({ first, last });
  }
  return { type: "ack", delay, ranges };
}

function readStream(reader: Reader, type: number): Stream {
  const id = readVarint(reader);
  const offset = (type & 4) > 0 ? readVarint(reader) : 0;
  const data = (type & 2) > 0 ? reader.take(readVarint(reader)) : reader.rest();
  if (offset + data.length > LARGEST) throw new Malformed("stream too long");
  return { type: "stream", id, offset, data, fin: (type & 1) > 0 };
}

function readClose(reader: Reader): Frame {
  const [code, length] = [readVarint(reader), readVarint(reader)];
  if (length > 128) throw new Malformed("reason too long");
  return { type: "close", code, reason: new TextDecoder().decode(reader.take(length)) };
}

function readPadding(reader: Reader): Frame {
  const rest = reader.rest();
  if (!isZero(rest)) throw new Malformed("padding that is not zero");
  return { type: "padding", size: 1 + rest.length };
}

function readKey(reader: Reader, type: "rekey" | "rekey answer"): Frame {
  return { type, generation: readVarint(reader), key: reader.take(32) };
}

function readFrame(reader: Reader): Frame {
  const type = reader.number(1);
  if (type >= 0x08 && type <= 0x0f) return readStream(reader, type);
  switch (type) {
    case 0x00:
      return readPadding(reader);
    case 0x01:
      return { type: "ping" };
    case 0x02:
    case 0x03:
      return readAck(reader, type === 0x02);
    case 0x10:
      return { type: "max data", limit: readVarint(reader) };
    case 0x11:
      return { type: "max stream data", id: readVarint(reader), limit: readVarint(reader) };
    case 0x12: {
      const [id, code, size] = [readVarint(reader), readVarint(reader), readVarint(reader)];
      return { type: "reset", id, code, size };
    }
    case 0x13:
    case 0x14:
      return { type: type === 0x13 ? "challenge" : "response", data: reader.take(8) };
    case 0x15:
    case 0x16:
      return readKey(reader, type === 0x15 ? "rekey" : "rekey answer");
    case 0x17:
      return { type: "rekey request" };
    case 0x18:
      return readClose(reader);
    case 0x30:
      return { type: "datagram", data: reader.rest() };
    case 0x31:
      return { type: "datagram", data: reader.take(readVarint(reader)) };
    default:
      throw new Malformed(`unknown frame ${type}`);
  }
}

/** Reads the frames of a packet. */
export function decodeFrames(bytes: Uint8Array): Frame[] {
  const reader = new Reader(bytes);
  const frames: Frame[] = [];
  while (reader.left > 0) frames.push(readFrame(reader));
  if (frames.length === 0) throw new Malformed("no frame");
  return frames;
}
