import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ChatEvent } from "../../lib/cli/event.ts";
import { type Loudness, StreamReporter } from "../../lib/cli/report.ts";
import { Output } from "../../lib/terminal/output.ts";
import { makeTheme } from "../../lib/terminal/theme.ts";
import { checkEvent, checkEvents } from "../support/event_schema.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const BOB = { name: "bob", key: null, address: { host: "192.0.2.7", port: 2410 } };
const TIME = "2026-01-01T00:00:00.000Z";

type Message = Extract<ChatEvent, { event: "message" }>;

function message(text: string, more: Partial<Message> = {}): Message {
  return {
    event: "message",
    id: "7",
    room: "",
    from: BOB,
    text,
    sent: TIME,
    self: false,
    private: false,
    history: false,
    ...more,
  };
}

const EVENTS: readonly ChatEvent[] = [
  { event: "ready", mode: "plain", address: { host: "::1", port: 2410 }, key: null },
  message("hello"),
  message("mine", { self: true }),
  { event: "status", id: "7", state: "delivered", by: "k", reason: null },
  { event: "status", id: "8", state: "failed", by: null, reason: "timeout" },
  { event: "presence", who: { name: "bob", key: "k" }, state: "here", old: null },
  { event: "presence", who: { name: "bob", key: "k" }, state: "away", old: null },
  { event: "presence", who: { name: "rob", key: "k" }, state: "renamed", old: "bob" },
  { event: "presence", who: { name: "rob", key: null }, state: "gone", old: null },
  { event: "notice", level: "info", code: "fyi", text: "by the way" },
  { event: "notice", level: "warning", code: "hm", text: "look out" },
  { event: "notice", level: "error", code: "no", text: "it failed\nand more" },
  { event: "end", reason: "quit", exit: 0 },
];

/** A reporter, and what it has written. */
class Bench {
  readonly reporter: StreamReporter;
  readonly output: Output & { isTerminal: boolean };
  out = "";
  err = "";
  gate: Promise<void> | undefined;

  constructor(options: Loudness & { readonly json?: boolean } = {}, limit: number = 1_000_000) {
    const output = new Output(async (bytes) => {
      this.out += new TextDecoder().decode(bytes);
      await this.gate;
      return bytes.length;
    }, limit);
    const error = new Output((bytes) => {
      this.err += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    });
    this.output = Object.assign(output, { isTerminal: false });
    this.reporter = new StreamReporter(
      {
        input: { isTerminal: false, read: () => Promise.resolve(null), setRaw: () => {} },
        output: this.output,
        error: Object.assign(error, { isTerminal: false }),
        restore: () => {},
        size: () => ({ columns: 80, rows: 24 }),
      },
      new VirtualClock(Date.parse(TIME)),
      makeTheme(false),
      options,
    );
  }

  async all(events: readonly ChatEvent[]): Promise<{ out: string; err: string }> {
    for (const event of events) this.reporter.report(event);
    await this.reporter.close();
    return { out: this.out, err: this.err };
  }
}

const NOTICES = [
  "listening on [::1]:2410",
  "bob is here",
  "bob is away",
  "bob is now rob",
  "rob is gone",
  "by the way",
  "look out",
  "it failed",
  "  and more",
];

Deno.test("StreamReporter writes messages on standard output, notices on standard error", async () => {
  const { out, err } = await new Bench().all(EVENTS);
  assertEquals(out, "bob: hello\n");
  assertEquals(err, NOTICES.map((each) => `${each}\n`).join(""));
});

Deno.test("StreamReporter with --quiet says warnings and errors only", async () => {
  const { out, err } = await new Bench({ quiet: true }).all(EVENTS);
  assertEquals([out, err], ["bob: hello\n", "look out\nit failed\n  and more\n"]);
});

Deno.test("StreamReporter with --verbose says no less than without", async () => {
  const { out, err } = await new Bench({ verbose: true }).all(EVENTS);
  assertEquals(out, "bob: hello\n");
  for (const line of NOTICES) assert(err.includes(`${line}\n`), line);
});

Deno.test("StreamReporter begins further lines of a message with two spaces", async () => {
  const { out } = await new Bench().all([message("one\ntwo\r\nthree"), message("four")]);
  assertEquals(out, "bob: one\n  two\n  three\nbob: four\n");
});

Deno.test("StreamReporter writes the text alone where only one talks", async () => {
  const bench = new Bench();
  bench.reporter.report(message("one\ntwo"), { bare: true });
  await bench.reporter.close();
  assertEquals(bench.out, "one\n  two\n");
});

Deno.test("StreamReporter writes nothing foreign as it is", async () => {
  const evil = "\x1b[2Ja\u202eb\u009b\x07\u2028c\0";
  const events = [
    message(evil, { from: { ...BOB, name: `x\ny${evil}` } }),
    { event: "presence", who: { name: evil, key: null }, state: "renamed", old: evil },
    { event: "notice", level: "error", code: "x", text: evil },
  ] as const;
  for (const json of [false, true]) {
    const bench = new Bench({ json });
    bench.reporter.print([evil]);
    const { out, err } = await bench.all(events);
    assertMatch(out.replaceAll("\n", "") + err.replaceAll("\n", ""), /^[\x20-\x7e\u00b7]*$/);
    assertEquals(out.split("\n").length, json ? 5 : 2);
  }
});

Deno.test("StreamReporter with --json writes one event a line, with each field of the table", async () => {
  const { out, err } = await new Bench({ json: true }).all(EVENTS);
  assertEquals(checkEvents(out), []);
  const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines, EVENTS.map((event) => ({ time: TIME, ...event })));
  for (const line of out.trimEnd().split("\n")) assertMatch(line, /^\{"event":"\w+","time":"2026-/);
  assertEquals(err, NOTICES.map((each) => `${each}\n`).join(""), "notices stay where they are");
});

Deno.test("StreamReporter with --json keeps text whole, whatever it is", async () => {
  for (const text of ["one\ntwo\r\n", "\x1b[2J\u2028", "\u{1f44d}", '"\\', "\ud800", ""]) {
    const { out } = await new Bench({ json: true }).all([message(text)]);
    assertEquals(out.split("\n").length, 2);
    assertEquals(JSON.parse(out).text, text);
  }
});

Deno.test("StreamReporter.print() answers on standard error, and with --json as a notice", async () => {
  const lines = new Bench(), json = new Bench({ json: true });
  for (const bench of [lines, json]) {
    bench.reporter.print(["one", "two"]);
    await bench.reporter.close();
    assertEquals(bench.err, "one\ntwo\n");
  }
  assertEquals(lines.out, "");
  assertEquals(checkEvent(JSON.parse(json.out)), []);
  assertEquals(JSON.parse(json.out).text, "one\ntwo");
});

Deno.test("StreamReporter says how many lines a slow reader has missed", async () => {
  const bench = new Bench({}, 20), stalled = Promise.withResolvers<void>();
  bench.gate = stalled.promise;
  bench.reporter.report(message("first"));
  await Promise.resolve();
  for (let line = 0; line < 5; line++) bench.reporter.report(message(`line ${line}`));
  assertEquals(bench.err, "", "not while it is stalled");
  stalled.resolve();
  await bench.reporter.close();
  assertEquals(bench.out, "bob: first\nbob: line 0\n");
  assertEquals(bench.err, "4 lines not shown: the reader is too slow\n");
});

Deno.test("StreamReporter.broken resolves when the reader has gone", async () => {
  const bench = new Bench();
  bench.gate = Promise.reject(new Deno.errors.BrokenPipe());
  bench.gate.catch(() => {});
  bench.reporter.report(message("hello"));
  await bench.reporter.broken;
  await bench.reporter.close();
});

Deno.test("checkEvent() finds what does not fit the table", () => {
  const ready = { time: TIME, ...EVENTS[0] },
    wrong: readonly (readonly [unknown, string])[] = [
      [null, "no object"],
      [[], "no object"],
      ["ready", "no object"],
      [{}, "event:"],
      [{ event: "toString", time: TIME }, "event:"],
      [{ ...ready, more: 1 }, "more: unknown field"],
      [{ ...ready, time: "2026-01-01" }, "time:"],
      [{ ...ready, time: "2026-13-01T00:00:00.000Z" }, "time:"],
      [{ ...ready, key: undefined }, "key:"],
      [{ event: "ready", time: TIME, mode: "plain", key: null }, "address: missing"],
      [{ ...ready, address: { host: "::1", port: 65_536 } }, "address: port:"],
      [{ ...ready, address: { host: "::ffff:1.2.3.4", port: 1 } }, "address: host:"],
      [{ ...ready, address: { host: "::1", port: 1, scope: 1 } }, "address: scope: unknown field"],
      [{ time: TIME, ...message("x"), self: "no" }, "self:"],
      [{ event: "status", time: TIME, id: "1", state: "lost", by: null, reason: null }, "state:"],
      [{ event: "end", time: TIME, reason: "x", exit: 7 }, "exit:"],
      [{ event: "link", time: TIME, peer: "b", rtt_ms: "1" }, "rtt_ms:"],
    ];
  for (const [value, problem] of wrong) {
    const [first = ""] = checkEvent(value);
    assert(first.startsWith(problem), `${JSON.stringify(value)}: ${first}`);
  }
  for (const event of EVENTS) assertEquals(checkEvent({ time: TIME, ...event }), []);
  const link = { peer: "k", rtt_ms: 1.5, jitter_ms: 0, loss: 0, mtu: 1200, address: BOB.address };
  assertEquals(checkEvent({ event: "link", time: TIME, ...link }), []);
});

Deno.test("checkEvents() finds lines that are no events, and events out of place", () => {
  const line = (event: ChatEvent | undefined) => `${JSON.stringify({ time: TIME, ...event })}\n`;
  const ready = line(EVENTS[0]), end = line(EVENTS.at(-1)), hello = line(EVENTS[1]);
  assertEquals(checkEvents(ready + hello + end), []);
  assertEquals(checkEvents(""), ["no event"]);
  assertEquals(checkEvents(ready.trimEnd()), ["no line end at the end"]);
  assertEquals(checkEvents(hello + ready), ["ready is not the first event"]);
  assertEquals(checkEvents(end + hello), ["end is not the last event"]);
  assertMatch(checkEvents(`${ready}bob: hello\n`)[0] ?? "", /^line 2: no JSON/);
  assertEquals(checkEvents(`${ready}null\n`), ["line 2: no object"]);
});
