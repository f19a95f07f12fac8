import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { skeleton } from "../../lib/chat/lookalike.ts";

Deno.test("skeleton() is the same for names that look alike", () => {
  const alike = [
    ["ann", "Ann", "ANN", "\u0430nn", "\uff41\uff4e\uff4e", "a\u0301nn", "a\u200bnn", "a-n.n"],
    ["paypal", "PayPaI", "p\u0430yp\u0430l", "payp\u0430\u04cf"],
    ["bob", "b0b", "B\u041eB"],
    ["mike", "rnike"],
  ];
  for (const [first = "", ...others] of alike) {
    for (const other of others) assertEquals(skeleton(other), skeleton(first), other);
  }
});

Deno.test("skeleton() keeps other names apart, and never throws", () => {
  const names = [
    "ann",
    "anna",
    "bob",
    "rob",
    "\u65e5\u672c",
    "\u65e5\u66dc",
    "\u043c\u0430\u0448\u0430",
    "zo\u00eb",
  ];
  assertEquals(new Set(names.map(skeleton)).size, names.length);
  assertNotEquals(skeleton("ann"), skeleton("ahn"));
  for (const odd of ["", "\ud800", "\u200b", "\0", "x".repeat(1_000)]) {
    assert(typeof skeleton(odd) === "string");
  }
});
