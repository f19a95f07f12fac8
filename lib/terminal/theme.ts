/**
 * Colours, and the only escape sequences that the program writes of its own accord.
 *
 * @module
 */

import { bold, dim, red, rgb8, yellow } from "@std/fmt/colors";

/** Cursor and mode sequences (ECMA-48 §8.3; mode 2004 by xterm). */
export const ESCAPE = {
  /** Erases from the cursor to the end of the screen (ED). */
  eraseBelow: "\x1b[J",
  /** Hides the cursor while a frame is drawn (DECTCEM). */
  hideCursor: "\x1b[?25l",
  /** Shows it again. */
  showCursor: "\x1b[?25h",
  /** Pastes come between marks. */
  pasteOn: "\x1b[?2004h",
  /** Pastes come as keys. */
  pasteOff: "\x1b[?2004l",
} as const;

/**
 * Moves the cursor up (CUU).
 *
 * @param rows How many rows; nothing for 0.
 * @returns The sequence.
 */
export function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}

/** How the parts of a line look. */
export interface Theme {
  /** The time in front of a line. */
  time(text: string): string;
  /** A person: always the same colour for the same name. */
  person(name: string): string;
  /** Oneself. */
  self(name: string): string;
  /** The mark of plain mode, where nothing is secret. */
  plainMark(text: string): string;
  /** A notice. */
  notice(text: string): string;
  /** A warning. */
  warning(text: string): string;
  /** An error. */
  error(text: string): string;
}

/** Colours of the 256 that are legible on dark and on light ground (xterm's colour cube). */
const PEOPLE = [33, 37, 71, 97, 131, 136, 166, 168, 62, 30, 64, 133] as const;

/**
 * The theme.
 *
 * @param colour Whether colours may be used.
 * @returns How things look.
 */
export function makeTheme(colour: boolean): Theme {
  const paint = (with_: (text: string) => string) => colour ? with_ : (text: string) => text;
  return {
    time: paint(dim),
    person: paint((name) => rgb8(name, PEOPLE[hash(name) % PEOPLE.length] ?? 33)),
    self: paint(bold),
    plainMark: paint(yellow),
    notice: paint(dim),
    warning: paint(yellow),
    error: paint(red),
  };
}

/** FNV-1a, 32 bits: spreads names over colours. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return value;
}
