/**
 * What somebody who mistyped a word most likely meant. Pure.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";

/**
 * The nearest of some words.
 *
 * @param word What was typed.
 * @param known The words there are.
 * @returns The nearest, or undefined where none is near enough to be meant.
 *
 * @example
 * ```ts
 * import { nearest } from "./nearest.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("sevre", ["serve", "plain"]), "serve");
 * assertEquals(nearest("xyzzy", ["serve", "plain"]), undefined);
 * ```
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  let best: string | undefined, least = Infinity;
  for (const candidate of known) {
    const distance = candidate.startsWith(word) && word.length > 1
      ? 0.5
      : sameLetters(word, candidate)
      ? 1
      : levenshteinDistance(word.toLowerCase(), candidate.toLowerCase()) +
        // Of equals the one that begins alike: the first letter is seldom wrong.
        (candidate[0]?.toLowerCase() === word[0]?.toLowerCase() ? 0 : 0.25);
    // Half of the letters may be wrong, and never all of them.
    if (
      distance < least && Math.floor(distance) <= Math.ceil(candidate.length / 2) &&
      Math.floor(distance) < Math.max(word.length, candidate.length)
    ) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Letters in another order: one slip of the fingers, where the distance would count two. */
function sameLetters(a: string, b: string): boolean {
  const letters = (text: string): string => [...text.toLowerCase()].sort().join("");
  return a.length === b.length && letters(a) === letters(b);
}

/** Longer words are nobody's slip of the finger (our choice). */
const MAX_WORD = 64;
