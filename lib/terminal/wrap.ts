/**
 * Cutting text into lines between its words. Pure.
 *
 * @module
 */

/**
 * Cuts text between words. A word that does not fit anywhere has a line of its own.
 *
 * @param text One line of text.
 * @param fits Whether a line is short enough.
 * @returns The lines, one at least.
 *
 * @example
 * ```ts
 * import { wrap } from "./wrap.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wrap("to be or not", (line) => line.length <= 5), ["to be", "or", "not"]);
 * ```
 */
export function wrap(text: string, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1), longer = `${last} ${word}`;
    if (last !== undefined && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
