import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { PathStatistics } from "../../lib/session/rtt.ts";

function close(actual: number, wanted: number): void {
  assert(Math.abs(actual - wanted) < 1e-9, `${actual}, wanted ${wanted}`);
}

Deno.test("PathStatistics guesses before the first sample, and believes that one", () => {
  const path = new PathStatistics();
  assertEquals([path.smoothed, path.variation, path.probe], [200, 100, 600]);
  path.sample(80, 20);
  assertEquals([path.smoothed, path.variation, path.latest, path.least], [80, 40, 80, 80]);
  assertEquals([path.probe, path.roundTrips(9 / 8)], [240, 90]);
});

Deno.test("PathStatistics smooths as RFC 9002 5.3 says", () => {
  const path = new PathStatistics();
  path.sample(100, 0);
  path.sample(140, 10); // 140 >= 100 + 10, so 130 counts.
  close(path.variation, 0.75 * 50 + 0.25 * 30);
  close(path.smoothed, 0.875 * 100 + 0.125 * 130);
  assertEquals([path.latest, path.least], [140, 100]);
  const { smoothed, variation } = path;
  path.sample(105, 10); // 105 < 100 + 10: the delay is not believed.
  close(path.variation, 0.75 * variation + 0.25 * Math.abs(smoothed - 105));
  close(path.smoothed, 0.875 * smoothed + 0.125 * 105);
});

Deno.test("PathStatistics never becomes negative or endless, for 500 seeds of odd samples", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = seededRandom(seed), path = new PathStatistics();
    for (let round = 0; round < 100; round++) {
      path.sample(random() ** 4 * 100_000, random() * 20);
      path.count(random() < 0.3);
      assert(path.smoothed >= 0 && path.variation >= 0 && path.loss >= 0 && path.loss <= 1);
      assert(path.probe >= path.smoothed + 1 && path.roundTrips(9 / 8) >= 1 && path.probe < 1e6);
    }
  }
});

Deno.test("PathStatistics learns the share of losses within some hundred packets", () => {
  const random = seededRandom(1), path = new PathStatistics();
  for (let packet = 0; packet < 500; packet++) path.count(random() < 0.2);
  assert(path.loss > 0.1 && path.loss < 0.3, `${path.loss}`);
  for (let packet = 0; packet < 500; packet++) path.count(false);
  assert(path.loss < 0.01);
});
