import { assert, assertEquals } from "@std/assert";
import { nearest } from "../../lib/chat/nearest.ts";
import { seededRandom } from "../../lib/net/random.ts";

const COMMANDS = ["plain", "plain serve", "serve", "service", "history", "help", "id", "who", "me"];

Deno.test("nearest() takes of equals the one that begins alike", () => {
  assertEquals(nearest("plane", ["lan", "plain"]), "plain");
  assertEquals(nearest("plane", ["plain", "lan"]), "plain");
});

Deno.test("nearest() finds what was meant", () => {
  const table: readonly (readonly [word: string, meant: string | undefined])[] = [
    ["sevre", "serve"],
    ["srve", "serve"],
    ["servve", "serve"],
    ["SERVE", "serve"],
    ["plian", "plain"],
    ["hist", "history"],
    ["histroy", "history"],
    ["hlep", "help"],
    ["wo", "who"],
    ["xyzzy", undefined],
    ["", undefined],
    ["q", undefined],
    ["zz", undefined],
    ["x".repeat(65), undefined],
  ];
  for (const [word, meant] of table) assertEquals(nearest(word, COMMANDS), meant, word);
});

Deno.test("nearest() prefers a word that begins like it to one that is as near", () => {
  assertEquals(nearest("ser", ["sir", "serve"]), "serve");
  assertEquals(nearest("serve", ["server", "serve"]), "server", "it is asked about unknown words");
});

Deno.test("nearest() takes the first of those that are equally near", () => {
  assertEquals(nearest("bat", ["cat", "hat"]), "cat");
  assertEquals(nearest("bat", []), undefined);
});

Deno.test("nearest() names nothing that shares no letter, and only what it was given", () => {
  const random = seededRandom(3), letters = "abcdefgh";
  const word = () =>
    Array.from({ length: Math.floor(random() * 7) }, () => letters[Math.floor(random() * 8)])
      .join("");
  for (let round = 0; round < 5_000; round++) {
    const known = [word(), word(), word()], typed = word(), found = nearest(typed, known);
    if (found === undefined) continue;
    assert(known.includes(found));
    assert([...typed].some((letter) => found.includes(letter)), `${typed}: ${found}`);
  }
});

Deno.test("nearest() gives up at once on words of any length", () => {
  for (const word of ["x".repeat(1_000_000), "\u{1f44d}".repeat(100), "\ud800".repeat(65)]) {
    assertEquals(nearest(word, COMMANDS), undefined);
  }
});
