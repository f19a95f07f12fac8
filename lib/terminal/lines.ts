/**
 * Standard input that is no terminal, as lines. Bounded: a line without end is not gathered.
 *
 * @module
 */

import type { Input } from "./console.ts";

/** Longest line that is taken, in UTF-16 units: the longest message there is (the contract). */
export const MAX_LINE = 65_536;

/** Bytes of one read (our choice). */
const READ_BYTES = 65_536;
/** What ends a line. */
const LINE_END = 0x0a;

/**
 * Takes the first line, and leaves what follows it to the next reader.
 *
 * @param input Where it comes from.
 * @returns The line without its end, and the input behind it. What has no line end in 64 KiB is cut.
 */
export async function takeLine(input: Input): Promise<{ line: string; rest: Input }> {
  const gathered: number[] = [], buffer = new Uint8Array(READ_BYTES);
  let end = -1;
  while (end < 0 && gathered.length < READ_BYTES) {
    const count = await input.read(buffer).catch(() => null);
    if (count === null) break;
    gathered.push(...buffer.subarray(0, count));
    end = gathered.indexOf(LINE_END);
  }
  const bytes = Uint8Array.from(gathered);
  let left = end < 0 ? new Uint8Array(0) : bytes.slice(end + 1);
  const read: Input["read"] = async (into, isWanted) => {
    if (left.length === 0) return await input.read(into, isWanted);
    const count = Math.min(left.length, into.length);
    into.set(left.subarray(0, count));
    left = left.slice(count);
    return count;
  };
  const line = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return { line: line.replace(/\r$/, ""), rest: { ...input, read } };
}

/**
 * Lines as they come, those of one read together. A final CR is cut; blank lines are left out.
 *
 * @param read Reads some bytes; null at the end.
 * @param tooLong Told about each line that is longer than `MAX_LINE`, with its number and its
 *   length in UTF-16 units; such a line is not taken.
 * @returns The lines.
 */
export async function* readLines(
  read: (buffer: Uint8Array) => Promise<number | null>,
  tooLong: (number: number, length: number) => void,
): AsyncGenerator<readonly string[]> {
  const buffer = new Uint8Array(READ_BYTES);
  const decoder = new TextDecoder();
  let partial = "", skipped = 0, number = 0;
  const finish = (): string | undefined => {
    number++;
    const line = partial.endsWith("\r") ? partial.slice(0, -1) : partial;
    const length = skipped + line.length;
    partial = "";
    skipped = 0;
    if (length > MAX_LINE) return void tooLong(number, length);
    return line.trim() === "" ? undefined : line;
  };
  for (;;) {
    const count = await read(buffer).catch(() => null);
    const text = count === null
      ? decoder.decode()
      : decoder.decode(buffer.subarray(0, count), { stream: true });
    const pieces = text.split("\n"), lines: string[] = [];
    for (const [at, piece] of pieces.entries()) {
      if (skipped > 0 || partial.length > MAX_LINE + 1) {
        skipped += partial.length;
        partial = "";
      }
      partial += piece;
      if (at === pieces.length - 1) break;
      const line = finish();
      if (line !== undefined) lines.push(line);
    }
    const last = count !== null || (partial === "" && skipped === 0) ? undefined : finish();
    if (last !== undefined) lines.push(last);
    if (lines.length > 0) yield lines;
    if (count === null) return;
  }
}
