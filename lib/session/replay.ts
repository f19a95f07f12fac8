/**
 * The anti-replay window (RFC 6479): each packet number is accepted once; those too old are not
 * accepted at all. Asked only after a packet proved authentic. Pure.
 *
 * ```text
 *   bits of 254 words in a ring, one more is being filled:
 *   too old │ seen? seen? seen? … │ newest │ not yet
 * ```
 *
 * @module
 */

/** Words of 32 bits in the ring (RFC 6479 wants a power of two). */
const WORDS = 256;
/** Numbers behind the newest that are still told apart: 8,128 (as in WireGuard: 8,192 less a word). */
export const WINDOW = (WORDS - 2) * 32;

/** One window, for one direction of one session. */
export class ReplayWindow {
  #bits: Uint32Array | undefined;
  #newest = -1;

  /** The largest number accepted so far, -1 for none. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Accepts a number once.
   *
   * @param number The packet number of an authentic packet.
   * @returns False for a repetition, and for one too old to tell.
   */
  accept(number: number): boolean {
    if (this.#newest - number >= WINDOW) return false;
    const word = Math.floor(number / 32), bits = this.#bits ??= new Uint32Array(WORDS);
    if (number > this.#newest) {
      const newestWord = Math.floor(this.#newest / 32);
      const steps = Math.min(word - newestWord, WORDS);
      for (let step = 1; step <= steps; step++) bits[(newestWord + step) & (WORDS - 1)] = 0;
      this.#newest = number;
    }
    const index = word & (WORDS - 1), bit = 1 << (number % 32);
    if (((bits[index] ?? 0) & bit) !== 0) return false;
    bits[index] = (bits[index] ?? 0) | bit;
    return true;
  }
}
