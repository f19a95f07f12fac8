/**
 * Standard input that is no terminal, as lines. Bounded: a line without end is not gathered.
 *
 * @module
 */

/** Longest line that is taken, in UTF-16 units: the longest message there is (the contract). */
export const MAX_LINE = 65_536;

/** Bytes of one read (our choice). */
const READ_BYTES = 65_536;

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
