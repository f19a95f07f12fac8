/**
 * What is typed in a room: messages, and the slash commands that work there.
 *
 * @module
 */

import { complete, type SlashCommand } from "../chat/slash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { MemberEvent } from "../peer/member_event.ts";
import type { Roster } from "../peer/roster.ts";
import type { Session } from "../session/session.ts";
import type { Shell } from "../peer/shell.ts";
import { sameBytes } from "../wire/bytes.ts";
import {
  type ChatFeed,
  type ChatMachine,
  feedChat,
  type Handler,
  verifyKey,
} from "./chat_lines.ts";
import { localTime } from "./history_lines.ts";
import { findIgnored, ignoredLines, type Ignoring, readIgnoring } from "./ignore_lines.ts";
import { linkLine, linkLines } from "./link_lines.ts";

/** What a room can be told, whoever carries it. */
export interface RoomMachine extends ChatMachine {
  /** Our own key. */
  readonly key: Uint8Array;
  /** Who is who, and who is here. */
  readonly roster: Roster;
  /** Who is answered by `/reply`. */
  readonly lastPartner: Uint8Array | undefined;
  /** Says a line to one person alone. */
  sayTo(partner: Uint8Array, text: string, now: number): void;
  /** The session with somebody; by a relay with all. */
  sessionWith(key?: Uint8Array): Session | undefined;
}

/** What is needed to take lines of a room. */
export type RoomFeed = ChatFeed<RoomMachine>;

/**
 * Reads lines until there are no more.
 *
 * @param feed What is needed for it.
 * @param shell Drives the machine.
 * @param table The commands that work there.
 */
export async function feedRoom(
  feed: RoomFeed,
  shell: Shell<MemberEvent>,
  table: readonly SlashCommand[],
): Promise<void> {
  const { host, profile: { contacts } } = feed;
  const ignored = () => contacts.ignored(host.clock.wall()).map(({ key }) => key);
  // Without a relay there is a way to each person, and not one to all.
  const link = table.some(({ name, argument }) => name === "link" && argument) ? linkEach : linkOne;
  await feedChat({ ...feed, ignored }, shell, table.map(listing), { ...COMMANDS, link });
}

/** `/ignore` alone is a question as well. */
function listing(command: SlashCommand): SlashCommand {
  return command.name === "ignore" ? { ...command, argument: "[NAME] [FOR]" } : command;
}

/**
 * What Tab offers in a room: commands, and those who can be spoken to, each as they are told apart.
 *
 * @param line The line up to the cursor.
 * @param machine The room.
 * @param table The commands that work there.
 * @returns The candidates, and the part of the line that they stand for.
 */
export function completeRoom(
  line: string,
  { key: own, roster }: Pick<RoomMachine, "key" | "roster">,
  table: readonly SlashCommand[],
): [string[], string] {
  const others = roster.authors.filter((key) => !sameBytes(key, own) && roster.people.knows(key));
  return complete(line, [...new Set(others.map((key) => roster.label(key)))], table);
}

/** What the slash commands do here. */
const COMMANDS: Readonly<Record<string, Handler<RoomFeed>>> = {
  who: (feed) => feed.front.reporter.print(who(feed)),
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
  verify: verify,
  ignore: (feed, argument) => {
    if (argument === "") return feed.front.reporter.print(ignoredLines(known(feed)));
    const [name = "", time] = argument.split(/\s+/), ms = readIgnoring(time);
    if (ms === undefined) {
      const wanted = "/ignore NAME wants a time such as 30d, 2h or 90m, forever, or nothing";
      return feed.front.reporter.print([`${wanted}, and not ${time}`]);
    }
    const key = findOne(feed, name);
    if (key === undefined) return;
    feed.profile.contacts.ignore(key, feed.host.clock.wall() + ms);
    const long = ms === Infinity ? "until /unignore" : `for ${time}`;
    feed.front.reporter.print([`nothing of ${name} is shown ${long}; they are not told`]);
  },
  unignore: (feed, name) => {
    const key = findIgnored(known(feed), name) ?? findOne(feed, name);
    if (key === undefined) return;
    feed.profile.contacts.ignore(key, 0);
    feed.front.reporter.print([`${name} is shown again`]);
  },
};

/** By a relay there is one way to everybody. */
function linkOne({ front, machine, host }: RoomFeed): void {
  front.reporter.print(linkLines(machine.sessionWith(), host));
}

function linkEach(feed: RoomFeed, name: string): void {
  const { front, machine, host } = feed, { roster } = machine;
  if (name !== "") {
    const key = findOne(feed, name);
    if (key) front.reporter.print(linkLines(machine.sessionWith(key), host));
    return;
  }
  const here = roster.authors.filter((key) =>
    !sameBytes(key, machine.key) && roster.here.has(keyText(key))
  );
  const lines = here.map((key) => linkLine(roster.label(key), machine.sessionWith(key))).sort();
  front.reporter.print(lines.length > 0 ? lines : ["nobody else is here"]);
}

function known({ profile: { contacts }, machine: { roster }, host }: RoomFeed): Ignoring {
  return { contacts, roster, now: host.clock.wall() };
}

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
    front.reporter.print([`${name} is not here: it is kept for them`]);
  } else if (why !== undefined) front.reporter.print([`${name} is away${why ? `: ${why}` : ""}`]);
}

function verify(feed: RoomFeed, argument: string): void {
  const [name = "", answer] = argument.split(/\s+/), key = findOne(feed, name);
  if (key === undefined) return;
  const { people } = feed.machine.roster;
  verifyKey(feed, { key, name: people.nameOf(key) }, answer, `/verify ${name}`);
}

/** Who stands first in the list. */
const ORDER = { you: 0, here: 1, away: 2, gone: 3 } as const;

/** Who is in the room: oneself, those here first, each with the tag of their key. */
function who({ machine, profile: { contacts }, host }: RoomFeed): string[] {
  const { roster } = machine, { here, authors } = roster, now = host.clock.wall();
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
    marks: [
      contacts.byKey(key)?.verified ? ", verified" : "",
      contacts.ignores(key, now) ? ", ignored" : "",
    ].join(""),
  })).sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.name < b.name ? -1 : 1));
  return rows.map(({ name, tag, state, said, why, marks }) => {
    const seen = state !== "gone"
      ? why === undefined ? "" : `${state === "you" ? ", away" : ""}${why ? ` (${why})` : ""}`
      : said === undefined
      ? ", not heard for long"
      : `, last heard ${localTime(said)}`;
    return `${name}  ${state}${seen}, key ${tag}${marks}`;
  });
}
