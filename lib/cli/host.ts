/**
 * What `main.ts` gives to the commands: the real world behind interfaces.
 *
 * @module
 */

import type { Clock } from "../net/clock.ts";
import type { Random } from "../net/random.ts";
import type { Console } from "../terminal/console.ts";

/** The world around the program. */
export interface Host {
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /** The standard streams. */
  readonly console: Console;
  /** The real clock. */
  readonly clock: Clock;
  /** Randomness for simulations. */
  readonly random: Random;
  /** Random bytes for keys. */
  randomBytes(length: number): Uint8Array;
  /**
   * Listens for a signal. Signals that the system does not have never come.
   *
   * @param signal Its name.
   * @param then What to call, each time.
   * @returns A function that stops listening.
   */
  onSignal(signal: Deno.Signal, then: () => void): () => void;
}
