/**
 * Tells one's own broadcast from somebody else's: on a shared port both come from the same
 * address, so the content is all there is. Pure.
 *
 * @module
 */

/** Broadcasts waited for at once (our choice). */
const MAX_WAITING = 256;

/** Texts that were sent and may be heard again, each once. */
export class Echoes {
  readonly #window: number;
  readonly #waiting: { readonly text: string; readonly until: number }[] = [];

  /**
   * Waits for nothing yet.
   *
   * @param window How long a text may take to come back, in ms.
   */
  constructor(window: number) {
    this.#window = window;
  }

  /**
   * A text was sent.
   *
   * @param text The whole datagram as text.
   * @param now Time in ms.
   */
  expect(text: string, now: number): void {
    this.#waiting.push({ text, until: now + this.#window });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /**
   * A text was heard.
   *
   * @param text The whole datagram as text.
   * @param now Time in ms.
   * @returns Whether it is an echo; each sent text is recognised once.
   */
  take(text: string, now: number): boolean {
    while (this.#waiting[0] !== undefined && this.#waiting[0].until < now) this.#waiting.shift();
    const at = this.#waiting.findIndex((each) => each.text === text);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    return true;
  }
}
