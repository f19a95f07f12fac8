/**
 * Text in datagrams, the dialect of `nc -u` and of every tutorial: one datagram is one message,
 * UTF-8, without a header. Pure.
 *
 * @module
 */

import { graphemes } from "../wire/graphemes.ts";

/**
 * Bytes of text in a datagram that we send. Our choice from evidence: the scripts of the tutorials
 * call `recvfrom(1024)`, and the system throws the rest of a longer datagram away.
 */
export const MAX_TEXT_BYTES = 1_024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a datagram as text. Invalid UTF-8 becomes replacement characters (U+FFFD).
 *
 * @param bytes The datagram.
 * @returns The text, exactly as sent, with its line end if it has one.
 */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * Cuts one final line end, which line-oriented senders such as `nc` put there.
 *
 * @param text The text.
 * @returns The text without its final CR, LF or CR LF.
 */
export function cutLineEnd(text: string): string {
  return text.replace(/\r?\n$|\r$/, "");
}

/**
 * Cuts text into pieces that fit, between grapheme clusters; a cluster that is itself too long is
 * cut between code points.
 *
 * @param text Any text.
 * @param limit Bytes of UTF-8 in each piece, at least 4.
 * @returns The pieces in order; joined they are the text. One empty piece for an empty text.
 * @throws {RangeError} If the limit is below 4, the longest code point.
 *
 * @example
 * ```ts
 * import { splitText } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitText("añb", 4), ["añb"]);
 * assertEquals(splitText("añbñ", 4), ["añb", "ñ"]);
 * ```
 */
export function splitText(text: string, limit: number): string[] {
  if (limit < 4) throw new RangeError(`Cannot cut text into pieces of ${limit} bytes: wanted >= 4`);
  if (text.length * 3 <= limit || byteLength(text) <= limit) return [text];
  const pieces: string[] = [];
  let piece = "", size = 0;
  const add = (part: string, bytes: number): void => {
    if (size + bytes > limit) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += part;
    size += bytes;
  };
  for (const segment of graphemes(text)) {
    const bytes = byteLength(segment);
    if (bytes <= limit) add(segment, bytes);
    else for (const point of segment) add(point, byteLength(point));
  }
  if (piece !== "" || pieces.length === 0) pieces.push(piece);
  return pieces;
}

/**
 * The length of text on the wire.
 *
 * @param text Any text.
 * @returns Bytes of UTF-8.
 */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** What is sent for a line: a template with the places `{text}` and `{name}`. */
export class TextFormat {
  readonly #parts: readonly string[];

  /**
   * Reads a template.
   *
   * @param template For example `{name}: {text}`. `\n`, `\r` and `\\` mean a line end, a carriage
   *   return and a backslash.
   * @throws {SyntaxError} If `{text}` is missing, or the template alone is too long to send.
   */
  constructor(template: string) {
    const parts = template.replace(/\\([nr\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
      .split(/(\{name\}|\{text\})/);
    if (!parts.includes("{text}")) {
      throw new SyntaxError(
        `Cannot use the format "${template}": wanted {text} in it, as in {name}: {text}`,
      );
    }
    if (byteLength(template) > MAX_TEXT_BYTES / 4) {
      throw new SyntaxError(
        `Cannot use a format of ${byteLength(template)} bytes: wanted at most ${
          MAX_TEXT_BYTES / 4
        }`,
      );
    }
    this.#parts = parts;
  }

  /**
   * The datagrams for one message. A text too long for one is cut between characters, and each
   * piece goes through the template.
   *
   * @param text The message.
   * @param name What stands for `{name}`.
   * @param limit Bytes in a datagram.
   * @returns One datagram or more.
   */
  encode(text: string, name: string, limit: number = MAX_TEXT_BYTES): Uint8Array[] {
    const places = this.#parts.filter((part) => part === "{text}").length;
    const room = Math.floor((limit - byteLength(this.#fill("", name))) / places);
    return splitText(text, Math.max(4, room)).map((piece) =>
      encoder.encode(this.#fill(piece, name))
    );
  }

  #fill(text: string, name: string): string {
    return this.#parts.map((part) => part === "{text}" ? text : part === "{name}" ? name : part)
      .join("");
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", "\\": "\\" };

/**
 * Holds back the first bytes of a character whose rest has not come yet. TCP cuts where it likes.
 */
export class WholeCharacters {
  #tail = new Uint8Array(0);

  /**
   * Takes what was read.
   *
   * @param bytes The bytes of one read.
   * @returns The bytes up to the last whole character, with what was held back before.
   */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#tail.length === 0 ? bytes : concat(this.#tail, bytes);
    const cut = all.length - incompleteTail(all);
    this.#tail = all.slice(cut);
    return all.subarray(0, cut);
  }

  /** What is still held back: the bytes of a character that never became whole. */
  rest(): Uint8Array {
    return this.#tail;
  }
}

/** How many bytes at the end begin a character without ending it: 0–3 (RFC 3629 §3). */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return length > back && byte <= 0xf4 ? back : 0;
  }
  return 0;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
