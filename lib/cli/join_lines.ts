/**
 * What is typed in a room: messages, and the slash commands that work there.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { printable } from "../chat/printable.ts";
import { JOIN_COMMANDS, parseLine, slashHelp } from "../chat/slash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import { safetyNumber } from "../crypto/safety.ts";
import type { Member } from "../peer/member.ts";
import type { MemberEvent, RoomPlace } from "../peer/member_event.ts";
import type { Shell } from "../peer/shell.ts";
import { sameBytes } from "../wire/bytes.ts";
import { MAX_LINE, readLines } from "../terminal/lines.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";
import { linkLines } from "./link_lines.ts";
import { historyLines, localTime } from "./history_lines.ts";
import type { Memory } from "./memory.ts";
import type { Options } from "./options.ts";
import { readDuration } from "./option_values.ts";
import type { Profile } from "./profile.ts";

/** Messages that `/last` and `/search` show where nothing else is asked for (our choice: a screen). */
const LAST = 20;
/** Messages that `/last` shows at most (our choice). */
const MOST = 1_000;

/** What is needed to take lines. */
export interface RoomFeed {
  /** The world. */
  readonly host: Host;
  /** What was asked for. */
  readonly options: Options;
  /** Where lines come from and answers go. */
  readonly front: Front;
  /** The machine. */
  readonly machine: Member;
  /** Whom one knows and ignores. */
  readonly profile: Profile;
  /** What was read. */
  readonly memory: Memory;
  /** The room. */
  readonly room: RoomPlace;
  /** Drives the machine. */
  readonly shell: Shell<MemberEvent>;
}

/**
 * Reads lines until there are no more.
 *
 * @param feed What is needed for it.
 */
export async function feedRoom(feed: RoomFeed): Promise<void> {
  const { host, options, front, machine, shell } = feed;
  const commands = front.screen !== undefined || options.commands === true;
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
  const each = (line: string, now: number): void => {
    const parsed = commands
      ? parseLine(line, JOIN_COMMANDS)
      : { kind: "text" as const, text: line };
    if (parsed.kind === "error") return front.reporter.print([parsed.message]);
    try {
      if (parsed.kind === "text") machine.say(parsed.text, now);
      else COMMANDS[parsed.name]?.(feed, parsed.argument, now);
    } catch (error) {
      if (error instanceof RangeError) return refuse("too-long", error.message);
      // The disk: what could not be kept was not said.
      refuse("disk", `not sent, as it cannot be kept: ${(error as Error).message}`);
    }
  };
  await shell.feed(lines, each, (now) => {
    if (front.screen) machine.quit();
    else machine.endInput(now);
  });
}

/** What the slash commands do here. */
const COMMANDS: Readonly<
  Record<string, (feed: RoomFeed, argument: string, now: number) => void>
> = {
  help: ({ front }) => front.reporter.print(slashHelp(JOIN_COMMANDS)),
  who: ({ front, machine }) => front.reporter.print(who(machine)),
  nick: ({ front, machine }, argument, now) => {
    machine.rename(toName(argument), now);
    front.screen?.setPrompt(`${printable(machine.name)}> `);
    front.reporter.print([`You are now ${machine.name}`]);
  },
  me: ({ machine }, argument, now) => machine.say(`* ${machine.name} ${argument}`, now),
  msg: (feed, argument, now) => {
    const [, name = "", text = ""] = /^(\S+)\s+(.+)$/s.exec(argument) ?? [];
    if (text === "") return feed.front.reporter.print(["/msg wants NAME TEXT"]);
    const key = findOne(feed, name);
    if (key) sayTo(feed, key, text, now);
  },
  reply: (feed, text, now) => {
    const { lastPartner } = feed.machine;
    if (lastPartner) sayTo(feed, lastPartner, text, now);
    else feed.front.reporter.print(["nobody has said anything to you alone (/msg NAME TEXT)"]);
  },
  away: ({ front, machine }, text, now) => {
    machine.setAway(text, now);
    front.reporter.print([`you are away${text ? `: ${text}` : ""} (/back)`]);
  },
  back: ({ front, machine }, _, now) => {
    const was = machine.away !== undefined;
    machine.setAway(undefined, now);
    front.reporter.print([was ? "you are back" : "you are not away"]);
  },
  last: ({ front, memory, room }, argument) => {
    memory.flush();
    const count = argument === "" ? LAST : Number(argument);
    if (!(Number.isInteger(count) && count > 0 && count <= MOST)) {
      return front.reporter.print([`/last wants a number from 1 to ${MOST}`]);
    }
    front.reporter.print(historyLines(memory.history.last(room.name, count)));
  },
  search: ({ front, memory, room }, words) => {
    memory.flush();
    const found = memory.history.search({ words, room: room.name, limit: LAST }).reverse();
    front.reporter.print(found.length > 0 ? historyLines(found) : ["nothing was found"]);
  },
  verify: verify,
  ignore: (feed, argument) => {
    const [name = "", time] = argument.split(/\s+/);
    const key = findOne(feed, name);
    if (key === undefined) return;
    const seconds = time === undefined ? Infinity : readDuration(time);
    feed.profile.contacts.ignore(key, feed.host.clock.wall() + seconds * 1_000);
    const long = time === undefined ? "until /unignore" : `for ${time}`;
    feed.front.reporter.print([`nothing of ${name} is shown ${long}; they are not told`]);
  },
  unignore: (feed, name) => {
    const key = findOne(feed, name);
    if (key === undefined) return;
    feed.profile.contacts.ignore(key, 0);
    feed.front.reporter.print([`${name} is shown again`]);
  },
  link: ({ front, machine, host }) => front.reporter.print(linkLines(machine.session, host)),
  accept: ({ front, machine }, _, now) => {
    if (!machine.accept(now)) front.reporter.print(["there is no changed key to accept"]);
  },
  quit: ({ machine }) => machine.quit(),
};

/** The one who is meant; says so where it is nobody or more than one. */
function findOne({ front, machine }: RoomFeed, name: string): Uint8Array | undefined {
  const found = machine.roster.find(name).filter((each) => !sameBytes(each, machine.key));
  const [key] = found;
  if (found.length === 1) return key;
  const labels = found.map((each) => machine.roster.label(each)).join(", ");
  front.reporter.print([
    found.length === 0 ? `nobody here is called ${name} (/who)` : `who of ${labels}?`,
  ]);
  return undefined;
}

/** Says it to one person, and what they are up to if they are not at their keyboard. */
function sayTo({ machine, front }: RoomFeed, key: Uint8Array, text: string, now: number): void {
  machine.sayTo(key, text, now);
  const { roster } = machine, name = roster.label(key), why = roster.awayText(key);
  if (!roster.here.has(keyText(key))) {
    front.reporter.print([`${name} is not here: the relay keeps it for them`]);
  } else if (why !== undefined) front.reporter.print([`${name} is away${why ? `: ${why}` : ""}`]);
}

function verify(feed: RoomFeed, argument: string): void {
  const { front, machine, profile, host } = feed;
  const [name = "", answer] = argument.split(/\s+/), key = findOne(feed, name);
  if (key === undefined) return;
  if (answer === "yes" || answer === "no") {
    profile.contacts.meet(key, machine.roster.people.nameOf(key), host.clock.wall());
    profile.contacts.verify(key, answer === "yes");
    return front.reporter.print([
      `${name} is ${answer === "yes" ? "verified" : "not verified"} now`,
    ]);
  }
  const groups = safetyNumber(machine.key, key).split(" ");
  front.reporter.print([
    `safety number with ${name}:`,
    ...[0, 4, 8].map((at) => `  ${groups.slice(at, at + 4).join(" ")}`),
    `read it to each other by voice; the same on both sides: /verify ${name} yes`,
  ]);
}

/** Who stands first in the list. */
const ORDER = { you: 0, here: 1, away: 2, gone: 3 } as const;

/** Who is in the room: oneself, those here first, each with the tag of their key. */
function who(machine: Member): string[] {
  const { roster } = machine, { here, authors } = roster;
  const whyOf = (key: Uint8Array): string | undefined =>
    sameBytes(key, machine.key) ? machine.away : roster.awayText(key);
  const stateOf = (key: Uint8Array): keyof typeof ORDER =>
    sameBytes(key, machine.key)
      ? "you"
      : !here.has(keyText(key))
      ? "gone"
      : whyOf(key) === undefined
      ? "here"
      : "away";
  const rows = authors.map((key) => ({
    name: machine.roster.label(key),
    tag: keyTag(key),
    state: stateOf(key),
    said: machine.roster.lastSaid(key),
    why: whyOf(key),
  })).sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.name < b.name ? -1 : 1));
  return rows.map(({ name, tag, state, said, why }) => {
    const seen = state !== "gone"
      ? why === undefined ? "" : `${state === "you" ? ", away" : ""}${why ? ` (${why})` : ""}`
      : said === undefined
      ? ", not heard for long"
      : `, last heard ${localTime(said)}`;
    return `${name}  ${state}${seen}, key ${tag}`;
  });
}
