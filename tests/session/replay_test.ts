import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { ReplayWindow, WINDOW } from "../../lib/session/replay.ts";

/** The slow twin: all numbers ever accepted. */
class Remembered {
  readonly #seen = new Set<number>();
  #newest = -1;

  accept(number: number): boolean {
    if (this.#seen.has(number) || this.#newest - number >= WINDOW) return false;
    this.#seen.add(number);
    this.#newest = Math.max(this.#newest, number);
    return true;
  }
}

Deno.test("ReplayWindow is 8,128 numbers wide, to the number", () => {
  assertEquals(WINDOW, 8_128);
  for (const newest of [8_128, 8_129, 8_159, 8_160, 8_191, 8_192, 100_000, 2 ** 40 + 17]) {
    const window = new ReplayWindow();
    assert(window.accept(newest));
    assertEquals(window.newest, newest);
    assertEquals(window.accept(newest - WINDOW), false, "too old");
    assertEquals(window.accept(newest - WINDOW + 1), true, "just not too old");
    assertEquals(window.accept(newest - WINDOW + 1), false, "seen");
    assertEquals(window.accept(newest), false, "seen");
  }
});

Deno.test("ReplayWindow accepts every number once, in order and backwards", () => {
  const window = new ReplayWindow();
  for (let number = 0; number < 50_000; number++) assert(window.accept(number));
  for (let number = 0; number < 50_000; number++) assert(!window.accept(number));
  const back = new ReplayWindow();
  for (let number = WINDOW - 1; number >= 0; number--) assert(back.accept(number), `${number}`);
  for (let number = 0; number < WINDOW; number++) assert(!back.accept(number));
});

Deno.test("ReplayWindow does what remembering everything does, for 400 seeds", () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = seededRandom(seed), window = new ReplayWindow(), twin = new Remembered();
    let head = seed % 3 === 0 ? Math.floor(random() * 2 ** 48) : 0;
    for (let step = 0; step < 1_500; step++) {
      const kind = random();
      if (kind < 0.5) head += Math.floor(random() * 4);
      else if (kind < 0.52) head += Math.floor(random() * 20_000);
      else if (kind < 0.521) head += Math.floor(random() * 2 ** 40);
      const back = random() < 0.5 ? random() * 70 : random() * 9_000;
      const number = Math.max(0, head - (random() < 0.3 ? 0 : Math.floor(back)));
      if (window.accept(number) !== twin.accept(number)) {
        throw new Error(`seed ${seed}, step ${step}: ${number} after ${window.newest}`);
      }
    }
  }
});
