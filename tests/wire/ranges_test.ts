import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { RangeSet } from "../../lib/wire/ranges.ts";

const SPACE = 60;

/** The slow twin: numbers in a Set, as ranges. */
function rangesOf(numbers: ReadonlySet<number>): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const before = ranges.at(-1);
    if (before?.last === number - 1) before.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges;
}

Deno.test("RangeSet joins ranges that touch, and splits them", () => {
  const set = new RangeSet();
  assertEquals([set.empty, set.largest, set.shift()], [true, undefined, undefined]);
  set.add(0, 4);
  set.add(12, 14);
  set.add(5, 9);
  assertEquals(set.ranges, [{ first: 0, last: 9 }, { first: 12, last: 14 }]);
  set.remove(3, 12);
  assertEquals(set.ranges, [{ first: 0, last: 2 }, { first: 13, last: 14 }]);
  assertEquals([set.largest, set.has(2), set.has(3)], [14, true, false]);
  assertEquals(set.missing(0, 20), [{ first: 3, last: 12 }, { first: 15, last: 20 }]);
  assertEquals(set.missing(5, 4), []);
  assertEquals(set.shift(), { first: 0, last: 2 });
});

Deno.test("RangeSet does what a set of numbers does, for 3,000 seeds", () => {
  for (let seed = 0; seed < 3_000; seed++) {
    const random = seededRandom(seed), set = new RangeSet(), twin = new Set<number>();
    for (let step = 0; step < 40; step++) {
      const first = Math.floor(random() * SPACE);
      const last = Math.min(SPACE, first + Math.floor(random() ** 2 * 20));
      const kind = random();
      if (kind < 0.55) {
        set.add(first, last);
        for (let number = first; number <= last; number++) twin.add(number);
      } else if (kind < 0.9) {
        set.remove(first, last);
        for (let number = first; number <= last; number++) twin.delete(number);
      } else if (kind < 0.93) {
        const gone = set.shift(), wanted = rangesOf(twin)[0];
        assertEquals(gone, wanted, `seed ${seed}`);
        for (let number = gone?.first ?? 0; number <= (gone?.last ?? -1); number++) {
          twin.delete(number);
        }
      }
      assertEquals([...set.ranges], rangesOf(twin), `seed ${seed}, step ${step}`);
      const missing = new Set<number>();
      for (let number = first; number <= last; number++) if (!twin.has(number)) missing.add(number);
      assertEquals(set.missing(first, last), rangesOf(missing), `seed ${seed}, step ${step}`);
      assertEquals(set.has(first), twin.has(first));
      assertEquals(set.empty, twin.size === 0);
    }
  }
});

Deno.test("RangeSet stays fast with tens of thousands of ranges", () => {
  const set = new RangeSet();
  for (let number = 0; number < 40_000; number += 2) set.add(number, number);
  assertEquals(set.ranges.length, 20_000);
  for (let number = 0; number < 40_000; number++) assert(set.has(number) === (number % 2 === 0));
  set.add(0, 40_000);
  assertEquals(set.ranges, [{ first: 0, last: 40_000 }]);
});
