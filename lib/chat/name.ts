/**
 * Names of people. A name is only a label. Pure.
 *
 * @module
 */

import { graphemes } from "../wire/graphemes.ts";
import { allowed } from "./printable.ts";

/** Longest name, in grapheme clusters (the contract). */
export const MAX_NAME = 32;

/** White space, what separates names from other things, and letters that nobody sees. */
const UNFIT = /[\s:/#@\u115f\u1160\u3164\uffa0]/;

/**
 * Makes a name fit: white space, `:`, `/`, `#`, `@` and what cannot be printed become `-`.
 *
 * @param text What was asked for.
 * @returns The name.
 * @throws {RangeError} If it is empty or longer than 32 characters.
 *
 * @example
 * ```ts
 * import { toName } from "./name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(toName("Ann Lee"), "Ann-Lee");
 * ```
 */
export function toName(text: string): string {
  const name = fitting(text);
  if (name.length === 0 || name.length > MAX_NAME) {
    throw new RangeError(
      `Cannot use a name of ${name.length} characters: wanted 1-${MAX_NAME}`,
    );
  }
  return name.join("");
}

/**
 * Makes a name fit by all means, for names that nobody typed here (a login name).
 *
 * @param text Where the name comes from.
 * @returns The name, cut to 32 characters; `guest` where nothing is left.
 */
export function anyName(text: string): string {
  const cut = fitting(text).slice(0, MAX_NAME);
  return cut.length === 0 ? "guest" : cut.join("");
}

/** The clusters of a name, a dash for each that does not fit. */
function fitting(text: string): string[] {
  return [...graphemes(text.toWellFormed().trim())]
    .map((cluster) => UNFIT.test(cluster) || !allowed(cluster) ? "-" : cluster);
}
