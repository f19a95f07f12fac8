/**
 * Packet numbers, cut and whole (PROTOCOL.md §7), and the replay window (§8).
 *
 * @module
 */

const WINDOW = 8128;

/** How many bits a sender writes. */
export function numberBits(number: number, acknowledged: number | null): 16 | 32 {
  return number - (acknowledged ?? -1) < 32768 ? 16 : 32;
}

/** The lowest bits. */
export function truncateNumber(number: number, bits: 16 | 32): number {
  return number % 2 ** bits;
}

/** The number nearest to what is expected. */
export function expandNumber(largest: number, value: number, bits: 16 | 32): number {
  const expected = largest + 1;
  const window = 2 ** bits;
  const half = window / 2;
  const candidate = expected - (expected % window) + value;
  if (candidate <= expected - half) return candidate + window;
  if (candidate > expected + half && candidate >= window) return candidate - window;
  return candidate;
}

/** The numbers that came, each once. */
export class Received {
  largest = -1;
  readonly #numbers: Set<number> = new Set();

  /** Whether this number may be accepted. */
  isNew(number: number): boolean {
    return !this.#numbers.has(number) && this.largest - number < WINDOW;
  }

  /** Remembers a number. */
  add(number: number): void {
    this.#numbers.add(number);
    this.largest = Math.max(this.largest, number);
    for (const old of this.#numbers) if (this.largest - old >= WINDOW) this.#numbers.delete(old);
  }

  /** The ranges, newest first, 64 at most. */
  ranges(): { readonly first: number; readonly last: number }[] {
    const ranges: { first: number; last: number }[] = [];
    for (const number of [...this.#numbers].sort((one, other) => other - one)) {
      const range = ranges.at(-1);
      if (range && range.first === number + 1) range.first = number;
      else if (ranges.length === 64) break;
      else ranges.push({ first: number, last: number });
    }
    return ranges;
  }
}
