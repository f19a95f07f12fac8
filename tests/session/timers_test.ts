import { assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { Timers } from "../../lib/session/timers.ts";

Deno.test("timers come in the order of their time, as in a slow obvious twin", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed), timers = new Timers<number>();
    const twin = new Map<number, number>();
    for (let step = 0; step < 400; step++) {
      const item = Math.floor(random() * 40), at = Math.floor(random() * 100);
      if (random() < 0.2) {
        timers.set(item, undefined);
        twin.delete(item);
      } else if (random() < 0.8) {
        timers.set(item, at);
        twin.set(item, at);
      } else {
        const first = Math.min(...twin.values()), taken = timers.take(at);
        const where = `seed ${seed}, step ${step}`;
        assertEquals(
          taken === undefined ? Infinity : twin.get(taken),
          first <= at ? first : Infinity,
          where,
        );
        if (taken !== undefined) twin.delete(taken);
      }
      const first = twin.size === 0 ? undefined : Math.min(...twin.values());
      assertEquals([timers.first, timers.size], [first, twin.size], `seed ${seed}, step ${step}`);
    }
  }
});
