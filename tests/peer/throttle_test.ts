import { assertEquals, assertLessOrEqual } from "@std/assert";
import { MAX_WAITING, MAX_WAITING_BYTES, Paces, type Throttle } from "../../lib/peer/throttle.ts";

const PACE = { burst: 10, perSecond: 5 };

/** Pushes things of cost 1 until time is over; gives how many went. */
function flood(throttles: readonly Throttle<number>[], from: number, until: number): number {
  let went = 0;
  for (let now = from; now <= until; now += 20) {
    for (const throttle of throttles) {
      while (throttle.take(now) !== undefined) went++;
      if (throttle.size < 5 && throttle.push(1, 1, 1, now) === "go") went++;
    }
  }
  return went;
}

Deno.test("Throttle lets a burst go, then so many a second, in order", () => {
  const throttle = new Paces(PACE).throttle<number>("ann", "192.0.2.1", 0);
  const went: number[] = [];
  for (let item = 0; item < 40; item++) if (throttle.push(item, 1, 1, 0) === "go") went.push(item);
  assertEquals([went.length, throttle.size], [10, 30]);
  assertEquals(throttle.dueAt, 200);
  assertEquals(throttle.take(199), undefined);
  for (let now = 200; throttle.size > 0; now = throttle.dueAt ?? now) {
    const item = throttle.take(now);
    if (item !== undefined) went.push(item);
    assertLessOrEqual(went.length, 10 + now / 200 + 1);
  }
  assertEquals(went, Array.from({ length: 40 }, (_, item) => item));
  assertEquals(throttle.dueAt, undefined);
});

Deno.test("Throttle lets something go that costs more than a burst, and takes no more than it can keep", () => {
  const throttle = new Paces(PACE).throttle<string>("ann", "192.0.2.1", 0);
  assertEquals(throttle.push("large", 100, 1, 0), "go");
  for (let item = 0; item < MAX_WAITING; item++) assertEquals(throttle.push("x", 1, 1, 0), "wait");
  assertEquals(throttle.push("x", 1, 1, 0), "full");
});

Deno.test("several sessions of one person share what they may", () => {
  const paces = new Paces(PACE);
  const all = [1, 2, 3, 4].map(() => paces.throttle<number>("ann", "192.0.2.1", 0));
  assertEquals(flood(all, 0, 10_000), 10 + 50);
  const again = paces.throttle<number>("ann", "198.51.100.1", 10_000);
  assertEquals(flood([again], 10_000, 12_000), 10, "from another address too");
});

Deno.test("all behind one address share what sixteen may, an IPv6 /64 is one, loopback is none", () => {
  const names = Array.from({ length: 40 }, (_, at) => `${at}`);
  for (
    const [host, wanted] of [
      [() => "192.0.2.1", 16 * 60],
      [(at: number) => `2001:db8::${at + 1}`, 16 * 60],
      [(at: number) => `2001:db8:${at}::1`, 40 * 60],
      [() => "127.0.0.1", 40 * 60],
    ] as const
  ) {
    const paces = new Paces(PACE);
    const all = names.map((name, at) => paces.throttle<number>(name, host(at), 0));
    assertEquals(flood(all, 0, 10_000), wanted, host(1));
  }
});

Deno.test("Paces remembers so many and no more", () => {
  const paces = new Paces(PACE);
  for (let name = 0; name < 20_000; name++) {
    paces.throttle<number>(`${name}`, `203.0.${name >> 8}.${name & 255}`, 0).push(1, 1, 1, 0);
  }
  const fresh = paces.throttle<number>("0", "192.0.2.1", 0);
  assertEquals(fresh.push(1, 10, 1, 0), "go", "whoever was forgotten begins anew");
});

Deno.test("Throttle is full of many things, and of few that are large", () => {
  for (const bytes of [100, 65_812]) {
    const throttle = new Paces({ burst: 2, perSecond: 1 }).throttle<number>("ann", "192.0.2.1", 0);
    const went: string[] = [];
    for (let each = 0; each < 2_000; each++) went.push(throttle.push(each, 1, bytes, 0));
    const most = Math.min(MAX_WAITING, Math.ceil(MAX_WAITING_BYTES / bytes));
    assertEquals(went.filter((what) => what === "go").length, 2);
    assertEquals([throttle.size, went.at(-1)], [most, "full"]);
    const taken: number[] = [];
    for (let now = 0; throttle.size > 0; now += 1_000) {
      for (let next = throttle.take(now); next !== undefined; next = throttle.take(now)) {
        taken.push(next);
      }
    }
    assertEquals(taken, Array.from({ length: most }, (_, at) => at + 2), "in order");
    assertEquals(throttle.push(0, 1, bytes, 1e9), "go", "all of the room is given back");
  }
});
