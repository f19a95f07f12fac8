/**
 * Why a file that somebody named cannot be read, in words: what the system says is not for people.
 *
 * @module
 */

import { NetError } from "../net/endpoint.ts";

/**
 * Puts into words why a file cannot be read.
 *
 * @param code What kind of file it is, for `--json`.
 * @param what What is in it, as `the passphrase in`; may be empty.
 * @param file The file as it was named.
 * @param error What the system said.
 * @returns The error to throw.
 */
export function fileError(code: string, what: string, file: string, error: unknown): NetError {
  return new NetError(code, `Cannot read ${what}${what && " "}${file}: ${reasonOf(error)}`, {
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  const { PermissionDenied, NotFound, IsADirectory, NotADirectory } = Deno.errors;
  if (error instanceof NotFound || error instanceof NotADirectory) return "there is no such file";
  if (error instanceof IsADirectory) return "wanted a file, and this is a directory";
  if (error instanceof PermissionDenied) return "you may not read it";
  // Without the number that the system has for it.
  return String((error as Error).message).replace(/ \(os error \d+\).*$/s, "");
}
