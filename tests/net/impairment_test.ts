import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Impairment, type ImpairmentSpec, parseImpairment } from "../../lib/net/impairment.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";

const GOOD: readonly [string, ImpairmentSpec][] = [
  ["loss=10", { loss: 10 }],
  ["loss=10,delay=50,jitter=10,dup=1,reorder=2,seed=7", {
    loss: 10,
    delay: 50,
    jitter: 10,
    dup: 1,
    reorder: 2,
    seed: 7,
  }],
  [" loss = 10 , delay = 50 ", { loss: 10, delay: 50 }],
  ["loss=0.5", { loss: 0.5 }],
  ["loss=0,dup=0", { loss: 0, dup: 0 }],
  ["loss=100,dup=100,reorder=100", { loss: 100, dup: 100, reorder: 100 }],
  ["delay=60000,jitter=60000", { delay: 60_000, jitter: 60_000 }],
  ["seed=4294967295", { seed: 4_294_967_295 }],
  ["seed=0", { seed: 0 }],
];

Deno.test("parseImpairment() reads what the help says", () => {
  for (const [text, spec] of GOOD) assertEquals(parseImpairment(text), spec, text);
});

Deno.test("parseImpairment() refuses unknown keys, and names those there are", () => {
  for (
    const text of ["", " ", ",", "loss=1,", ",loss=1", "lose=1", "LOSS=1", "loss:1", "10", "=1"]
      .concat(["__proto__=1", "constructor=1", "loss=1,,dup=1", "toString"])
  ) {
    const { message } = assertThrows(() => parseImpairment(text), SyntaxError, "Cannot simulate");
    assertStringIncludes(message, "loss, delay, jitter, dup, reorder, seed", text);
  }
});

Deno.test("parseImpairment() refuses bad values, and says which are good", () => {
  const rows: readonly [string, string][] = [
    ["loss", "0-100"],
    ["loss=", "0-100"],
    ["loss=-1", "0-100"],
    ["loss=+1", "0-100"],
    ["loss=101", "0-100"],
    ["loss=100.1", "0-100"],
    ["loss=1e1", "0-100"],
    ["loss=0x10", "0-100"],
    ["loss=.5", "0-100"],
    ["loss=5.", "0-100"],
    ["loss=10%", "0-100"],
    ["loss=NaN", "0-100"],
    ["loss=Infinity", "0-100"],
    ["loss=1 2", "0-100"],
    ["loss=1;dup=1", "0-100"],
    ["dup=101", "0-100"],
    ["reorder=101", "0-100"],
    ["delay=60001", "0-60000"],
    ["delay=50ms", "0-60000"],
    ["jitter=60001", "0-60000"],
    ["seed=1.5", "a whole number"],
    ["seed=4294967296", "a whole number"],
    [`delay=${"9".repeat(400)}`, "0-60000"],
  ];
  for (const [text, wanted] of rows) {
    const { message } = assertThrows(() => parseImpairment(text), SyntaxError, "Cannot simulate");
    assertStringIncludes(message, wanted, text);
  }
});

Deno.test("parseImpairment() refuses a value with another = in it", () => {
  for (const text of ["loss=10=20", "loss=10=", "loss=10=delay=50"]) {
    assertThrows(() => parseImpairment(text), SyntaxError, "Cannot simulate", text);
  }
});

/**
 * The slow, obvious model: an unsorted list, searched as a whole each time. It takes the random
 * numbers in the same order: lost? held back? delay; twice? held back? delay.
 */
class Model {
  lost = 0;
  readonly #items: { due: number; order: number; item: number }[] = [];
  #order = 0;

  constructor(readonly spec: ImpairmentSpec, readonly random: Random) {}

  #chance(percent = 0): boolean {
    if (percent === 0) return false;
    return this.random() < percent / 100;
  }

  push(item: number, now: number): void {
    const { loss, delay = 0, jitter = 0, dup, reorder } = this.spec;
    if (this.#chance(loss)) {
      this.lost++;
      return;
    }
    for (let copies = 0; copies === 0 || copies === 1 && this.#chance(dup); copies++) {
      let due = now;
      const late = this.#chance(reorder);
      due += Math.max(0, delay + jitter * (2 * this.random() - 1));
      if (late) due += 20;
      this.#items.push({ due, order: this.#order++, item });
    }
  }

  #first(): { due: number; order: number; item: number } | undefined {
    let best = this.#items[0];
    for (const each of this.#items) {
      if (best === undefined) break;
      if (each.due < best.due || each.due === best.due && each.order < best.order) best = each;
    }
    return best;
  }

  poll(now: number): number | undefined {
    const first = this.#first();
    if (first === undefined || first.due > now) return undefined;
    this.#items.splice(this.#items.indexOf(first), 1);
    return first.item;
  }

  nextTimeout(): number | undefined {
    return this.#first()?.due;
  }
}

/** A spec at random, in which each part is as often left out as not. */
function anySpec(random: Random): ImpairmentSpec {
  const some = (max: number) => Math.floor(random() * (max + 1));
  return {
    ...(random() < 0.5 ? { loss: some(60) } : {}),
    ...(random() < 0.6 ? { delay: some(80) } : {}),
    ...(random() < 0.5 ? { jitter: some(100) } : {}),
    ...(random() < 0.5 ? { dup: some(100) } : {}),
    ...(random() < 0.5 ? { reorder: some(100) } : {}),
  };
}

Deno.test("Impairment does the same as a slow and obvious model", () => {
  let passed = 0, lost = 0;
  for (let seed = 1; seed <= 600; seed++) {
    const script = seededRandom(seed), spec = anySpec(script);
    const fast = new Impairment<number>(spec, seededRandom(seed + 1_000));
    const slow = new Model(spec, seededRandom(seed + 1_000));
    const where = `seed ${seed}, ${JSON.stringify(spec)}`;
    let now = 0;
    for (let step = 0; step < 120; step++) {
      const dice = script();
      if (dice < 0.5) {
        fast.push(step, now);
        slow.push(step, now);
      } else if (dice < 0.8) {
        const item = fast.poll(now);
        assertEquals(item, slow.poll(now), where);
        if (item !== undefined) passed++;
      } else if (dice < 0.9) {
        now += Math.floor(script() * 40);
      } else {
        now = Math.max(now, slow.nextTimeout() ?? now);
      }
      assertEquals(fast.nextTimeout(), slow.nextTimeout(), where);
      assertEquals(fast.lost, slow.lost, where);
    }
    for (let at = slow.nextTimeout(); at !== undefined; at = slow.nextTimeout()) {
      assertEquals(fast.poll(at), slow.poll(at), where);
      passed++;
    }
    assertEquals(fast.nextTimeout(), undefined, where);
    assertEquals(fast.poll(Infinity), undefined, where);
    lost += fast.lost;
  }
  assertGreater(passed, 10_000);
  assertGreater(lost, 2_000);
});

/** Pushes 0, 1, 2 … one a millisecond, and takes all that arrives with the time of its arrival. */
function drive(
  spec: ImpairmentSpec,
  count: number,
  seed = 1,
): { arrived: { item: number; at: number }[]; lost: number } {
  const way = new Impairment<number>(spec, seededRandom(seed));
  const arrived: { item: number; at: number }[] = [];
  const take = (until: number): void => {
    for (let at = way.nextTimeout(); at !== undefined && at <= until; at = way.nextTimeout()) {
      assertEquals(way.poll(at - 0.000_1), undefined, "nothing comes before its time");
      const item = way.poll(at);
      assert(item !== undefined);
      arrived.push({ item, at });
    }
  };
  for (let now = 0; now < count; now++) {
    take(now);
    way.push(now, now);
  }
  take(Infinity);
  assertEquals(way.nextTimeout(), undefined, "nothing is left");
  return { arrived, lost: way.lost };
}

Deno.test("Impairment without a spec passes everything at once and in order", () => {
  const { arrived, lost } = drive({}, 1_000);
  assertEquals(arrived, Array.from({ length: 1_000 }, (_, item) => ({ item, at: item })));
  assertEquals(lost, 0);
});

Deno.test("Impairment keeps the order where nothing but loss and delay is asked for", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { arrived, lost } = drive({ loss: 20, delay: 35 }, 500, seed);
    const items = arrived.map((each) => each.item);
    assertEquals(items, items.toSorted((a, b) => a - b), `seed ${seed}`);
    assert(arrived.every(({ item, at }) => at === item + 35));
    assertEquals(arrived.length + lost, 500);
  }
});

Deno.test("Impairment keeps the order of what was sent in the same millisecond", () => {
  const way = new Impairment<number>({ delay: 10 }, seededRandom(1));
  for (let item = 0; item < 100; item++) way.push(item, 5);
  assertEquals(way.nextTimeout(), 15);
  for (let item = 0; item < 100; item++) assertEquals(way.poll(15), item);
});

Deno.test("Impairment loses as much as was asked for", () => {
  for (const loss of [1, 10, 50, 90]) {
    for (const seed of [1, 2, 3]) {
      const count = 20_000, result = drive({ loss }, count, seed);
      const deviation = Math.sqrt(count * loss / 100 * (1 - loss / 100));
      assertLess(Math.abs(result.lost - count * loss / 100), 4 * deviation, `${loss} % ${seed}`);
      assertEquals(result.arrived.length, count - result.lost);
    }
  }
  assertEquals(drive({ loss: 100 }, 1_000), { arrived: [], lost: 1_000 });
  assertEquals(drive({ loss: 0 }, 1_000).lost, 0);
});

Deno.test("Impairment repeats as much as was asked for, and never more than once", () => {
  for (const dup of [0, 10, 50, 100]) {
    const count = 10_000, { arrived } = drive({ dup, delay: 5 }, count);
    const deviation = Math.sqrt(count * dup / 100 * (1 - dup / 100));
    assert(Math.abs(arrived.length - count - count * dup / 100) <= 4 * deviation, `${dup} %`);
    const times = new Map<number, number>();
    for (const { item } of arrived) times.set(item, (times.get(item) ?? 0) + 1);
    assertEquals(times.size, count);
    assert([...times.values()].every((each) => each <= 2));
  }
});

Deno.test("Impairment holds back as much as was asked for, behind its successors", () => {
  const count = 10_000, { arrived } = drive({ reorder: 10, delay: 5 }, count);
  const late = arrived.filter(({ item, at }) => at === item + 25);
  assertEquals(arrived.filter(({ item, at }) => at === item + 5).length, count - late.length);
  assertLess(Math.abs(late.length - 1_000), 4 * Math.sqrt(900));
  const place = new Map(arrived.map(({ item }, index) => [item, index]));
  const [{ item } = { item: -1 }] = late;
  assertGreater(place.get(item), place.get(item + 10));
});

Deno.test("Impairment varies the delay evenly up and down, and never into the past", () => {
  const { arrived } = drive({ delay: 50, jitter: 10 }, 10_000);
  const delays = arrived.map(({ item, at }) => at - item);
  assert(delays.every((each) => each >= 40 && each < 60));
  assert(delays.some((each) => each < 41) && delays.some((each) => each > 59));
  const mean = delays.reduce((sum, each) => sum + each, 0) / delays.length;
  assertLess(Math.abs(mean - 50), 0.3); // 5 standard errors of an even spread
  const items = arrived.map((each) => each.item);
  assert(items.some((each, index) => each < (items[index - 1] ?? -1)), "it reorders");
  assert(drive({ delay: 5, jitter: 50 }, 1_000).arrived.every(({ item, at }) => at >= item));
});

Deno.test("Impairment has room for 16,384 on their way, and loses more", () => {
  for (const dup of [0, 100]) {
    const way = new Impairment<number>({ delay: 1_000, dup }, seededRandom(1));
    for (let item = 0; item < 20_000; item++) way.push(item, 0);
    assertEquals(way.lost, 20_000 * (1 + dup / 100) - 16_384);
    let arrived = 0;
    while (way.poll(1_000) !== undefined) arrived++;
    assertEquals(arrived, 16_384);
    assertEquals(way.nextTimeout(), undefined);
    way.push(1, 2_000);
    assertEquals(way.poll(3_000), 1, "it goes on");
  }
});

Deno.test("Impairment is the same again for the same seed", () => {
  const spec = { loss: 10, delay: 50, jitter: 40, dup: 10, reorder: 10 };
  assertEquals(drive(spec, 500, 7), drive(spec, 500, 7));
  assert(JSON.stringify(drive(spec, 500, 7)) !== JSON.stringify(drive(spec, 500, 8)));
});
