import { assert, assertEquals, assertFalse } from "@std/assert";
import type { StoredEntry } from "../../lib/chat/entry_store.ts";
import { Progress, type Report } from "../../lib/chat/progress.ts";
import { roomKey } from "../../lib/chat/room.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { type Author, author, signed } from "./authors.ts";

/** As in the code: entries that are followed, and steps in one report. */
const MAX_FOLLOWED = 4_096, MAX_STEPS = 64;

const ANN = author(1), ANN_ELSEWHERE = author(1, 2), BOB = author(2);
const CHECKED = signed(ANN);

/** An entry that was kept as the so many-th. */
function stored(by: Author, number: number, seq = number): StoredEntry {
  const { author, log } = by;
  return { ...CHECKED, entry: { ...CHECKED.entry, author, log, number }, seq };
}

/** All reports as one list: log's number, entry's number, holders. */
function told(reports: readonly Report[]): number[][] {
  return reports.flatMap(({ log, steps }) =>
    steps.map(({ number, holders }) => [log[0] ?? 0, number, holders])
  );
}

Deno.test("Progress counts each member once, and tells what is new once", () => {
  const progress = new Progress();
  progress.follow(stored(ANN, 1, 5));
  assertFalse(progress.hasNews);
  assertEquals(progress.reports(), []);
  for (const member of ["bob", "cem", "bob", "bob"]) progress.held(5, member);
  assert(progress.hasNews);
  const { author, log } = ANN;
  assertEquals(progress.reports(), [{ author, log, steps: [{ number: 1, holders: 2 }] }]);
  assertFalse(progress.hasNews);
  progress.held(5, "bob");
  assertEquals(progress.reports(), [], "nothing is new");
  progress.held(5, "dan");
  assertEquals(told(progress.reports()), [[1, 1, 3]]);
});

Deno.test("Progress knows logs apart, and tells nothing of what it does not follow", () => {
  const progress = new Progress();
  progress.follow(stored(ANN, 7, 1));
  progress.follow(stored(ANN_ELSEWHERE, 7, 2));
  progress.follow(stored(ANN, 8, 4));
  progress.held(1, "bob");
  progress.held(2, "bob");
  progress.held(2, "cem");
  progress.held(3, "bob");
  progress.held(4, "bob");
  assertEquals(told(progress.reports()), [[1, 7, 1], [1, 8, 1], [2, 7, 2]]);
});

Deno.test("forget() lets go of all logs of an author, and of nobody else's", () => {
  const progress = new Progress();
  for (const [at, by] of [ANN, ANN_ELSEWHERE, BOB].entries()) {
    progress.follow(stored(by, 1, at));
    progress.held(at, "cem");
  }
  progress.forget(ANN.author);
  assertEquals(progress.reports().map(({ author }) => author), [BOB.author]);
  progress.held(0, "dan");
  assertFalse(progress.hasNews);
  progress.follow(stored(ANN, 2, 3));
  progress.held(3, "dan");
  assertEquals(told(progress.reports()), [[1, 2, 1]]);
});

Deno.test("Progress follows the latest entries of a room, and no more", () => {
  const progress = new Progress(), last = 2 * MAX_FOLLOWED, numbers: number[] = [];
  for (let number = 1; number <= last; number++) progress.follow(stored(ANN, number));
  for (let number = 1; number <= last; number++) progress.held(number, "bob");
  for (let round = 0; progress.hasNews && round < 1_000; round++) {
    numbers.push(...told(progress.reports()).map(([, number]) => number ?? 0));
  }
  const latest = Array.from({ length: MAX_FOLLOWED }, (_, at) => last - MAX_FOLLOWED + 1 + at);
  assertEquals(numbers, latest);
});

Deno.test("Progress tells nothing any more of an entry that it let go", () => {
  const progress = new Progress();
  progress.follow(stored(ANN, 1));
  progress.held(1, "bob");
  for (let number = 2; number <= MAX_FOLLOWED + 1; number++) progress.follow(stored(BOB, number));
  assertFalse(progress.hasNews);
  assertEquals(progress.reports(), []);
});

Deno.test("reports() gives so many steps of a log in one go, by rising number, and the rest later", () => {
  const progress = new Progress();
  for (let number = 1; number <= 150; number++) progress.follow(stored(ANN, number));
  progress.follow(stored(BOB, 1, 151));
  for (let number = 151; number >= 1; number--) progress.held(number, "cem");
  const sizes: number[][] = [], seen = new Set<number>();
  for (let round = 0; progress.hasNews && round < 9; round++) {
    const reports = progress.reports();
    sizes.push(reports.map(({ steps }) => steps.length).sort((a, b) => a - b));
    for (const { steps } of reports) {
      const numbers = steps.map(({ number }) => number);
      assertEquals(numbers, [...numbers].sort((a, b) => a - b));
      for (const number of numbers) seen.add(number);
    }
  }
  assertEquals(sizes, [[1, MAX_STEPS], [MAX_STEPS], [150 - 2 * MAX_STEPS]]);
  assertEquals(seen.size, 150);
});

Deno.test("Progress tells a bounded number of holders apart", () => {
  const progress = new Progress();
  progress.follow(stored(ANN, 1));
  for (let member = 0; member < 1_000; member++) progress.held(1, `member ${member}`);
  assertEquals(told(progress.reports()), [[1, 1, Infinity]]);
  progress.held(1, "one more");
  assertFalse(progress.hasNews);
});

Deno.test("Progress is what a slow model has, for 300 seeds", () => {
  const authors = [ANN, ANN_ELSEWHERE, BOB];
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed), progress = new Progress(), news = new Set<number>();
    const followed: { by: Author; number: number; holders: Set<string>; gone: boolean }[] = [];
    for (let step = 0; step < 150; step++) {
      const by = authors[Math.floor(random() * 3)] ?? ANN, what = random();
      if (what < 0.2) {
        progress.follow(stored(by, step, followed.length));
        followed.push({ by, number: step, holders: new Set(), gone: false });
      } else if (what < 0.85) {
        const seq = Math.floor(random() * (followed.length + 1)), each = followed[seq];
        const member = `${Math.floor(random() * 4)}`;
        progress.held(seq, member);
        if (each === undefined || each.gone) continue;
        if (!each.holders.has(member)) news.add(seq);
        each.holders.add(member);
      } else if (what < 0.88) {
        progress.forget(by.author);
        for (const [seq, each] of followed.entries()) {
          if (each.by.author.join() !== by.author.join()) continue;
          each.gone = true;
          news.delete(seq);
        }
      } else {
        const got = progress.reports().flatMap(({ author, log, steps }) =>
          steps.map(({ number, holders }) => `${author[0]} ${log[0]} ${number}: ${holders}`)
        );
        const wanted = [...news].map((seq) => {
          const { by, number, holders } = followed[seq] ?? { by: ANN, number: 0, holders: news };
          return `${by.author[0]} ${by.log[0]} ${number}: ${holders.size}`;
        });
        assertEquals(got.sort(), wanted.sort(), `seed ${seed}, step ${step}`);
        news.clear();
      }
      assertEquals(progress.hasNews, news.size > 0, `seed ${seed}, step ${step}`);
    }
  }
});

Deno.test({
  name: "Progress tells an author of many that all of them hold an entry",
  fn: () => {
    const progress = new Progress(), members = 999;
    progress.follow(stored(ANN, 1));
    for (let member = 0; member < members; member++) progress.held(1, `member ${member}`);
    const [[, , holders = 0] = []] = told(progress.reports());
    assert(holders >= members, `${holders} of ${members}`);
  },
});

Deno.test("Progress gives the place of one who left to one who came, who then counts anew", () => {
  const progress = new Progress();
  progress.follow(stored(ANN, 1));
  const { author } = BOB, bob = roomKey(author);
  progress.held(1, bob);
  for (let member = 0; member < 99; member++) progress.held(1, `member ${member}`);
  progress.forget(author);
  progress.held(1, bob);
  assertEquals(told(progress.reports()), [[1, 1, 100]], "who comes back is not counted twice");
  progress.follow(stored(ANN, 2));
  for (let member = 0; member < 200; member++) progress.held(2, `member ${member}`);
  progress.held(1, "member 150");
  assertEquals(told(progress.reports()).sort(), [[1, 1, 101], [1, 2, 200]]);
  for (let member = 200; member < 300; member++) progress.held(1, `member ${member}`);
  progress.held(1, "member 230");
  assertEquals(told(progress.reports()), [[1, 1, 201]], "bob's place is somebody else's now");
});
