/**
 * A bounded queue in front of standard output or standard error. A reader that stalls (a pager, a
 * terminal held with Ctrl-S) never stops the event loop: what waits is written by awaited writes,
 * everything that has gathered in one, and past the bound whole texts are dropped and counted.
 *
 * @module
 */

/** Text that waits for a slow reader, in UTF-16 units (our choice: a long evening of chat). */
export const MAX_WAITING = 8_388_608;

/** Writes bytes and says how many were taken. */
export type Write = (bytes: Uint8Array) => Promise<number>;

const encoder = new TextEncoder();

/** One output. */
export class Output {
  readonly #write: Write;
  readonly #limit: number;
  readonly #waiting: string[] = [];
  #size = 0;
  #dropped = 0;
  #broken = false;
  #writing: Promise<void> | undefined;
  readonly #whenBroken: PromiseWithResolvers<void> = Promise.withResolvers();

  /**
   * Makes an empty queue.
   *
   * @param write Where it goes.
   * @param limit How much may wait, in UTF-16 units.
   */
  constructor(write: Write, limit: number = MAX_WAITING) {
    this.#write = write;
    this.#limit = limit;
  }

  /** Resolves when the reader has gone (`| head -1`). */
  get broken(): Promise<void> {
    return this.#whenBroken.promise;
  }

  /** Whether a write is on its way. */
  get busy(): boolean {
    return this.#writing !== undefined;
  }

  /**
   * Queues text to be written whole, or not at all.
   *
   * @param text Fit for its reader already.
   */
  push(text: string): void {
    if (this.#broken || text === "") return;
    if (this.#size + text.length > this.#limit) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(text);
    this.#size += text.length;
    this.#writing ??= this.#work();
  }

  /** How many texts were dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Resolves when all that was queued is written, or nobody reads any more. */
  async drain(): Promise<void> {
    await this.#writing;
  }

  async #work(): Promise<void> {
    // Not in the turn of the first push: what is pushed together is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const bytes = encoder.encode(this.#waiting.join(""));
      this.#waiting.length = 0;
      this.#size = 0;
      try {
        for (let done = 0; done < bytes.length;) done += await this.#write(bytes.subarray(done));
      } catch {
        // EPIPE, or a closed terminal (EIO): nobody will ever read this.
        this.#broken = true;
        this.#waiting.length = 0;
        this.#whenBroken.resolve();
      }
    }
    this.#writing = undefined;
  }
}
