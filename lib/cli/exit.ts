/**
 * Exit statuses, as the contract of the command line has them.
 *
 * @module
 */

/** Every status that the program ends with. */
export const EXIT = {
  /** All done, all that was sent is delivered. */
  done: 0,
  /** It could not run or could not go on. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nobody answered. */
  unanswered: 3,
  /** Some messages were not delivered. */
  undelivered: 4,
  /** SIGHUP: the terminal was closed. */
  hangup: 129,
  /** SIGINT. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

/** Signals that end the program, and the status that follows. */
export const SIGNALS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGHUP: EXIT.hangup,
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
};

/** The person left at a question: nothing is printed, and exit status 130. */
export class Interrupted extends Error {
  /** The class name, for logs. */
  override readonly name = "Interrupted";
}

/** The command line is wrong: printed, and exit status 2. */
export class UsageError extends Error {
  /** The class name, for logs. */
  override readonly name = "UsageError";
}
