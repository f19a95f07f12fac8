/**
 * What is typed in a chat, whoever carries it: messages, and the slash commands that work everywhere.
 *
 * @module
 */

import { checkText } from "../chat/body.ts";
import { toName } from "../chat/name.ts";
import { printable } from "../chat/printable.ts";
import { parseLine, type SlashCommand, slashHelp } from "../chat/slash.ts";
import { keyTag } from "../crypto/identity.ts";
import { safetyNumber } from "../crypto/safety.ts";
import type { Shell } from "../peer/shell.ts";
import { MAX_LINE, readLines } from "../terminal/lines.ts";
import { type Front, keepName } from "./front.ts";
import { historyLines } from "./history_lines.ts";
import type { Host } from "./host.ts";
import type { Memory } from "./memory.ts";
import type { Options } from "./options.ts";
import type { Profile } from "./profile.ts";

/** Messages that `/last` and `/search` show where nothing else is asked for (our choice: a screen). */
const LAST = 20;
/** Messages that `/last` shows at most (our choice). */
const MOST = 1_000;

/** What a chat can be told, whoever carries it. */
export interface ChatMachine {
  /** What others see. */
  readonly name: string;
  /** Why we are away; undefined while we are not. */
  readonly away: string | undefined;
  /** Says a line. */
  say(text: string, now: number): void;
  /** Says some lines, all or none. */
  sayAll(texts: readonly string[], now: number): void;
  /** Changes what others see. */
  rename(name: string, now: number): void;
  /** Goes away, or comes back. */
  setAway(text: string | undefined, now: number): void;
  /** Says yes to a changed key; false where there is none. */
  accept(now: number): boolean;
  /** A line was refused before it came here. */
  lose(): void;
  /** No more lines will come. */
  endInput(now: number): void;
  /** The person leaves. */
  quit(): void;
}

/** What is needed to take lines. */
export interface ChatFeed<M extends ChatMachine> {
  /** The world. */
  readonly host: Host;
  /** What was asked for. */
  readonly options: Options;
  /** Where lines come from and answers go. */
  readonly front: Front;
  /** The machine. */
  readonly machine: M;
  /** Whom one knows. */
  readonly profile: Profile;
  /** What was read. */
  readonly memory: Memory;
  /** What the history calls what is said here; undefined while nobody is there. */
  readonly room: () => string | undefined;
  /** Whose messages are left out when what was said is shown again. */
  readonly ignored?: () => readonly Uint8Array[];
}

/** What a slash command does. */
export type Handler<F> = (feed: F, argument: string, now: number) => void;

/**
 * Reads lines until there are no more.
 *
 * @param feed What is needed for it.
 * @param shell Drives the machine.
 * @param table The commands that work here.
 * @param handlers What they do, beside those that work everywhere.
 */
export async function feedChat<M extends ChatMachine, E, F extends ChatFeed<M>>(
  feed: F,
  shell: Shell<E>,
  table: readonly SlashCommand[],
  handlers: Readonly<Record<string, Handler<F>>>,
): Promise<void> {
  const { host, options, front, machine } = feed;
  const commands = front.screen !== undefined || options.commands === true;
  const all: Readonly<Record<string, Handler<F>>> = { ...EVERYWHERE, ...handlers };
  const refuse = (code: string, text: string): void => {
    machine.lose();
    front.reporter.report({ event: "notice", level: "error", code, text });
  };
  const lines = front.screen?.lines() ?? readLines(
    (buffer) => host.console.input.read(buffer),
    (number, length) =>
      refuse(
        "too-long",
        `line ${number} of ${length} characters not sent: wanted at most ${MAX_LINE}`,
      ),
  );
  const attempt = (action: () => void, count = 1): void => {
    try {
      action();
    } catch (error) {
      if (error instanceof RangeError) return refuse("too-long", error.message);
      // The disk: what could not be kept was not said.
      for (let lost = 1; lost < count; lost++) machine.lose();
      const what = count === 1 ? "" : `${count} lines `;
      refuse("disk", `${what}not sent, as it cannot be kept: ${(error as Error).message}`);
    }
  };
  /** A disk is asked once for all lines that came together. */
  const take = (batch: readonly string[], now: number): void => {
    let texts: string[] = [];
    const say = (): void => {
      const said = texts;
      texts = [];
      if (said.length > 0) attempt(() => machine.sayAll(said, now), said.length);
    };
    for (const line of batch) {
      const parsed = commands ? parseLine(line, table) : { kind: "text" as const, text: line };
      if (parsed.kind === "text") {
        attempt(() => (checkText(parsed.text), texts.push(parsed.text)));
        continue;
      }
      say();
      if (parsed.kind === "error") front.reporter.print([parsed.message]);
      else if (parsed.name === "help") front.reporter.print(slashHelp(table));
      else attempt(() => all[parsed.name]?.(feed, parsed.argument, now));
    }
    say();
  };
  await shell.feed(lines, take, (now) => {
    if (front.screen) machine.quit();
    else machine.endInput(now);
  });
}

const EVERYWHERE: Readonly<Record<string, Handler<ChatFeed<ChatMachine>>>> = {
  nick: ({ front, machine, profile }, argument, now) => {
    let name: string;
    try {
      name = toName(argument);
    } catch (error) {
      return front.reporter.print([(error as Error).message]);
    }
    machine.rename(name, now);
    front.screen?.setPrompt(promptOf(machine));
    // The saved name is that of the first program of this home; a further one has a name beside it.
    const home = profile.slot > 1 ? undefined : profile.home;
    front.reporter.print([`You are now ${machine.name}`, ...keepName(home, machine.name)]);
  },
  me: ({ machine }, argument, now) => machine.say(`* ${machine.name} ${argument}`, now),
  away: ({ front, machine }, text, now) => {
    machine.setAway(text, now);
    front.reporter.print([`you are away${text ? `: ${text}` : ""} (/back)`]);
  },
  back: ({ front, machine }, _, now) => {
    const was = machine.away !== undefined;
    machine.setAway(undefined, now);
    front.reporter.print([was ? "you are back" : "you are not away"]);
  },
  last: ({ front, memory, room, ignored }, argument) => {
    memory.flush();
    const count = argument === "" ? LAST : Number(argument), name = room();
    if (!(Number.isInteger(count) && count > 0 && count <= MOST)) {
      return front.reporter.print([`/last wants a number from 1 to ${MOST}`]);
    }
    const last = name === undefined ? [] : memory.history.last(name, count, ignored?.());
    front.reporter.print(historyLines(last));
  },
  search: ({ front, memory, room, ignored = () => [] }, words) => {
    memory.flush();
    const name = room(), query = { words, limit: LAST, without: ignored() };
    const found = name === undefined
      ? []
      : memory.history.search({ ...query, room: name }).reverse();
    front.reporter.print(found.length > 0 ? historyLines(found) : ["nothing was found"]);
  },
  accept: ({ front, machine }, _, now) => {
    if (!machine.accept(now)) front.reporter.print(["there is no changed key to accept"]);
  },
  // In a script it is the end of the input: what was said is waited for.
  quit: ({ machine, front, options }, _, now) =>
    front.screen || options.stay ? machine.quit() : machine.endInput(now),
};

/** The prompt of a chat. */
export function promptOf({ name }: ChatMachine): string {
  return `${printable(name)}> `;
}

/** Somebody whose key may be compared. */
export interface Known {
  readonly key: Uint8Array;
  readonly name: string;
}

/**
 * Shows the safety number with somebody, or remembers that it was compared.
 *
 * @param feed What is needed for it.
 * @param who Who it is.
 * @param answer `yes` or `no` where it was compared.
 * @param command What to type then.
 */
export function verifyKey<M extends ChatMachine>(
  { front, profile, host }: ChatFeed<M>,
  { key, name }: Known,
  answer: string | undefined,
  command: string,
): void {
  if (answer === "yes" || answer === "no") {
    profile.contacts.meet(key, name, host.clock.wall());
    profile.contacts.verify(key, answer === "yes");
    return front.reporter.print([
      `${name} is ${answer === "yes" ? "verified" : "not verified"} now`,
    ]);
  }
  const groups = safetyNumber(profile.credentials.identity.publicKey, key).split(" ");
  front.reporter.print([
    `safety number with ${name} (${keyTag(key)}):`,
    ...[0, 4, 8].map((at) => `  ${groups.slice(at, at + 4).join(" ")}`),
    `read it to each other by voice; the same on both sides: ${command} yes`,
  ]);
}
