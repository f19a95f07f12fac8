/**
 * Prints what was asked for.
 *
 * @module
 */

import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";

/**
 * Prints text that was asked for on standard output.
 *
 * @param host The world.
 * @param text Our own text, with its final line end.
 * @returns Exit status 0.
 */
export async function printOut(
  host: Host,
  text: string,
): Promise<number> {
  host.console.output.push(text);
  await host.console.output.drain();
  const { failure } = host.console.output;
  if (failure === undefined) return EXIT.done;
  host.console.error.push(`udpchat: Cannot write to standard output: ${failure}\n`);
  await host.console.error.drain();
  return EXIT.failed;
}
