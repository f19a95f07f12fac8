/**
 * What a command is: a row of the table in `commands.ts`.
 *
 * @module
 */

import type { Host } from "./host.ts";
import type { OptionKey, Options } from "./options.ts";

/** What a command gets to run. */
export interface Invocation {
  /** The world. */
  readonly host: Host;
  /** The words after the command's name. */
  readonly words: readonly string[];
  /** The options, parsed. */
  readonly options: Options;
}

/** One command. */
export interface Command {
  /** Its name; two words where it is below another (`plain serve`). */
  readonly name: string;
  /** The words that follow it, as in the help. */
  readonly usage: string;
  /** How many words may follow: least and most. */
  readonly words: readonly [least: number, most: number];
  /** What the word after it may be, where it is one of a few. */
  readonly choices?: readonly string[];
  /** What it does, in one line. */
  readonly summary: string;
  /** The options that only some commands have and this one has. */
  readonly options: readonly OptionKey[];
  /** What some of these mean here, where that is not what they mean elsewhere. */
  readonly optionHelp?: Readonly<Partial<Record<OptionKey, string>>>;
  /** What else there is to know. */
  readonly details: readonly string[];
  /** Two examples, without the program's name. */
  readonly examples: readonly [string, string];
  /**
   * Runs it.
   *
   * @returns The exit status.
   * @throws {UsageError} If the words are wrong.
   * @throws {NetError} If the network cannot be set up.
   */
  run(invocation: Invocation): Promise<number>;
}
