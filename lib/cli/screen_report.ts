/**
 * On a terminal: events as lines above the one that is being typed.
 *
 * @module
 */

import type { Clock } from "../net/clock.ts";
import { printable, printableLines } from "../chat/printable.ts";
import type { Screen } from "../terminal/screen.ts";
import type { Theme } from "../terminal/theme.ts";
import { Comings } from "./comings.ts";
import type { ChatEvent } from "./event.ts";
import { localTime } from "./history_lines.ts";
import { type Loudness, type Manner, noticeOf, type Reporter } from "./report.ts";

/** The mark of lines that everybody on the way can read. */
export const PLAIN_MARK = "~";

/** What the relay has stored is waited for to reach the others so long, in ms; then it scrolls away with
 * what is known (our choice). */
const SPREAD_MS = 3_000;
/** Own messages on their way that are shown at once (our choice). */
const PENDING_SHOWN = 5;
/** All hold it; it failed. */
const CHECK = "\u2713", CROSS = "\u2717";

/** An own message that not all hold. */
interface Pending {
  readonly line: string[];
  state: string;
  /** How it is marked when it scrolls away. */
  mark: string;
  /** Ends the wait for the others. */
  stop?: () => void;
}

/** A chat on a screen. */
export class ScreenReporter implements Reporter {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #theme: Theme;
  readonly #loudness: Loudness;
  /** Own messages that the other side does not hold yet, as they are shown. */
  readonly #pending = new Map<string, Pending>();
  readonly #comings: Comings;
  /** What is shown now was said before one came. */
  #isPast = false;
  /** Never: a terminal that goes away ends the input as well. */
  readonly broken: Promise<undefined> = new Promise(() => {});

  /**
   * Makes a reporter that shows things on a screen, and closes it in the end.
   *
   * @param screen Where to show.
   * @param clock For the time of each line.
   * @param theme How things look.
   * @param loudness How much is said.
   */
  constructor(screen: Screen, clock: Clock, theme: Theme, loudness: Loudness) {
    this.#screen = screen;
    this.#clock = clock;
    this.#theme = theme;
    this.#loudness = loudness;
    this.#comings = new Comings(clock, (text) => {
      if (!loudness.quiet) this.#note(text, theme.notice);
    });
  }

  /** Shows one event. */
  report(event: ChatEvent, manner: Manner = {}): void {
    if (event.event === "message") return this.#message(event, manner);
    if (event.event === "status") return this.#status(event);
    if (event.event === "presence" && (event.state === "here" || event.state === "gone")) {
      const { who, state } = event;
      this.#settleSome();
      return this.#comings.add(who.key ?? who.name, who.name, state === "here");
    }
    // That somebody has come is told before what they say of themselves.
    if (event.event === "presence") this.#comings.flush();
    const notice = noticeOf(event, this.#loudness, manner);
    if (notice === undefined) return;
    if (event.event === "notice" && event.code === "missed") this.#isPast = true;
    this.#note(
      notice.text,
      notice.level === "info" ? this.#theme.notice : this.#theme[notice.level],
    );
  }

  #note(text: string, paint: (line: string) => string): void {
    const lines = printableLines(text).flatMap((line) => this.#screen.fold(line, "  "));
    this.#screen.show(lines.map(paint));
  }

  /** Shows lines that somebody asked for. */
  print(lines: readonly string[]): void {
    this.#screen.show(lines.flatMap((line) => this.#screen.fold(printable(line), "  ")));
  }

  /** Gives the terminal back. */
  close(): Promise<void> {
    this.#comings.flush();
    this.#settleSome();
    return this.#screen.close();
  }

  #message(event: Extract<ChatEvent, { event: "message" }>, { to }: Manner): void {
    this.#comings.heard(event.from.key ?? event.from.name);
    if (!event.self) this.#settleSome();
    if (event.history && !this.#isPast) this.#note("while you were away:", this.#theme.notice);
    this.#isPast = event.history;
    const time = this.#timeOf(event);
    const name = printable(event.from.name);
    const person = event.self ? this.#theme.self(name) : this.#theme.person(name);
    const who = to === undefined ? person : `[${person} \u2192 ${printable(to)}]`;
    const mark = event.from.key === null ? `${this.#theme.plainMark(PLAIN_MARK)} ` : "";
    // What somebody does (`/me`) says the name itself, for those who see only the text.
    const does = `* ${event.from.name} `, acts = event.text.startsWith(does);
    const [first = "", ...more] = printableLines(acts ? event.text.slice(does.length) : event.text);
    const lines = [
      `${this.#theme.time(time)} ${mark}${acts ? "* " : ""}${who} ${first}`,
      ...more.map((line) => `  ${line}`),
    ];
    if (!event.self || event.from.key === null) return this.#screen.show(lines);
    this.#pending.set(event.id, { line: lines, state: "typed", mark: CHECK });
    this.#drawPending();
  }

  /** Now; of what was said before one came, when that was. */
  #timeOf({ history, sent }: Extract<ChatEvent, { event: "message" }>): string {
    const now = this.#clock.wall(), at = history ? Date.parse(sent) : now;
    const text = localTime(Number.isFinite(at) ? at : now), today = localTime(now);
    const [day = ""] = today.split(" ");
    return text.startsWith(day) ? text.slice(day.length + 1) : text;
  }

  /** A message of one's own stays above the prompt until the others hold it. */
  #status(event: Extract<ChatEvent, { event: "status" }>): void {
    const pending = this.#pending.get(event.id);
    if (pending === undefined) return;
    const [, holders, members] = /^held by (\d+) of (\d+)$/.exec(event.reason ?? "") ?? [];
    if (event.state === "sent") pending.state = "on its way";
    else if (event.state === "failed") this.#settle(event.id, pending, this.#theme.error(CROSS));
    else if (event.state === "delivered" && holders === members) {
      pending.mark = CHECK;
      this.#settleSome(event.id);
    } else {
      const isStored = event.state === "stored";
      pending.state = isStored ? "stored" : `${holders}/${members}`;
      pending.mark = isStored ? "stored" : `${CHECK} ${pending.state}`;
      pending.stop ??= this.#clock.wake(
        this.#clock.now() + SPREAD_MS,
        () => this.#settleSome(event.id),
      );
    }
    this.#drawPending();
  }

  /**
   * What anybody holds scrolls away as it is, in the order in which it was typed: up to one message, or all
   * of it, as what somebody says now stands below it.
   */
  #settleSome(until?: string): void {
    for (const [id, pending] of this.#pending) {
      const isIt = id === until;
      if (isIt || pending.stop) this.#settle(id, pending, this.#theme.notice(pending.mark));
      if (isIt) break;
    }
    this.#drawPending();
  }

  /** It scrolls away as it is. */
  #settle(id: string, { line, stop }: Pending, mark: string): void {
    stop?.();
    if (!this.#pending.delete(id)) return;
    const [first = "", ...more] = line;
    this.#screen.show([`${first} ${mark}`, ...more]);
  }

  #drawPending(): void {
    const all = [...this.#pending.values()];
    const shown = all.slice(-PENDING_SHOWN).map(({ line, state }) =>
      `${line[0] ?? ""} ${this.#theme.notice(`(${state})`)}`
    );
    const hidden = all.length - shown.length;
    this.#screen.setPending(
      hidden > 0 ? [this.#theme.notice(`  ${hidden} more wait`), ...shown] : shown,
    );
  }
}
