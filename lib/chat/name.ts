/**
 * Names of people. A name is only a label. Pure.
 *
 * @module
 */

import { graphemes } from "../wire/graphemes.ts";

/** Longest name, in grapheme clusters (the contract). */
export const MAX_NAME = 32;

/** What becomes a dash: also the Hangul fillers, letters that nobody sees. */
const UNFIT = /[\s:/#@\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

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
  const name = text.toWellFormed().trim().replace(UNFIT, "-");
  const length = [...graphemes(name)].length;
  if (length === 0 || length > MAX_NAME) {
    throw new RangeError(
      `Cannot use a name of ${length} characters: wanted 1-${MAX_NAME}`,
    );
  }
  return name;
}

/**
 * Makes a name fit by all means, for names that nobody typed here (a login name).
 *
 * @param text Where the name comes from.
 * @returns The name, cut to 32 characters; `guest` where nothing is left.
 */
export function anyName(text: string): string {
  const fit = text.toWellFormed().trim().replace(UNFIT, "-");
  const cut = [...graphemes(fit)].slice(0, MAX_NAME);
  return cut.length === 0 ? "guest" : toName(cut.join(""));
}
