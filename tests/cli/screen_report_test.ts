/**
 * What a person sees of the events of a chat, on a terminal of 80 and of 40 columns.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ChatEvent } from "../../lib/cli/event.ts";
import { ScreenReporter } from "../../lib/cli/screen_report.ts";
import { makeTheme } from "../../lib/terminal/theme.ts";
import { Sitting } from "../terminal/emulator.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const ADDRESS = { host: "192.0.2.7", port: 2410 };

function message(name: string, text: string, self = false, id = "1"): ChatEvent {
  return {
    event: "message",
    id,
    room: "talk",
    from: { name, key: "key", address: ADDRESS },
    text,
    sent: "2026-01-01T00:00:00.000Z",
    self,
    private: false,
    history: false,
  };
}

function status(id: string, state: "sent" | "delivered" | "failed"): ChatEvent {
  return { event: "status", id, state, by: null, reason: null };
}

/** All events on a screen, without colour; times as `--:--`. */
async function seen(columns: number, ...events: ChatEvent[]): Promise<string[]> {
  await using at = new Sitting(columns, 12);
  const reporter = new ScreenReporter(at.screen, new VirtualClock(), makeTheme(false), {});
  for (const event of events) reporter.report(event);
  await at.settle();
  const rows = at.text.map((row) => row.replace(/^\d\d:\d\d/, "--:--"));
  assertEquals(rows.at(-1), ">", "the prompt is below");
  return rows.slice(0, -1);
}

Deno.test("ScreenReporter cuts notices between words, and each row begins with two spaces", async () => {
  const text = "connected to N4KK-C6SZ at 127.0.0.1:38421, encrypted; first contact, unverified";
  const notice = { event: "notice", level: "info", code: "x", text } as const;
  assertEquals(await seen(80, notice), [
    "  connected to N4KK-C6SZ at 127.0.0.1:38421, encrypted; first contact,",
    "  unverified",
  ]);
  for (const columns of [20, 30, 40, 41, 60, 79, 80, 100]) {
    const rows = await seen(columns, notice);
    assertEquals(rows.map((row) => row.trim()).join(" "), text, `${columns} columns`);
    for (const row of rows) {
      assertMatch(row, /^ {2}\S/);
      assert(row.length < columns, `${row} in ${columns} columns`);
    }
  }
});

Deno.test("ScreenReporter says the name once for what somebody does", async () => {
  assertEquals(
    await seen(
      40,
      message("ann", "* ann waves"),
      message("ann", "* anna waves"),
      message("ann", "* ann\nwaves"),
      message("ann", "hello"),
    ),
    [
      "--:-- * ann waves",
      "--:-- ann * anna waves",
      "--:-- ann * ann",
      "  waves",
      "--:-- ann hello",
    ],
  );
});

Deno.test("ScreenReporter shows how far an own message got, and keeps what waits at the bottom", async () => {
  const own = (text: string, id: string): ChatEvent => message("me", text, true, id);
  assertEquals(await seen(40, own("one", "1")), ["--:-- me one (typed)"]);
  assertEquals(
    await seen(
      40,
      own("one", "1"),
      status("1", "sent"),
      own("two", "2"),
      message("ann", "hi"),
      status("2", "sent"),
      status("1", "delivered"),
      own("three", "3"),
      status("3", "failed"),
    ),
    [
      "--:-- ann hi",
      "--:-- me one \u2713",
      "--:-- me three \u2717",
      "--:-- me two (on its way)",
    ],
  );
  const many = Array.from({ length: 8 }, (_, at) => own(`${at}`, `${at}`));
  assertEquals((await seen(40, ...many))[0], "  3 more wait");
});

Deno.test("ScreenReporter waits for the others, and says how many hold a message", async () => {
  const own = (text: string, id: string): ChatEvent => message("me", text, true, id);
  const stored = (
    id: string,
  ): ChatEvent => ({ ...status(id, "sent"), state: "stored" } as ChatEvent);
  const spread = (id: string, holders: number): ChatEvent =>
    ({ ...status(id, "delivered"), reason: `held by ${holders} of 3` }) as ChatEvent;
  await using at = new Sitting(40, 12);
  const clock = new VirtualClock();
  const reporter = new ScreenReporter(at.screen, clock, makeTheme(false), {});
  const rows = async (): Promise<string[]> => {
    await at.settle();
    return at.text.map((row) => row.replace(/^\d\d:\d\d/, "--:--")).slice(0, -1);
  };
  for (const id of ["1", "2", "3"]) reporter.report(own(id, id));
  for (const id of ["1", "2", "3"]) reporter.report(stored(id));
  reporter.report(spread("1", 1));
  assertEquals(await rows(), ["--:-- me 1 (1/3)", "--:-- me 2 (stored)", "--:-- me 3 (stored)"]);
  reporter.report(spread("1", 3));
  reporter.report(spread("2", 2));
  assertEquals(await rows(), ["--:-- me 1 \u2713", "--:-- me 2 (2/3)", "--:-- me 3 (stored)"]);
  await clock.advance(3_000);
  assertEquals(await rows(), ["--:-- me 1 \u2713", "--:-- me 2 \u2713 2/3", "--:-- me 3 stored"]);
});

Deno.test("ScreenReporter shows own lines above what others say after them, in the order of typing", async () => {
  const own = (text: string, id: string): ChatEvent => message("me", text, true, id);
  const stored = (id: string): ChatEvent =>
    ({ ...status(id, "sent"), state: "stored" }) as ChatEvent;
  assertEquals(
    await seen(
      40,
      own("one", "1"),
      own("nobody is there for it", "2"),
      own("three", "3"),
      stored("1"),
      stored("3"),
      message("ann", "an answer"),
      own("before bob", "6"),
      stored("6"),
      { event: "presence", who: { name: "bob", key: "b" }, state: "here", old: null },
      own("four", "4"),
      own("five", "5"),
      stored("4"),
      status("5", "delivered"),
    ),
    [
      "--:-- me one stored",
      "--:-- me three stored",
      "--:-- ann an answer",
      "--:-- me before bob stored",
      "  bob is here",
      "--:-- me four stored",
      "--:-- me five \u2713",
      "--:-- me nobody is there for it (typed)",
    ],
  );
});

Deno.test("ScreenReporter shows when it was said what was said before one came", async () => {
  const wall = new VirtualClock().wall();
  const past = (sent: string): ChatEvent =>
    ({ ...message("ann", `at ${sent}`), history: true, sent }) as ChatEvent;
  const today = new Date(wall).toISOString(), before = "2025-06-01T12:00:00.000Z";
  const rows = await seen(60, past(before), past(today), message("ann", "now"));
  assertEquals(rows[0], "  while you were away:");
  assertMatch(rows[1] ?? "", /^2025-06-01 \d\d:\d\d ann at 2025-06/);
  assertMatch(rows[2] ?? "", /^--:-- ann at 20/);
  assertEquals(rows[3], "--:-- ann now");
});

Deno.test("ScreenReporter tells that somebody is here before it tells that they are away", async () => {
  const presence = (name: string, state: "here" | "away"): ChatEvent => ({
    event: "presence",
    who: { name, key: name },
    state,
    old: null,
  });
  assertEquals(
    await seen(40, presence("ann", "here"), presence("bob", "here"), presence("bob", "away")),
    ["  ann is here", "  bob is here", "  bob is away"],
  );
});
