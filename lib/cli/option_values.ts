/**
 * Reading the values of options. Each error says what was wanted.
 *
 * @module
 */

import { parseKeyText } from "../crypto/identity.ts";
import { graphemes } from "../wire/graphemes.ts";
import { family, MAX_PORT, parsePort, parseTarget } from "../wire/address.ts";

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

/** Seconds in each unit of a duration. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * Reads a duration.
 *
 * @param text `30d`, `12h`, `90m`, `45s`, or `0`.
 * @returns Seconds.
 * @throws {RangeError} If it is none.
 */
export function readDuration(text: string): number {
  const [, count = "", unit = "s"] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (text === "0") return 0;
  if (count === "") {
    throw new RangeError(`Cannot keep for "${text}": wanted a time such as 30d, 12h, 90m or 45s`);
  }
  return Number(count) * (UNITS[unit] ?? 1);
}

/**
 * Checks a time: a date, a date with a time, or how long ago. What it means is only known now.
 *
 * @param text What was written.
 * @returns The same.
 * @throws {RangeError} If it is none.
 */
export function readWhen(text: string): string {
  if (!Number.isNaN(timeOf(text, 0))) return text;
  throw new RangeError(
    `Cannot read the time "${text}": wanted 2026-01-31, 2026-01-31T14:00, or 2d, 12h, 90m ago`,
  );
}

/**
 * What such a time means.
 *
 * @param text What was written.
 * @param wall The time now in ms since 1970.
 * @returns Time in ms since 1970; NaN for nonsense. A date is midnight here.
 */
export function timeOf(text: string, wall: number): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return wall - Number(count) * (UNITS[unit] ?? 1) * 1_000;
  const date = /^\d{4}-\d\d-\d\d$/.test(text), time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z?$/;
  if (!date && !time.test(text)) return NaN;
  // A date alone would be read as UTC (ECMA-262 §21.4.1.32).
  return Date.parse(date ? `${text}T00:00` : text);
}

/** Bytes in each unit of a size. */
const SIZES: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/**
 * Reads a size.
 *
 * @param text `1G`, `500M`, `10k`, or a number of bytes.
 * @returns Bytes.
 * @throws {RangeError} If it is none.
 */
export function readSize(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,12})([kMGT]?)$/.exec(text) ?? [];
  if (count === "") {
    throw new RangeError(`Cannot keep "${text}" bytes: wanted a size such as 1G, 500M or 10k`);
  }
  return Number(count) * (SIZES[unit] ?? 1);
}

/**
 * Reads whom to call.
 *
 * @param text `HOST[:PORT]`, several with commas.
 * @returns The parts, each of which can be called.
 * @throws {RangeError} If one of them is no host.
 */
export function readTargets(text: string): string[] {
  return text.split(",").map((each) => each.trim()).filter((each) => each !== "").map((each) => {
    if (parseTarget(each).port === 0) throw new RangeError(`Cannot call port 0 in "${each}"`);
    return each;
  });
}

/**
 * Reads public keys.
 *
 * @param text Keys as `udpchat id` shows them, with commas or white space between them.
 * @returns The keys.
 * @throws {RangeError} If one of them is none.
 */
export function readKeys(text: string): Uint8Array[] {
  return text.split(/[\s,]+/).filter((each) => each !== "").map((each) => {
    const key = parseKeyText(each);
    if (key) return key;
    throw new RangeError(`Cannot read the key "${each}": wanted 52 characters as udpchat id shows`);
  });
}

/** Takes any text. */
export function readText(text: string): string {
  return text;
}
