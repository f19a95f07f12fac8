/**
 * Tells pasted text from typed keys (bracketed paste, xterm's control sequences, mode 2004).
 * An incremental decoder; pure.
 *
 * @module
 */

/** What the terminal sent. */
export type Typed =
  | { readonly kind: "keys"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string };

const START = "\x1b[200~";
const END = "\x1b[201~";

/** Longest paste that is kept, in UTF-16 units; the rest is cut (our choice). */
export const MAX_PASTE = 65_536;

/** Splits what comes from a terminal. */
export class PasteFilter {
  #held = "";
  #paste: string | undefined;
  /** The last key was an Escape that has been delivered already. */
  #escaped = false;

  /**
   * Takes what was read.
   *
   * @param text A piece of input, cut anywhere.
   * @returns What is complete so far. Keys come at once; a paste once it has ended.
   */
  push(text: string): Typed[] {
    const typed: Typed[] = [];
    let rest = this.#held + text;
    this.#held = "";
    if (this.#escaped && rest !== "") {
      // The Escape of a mark that was cut behind it came as a key: the rest of it must not.
      const tail = START.slice(1);
      if (rest.startsWith(tail)) {
        this.#paste = "";
        rest = rest.slice(tail.length);
      } else if (rest.length > 1 && tail.startsWith(rest)) {
        this.#held = rest;
        return [];
      }
      this.#escaped = false;
    }
    while (rest !== "") {
      const mark = this.#paste === undefined ? START : END;
      const at = rest.indexOf(mark);
      const tail = at < 0 ? heldBack(rest, mark, this.#paste === undefined ? 2 : 1) : 0;
      const before = at < 0 ? rest.slice(0, rest.length - tail) : rest.slice(0, at);
      if (this.#paste !== undefined) this.#paste = cutWhole(this.#paste + before);
      else if (before !== "") typed.push({ kind: "keys", text: before });
      if (at < 0) {
        this.#held = rest.slice(rest.length - tail);
        this.#escaped = this.#paste === undefined && before.endsWith("\x1b");
        break;
      }
      if (this.#paste !== undefined) typed.push({ kind: "paste", text: this.#paste });
      this.#paste = this.#paste === undefined ? "" : undefined;
      rest = rest.slice(at + mark.length);
    }
    return typed;
  }
}

/** The beginning that fits, without half a character at its end. */
function cutWhole(text: string): string {
  const cut = text.slice(0, MAX_PASTE);
  return cut.length < text.length ? cut.replace(/[\ud800-\udbff]$/, "") : cut;
}

/**
 * How many characters at the end may begin the mark. A lone Escape is a key that somebody waits
 * for, so outside a paste at least two are wanted.
 */
function heldBack(text: string, mark: string, least: number): number {
  for (let length = Math.min(mark.length - 1, text.length); length >= least; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}
