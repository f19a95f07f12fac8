/**
 * When a chat ends, and with what status: a pipe waits until what it said is delivered, or nothing more was
 * for too long. Pure.
 *
 * @module
 */

/** Why it is over. */
export interface Done {
  readonly status: number;
  readonly reason: string;
}

/** How a chat may end. */
export interface EndingOptions {
  /** How long to wait for delivery, in ms. */
  readonly timeout: number;
  /** Go on after the end of input. */
  readonly stay?: boolean;
}

/** One end. */
export class Ending {
  /** Lines that were refused before they came here: they count as not delivered. */
  lost = 0;
  readonly #options: EndingOptions;
  #ended = false;
  #deadline: number | undefined;
  #done: Done | undefined;

  /**
   * It goes on.
   *
   * @param options How it may end.
   */
  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** Why it is over, once it is. */
  get done(): Done | undefined {
    return this.#done;
  }

  /** No more lines will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Nothing more is said: it is over, or no more lines will come. */
  get closed(): boolean {
    return this.#ended || this.#done !== undefined;
  }

  /** When it is over at the latest, in ms; undefined where there is no such time. */
  get deadline(): number | undefined {
    return this.#deadline;
  }

  /**
   * No more lines will come.
   *
   * @param now Time in ms.
   */
  end(now: number): void {
    if (this.#ended || this.#options.stay) return;
    this.#ended = true;
    this.#deadline = now + this.#options.timeout;
  }

  /**
   * So much waits that no more is read: nobody who takes anything is no reason to wait for ever.
   *
   * @param now Time in ms.
   */
  fill(now: number): void {
    if (!this.#options.stay) this.#deadline ??= now + this.#options.timeout;
  }

  /**
   * Something was taken: whoever takes their time is not one who does not answer.
   *
   * @param now Time in ms.
   */
  progress(now: number): void {
    this.#deadline = this.#ended ? now + this.#options.timeout : undefined;
  }

  /**
   * Whether the time is over. No more is said then.
   *
   * @param now Time in ms.
   */
  isOver(now: number): boolean {
    if (this.#deadline === undefined || now < this.#deadline || this.#done) return false;
    return this.#ended = true;
  }

  /**
   * It is over.
   *
   * @param done The status where all is delivered, and why.
   * @param missing Something is not delivered.
   * @param everUp Somebody was ever there.
   */
  finish({ status, reason }: Done, missing: boolean, everUp: boolean): void {
    const lost = status === 0 && (missing || this.lost > 0);
    this.#done = !lost
      ? { status, reason }
      : everUp || !missing
      ? { status: 4, reason: "not delivered" }
      : { status: 3, reason: "no answer" };
  }
}
