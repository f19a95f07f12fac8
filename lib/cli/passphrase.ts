/**
 * Rooms with a passphrase: asked on the terminal or read from a file, never an argument.
 *
 * @module
 */

import type { RoomLink } from "../chat/link.ts";
import { secretOfPassphrase } from "../crypto/passphrase.ts";
import { RoomKey } from "../crypto/room_key.ts";
import type { RoomPlace } from "../peer/member_event.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import { Interrupted, UsageError } from "./exit.ts";
import { fileError } from "./file_error.ts";
import { openFront } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";
import { askRelayKey } from "./relay_key.ts";

/** Fewest characters of a passphrase (our choice: shorter ones are tried in an afternoon). */
const MIN_PASSPHRASE = 12;

/**
 * The room that a passphrase opens on a relay.
 *
 * @param asked What was asked for; `known` is the relay's key where it is known.
 * @returns The room.
 * @throws {UsageError} If there is no terminal to ask on, or the passphrase is too short.
 * @throws {NetError} If the file cannot be read, or the relay does not answer.
 * @throws {Interrupted} If the person leaves at the question.
 */
export async function passphraseRoom(
  asked: {
    readonly host: Host;
    readonly options: Options;
    readonly link: RoomLink;
    readonly to: readonly Address[];
    readonly known: Uint8Array | undefined;
  },
): Promise<RoomPlace> {
  const { host, options, link, to, known } = asked, name = link.room;
  const passphrase = await ask(host, options);
  const relay = known ?? await askRelayKey(host, options, to, formatAddress(link));
  const key = new RoomKey(await secretOfPassphrase(passphrase, relay, name));
  return { name, number: key.room, key };
}

/** On a network there is no relay whose key could be the salt. */
const NO_RELAY = new Uint8Array(32);

/**
 * The secret that a passphrase stands for on a network.
 *
 * @param host The world.
 * @param options Where the passphrase is.
 * @param room The name of the room.
 * @returns 32 bytes.
 * @throws {UsageError} If there is no terminal to ask on, or the passphrase is too short.
 * @throws {NetError} If the file cannot be read.
 * @throws {Interrupted} If the person leaves at the question.
 */
export async function lanPassphrase(
  host: Host,
  options: Options,
  room: string,
): Promise<Uint8Array> {
  return await secretOfPassphrase(await ask(host, options), NO_RELAY, room);
}

async function ask(host: Host, options: Options): Promise<string> {
  const passphrase = (await read(host, options)).trim(), file = options.passphraseFile;
  if ([...passphrase].length >= MIN_PASSPHRASE) return passphrase;
  const wanted = `wanted ${MIN_PASSPHRASE} characters or more`;
  throw new UsageError(
    file === undefined
      ? `Cannot use so short a passphrase: ${wanted}`
      : `Cannot use the passphrase in ${file}, it is too short: ${wanted} in its first line`,
  );
}

async function read(host: Host, options: Options): Promise<string> {
  const { passphraseFile } = options;
  if (passphraseFile !== undefined) {
    try {
      return (await Deno.readTextFile(passphraseFile)).split("\n")[0] ?? "";
    } catch (error) {
      throw fileError("PASSPHRASE", "the passphrase in", passphraseFile, error);
    }
  }
  const front = await openFront(host, options, true);
  try {
    if (!front.screen) {
      throw new UsageError(
        "Cannot ask for the passphrase without a terminal: wanted --passphrase-file FILE",
      );
    }
    const answer = await front.screen.secret("Passphrase of the room (not shown): ");
    if (answer === undefined) throw new Interrupted();
    return answer;
  } finally {
    await front.reporter.close();
  }
}
