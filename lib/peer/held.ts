/**
 * How far one holds the logs of others, so that what is repeated on a new session is shown once. Pure.
 *
 * @module
 */

/** Logs that are remembered; the one unheard of for longest goes (our choice). */
const MAX_LOGS = 1_024;

/** Progress by author and log. */
export class Held {
  readonly #numbers = new Map<string, number>();

  /**
   * A message came.
   *
   * @param author The author's key.
   * @param log The number of the log.
   * @param number The number of the message.
   * @returns Whether it is new, and up to where the log is held now.
   */
  accept(
    author: Uint8Array,
    log: Uint8Array,
    number: number,
  ): { isNew: boolean; upTo: number } {
    const key = `${author.join()}/${log.join()}`;
    const before = this.#numbers.get(key) ?? 0, upTo = Math.max(before, number);
    this.#numbers.delete(key);
    this.#numbers.set(key, upTo);
    if (this.#numbers.size > MAX_LOGS) {
      for (const oldest of this.#numbers.keys()) {
        this.#numbers.delete(oldest);
        break;
      }
    }
    return { isNew: number > before, upTo };
  }
}
