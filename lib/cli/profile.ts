/**
 * Who one is: keys, contacts and name of the profile that is used.
 *
 * @module
 */

import { makeIdentity } from "../crypto/identity.ts";
import { keyPair } from "../crypto/x25519.ts";
import { anyName } from "../chat/name.ts";
import { NetError } from "../net/endpoint.ts";
import type { Credentials } from "../session/credentials.ts";
import { Contacts } from "../store/contacts.ts";
import { isDamaged } from "../store/database.ts";
import { type Seeds, takeSlot } from "../store/home.ts";
import { homeOf, nameOf } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";

/** A profile in use. */
export interface Profile {
  readonly credentials: Credentials;
  readonly contacts: Contacts;
  readonly name: string;
  /** Where files are; undefined where nothing is kept. */
  readonly home: string | undefined;
  /** Which of several programs of this profile: 1 for the first. */
  readonly slot: number;
  /** What to tell the person about the profile, if anything. */
  readonly notes: string[];
  /** Gives it back. */
  close(): void;
}

/**
 * Opens the profile: the first slot that no other program uses. Without a home that can be written it is
 * made for this run only.
 *
 * @param host The world.
 * @param options `home`, `ephemeral`, `name`.
 * @returns The profile.
 * @throws {Error} If the home has damaged keys.
 */
export async function openProfile(host: Host, options: Options): Promise<Profile> {
  const home = homeOf(host, options), random = (length: number) => host.randomBytes(length);
  const name = await nameOf(host, options);
  const notes: string[] = [];
  if (home === undefined) return temporary(name, random, notes);
  try {
    const slot = await takeSlot(home, random);
    if (slot.number > 1) {
      notes.push(`another udpchat uses ${home}: this is its slot ${slot.number}`);
    }
    const contacts = new Contacts(home);
    if (contacts.movedTo) notes.push(`the contacts were damaged, and moved to ${contacts.movedTo}`);
    const own = slot.number > 1 && options.name === undefined;
    return {
      credentials: credentialsOf(slot.seeds, random),
      contacts,
      name: own ? anyName(`${name.slice(0, 28)}-${slot.number}`) : name,
      home,
      slot: slot.number,
      notes,
      close: () => {
        contacts.close();
        slot.release();
      },
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied || isUnwritable(error))) {
      throw homeError(home, error);
    }
    const why = (error as Error).message;
    notes.push(`cannot write to ${home} (${why}): keys and contacts are for this run only`);
    return temporary(name, random, notes);
  }
}

/**
 * The key that answered at an address before, for a command that takes no profile.
 *
 * @param host The world.
 * @param options `home`, `ephemeral`.
 * @param address The address as it was typed.
 * @returns The key, or undefined where none is known or the home cannot be read.
 */
export function pinnedKey(host: Host, options: Options, address: string): Uint8Array | undefined {
  const home = homeOf(host, options);
  if (home === undefined) return undefined;
  try {
    if (!Contacts.kept(home)) return undefined;
    const contacts = new Contacts(home);
    try {
      return contacts.pinned(address);
    } finally {
      contacts.close();
    }
  } catch {
    return undefined; // Nothing is known then; `talk` says what is wrong with it.
  }
}

/**
 * What is wrong with a home directory, for people.
 *
 * @param home The directory.
 * @param error What went wrong there.
 * @returns The error to throw.
 */
export function homeError(home: string, error: unknown): NetError {
  const text = error instanceof Error ? error.message : String(error);
  const ours = text.startsWith("Cannot");
  return new NetError(
    "HOME",
    ours ? text : `Cannot use ${home} (${text.split(":")[0]}): try another --home, or --ephemeral`,
    { cause: error },
  );
}

/**
 * What stopped a program that keeps rooms: damage that lies so deep that it is met late is no mistake of
 * ours.
 *
 * @param file Where entries are kept; undefined where they are not.
 * @param error What was thrown.
 * @returns The error to throw.
 */
export function storeError(file: string | undefined, error: unknown): unknown {
  if (file === undefined || !isDamaged(error)) return error;
  return new NetError(
    "HOME",
    `Cannot read ${file} as it is damaged: move it away, and others bring back what they hold`,
    { cause: error },
  );
}

function isUnwritable(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists ||
    ["EROFS", "ENOSPC", "ENOTDIR"].includes(String((error as { code?: unknown }).code));
}

function temporary(
  name: string,
  random: (length: number) => Uint8Array,
  notes: string[],
): Profile {
  const contacts = new Contacts(undefined);
  return {
    credentials: credentialsOf({ identity: random(32), static: random(32) }, random),
    contacts,
    name,
    home: undefined,
    slot: 1,
    notes,
    close: () => contacts.close(),
  };
}

/**
 * Keys from their seeds, for one run of the program.
 *
 * @param seeds The seeds.
 * @param random Gives the number of the run.
 * @returns The keys.
 */
export function credentialsOf(seeds: Seeds, random: (length: number) => Uint8Array): Credentials {
  return {
    identity: makeIdentity(seeds.identity),
    staticKey: keyPair(seeds.static),
    instance: random(8),
  };
}
