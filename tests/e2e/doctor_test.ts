/**
 * `doctor` as a process over loopback. What the network of this machine is like is nothing that
 * these tests know: that is tried in namespaces.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkEvents } from "../support/event_schema.ts";
import { Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1"];

interface Event {
  readonly event: string;
  readonly level?: string;
  readonly code?: string;
  readonly text?: string;
  readonly exit?: number;
  readonly mtu?: number;
}

/** The events of a run, once they fit the table of docs. */
function eventsOf(out: string): Event[] {
  assertEquals(checkEvents(out), []);
  return out.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("doctor: a HOST that answers is enough, and is described as ping does", async () => {
  await using other = new Program(["talk", ...HERE, "--port", "0", "--ephemeral"]);
  const to = `127.0.0.1:${await other.port()}`;
  const { exit, out, err } = await runProgram(["doctor", to, ...HERE]);
  assertEquals(exit, 0, out + err);
  const answers = `\nok {4}${to} answers with the key \\w+ after [\\d.]+ ms`;
  assertMatch(out, new RegExp(`${answers} \\(handshake\\):\\s+somebody at talk\n`));
  assertStringIncludes(out, `    udpchat talk ${to}\n`);
  assert(!out.includes("udpchat join"), "that is for relays");
  assertStringIncludes(out, "8 asked, 8 answered, 0 % lost\n");
  assertStringIncludes(out, "largest datagram known to pass: 16384 bytes\n");
  assertStringIncludes(out, `\n\nChat with ${to} works.\n`);
  assertMatch(out, /\nWhat to do:\n(?:.|\n)*\n {4}udpchat /);
  assertMatch(err, /^listening on 127\.0\.0\.1:\d+\n/);
  const json = await runProgram(["doctor", to, ...HERE, "--json"]), events = eventsOf(json.out);
  assertEquals(json.exit, 0);
  assertEquals(events.filter((each) => each.event === "link").map((each) => each.mtu), [16_384]);
  const codes = events.map((each) => each.code ?? each.event);
  for (const code of ["interface", "target", "verdict", "advice"]) assert(codes.includes(code));
  assertEquals(codes.filter((code) => code === "port").length, 2);
  assertEquals([codes[0], codes.at(-1)], ["ready", "end"]);
});

Deno.test("doctor: a HOST that is silent, or that is none, is exit status 1", async () => {
  const table = [["127.0.0.1:1", "does not answer"], ["nobody.invalid", "nobody.invalid"]] as const;
  for (const [to, text] of table) {
    const args = ["doctor", to, ...HERE, "--timeout", "0.3", "--json"];
    const { exit, out } = await runProgram(args), events = eventsOf(out);
    assertEquals([exit, events.at(-1)?.exit], [1, 1]);
    const target = events.find((each) => each.code === "target");
    assertEquals(target?.level, "error");
    assertStringIncludes(target?.text ?? "", text);
  }
});

Deno.test("doctor: without HOST it is over in seconds, reads nothing, and says what it found", async () => {
  await using program = new Program(["doctor", ...HERE, "--json"]);
  // Standard input stays open: who reads it would wait.
  const exit = await program.exit(), events = eventsOf(program.out.all.join("\n") + "\n");
  assertEquals(events.at(-1)?.exit, exit);
  const verdict = events.find((each) => each.code === "verdict");
  assertEquals(verdict?.level, exit === 0 ? "info" : "error");
  const [found] = events.filter((each) => each.code === "interface");
  assertMatch(found?.text ?? "", /^interface \S.* \(this machine alone\), MTU (\d+|unknown)/);
});

Deno.test("doctor: --quiet says what does not work and what to do, and nothing else", async () => {
  const args = ["doctor", "127.0.0.1:1", ...HERE, "--timeout", "0.3", "-q"];
  const { exit, out, err } = await runProgram(args);
  assertEquals([exit, err], [1, ""]);
  assert(!/^ok/m.test(out), out);
  assertStringIncludes(out, "FAIL  127.0.0.1:1 does not answer\n");
  assertStringIncludes(out, "\nChat with 127.0.0.1:1 does not work now.\n");
  assertStringIncludes(out, "\nWhat to do:\n");
});

Deno.test("doctor: what cannot be is refused before anything is sent", async () => {
  const table: readonly (readonly [args: string[], exit: number, text: RegExp])[] = [
    [
      ["--interface", "no such"],
      1,
      /^udpchat: Cannot find the interface no such: there are/,
    ],
    [["--host", "192.0.2.99"], 1, /no such address/],
    [["a", "b"], 2, /wanted udpchat doctor \[HOST\[:PORT\]\]/],
    [["a:0"], 2, /wanted 1-65535/],
    [["-4", "-6"], 2, /Cannot use -4 and -6 together/],
  ];
  for (const [args, status, text] of table) {
    const { exit, out, err } = await runProgram(["doctor", ...args]);
    assertEquals([exit, out], [status, ""], err);
    assertMatch(err, text);
  }
});

Deno.test({
  name: "doctor: a signal ends it with its status and without a verdict",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using program = new Program(["doctor", "127.0.0.1:1", ...HERE, "--timeout", "600"]);
    await program.err.next("sending test datagrams");
    program.signal("SIGINT");
    assertEquals(await program.exit(), 130);
    assertEquals(program.out.all, []);
  },
});
