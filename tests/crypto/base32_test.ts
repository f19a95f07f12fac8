import { assertEquals } from "@std/assert";
import { decodeBase32, encodeBase32 } from "../../lib/crypto/base32.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { randomBytes, utf8 } from "./bytes.ts";

Deno.test("encodeBase32() gives what RFC 4648 §10 says, without padding", () => {
  const cases = {
    "": "",
    f: "my",
    fo: "mzxq",
    foo: "mzxw6",
    foob: "mzxw6yq",
    fooba: "mzxw6ytb",
    foobar: "mzxw6ytboi",
  };
  for (const [given, wanted] of Object.entries(cases)) {
    assertEquals(encodeBase32(utf8(given)), wanted);
    assertEquals(decodeBase32(wanted), utf8(given));
    assertEquals(decodeBase32(wanted.toUpperCase()), utf8(given));
  }
});

Deno.test("decodeBase32() takes back what encodeBase32() gave", () => {
  for (let seed = 0; seed < 200; seed++) {
    const bytes = randomBytes(seededRandom(seed), seed % 50);
    assertEquals(decodeBase32(encodeBase32(bytes)), bytes);
  }
});

Deno.test("decodeBase32() has one spelling for each value, upper and lower case aside", () => {
  for (const first of "abcdefghijklmnopqrstuvwxyz234567") {
    for (const second of "abcdefghijklmnopqrstuvwxyz234567") {
      const bytes = decodeBase32(first + second);
      if (bytes !== undefined) assertEquals(encodeBase32(bytes), first + second);
    }
  }
});

Deno.test("decodeBase32() refuses other characters, impossible lengths and bits left over", () => {
  const wrong = ["a", "aaa", "aaaaaa", "mz", "m0", "m1", "m8", "m9", "my======", " my", "m-y"];
  // The Kelvin sign and the dotless and dotted i, whose other case is an ASCII letter.
  for (const text of [...wrong, "m\u212a", "\u0131y", "\u0130y", "m\u00df", "\u{1f468}"]) {
    assertEquals(decodeBase32(text), undefined, text);
  }
});
