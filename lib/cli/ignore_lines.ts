/**
 * `/ignore` and `/unignore`: of whom nothing is shown in rooms.
 *
 * @module
 */

import { keyTag } from "../crypto/identity.ts";
import type { Roster } from "../peer/roster.ts";
import type { Contacts } from "../store/contacts.ts";
import { localTime } from "./history_lines.ts";
import { readDuration } from "./option_values.ts";

/** What is needed to know who is ignored. */
export interface Ignoring {
  /** Of whom nothing is wanted. */
  readonly contacts: Contacts;
  /** Who is who here. */
  readonly roster: Roster;
  /** Time in ms since 1970. */
  readonly now: number;
}

/** What is typed for "until I say otherwise"; it may be left out. */
const FOREVER = "forever";

/**
 * Reads for how long.
 *
 * @param text What was typed behind the name; undefined where nothing was.
 * @returns Milliseconds, without end where nothing was typed; undefined for nonsense.
 */
export function readIgnoring(text: string | undefined): number | undefined {
  if (text === undefined || text.toLowerCase() === FOREVER) return Infinity;
  try {
    return readDuration(text) * 1_000 || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Who is ignored and until when.
 *
 * @param known Of whom, and their names.
 * @returns Lines for the person.
 */
export function ignoredLines(known: Ignoring): string[] {
  const lines = known.contacts.ignored(known.now).map(({ key, until }) => {
    const end = until === Infinity ? "until /unignore" : `until ${localTime(until)}`;
    return `${nameOf(known, key)}  ignored ${end}, key ${keyTag(key)}`;
  });
  return lines.length > 0 ? lines : ["nobody is ignored (/ignore NAME, or /ignore NAME 2h)"];
}

/**
 * Who of the ignored is called so: they may be from another room.
 *
 * @param known Of whom, and their names.
 * @param name A name or the tag of a key, as the list shows them.
 * @returns The key, where it is one alone.
 */
export function findIgnored(known: Ignoring, name: string): Uint8Array | undefined {
  const wanted = name.toLowerCase();
  const [key, other] = known.contacts.ignored(known.now).map((each) => each.key).filter((each) =>
    [nameOf(known, each), keyTag(each)].some((text) => text.toLowerCase() === wanted)
  );
  return other ? undefined : key;
}

function nameOf({ contacts, roster }: Ignoring, key: Uint8Array): string {
  return roster.people.knows(key) ? roster.label(key) : contacts.byKey(key)?.name ?? keyTag(key);
}
