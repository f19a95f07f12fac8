/**
 * Names that people take for the same: other scripts, full width, accents, case, invisible letters.
 * Pure. It errs on the side of the same; it only decides whether a key's tag is shown.
 *
 * @module
 */

/** Letters that look like Latin ones (from Unicode's confusables, UTS #39: those of the common scripts). */
const LOOK: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    a: "\u0430\u03b1\u0251\u237a",
    b: "\u0432\u044c\u0184\u15af",
    c: "\u0441\u03f2\u1d04",
    d: "\u0501\u217e",
    e: "\u0435\u0454\u212e",
    g: "\u0261\u0581",
    h: "\u04bb\u0570",
    i: "\u0456\u03b9\u0131\u04cf1|l\u217c\u01c0",
    j: "\u0458\u03f3",
    k: "\u043a\u03ba\u0138",
    m: "\u043c\u217f",
    n: "\u0578\u043f\u03b7",
    o: "\u043e\u03bf0\u0585\u06f0\u0ed0",
    p: "\u0440\u03c1\u2374",
    q: "\u051b\u0563",
    r: "\u0433\u1d26",
    s: "\u0455\ua7315",
    t: "\u0442\u03c4",
    u: "\u057d\u03c5\u028b",
    v: "\u03bd\u0475\u2174",
    w: "\u051d\u0461\u03c9",
    x: "\u0445\u03c7\u00d7\u2179",
    y: "\u0443\u03b3\u04af",
    z: "\u1d22",
  }).flatMap(([latin, others]) => [...others].map((other) => [other, latin])),
);

/**
 * What a name looks like.
 *
 * @param name A name.
 * @returns The same text for names that look alike; empty only where nothing can be seen.
 *
 * @example
 * ```ts
 * import { skeleton } from "./lookalike.ts";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(skeleton("Ann"), skeleton("\u0430nn"));
 * assertEquals(skeleton("bill"), skeleton("B1II"));
 * assertNotEquals(skeleton("ann"), skeleton("anna"));
 * ```
 */
export function skeleton(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase().normalize("NFKD")
    .replace(/[\p{M}\p{Cf}\p{Z}\u115f\u1160\u3164\uffa0_.-]/gu, "");
  return [...plain].map((letter) => LOOK[letter] ?? letter).join("").replaceAll("rn", "m")
    .replaceAll("vv", "w");
}
