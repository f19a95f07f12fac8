/**
 * Time as an argument. The real clock is made in `main.ts`, the virtual one in `tests/support`.
 *
 * @module
 */

/** The only way this program learns what time it is, and the only way it waits. */
export interface Clock {
  /** Milliseconds that only go forward, from an arbitrary start. */
  now(): number;
  /** Wall time in milliseconds since 1970 (UTC). May jump. */
  wall(): number;
  /**
   * Calls back once, not before `at`.
   *
   * @param at Time on the scale of `now()`, in milliseconds.
   * @param then What to call.
   * @returns A function that cancels the call; harmless afterwards.
   */
  wake(at: number, then: () => void): () => void;
  /** Resolves after one turn of the event loop, so that what waits to be read is read. */
  turn(): Promise<void>;
}

/**
 * Waits.
 *
 * @param clock The clock to wait on.
 * @param ms How long, in milliseconds.
 */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.wake(clock.now() + ms, resolve));
}
