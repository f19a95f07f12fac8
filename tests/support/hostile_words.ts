/**
 * Names and texts that somebody may send who keeps no rules, as bytes.
 *
 * @module
 */

import type { Random } from "../../lib/net/random.ts";

const UTF8: readonly string[] = [
  "\x1b[2J\x1b[H",
  "\x1b]0;boo\x07",
  "\x1b]52;c;cm0=\x1b\\",
  "\x1bPq\x1b\\",
  "\x1b[?1049h\x1b[31m",
  "\x1bc\x0e",
  "\u009b31m\u009d0;boo\u009c",
  "a\0b\x07\b\b\x7f",
  "one\r\x1b[Atwo",
  "one\nann: line 3\nann: line 4",
  "one\r\nann: line 5\u2028ann: line 6\u0085ann: line 7",
  "\u202eann: line 8\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
  "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\u115f",
  `Z${"\u0334\u0356\u030d\u0489".repeat(200)}`,
  "\ufdd0\uffff\ue000\u{f0000}\u{e0001}\u{e0041}",
  "\u0430nn", // Cyrillic.
  "\uff41\uff4e\uff4e",
  "ann\u3000",
  "",
  " ",
  "\n",
  '","text":"ann","self":true,"x":"',
  "__proto__",
  "constructor",
  "%s%n%x ${1} `id` $(id) ; rm",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(30),
];

const BYTES: readonly (readonly number[])[] = [
  [0xff, 0xfe, 0xfd],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x9b, 0x33, 0x31, 0x6d],
  [0x80, 0xbf, 0x1b, 0x5b, 0x41],
];

/** Each word of the list, and so many made by chance. */
export function hostileWords(random: Random, chance = 20): Uint8Array[] {
  const words = [
    ...UTF8.map((text) => new TextEncoder().encode(text)),
    ...BYTES.map((bytes) => Uint8Array.from(bytes)),
  ];
  for (let each = 0; each < chance; each++) {
    const size = 1 + Math.floor(random() * 60);
    words.push(Uint8Array.from({ length: size }, () => Math.floor(random() * 256)));
  }
  return words;
}

/** A line of so many bytes, with an escape every now and then. */
export function hostileLine(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => at % 97 === 0 ? 0x1b : 0x21 + at % 90);
}

/** What no reader of a pipe may ever get: what is no visible text, and letters under heaps of marks. */
export function rawIn(line: string): string[] {
  return line.match(/(?![\u200c\u200d\ufe0f])[\p{C}\p{Zl}\p{Zp}]|\p{M}{5,}/gu) ?? [];
}
