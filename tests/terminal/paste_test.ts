import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { MAX_PASTE, PasteFilter, type Typed } from "../../lib/terminal/paste.ts";

const START = "\x1b[200~";
const END = "\x1b[201~";

const keys = (text: string): Typed => ({ kind: "keys", text });
const paste = (text: string): Typed => ({ kind: "paste", text });

/** What comes of some reads, with keys that stand next to each other joined. */
function typed(...reads: string[]): Typed[] {
  const filter = new PasteFilter(), all: Typed[] = [];
  for (const each of reads.flatMap((read) => filter.push(read))) {
    const last = all.at(-1);
    if (last?.kind === "keys" && each.kind === "keys") {
      all.splice(-1, 1, keys(last.text + each.text));
    } else all.push(each);
  }
  return all;
}

Deno.test("PasteFilter tells a paste from the keys around it", () => {
  assertEquals(typed("abc"), [keys("abc")]);
  assertEquals(typed(`${START}pasted${END}`), [paste("pasted")]);
  assertEquals(typed(`ab${START}one\ntwo${END}cd`), [keys("ab"), paste("one\ntwo"), keys("cd")]);
  assertEquals(typed(`${START}a${END}${START}b${END}`), [paste("a"), paste("b")]);
  assertEquals(typed(`${START}${END}`), [paste("")]);
  assertEquals(typed(""), []);
});

Deno.test("PasteFilter finds the paste wherever the input is cut", () => {
  const text = `ab${START}one\n\x1b[A\x1b[20two${END}cd`, wanted = paste("one\n\x1b[A\x1b[20two");
  const escape = text.indexOf(START) + 1;
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const cut = `cut at ${first} and ${second}`;
      const all = typed(text.slice(0, first), text.slice(first, second), text.slice(second));
      if (first !== escape && second !== escape) {
        assertEquals(all, [keys("ab"), wanted, keys("cd")], cut);
      }
    }
  }
});

Deno.test("PasteFilter finds a paste that is cut behind its first Escape", () => {
  // The Escape has been delivered as a key by then, but what follows must not come as keys:
  // each pasted line would be sent, and /quit would be a command.
  const text = `ab${START}one\n/quit\ntwo${END}cd`, escape = text.indexOf(START) + 1;
  for (let second = escape; second <= text.length; second++) {
    if (second === escape + 1) continue; // A "[" of its own may be a key.
    const all = typed(text.slice(0, escape), text.slice(escape, second), text.slice(second));
    assertEquals(all, [keys("ab\x1b"), paste("one\n/quit\ntwo"), keys("cd")], `cut at ${second}`);
  }
});

Deno.test("PasteFilter delivers Escape alone at once", () => {
  const filter = new PasteFilter();
  assertEquals(filter.push("\x1b"), [keys("\x1b")]);
  assertEquals(filter.push("a"), [keys("a")]);
  assertEquals(filter.push("bc\x1b"), [keys("bc\x1b")]);
  assertEquals(filter.push("\x1b\x1b"), [keys("\x1b\x1b")]);
});

Deno.test("PasteFilter delivers whole keys at once", () => {
  for (const key of ["\x1b[A", "\x1bOP", "\x1b[2~", "\x1b[20~", "\x1b[201", "\x1bb", "\x1b[1;5C"]) {
    assertEquals(new PasteFilter().push(key), [keys(key)], JSON.stringify(key));
  }
});

Deno.test("PasteFilter gives back what looked like a paste and is none", () => {
  assertEquals(typed("\x1b[", "A"), [keys("\x1b[A")]);
  assertEquals(typed("\x1b[20", "0x"), [keys("\x1b[200x")]);
  assertEquals(typed("\x1b[2", "~", "x"), [keys("\x1b[2~x")]);
  assertEquals(typed(`${START}a\x1b[20`, `1b${END}`), [paste("a\x1b[201b")]);
  assertEquals(typed(`${START}a\x1b`, "b", END), [paste("a\x1bb")]);
});

Deno.test("PasteFilter takes a start inside of a paste for text", () => {
  assertEquals(typed(`${START}a${START}b${END}c`), [paste(`a${START}b`), keys("c")]);
});

Deno.test("PasteFilter keeps a paste that has not ended", () => {
  const filter = new PasteFilter();
  assertEquals(filter.push(`a${START}one`), [keys("a")]);
  assertEquals(filter.push("\nquit\r\x03"), []);
  assertEquals(filter.push("\x1b[201"), []);
  assertEquals(filter.push("~b"), [paste("one\nquit\r\x03"), keys("b")]);
});

Deno.test("PasteFilter cuts a paste at its bound and still finds the end", () => {
  for (const size of [MAX_PASTE * 3, 4_096, 1_000]) {
    const filter = new PasteFilter(), text = `${START}${"x".repeat(MAX_PASTE * 2)}${END}y`;
    const all: Typed[] = [];
    for (let at = 0; at < text.length; at += size) {
      all.push(...filter.push(text.slice(at, at + size)));
    }
    assertEquals(all.map(({ kind, text }) => [kind, text.length]), [["paste", MAX_PASTE], [
      "keys",
      1,
    ]]);
  }
  assertEquals(typed(`${START}${"x".repeat(MAX_PASTE)}${END}`)[0]?.text.length, MAX_PASTE);
});

Deno.test("PasteFilter never cuts a character in two at its bound", () => {
  const [cut] = typed(`${START}x${"\u{1f44d}".repeat(MAX_PASTE / 2)}${END}`);
  assert(cut?.text.isWellFormed());
});

Deno.test("PasteFilter loses nothing of 20,000 random inputs, however they are cut", () => {
  const random = seededRandom(11);
  const pieces = [START, END, "\x1b[", "\x1b[20", "a", "\n", "\u{1f44d}", "~", "200~", "201~"];
  const pick = () => pieces[Math.floor(random() * pieces.length)] ?? "";
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: Math.floor(random() * 8) }, pick).join("");
    const reads: string[] = [];
    for (let rest = text; rest !== "";) {
      let count = 1 + Math.floor(random() * rest.length);
      // A cut behind an Escape is a test of its own.
      while (count < rest.length && rest[count - 1] === "\x1b") count++;
      reads.push(rest.slice(0, count));
      rest = rest.slice(count);
    }
    // An end makes pending keys and pastes come out, so that both can be compared.
    assertEquals(typed(...reads, `${END}.`), typed(`${text}${END}.`), JSON.stringify(reads));
  }
});
