/**
 * The one boundary for foreign text. Whatever comes from elsewhere (names, messages, host names)
 * passes here before it is written to a terminal, to a pipe or into a notice.
 *
 * It is an allow-list by grapheme cluster: letters, numbers, punctuation, symbols and spaces, each
 * with at most four combining marks, and the emoji sequences recommended for interchange
 * (RGI, UTS #51). Everything else (control characters, escape sequences, bidirectional overrides,
 * invisible and unassigned code points) is shown as `·`. There is nothing to forget in such a list:
 * what Unicode adds is refused until the runtime knows it.
 *
 * @module
 */

import { graphemes } from "../wire/graphemes.ts";

/** What stands for what is refused: MIDDLE DOT. */
export const REFUSED = "\u00b7";

/** Nearly all text: nothing in it can be refused, and the segmenter is not needed. */
const SIMPLE =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02af\u0391-\u03a1\u0410-\u044f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5]*$/;

/**
 * Vowel signs and tones of Myanmar, Tai Tham and Ahom that are marks and yet begin a cluster of
 * their own (UAX #29: the exceptions to SpacingMark).
 */
const OWN_CLUSTER = String.raw`\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083` +
  String.raw`\u1087-\u108c\u108f\u109a-\u109c\u1a61\u1a63\u1a64\uaa7b\uaa7d\u{11720}\u{11721}`;

/** What may stand alone. Default-ignorable code points (DI) are invisible, even where a letter. */
const BASE = String.raw`(?!\p{DI})[\p{L}\p{N}\p{P}\p{S}\p{Zs}${OWN_CLUSTER}]`;

/** At most four combining marks on one character, so that they stay on their own line. */
const MARKS = String.raw`(?:(?!\p{DI})\p{M}){0,4}`;

/** Scripts that cannot be written without joiners (UAX #31 §2.3); elsewhere these are invisible. */
const JOINING = ["Arabic", "Syriac", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya"]
  .concat(["Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar", "Tibetan"])
  .map((script) => String.raw`\p{Script=${script}}`).join("");

/** Several characters in one cluster are a syllable (Hangul, Indic). */
const VISIBLE = new RegExp(
  String.raw`^(?:${BASE}${MARKS}|(?=${BASE})[${JOINING}]${MARKS}[\u200c\u200d])+$`,
  "v",
);

/** One emoji sequence of the recommended set (UTS #51 ED-27). */
const EMOJI = /^\p{RGI_Emoji}$/v;

/** Longest cluster that is looked at, in UTF-16 units; the longest RGI emoji has 15 (our choice). */
const MAX_CLUSTER = 64;

/**
 * Makes foreign text fit to be written. Idempotent, and linear in the length of the text.
 *
 * @param text Text from anywhere.
 * @returns The text with `·` for each cluster that is refused. It has no line ends.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable("na\u00efve \u{1f44d}"), "na\u00efve \u{1f44d}");
 * assertEquals(printable("\x1b[2Jboo\u202e"), "\u00b7[2Jboo\u00b7");
 * ```
 */
export function printable(text: string): string {
  if (SIMPLE.test(text)) return text;
  let out = "";
  for (const segment of graphemes(text.toWellFormed())) {
    out += allowed(segment) ? segment : REFUSED;
  }
  return out;
}

/**
 * The same for text of several lines.
 *
 * @param text Text from anywhere.
 * @returns Its lines, each fit to be written. LF and CR LF end a line, nothing else does.
 */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}

/**
 * JSON whose strings cannot harm a terminal either: what the allow-list refuses is escaped.
 *
 * @param value Any value that JSON can hold.
 * @returns One line of ASCII and allowed clusters; parsed it is the value again.
 */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (SIMPLE.test(json)) return json;
  let out = "";
  for (const segment of graphemes(json)) {
    out += allowed(segment) ? segment : segment.replace(/[^\x20-\x7e]/g, escape);
  }
  return out;
}

function escape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * Whether one grapheme cluster may be written.
 *
 * @param cluster The cluster.
 * @returns True if it is on the allow-list.
 */
export function allowed(cluster: string): boolean {
  if (SIMPLE.test(cluster)) return true;
  return cluster.length <= MAX_CLUSTER && (VISIBLE.test(cluster) || EMOJI.test(cluster));
}
