/**
 * Unreliable datagrams that measure the way there and back. Pure.
 *
 * ```text
 *   type (1) | number (varint)
 * ```
 *
 * @module
 */

import { Reader, Writer } from "./bytes.ts";

/** Datagram types: a question for a round trip, and its answer. */
export const ECHO = { ask: 1, answer: 2 } as const;

/**
 * A question or an answer for a round trip.
 *
 * @param type One of `ECHO`.
 * @param number Which question.
 * @returns The datagram's payload.
 */
export function encodeEcho(type: number, number: number): Uint8Array {
  return new Writer(9).u8(type).varint(number).finish();
}

/**
 * Reads such a payload.
 *
 * @param bytes What came.
 * @returns Type and number, or undefined.
 */
export function decodeEcho(bytes: Uint8Array): { type: number; number: number } | undefined {
  const reader = new Reader(bytes), type = reader.u8(), number = reader.varint();
  const known = type === ECHO.ask || type === ECHO.answer;
  return reader.done && known ? { type, number } : undefined;
}
