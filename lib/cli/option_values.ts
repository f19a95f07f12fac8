/**
 * Reading the values of options. Each error says what was wanted.
 *
 * @module
 */

import { graphemes } from "../wire/graphemes.ts";
import { family, MAX_PORT, parsePort } from "../wire/address.ts";

/** Shortest time between two pings, in seconds (our choice: a thousandth would be a flood). */
const MIN_INTERVAL = 0.01;

/** Longest time that can be waited for, in seconds: a day. */
const MAX_TIMEOUT = 86_400;

/**
 * Reads a port.
 *
 * @param text What was written.
 * @returns A number in 0-65535.
 * @throws {RangeError} If it is none.
 */
export function readPort(text: string): number {
  const port = parsePort(text);
  if (port === undefined) {
    throw new RangeError(`Cannot use port "${text}": wanted a number in 0-${MAX_PORT}`);
  }
  return port;
}

/**
 * Reads a time.
 *
 * @param text What was written.
 * @returns Seconds, up to a day.
 * @throws {RangeError} If it is none.
 */
export function readSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(seconds <= MAX_TIMEOUT)) {
    throw new RangeError(`Cannot wait "${text}" seconds: wanted a number in 0-${MAX_TIMEOUT}`);
  }
  return seconds;
}

/**
 * Reads a count.
 *
 * @param text What was written.
 * @returns A number from 1.
 * @throws {RangeError} If it is none.
 */
export function readCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new RangeError(`Cannot count to "${text}": wanted a number from 1`);
  return count;
}

/**
 * Reads a time between two pings.
 *
 * @param text What was written.
 * @returns Seconds.
 * @throws {RangeError} If it is too short.
 */
export function readInterval(text: string): number {
  const seconds = readSeconds(text);
  if (seconds < MIN_INTERVAL) {
    throw new RangeError(`Cannot ask every "${text}" seconds: wanted at least ${MIN_INTERVAL}`);
  }
  return seconds;
}

/**
 * Reads a letter.
 *
 * @param text What was written.
 * @returns One grapheme cluster.
 * @throws {RangeError} If there are more or none.
 */
export function readLetter(text: string): string {
  if ([...graphemes(text)].length !== 1) {
    throw new RangeError(`Cannot count "${text}": wanted one letter`);
  }
  return text;
}

/**
 * Reads an IPv4 address.
 *
 * @param text What was written.
 * @returns The address.
 * @throws {RangeError} If it is none.
 */
export function readIPv4(text: string): string {
  if (family(text) !== 4) {
    throw new RangeError(`Cannot broadcast to "${text}": wanted an IPv4 address`);
  }
  return text;
}

/**
 * Reads an address to bind.
 *
 * @param text What was written.
 * @returns The address, without brackets.
 * @throws {RangeError} If it is none.
 */
export function readHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (/[\s/#@]/.test(host) || (host.includes(":") && family(host.split("%")[0] ?? "") !== 6)) {
    throw new RangeError(`Cannot bind "${text}": wanted an address without a port`);
  }
  return host;
}

/** Takes any text. */
export function readText(text: string): string {
  return text;
}
