import { assertEquals } from "@std/assert";
import { wrap } from "../../lib/terminal/wrap.ts";

Deno.test("wrap() cuts between words, keeps what fits, and loses nothing", () => {
  const at = (width: number) => (line: string): boolean => line.length <= width;
  assertEquals(wrap("", at(5)), [""]);
  assertEquals(wrap("one two three", at(7)), ["one two", "three"]);
  assertEquals(wrap("one two three", at(100)), ["one two three"]);
  assertEquals(wrap("a longer-than-it word", at(5)), ["a", "longer-than-it", "word"]);
  assertEquals(wrap("name    its help", at(12)), ["name    its", "help"]);
  const text = "the quick  brown fox jumps over the lazy dog";
  for (let width = 1; width < 50; width++) assertEquals(wrap(text, at(width)).join(" "), text);
});
