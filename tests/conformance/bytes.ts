/**
 * Byte strings: hexadecimal, joining, comparing, fixed numbers, and a reader that never reads
 * beyond the end (PROTOCOL.md §1).
 *
 * @module
 */

/** What was received does not follow the document. */
export class Malformed extends Error {}

/** Bytes of a hexadecimal text. */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Malformed(`not hexadecimal: ${text}`);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes as hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The `||` of the document. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether two byte strings are the same. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** A number of 1, 2 or 4 bytes, highest byte first. */
export function fixed(value: number, size: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes.slice(4 - size);
}

/** Reads from the front of a byte string. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next bytes. */
  take(size: number): Uint8Array {
    if (size > this.left) throw new Malformed(`${size} bytes wanted, ${this.left} left`);
    this.#at += size;
    return this.#bytes.slice(this.#at - size, this.#at);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** A number of that many bytes, highest byte first. */
  number(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) throw new Malformed(`${this.left} bytes too many`);
  }
}
