import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { expand } from "../../lib/crypto/hash.ts";
import { newSecret, parseSecret } from "../../lib/crypto/secret.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { randomBytes, toHex } from "./bytes.ts";

Deno.test("newSecret() writes 20 bytes as eight groups of four", () => {
  const counting = Uint8Array.from({ length: 20 }, (_, index) => index);
  assertEquals(newSecret(counting), "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT");
  for (const length of [0, 19, 21, 32]) {
    assertThrows(() => newSecret(new Uint8Array(length)), RangeError, "wanted 20 random");
  }
});

Deno.test("parseSecret() gives the golden keys", () => {
  // Golden: Python's base64, hmac and hashlib.
  const cases = {
    "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT":
      "eadac6ed04f375b4f01f63179a15b76daa434daea3499cbf05395331fbae7a55",
    MFRGGZDFMZTWQ2LKNNWG23TPOA: "763ee3a7fa3a538cd0033aa429372aa1b0dc2a0a85ea5f1b67d272789845cec4",
    FVYRMQVXE2YEIALCPSU7XLBS6U: "d860f08feda24eed2d403913dbf4d26e31d2833d72cb6e3a7a209146fa55248e",
  };
  for (const [text, wanted] of Object.entries(cases)) {
    assertEquals(toHex(parseSecret(text)), wanted);
  }
});

Deno.test("parseSecret() takes whatever newSecret() makes, however it was typed", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = randomBytes(seededRandom(seed), 20), text = newSecret(random);
    assertMatch(text, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){7}$/);
    const wanted = expand(random, "udpchat/1 psk", 32);
    assertEquals(parseSecret(text), wanted);
    assertEquals(parseSecret(` ${text.toLowerCase().replaceAll("-", " \t")}\n`), wanted);
  }
});

Deno.test("parseSecret() gives another key for every mistyped character, or refuses it", () => {
  const text = newSecret(randomBytes(seededRandom(1), 20)).replaceAll("-", ""),
    key = parseSecret(text);
  for (let at = 0; at < text.length; at++) {
    const typed = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    assertNotEquals(parseSecret(typed), key);
  }
});

Deno.test("parseSecret() refuses what is too short, and says how long it was", () => {
  const text = newSecret(randomBytes(seededRandom(2), 20)).replaceAll("-", "");
  for (let length = 0; length < 26; length++) {
    assertThrows(() => parseSecret(text.slice(0, length)), SyntaxError, `of ${length} characters`);
  }
  // Lengths that no number of bytes has.
  for (const length of [27, 30]) {
    assertThrows(() => parseSecret(text.slice(0, length)), SyntaxError, "cut short or mistyped");
  }
});

Deno.test("parseSecret() refuses other characters and names the first, but not the secret", () => {
  const text = newSecret(randomBytes(seededRandom(3), 20));
  for (const wrong of ["0", "1", "8", "9", "_", "=", "\u212a", "\u00e4", "\u{1f468}", "\x1b"]) {
    const typed = `${text.slice(0, 10)}${wrong}${text.slice(11)}`;
    const error = assertThrows(() => parseSecret(typed), SyntaxError, "A-Z and the digits 2-7");
    assertMatch(error.message, /^Cannot use "[^"]+" in a secret/);
    assertEquals(error.message.includes(text.slice(0, 10)), false);
  }
  assertThrows(() => parseSecret("correct horse battery staple, 2-7"), SyntaxError, '","');
});

Deno.test("parseSecret() refuses what follows a pattern", () => {
  const patterned = [
    "A".repeat(26),
    "7".repeat(32),
    "AB".repeat(16),
    "ABCDEFGH".repeat(4),
    "KQ3XM7ZB2WHTA".repeat(2),
    "KQXMZBAKZQAXBMKAZBXQMAZKBXQAMZBA",
    "PASSWORD".repeat(4),
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "ZYXWVUTSRQPONMLKJIHGFEDCBA765432",
    "ACEGIKMOQSUWYACEGIKMOQSUWYACEGIK",
  ];
  for (const text of patterned) {
    assertThrows(() => parseSecret(text), SyntaxError, "follows a pattern");
  }
});
