/**
 * Whose key is expected behind an address, and what the person said about another one. Pure.
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";

/** What is expected. */
export interface PinOptions {
  /** The key that answered there before, or that was named. */
  readonly pinned?: Uint8Array | undefined;
  /** Go on with another key. */
  readonly acceptNewKey?: boolean;
}

/** One expectation. */
export class Pin {
  readonly #options: PinOptions;
  #changed: Uint8Array | undefined;
  #accepted: Uint8Array | undefined;

  /**
   * What is expected before anybody answers.
   *
   * @param options The key, if any.
   */
  constructor(options: PinOptions) {
    this.#options = options;
  }

  /** The key that answered there before; undefined where none is known. */
  get key(): Uint8Array | undefined {
    return this.#options.pinned;
  }

  /**
   * Whether it is gone on with a key. Where it is not, the person may say yes to it.
   *
   * @param key The key that answers.
   * @param wanted The key that is expected; the pinned one if it is left out.
   */
  admits(key: Uint8Array, wanted: Uint8Array | undefined = this.key): boolean {
    const accepted = this.#options.acceptNewKey || (this.#accepted && equal(this.#accepted, key));
    if (!wanted || equal(wanted, key) || accepted) return true;
    this.#changed = key;
    return false;
  }

  /**
   * The person says yes to the key that answered last.
   *
   * @returns False where there is none to say yes to.
   */
  accept(): boolean {
    if (!this.#changed || (this.#accepted && equal(this.#accepted, this.#changed))) return false;
    this.#accepted = this.#changed;
    return true;
  }
}
