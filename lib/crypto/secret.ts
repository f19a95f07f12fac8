/**
 * The secret that two people share so that only they can talk: made by the program, passed on by
 * hand, never invented by a person.
 *
 * Whoever watches a handshake can try secrets at home, as fast as the hash allows. So only what was
 * drawn at random is taken, and no passphrase. What is refused as not random here is a help against
 * mistakes, not a measure of randomness.
 *
 * @module
 */

import { decodeBase32, encodeBase32 } from "./base32.ts";
import { expand } from "./hash.ts";
import { PSK_BYTES } from "./noise_options.ts";

/** Random bytes in a new secret: 160 bits, 32 characters without a rest (our choice). */
export const SECRET_BYTES = 20;

/** Fewest characters that are taken: 128 bits (our choice). */
const MIN_CHARACTERS = 26;

/** Characters between two `-` in a new secret. */
const GROUP = 4;

/** Fewest different characters; 26 random ones have 18, and under 8 once in 10^10 (our choice). */
const MIN_DIFFERENT = 8;

/** What the key is for; the info of its derivation. */
const PSK_LABEL = "udpchat/1 psk";

/**
 * Writes a new secret.
 *
 * @param random 20 random bytes.
 * @returns 32 characters of base32 in upper case, in groups of 4 joined by `-`.
 * @throws {RangeError} If there are more or fewer bytes.
 *
 * @example
 * ```ts
 * import { newSecret, parseSecret } from "./secret.ts";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * const secret = newSecret(crypto.getRandomValues(new Uint8Array(20)));
 * assertMatch(secret, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){7}$/);
 * assertEquals(parseSecret(secret), parseSecret(secret.toLowerCase().replaceAll("-", " ")));
 * ```
 */
export function newSecret(random: Uint8Array): string {
  if (random.length !== SECRET_BYTES) {
    throw new RangeError(
      `Cannot make a secret of ${random.length} bytes: wanted ${SECRET_BYTES} random ones`,
    );
  }
  const text = encodeBase32(random).toUpperCase();
  const groups: string[] = [];
  for (let at = 0; at < text.length; at += GROUP) groups.push(text.slice(at, at + GROUP));
  return groups.join("-");
}

/**
 * Reads a secret as a person typed it and derives the handshake's pre-shared key: HKDF-SHA256
 * (RFC 5869) of the decoded bytes, empty salt, info `udpchat/1 psk`.
 *
 * @param text At least 26 characters of base32 (RFC 4648 §6); case, white space and `-` do not
 *   matter.
 * @returns The key, 32 bytes.
 * @throws {SyntaxError} If it is not base32, too short, or clearly not random. The message says
 *   why without repeating the secret.
 */
export function parseSecret(text: string): Uint8Array {
  const typed = text.replace(/[\s-]/g, ""), letters = typed.toLowerCase();
  const wrong = /[^A-Za-z2-7]/u.exec(typed)?.[0];
  if (wrong !== undefined) {
    throw new SyntaxError(
      `Cannot use ${JSON.stringify(wrong)} in a secret: wanted the letters A-Z and the digits 2-7`,
    );
  }
  if (letters.length < MIN_CHARACTERS) {
    throw new SyntaxError(
      `Cannot use a secret of ${letters.length} characters: ` +
        `wanted a generated one, at least ${MIN_CHARACTERS}`,
    );
  }
  const bytes = decodeBase32(letters);
  if (bytes === undefined) {
    throw new SyntaxError("Cannot read the secret: wanted base32, found one cut short or mistyped");
  }
  if (PATTERNED.some((looks) => looks(letters))) {
    throw new SyntaxError(
      "Cannot use a secret that follows a pattern: wanted a generated one, which is random",
    );
  }
  return expand(bytes, PSK_LABEL, PSK_BYTES);
}

/** How secrets look that somebody made up. Random ones look so less than once in 10^10. */
const PATTERNED: readonly ((letters: string) => boolean)[] = [
  // Few different characters: AAAA…, PASSWORDPASSWORD…
  (letters) => new Set(letters).size < MIN_DIFFERENT,
  // One piece over and over: ABCDEFGHIJKLMABCDEFGHIJKLM.
  (letters) => {
    for (let period = 1; period <= letters.length / 2; period++) {
      if (letters.startsWith(letters.slice(period))) return true;
    }
    return false;
  },
  // The alphabet up or down, in any constant step: most steps are the same.
  (letters) => {
    const steps = new Map<number, number>();
    for (let at = 1; at < letters.length; at++) {
      const step = letters.charCodeAt(at) - letters.charCodeAt(at - 1);
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    return Math.max(...steps.values()) > letters.length / 2;
  },
];
