/**
 * Reading and writing of byte strings: big-endian numbers and the variable-length integers of QUIC
 * (RFC 9000 §16). A reader never throws and never reads past the end: it turns `failed`, and the
 * caller looks at that once. Pure.
 *
 * @module
 */

/** Largest variable-length integer that we use: 2^53 - 1, exact in a double (ours; RFC: 2^62 - 1). */
export const MAX_VARINT = Number.MAX_SAFE_INTEGER;

/** Reads from left to right. After a failure all numbers are 0 and all byte strings empty. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #failed = false;

  /**
   * Starts at the first byte.
   *
   * @param bytes What is read; not copied.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Something was missing or out of range. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#failed ? 0 : this.#bytes.length - this.#at;
  }

  /** Everything was read, and nothing was missing. */
  get done(): boolean {
    return !this.#failed && this.#at === this.#bytes.length;
  }

  /** One byte. */
  u8(): number {
    return this.#take(1) ? this.#bytes[this.#at++] ?? 0 : 0;
  }

  /** Two bytes, big-endian. */
  u16(): number {
    const value = this.u8() * 256 + this.u8();
    return this.#failed ? 0 : value;
  }

  /** Four bytes, big-endian. */
  u32(): number {
    const value = this.u16() * 65_536 + this.u16();
    return this.#failed ? 0 : value;
  }

  /** A variable-length integer; one above 2^53 - 1 is a failure. */
  varint(): number {
    const first = this.u8();
    let value = first & 0x3f;
    for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 256 + this.u8();
    if (value > MAX_VARINT) this.#failed = true;
    return this.#failed ? 0 : value;
  }

  /**
   * Some bytes, as a view.
   *
   * @param length How many.
   * @returns A view of them, or an empty one where there are not so many.
   */
  bytes(length: number): Uint8Array {
    if (!this.#take(length)) return new Uint8Array(0);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** All bytes that are left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  #take(length: number): boolean {
    if (!this.#failed && this.#bytes.length - this.#at >= length) return true;
    this.#failed = true;
    return false;
  }
}

/** Writes from left to right into a buffer of fixed size. */
export class Writer {
  readonly #buffer: Uint8Array;
  #at = 0;

  /**
   * Starts with an empty buffer.
   *
   * @param room Bytes that fit, or a buffer to write into.
   */
  constructor(room: number | Uint8Array) {
    this.#buffer = typeof room === "number" ? new Uint8Array(room) : room;
  }

  /** Bytes written. */
  get length(): number {
    return this.#at;
  }

  /** Bytes that still fit. */
  get left(): number {
    return this.#buffer.length - this.#at;
  }

  /** One byte. */
  u8(value: number): this {
    this.#room(1);
    this.#buffer[this.#at++] = value;
    return this;
  }

  /** Two bytes, big-endian. */
  u16(value: number): this {
    return this.u8(value >>> 8 & 255).u8(value & 255);
  }

  /** Four bytes, big-endian. */
  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  /** A variable-length integer in its shortest form. */
  varint(value: number): this {
    if (!(value >= 0 && value <= MAX_VARINT)) {
      throw new RangeError(`Cannot write ${value} as a variable-length integer`);
    }
    if (value < 0x40) return this.u8(value);
    if (value < 0x4000) return this.u16(value | 0x4000);
    if (value < 0x4000_0000) return this.u32((value | 0x8000_0000) >>> 0);
    const high = Math.floor(value / 2 ** 32);
    return this.u32((high | 0xc000_0000) >>> 0).u32(value % 2 ** 32);
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** What was written, as a view. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  #room(length: number): void {
    if (this.left < length) {
      throw new RangeError(`Cannot write ${length} bytes as only ${this.left} fit`);
    }
  }
}

/**
 * How long a variable-length integer is.
 *
 * @param value The number.
 * @returns 1, 2, 4 or 8 bytes.
 */
export function varintLength(value: number): number {
  return value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x4000_0000 ? 4 : 8;
}

/**
 * A text in UTF-8, cut between two characters where it is too long.
 *
 * @param text The text.
 * @param most Bytes at most.
 */
export function cutText(text: string, most: number): Uint8Array {
  const buffer = new Uint8Array(Math.min(most, 3 * text.length));
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written);
}

const encoder = new TextEncoder();

/**
 * Whether two byte strings are the same. In a time that depends on them: not for secrets.
 *
 * @param a One.
 * @param b The other.
 */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * Puts two byte strings of one length in order: the first byte in which they differ decides. In a time
 * that depends on them.
 *
 * @param a One.
 * @param b The other.
 * @returns Less than 0 where `a` comes first, 0 where they are the same.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
