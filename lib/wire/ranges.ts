/**
 * A set of numbers as ranges: packet numbers received, bytes acknowledged. Pure.
 *
 * ```text
 *   0   4 5   9     12  14
 *   [███] [███] gap [███]      -> {0-4} joins {5-9}: [0-9] [12-14]
 * ```
 *
 * @module
 */

/** Numbers from first to last, both included. */
export interface Range {
  first: number;
  last: number;
}

/** Ranges in rising order, never touching each other. */
export class RangeSet {
  readonly #ranges: Range[] = [];

  /** The ranges, lowest first. Not to be changed. */
  get ranges(): readonly Readonly<Range>[] {
    return this.#ranges;
  }

  /** Whether nothing is in it. */
  get empty(): boolean {
    return this.#ranges.length === 0;
  }

  /** The largest number in it, or undefined. */
  get largest(): number | undefined {
    return this.#ranges.at(-1)?.last;
  }

  /**
   * Whether a number is in it.
   *
   * @param number The number.
   * @returns True if it is.
   */
  has(number: number): boolean {
    const range = this.#ranges[this.#search(number)];
    return range !== undefined && range.first <= number;
  }

  /**
   * Adds numbers.
   *
   * @param first The first.
   * @param last The last, included.
   */
  add(first: number, last: number): void {
    const at = this.#search(first - 1);
    let until = at;
    for (let range = this.#ranges[until]; range && range.first <= last + 1;) {
      first = Math.min(first, range.first);
      last = Math.max(last, range.last);
      range = this.#ranges[++until];
    }
    this.#ranges.splice(at, until - at, { first, last });
  }

  /**
   * Takes numbers out.
   *
   * @param first The first.
   * @param last The last, included.
   */
  remove(first: number, last: number): void {
    const at = this.#search(first), pieces: Range[] = [];
    let until = at;
    for (let range = this.#ranges[until]; range && range.first <= last;) {
      if (range.first < first) pieces.push({ first: range.first, last: first - 1 });
      if (range.last > last) pieces.push({ first: last + 1, last: range.last });
      range = this.#ranges[++until];
    }
    this.#ranges.splice(at, until - at, ...pieces);
  }

  /**
   * Takes the lowest range out.
   *
   * @returns The range, or undefined.
   */
  shift(): Range | undefined {
    return this.#ranges.shift();
  }

  /**
   * The parts of a range that are not in the set.
   *
   * @param first The first number.
   * @param last The last, included.
   * @returns Ranges, lowest first.
   */
  missing(first: number, last: number): Range[] {
    const gaps: Range[] = [];
    for (let at = this.#search(first), range = this.#ranges[at]; first <= last;) {
      if (range === undefined || range.first > last) {
        gaps.push({ first, last });
        break;
      }
      if (range.first > first) gaps.push({ first, last: range.first - 1 });
      first = Math.max(first, range.last + 1);
      range = this.#ranges[++at];
    }
    return gaps;
  }

  /** The index of the first range whose last number is not below `number`. */
  #search(number: number): number {
    let low = 0, high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle]?.last ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Whether a number is in one of some ranges.
 *
 * @param ranges Few ranges, in any order.
 * @param number The number.
 */
export function within(ranges: readonly Readonly<Range>[], number: number): boolean {
  return ranges.some((range) => range.first <= number && number <= range.last);
}
