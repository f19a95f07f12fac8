import { assertEquals } from "@std/assert";
import { Comings } from "../../lib/cli/comings.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

function make(): { clock: VirtualClock; comings: Comings; told: string[] } {
  const clock = new VirtualClock(), told: string[] = [];
  return { clock, comings: new Comings(clock, (text) => told.push(text)), told };
}

Deno.test("Comings tells the first at once, and those who follow soon together", async () => {
  const { clock, comings, told } = make();
  for (const name of ["ann", "bob", "cem"]) comings.add(name, name, true);
  comings.add("zoe", "zoe", false);
  assertEquals(told, ["ann is here"]);
  await clock.advance(2_000);
  assertEquals(told, ["ann is here", "bob and cem are here; zoe is gone"]);
  comings.add("dan", "dan", true);
  assertEquals(told.at(-1), "dan is here");
});

Deno.test("Comings names five and counts the others", async () => {
  const { clock, comings, told } = make();
  for (let at = 0; at < 30; at++) comings.add(`${at}`, `student~${at}`, true);
  await clock.advance(2_000);
  assertEquals(
    told[1],
    "student~1, student~2, student~3, student~4, student~5 and 24 more are here",
  );
});

Deno.test("Comings says nothing of who came and went meanwhile, and at once of who has spoken", async () => {
  const { clock, comings, told } = make();
  comings.heard("ann");
  comings.add("bob", "bob", true);
  comings.add("cem", "cem", true);
  comings.add("cem", "cem", false);
  comings.add("ann", "ann", false);
  assertEquals(told, ["bob is here", "ann is gone"]);
  await clock.advance(5_000);
  assertEquals(told.length, 2);
});

Deno.test("Comings tells what waits when it is closed", () => {
  const { comings, told } = make();
  comings.add("ann", "ann", true);
  comings.add("bob", "bob", true);
  comings.flush();
  assertEquals(told, ["ann is here", "bob is here"]);
});
