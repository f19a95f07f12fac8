/**
 * Which room is meant: the one that was given, asked for, or chosen among those joined before.
 *
 * @module
 */

import { formatPlace, parseLink } from "../chat/link.ts";
import { Contacts, type JoinedRoom } from "../store/contacts.ts";
import { UsageError } from "./exit.ts";
import { type Front, homeOf, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";

/** Rooms that are offered (our choice: a screen). */
const OFFERED = 15;

/**
 * Finds out which room is meant.
 *
 * @param host The world.
 * @param options `passphrase`, `home`.
 * @param word A link or place, `-` to be asked for it, or undefined to choose.
 * @returns The room.
 * @throws {UsageError} If there is nobody to ask, or no answer.
 */
export async function askedRoom(
  host: Host,
  options: Options,
  word: string | undefined,
): Promise<JoinedRoom> {
  const passphrase = options.passphrase ?? false;
  if (word !== undefined && word !== "-") return { link: word, passphrase };
  const rooms = word === "-" ? [] : joinedBefore(host, options);
  const front = await openFront(host, options, true);
  try {
    if (!front.screen) throw new UsageError(wanted(rooms));
    return word === "-" ? { link: await askLink(front), passphrase } : await choose(front, rooms);
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
  if (!answer) throw new UsageError("No link was given");
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
    if (answer === undefined) throw new UsageError("No room was chosen");
    const chosen = /^\d+$/.test(answer) ? offered[Number(answer) - 1] : undefined;
    if (chosen) return chosen;
    try {
      if (answer !== "" && !/^\d+$/.test(answer)) {
        parseLink(answer);
        return { link: answer, passphrase: false };
      }
    } catch (error) {
      front.reporter.print([(error as Error).message]);
    }
  }
}
