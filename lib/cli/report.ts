/**
 * Without a screen: messages as lines or as JSON on standard output, notices on standard error.
 *
 * @module
 */

import type { Clock } from "../net/clock.ts";
import type { Console } from "../terminal/console.ts";
import { printable, printableJson, printableLines } from "../chat/printable.ts";
import type { Theme } from "../terminal/theme.ts";
import { formatAddress } from "../wire/address.ts";
import type { ChatEvent } from "./event.ts";

/** How a message is to be shown, beyond what the event says. */
export interface Manner {
  /** Without the name in front: there is only one who talks. */
  readonly bare?: boolean;
  /** For one person alone: whom, as it is shown. */
  readonly to?: string;
  /** Why somebody is away. */
  readonly why?: string;
}

/** Shows what happens. */
export interface Reporter {
  /** Shows one event. */
  report(event: ChatEvent, manner?: Manner): void;
  /** Shows lines that somebody asked for (`/help`). */
  print(lines: readonly string[]): void;
  /** Resolves when nothing more can be printed; with the reason where it is not that nobody reads. */
  readonly broken: Promise<string | undefined>;
  /** Writes what is left, and gives the terminal back. */
  close(): Promise<void>;
}

/** How much is said on standard error. */
export interface Loudness {
  /** Warnings and errors only. */
  readonly quiet?: boolean;
  /** Everything. */
  readonly verbose?: boolean;
}

/**
 * What an event says on standard error, if anything.
 *
 * @param event The event.
 * @param loudness How much is wanted.
 * @param manner How it is to be shown.
 * @returns The line with its level, or undefined.
 */
export function noticeOf(
  event: ChatEvent,
  loudness: Loudness,
  manner: Manner = {},
): { level: "info" | "warning" | "error"; text: string } | undefined {
  const notice = event.event === "notice"
    ? { level: event.level, text: event.text }
    : event.event === "ready"
    ? { level: "info" as const, text: `listening on ${formatAddress(event.address)}` }
    : event.event === "presence"
    ? { level: "info" as const, text: presenceText(event, manner) }
    : undefined;
  if (notice === undefined || (loudness.quiet && notice.level === "info")) return undefined;
  return notice;
}

function presenceText(
  event: Extract<ChatEvent, { event: "presence" }>,
  { why }: Manner,
): string {
  switch (event.state) {
    case "here":
      return `${event.who.name} is here`;
    case "away":
      return `${event.who.name} is away${why ? `: ${why}` : ""}`;
    case "gone":
      return `${event.who.name} is gone`;
    case "renamed":
      return `${event.old ?? "somebody"} is now ${event.who.name}`;
  }
}

/** Lines or JSON. */
export class StreamReporter implements Reporter {
  readonly #console: Console;
  readonly #clock: Clock;
  readonly #theme: Theme;
  readonly #options: Loudness & { readonly json?: boolean };
  #dropped = 0;

  /**
   * Makes a reporter that writes to the standard streams.
   *
   * @param console Where to write.
   * @param clock For the time in JSON.
   * @param theme How notices look on standard error.
   * @param options JSON or lines; how loud.
   */
  constructor(
    console: Console,
    clock: Clock,
    theme: Theme,
    options: Loudness & { readonly json?: boolean },
  ) {
    this.#console = console;
    this.#clock = clock;
    this.#theme = theme;
    this.#options = options;
  }

  /** Resolves when nobody reads standard output any more. */
  get broken(): Promise<string | undefined> {
    return this.#console.output.broken;
  }

  /** Shows one event. */
  report(event: ChatEvent, manner: Manner = {}): void {
    if (this.#options.json) this.#json(event);
    else if (event.event === "message" && !event.self) this.#line(event, manner);
    const notice = noticeOf(event, this.#options, manner);
    if (this.#options.json && manner.why !== undefined && notice !== undefined) {
      this.#json({ event: "notice", level: "info", code: "away", text: notice.text });
    }
    if (notice !== undefined) this.#notice(notice.level, notice.text);
    this.#tellDropped(false);
  }

  /** Shows lines on standard error, and with JSON as a notice. */
  print(lines: readonly string[]): void {
    if (this.#options.json) {
      this.#json({ event: "notice", level: "info", code: "answer", text: lines.join("\n") });
    }
    for (const line of lines) this.#console.error.push(`${printable(line)}\n`);
  }

  /** Waits until the readers have taken everything. */
  async close(): Promise<void> {
    await this.#console.output.drain();
    this.#tellDropped(true);
    await this.#console.error.drain();
  }

  #json(event: ChatEvent): void {
    const { event: name, ...fields } = event;
    const time = new Date(this.#clock.wall()).toISOString();
    this.#console.output.push(`${printableJson({ event: name, time, ...fields })}\n`);
  }

  #line(event: Extract<ChatEvent, { event: "message" }>, manner: Manner): void {
    const text = printableLines(event.text).join("\n  ");
    const label = manner.bare ? "" : `${printable(event.from.name)}: `;
    this.#console.output.push(`${label}${text}\n`);
  }

  #notice(level: "info" | "warning" | "error", text: string): void {
    const [first = "", ...more] = printableLines(text);
    const lines = [first, ...more.map((line) => `  ${line}`)];
    const paint = level === "info" ? this.#theme.notice : this.#theme[level];
    this.#console.error.push(lines.map((line) => `${paint(line)}\n`).join(""));
  }

  #tellDropped(last: boolean): void {
    const { output } = this.#console;
    this.#dropped += output.takeDropped();
    if (this.#dropped === 0 || (output.busy && !last)) return;
    this.#notice("warning", `${this.#dropped} lines not shown: the reader is too slow`);
    this.#dropped = 0;
  }
}
