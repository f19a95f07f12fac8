/**
 * Which room is meant: the one that was given, asked for, or chosen among those joined before.
 *
 * @module
 */

import { formatPlace, parseLink } from "../chat/link.ts";
import { Contacts, type JoinedRoom } from "../store/contacts.ts";
import { Interrupted, UsageError } from "./exit.ts";
import { type Front, homeOf, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";
import { readRoom, WANTED_ROOM } from "./room_link.ts";
import { takeLine } from "../terminal/lines.ts";

/** Rooms that are offered (our choice: a screen). */
const OFFERED = 15;

/** Which room is meant, and how it was said. */
export interface AskedRoom extends JoinedRoom {
  /** It was not to be seen: it is repeated nowhere. */
  readonly hidden: boolean;
  /** The world, where standard input begins behind the link. */
  readonly host: Host;
}

/**
 * Finds out which room is meant.
 *
 * @param host The world.
 * @param options `passphrase`, `home`.
 * @param word A link or place, `-` to be asked for it, or undefined to choose.
 * @returns The room. With `-` and without a terminal it is the first line of standard input.
 * @throws {UsageError} If there is nobody to ask, or no answer.
 * @throws {Interrupted} If the person leaves at the question.
 */
export async function askedRoom(
  host: Host,
  options: Options,
  word: string | undefined,
): Promise<AskedRoom> {
  const passphrase = options.passphrase ?? false;
  if (word !== undefined && word !== "-") return { link: word, passphrase, hidden: false, host };
  if (word === "-" && !host.console.input.isTerminal) {
    const { line, rest } = await takeLine(host.console.input);
    if (line.trim() === "") {
      throw new UsageError(`No link was given: wanted ${WANTED_ROOM} in the first line`);
    }
    const behind = { ...host, console: { ...host.console, input: rest } };
    return { link: line.trim(), passphrase, hidden: true, host: behind };
  }
  const rooms = word === "-" ? [] : joinedBefore(host, options);
  const front = await openFront(host, options, true);
  try {
    if (!front.screen) throw new UsageError(wanted(rooms));
    return word === "-"
      ? { link: await askLink(front), passphrase, hidden: true, host }
      : { ...await choose(front, rooms), hidden: false, host };
  } finally {
    await front.reporter.close();
  }
}

function joinedBefore(host: Host, options: Options): JoinedRoom[] {
  const home = homeOf(host, options);
  if (home === undefined || !Contacts.kept(home)) return [];
  const contacts = new Contacts(home);
  try {
    return contacts.rooms();
  } finally {
    contacts.close();
  }
}

function wanted(rooms: readonly JoinedRoom[]): string {
  const before = rooms.length === 0
    ? ""
    : `; joined before: ${rooms.slice(0, OFFERED).map(nameOf).join(", ")}`;
  return `Cannot ask which room as there is no terminal: wanted udpchat join HOST[:PORT][/ROOM]` +
    before;
}

/** The room without its secret. */
function nameOf({ link, passphrase }: JoinedRoom): string {
  const parsed = parseLink(link),
    how = passphrase ? " (passphrase)" : parsed.secret ? " (link)" : "";
  return `${formatPlace(parsed)}${how}`;
}

async function askLink({ screen }: Front): Promise<string> {
  const answer = (await screen?.secret("Link of the room (not shown): "))?.trim();
  if (answer === undefined) throw new Interrupted();
  if (answer === "") throw new UsageError(`No link was given: wanted ${WANTED_ROOM}`);
  return answer;
}

async function choose(front: Front, rooms: readonly JoinedRoom[]): Promise<JoinedRoom> {
  const offered = rooms.slice(0, OFFERED);
  if (offered.length > 0) {
    front.reporter.print([
      "rooms joined before:",
      ...offered.map((room, at) => `${String(at + 1).padStart(3)}  ${nameOf(room)}`),
    ]);
  }
  const question = offered.length > 0
    ? "Number, or HOST[:PORT][/ROOM]: "
    : "Relay and room, as HOST[:PORT][/ROOM]: ";
  for (;;) {
    front.screen?.setPrompt(question);
    const answer = (await front.screen?.next())?.trim();
    if (answer === undefined) throw new Interrupted();
    try {
      if (answer !== "") return chosen(answer, offered);
    } catch (error) {
      front.reporter.print([(error as Error).message]);
    }
  }
}

/** What is meant by an answer. */
function chosen(answer: string, offered: readonly JoinedRoom[]): JoinedRoom {
  if (!/^\d+$/.test(answer)) {
    readRoom(answer);
    return { link: answer, passphrase: false };
  }
  const room = offered[Number(answer) - 1];
  if (room) return room;
  const numbers = offered.length === 0 ? "" : `a number from 1 to ${offered.length}, or `;
  throw new UsageError(`there is no room ${answer}: wanted ${numbers}HOST[:PORT][/ROOM]`);
}
