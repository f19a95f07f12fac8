import { assertEquals, assertStringIncludes } from "@std/assert";
import { summarise } from "../../lib/cli/ping_report.ts";

Deno.test("summarise() takes the mean of the middle two for the median of an even number", () => {
  const table: readonly (readonly [times: number[], median: string])[] = [
    [[7], "7.00"],
    [[8, 1], "4.50"],
    [[9, 1, 2], "2.00"],
    [[40, 10, 20, 30], "25.0"],
  ];
  for (const [times, median] of table) {
    const lines = summarise({ sent: times.length, received: times.length, times }, false);
    assertStringIncludes(lines[1] ?? "", `median ${median} ms,`);
  }
  assertEquals(summarise({ sent: 2, received: 0, times: [] }, false).length, 1);
});
