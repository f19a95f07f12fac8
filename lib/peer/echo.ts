/**
 * Answering `udpchat ping`. Pure.
 *
 * @module
 */

import type { Session } from "../session/session.ts";
import { decodeEcho, ECHO, encodeEcho } from "../wire/echo.ts";

/**
 * Answers a question for a round trip.
 *
 * @param session On which it came.
 * @param bytes What came: anything.
 * @returns Whether something is to be sent.
 */
export function answerEcho(session: Session, bytes: Uint8Array): boolean {
  const echo = decodeEcho(bytes);
  if (echo?.type !== ECHO.ask) return false;
  session.datagram(encodeEcho(ECHO.answer, echo.number));
  return true;
}
