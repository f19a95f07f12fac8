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
  readonly #pause: (() => Promise<void>) | undefined;
  /** Ends the rest before its time. */
  #hurry: (() => void) | undefined;
  #draining = 0;
  readonly #waiting: string[] = [];
  #size = 0;
  #dropped = 0;
  #broken = false;
  #failure: string | undefined;
  #writing: Promise<void> | undefined;
  readonly #whenBroken: PromiseWithResolvers<string | undefined> = Promise.withResolvers();

  /**
   * Makes an empty queue.
   *
   * @param write Where it goes.
   * @param limit How much may wait, in UTF-16 units.
   * @param options `pause` resolves after a short rest between two writes, so that what comes fast is
   *   written together.
   */
  constructor(
    write: Write,
    limit: number = MAX_WAITING,
    options: { readonly pause?: () => Promise<void> } = {},
  ) {
    this.#write = write;
    this.#limit = limit;
    this.#pause = options.pause;
  }

  /**
   * Resolves when nothing more can be written: with nothing where the reader has gone (`| head -1`), with
   * the reason where it is something else (a full disk).
   */
  get broken(): Promise<string | undefined> {
    return this.#whenBroken.promise;
  }

  /** Why nothing can be written, where it is not that the reader has gone. */
  get failure(): string | undefined {
    return this.#failure;
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
    this.#draining++;
    this.#hurry?.();
    await this.#writing;
    this.#draining--;
  }

  #rest(pause: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#hurry = resolve;
      void pause().then(resolve);
    });
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
      } catch (error) {
        this.#broken = true;
        this.#waiting.length = 0;
        this.#failure = readerIsGone(error) ? undefined : (error as Error).message;
        this.#whenBroken.resolve(this.#failure);
      }
      if (this.#pause && this.#draining === 0) await this.#rest(this.#pause);
    }
    this.#writing = undefined;
  }
}

/** A pipe or a terminal that was closed: nobody will ever read this. */
function readerIsGone(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource || ["EPIPE", "EIO", "EBADF"].includes(String(code));
}
