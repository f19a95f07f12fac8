/**
 * Plain mode between hosts, in network namespaces that the test makes itself.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Segment, whyNoNamespaces } from "../support/namespaces.ts";
import { Program, runProgram } from "../support/program.ts";

const why = await whyNoNamespaces();
const ignore = why !== undefined;
if (ignore) Deno.stderr.writeSync(new TextEncoder().encode(`network tests skipped: ${why}\n`));

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** The program on a host of a segment. */
function on(segment: Segment, host: number): { command: string[] } {
  const program = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN];
  return { command: [...segment.on(host), ...program] };
}

Deno.test("network: the group by broadcast reaches every host, and clients beside the server", {
  ignore,
}, async () => {
  await using segment = await Segment.make(3);
  await using server = new Program(["plain", "serve", "--broadcast"], on(segment, 1));
  assertStringIncludes(await server.err.next("listening"), "0.0.0.0:2410");
  const client = (host: number, name: string) =>
    new Program(
      ["plain", "10.77.0.1:2410", "--broadcast", "--name", name, "--format", "{name}: {text}"],
      on(segment, host),
    );
  await using ann = client(2, "ann");
  await using bob = client(3, "bob");
  await using local = client(1, "local");
  for (const each of [ann, bob, local]) await each.port();
  await ann.type("from two");
  for (const each of [bob, local]) assertEquals(await each.out.next("from two"), "ann: from two");
  // The same port on the same machine: the kernel must give it to the server, not to the client.
  await local.type("from beside the server");
  for (const each of [ann, bob]) {
    assertEquals(await each.out.next("beside"), "local: from beside the server");
  }
  await bob.type("last");
  for (const each of [ann, local]) assertEquals(await each.out.next("last"), "bob: last");
  await server.out.next("last");
  assertEquals(server.out.all.length, 3);
  assertEquals(local.out.all, ["ann: from two", "bob: last"]);
});

Deno.test("network: two hosts talk, and link-local IPv6 addresses work with their scope", {
  ignore,
}, async () => {
  await using segment = await Segment.make(2);
  await using server = new Program(["plain"], on(segment, 2));
  await server.port();
  assertEquals((await runProgram(["plain", "10.77.0.2:2410"], "four", on(segment, 1))).exit, 0);
  assertMatch(await server.out.next("four"), /^10\.77\.0\.1:\d+: four$/);
  await using client = new Program(["plain", "[fe80::77:2%eth0]:2410"], on(segment, 1));
  await client.type("six");
  assertMatch(await server.out.next("six"), /^\[fe80::[0-9a-f:]+%eth0\]:\d+: six$/);
  await server.type("six back");
  assertEquals(await client.out.next("six back"), "six back");
});

Deno.test("network: no route is said, and the exit status is 4", { ignore }, async () => {
  await using segment = await Segment.make(1);
  const [first = "", ...rest] = segment.on(1);
  await new Deno.Command(first, { args: [...rest, "ip", "route", "del", "default"] }).output();
  const { exit, err } = await runProgram(["plain", "10.99.0.1:5000"], "hi", on(segment, 1));
  assertEquals(exit, 4);
  assertStringIncludes(err, "not sent to 10.99.0.1:5000: no route to that network");
  assertStringIncludes(err, "1 message not delivered:");
});
