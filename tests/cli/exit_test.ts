import { assert, assertEquals } from "@std/assert";
import { EXIT, SIGNALS, UsageError } from "../../lib/cli/exit.ts";

Deno.test("EXIT has the statuses of the contract, each once", () => {
  assertEquals<Record<string, number>>(EXIT, {
    done: 0,
    failed: 1,
    usage: 2,
    unanswered: 3,
    undelivered: 4,
    hangup: 129,
    interrupted: 130,
    terminated: 143,
  });
  assertEquals(new Set(Object.values(EXIT)).size, Object.keys(EXIT).length);
});

Deno.test("SIGNALS end the program with 128 and the number of the signal", () => {
  assertEquals(SIGNALS, { SIGHUP: 128 + 1, SIGINT: 128 + 2, SIGTERM: 128 + 15 });
});

Deno.test("UsageError is an error with a name of its own, and keeps its cause", () => {
  const cause = new RangeError("why"), error = new UsageError("wrong", { cause });
  assert(error instanceof Error && error instanceof UsageError);
  assertEquals([error.name, error.message, error.cause], ["UsageError", "wrong", cause]);
  assertEquals(String(error), "UsageError: wrong");
});
