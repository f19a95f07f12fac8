/**
 * `udpchat serve`: a relay.
 *
 * @module
 */

import { keyTag, keyText } from "../crypto/identity.ts";
import { equal } from "../crypto/hash.ts";
import { bindUdp } from "../net/bind.ts";
import { NetError } from "../net/endpoint.ts";
import { Relay, type RelayEvent } from "../peer/relay.ts";
import type { Credentials } from "../session/credentials.ts";
import { Entries } from "../store/entries.ts";
import { takeSlot } from "../store/home.ts";
import { RELAY_PORT } from "../chat/link.ts";
import type { Invocation } from "./command.ts";
import { type Front, homeOf, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { bindingOf, type Options } from "./options.ts";
import { readKeys } from "./option_values.ts";
import { credentialsOf, homeError, storeError } from "./profile.ts";
import { runMachine } from "./run_machine.ts";

/** How long entries are kept where nothing else is asked for, in seconds: 30 days. */
const KEEP_SECONDS = 30 * 86_400;
/** How much of a room is kept, in bytes. */
const KEEP_BYTES = 1e9;
/** Members of a room (the design: 5,000 and more are measured). */
const MAX_MEMBERS = 5_000;
/** Messages of one member (our choice: a pasted page at once, then faster than anybody reads). */
const PACE = { burst: 1_000, perSecond: 100 };
/** Entries of a room that are let go at once (our choice: some 100 ms). */
const TRIMMED = 4_000;
/** What is too old is removed, and a line says how it goes, this often in ms. */
const MINUTE_MS = 60_000;

/**
 * Runs the command.
 *
 * @param invocation World and options.
 * @returns The exit status.
 */
export async function run({ host, options }: Invocation): Promise<number> {
  const allowed = await allowedKeys(options);
  const keeping = await open(host, options);
  try {
    const endpoint = await bindUdp(host.clock, {
      ...bindingOf(options),
      port: options.port ?? RELAY_PORT,
    });
    const { credentials, store } = keeping;
    const machine = new Relay({
      hub: { credentials, random: (size) => host.randomBytes(size) },
      store,
      wall: () => host.clock.wall(),
      pace: PACE,
      maxMembers: options.maxMembers ?? MAX_MEMBERS,
      allowed: allowed && ((key) => allowed.some((each) => equal(each, key))),
    }, host.clock.now());
    const front = await openFront(host, options, false);
    const minutes = everyMinute(host, () => {
      try {
        trim(store, machine, options, host);
      } catch (error) {
        // As with entries: a disk that is full or may not be written is no reason to leave.
        const text = `cannot let old entries go (${(error as Error).message}): trying again`;
        front.reporter.report({ event: "notice", level: "error", code: "disk", text });
      }
      tellState(front, machine);
    });
    try {
      return await runMachine<RelayEvent>({
        host,
        options,
        front,
        machine,
        endpoint,
        ready: { mode: "serve", key: keyText(credentials.identity.publicKey) },
        report: (event) => report(front, event),
      });
    } catch (error) {
      throw storeError(keeping.file, error);
    } finally {
      minutes();
    }
  } finally {
    keeping.close();
  }
}

/** What a relay keeps. */
interface Keeping {
  readonly credentials: Credentials;
  readonly store: Entries;
  /** Where they are; undefined where nothing is kept. */
  readonly file: string | undefined;
  close(): void;
}

/** The relay's own key, store and lock, below the home. */
async function open(host: Host, options: Options): Promise<Keeping> {
  const home = homeOf(host, options), random = (size: number) => host.randomBytes(size);
  if (home === undefined) {
    const store = new Entries(undefined);
    const credentials = credentialsOf({ identity: random(32), static: random(32) }, random);
    return { credentials, store, file: undefined, close: () => store.close() };
  }
  const place = `${home}/relay`, file = `${place}/rooms.db`;
  try {
    const slot = await takeSlot(place, random, 1);
    const store = new Entries(file);
    if (store.movedTo) {
      host.console.error.push(`the rooms were damaged, and moved to ${store.movedTo}\n`);
    }
    const close = (): void => {
      store.close();
      slot.release();
    };
    return { credentials: credentialsOf(slot.seeds, random), store, file, close };
  } catch (error) {
    throw homeError(place, error);
  }
}

async function allowedKeys(options: Options): Promise<Uint8Array[] | undefined> {
  if (options.allow === undefined && options.allowFile === undefined) return undefined;
  const keys = [...options.allow ?? []];
  if (options.allowFile === undefined) return keys;
  try {
    const text = await Deno.readTextFile(options.allowFile);
    for (const line of text.split("\n")) keys.push(...readKeys(line.replace(/#.*/, "")));
    return keys;
  } catch (error) {
    throw new NetError("ALLOW", `Cannot read ${options.allowFile}: ${(error as Error).message}`);
  }
}

function report({ reporter }: Front, event: RelayEvent): void {
  switch (event.type) {
    case "here":
    case "gone":
      return reporter.report({
        event: "presence",
        who: { name: keyTag(event.key), key: keyText(event.key) },
        state: event.type,
        old: null,
      });
    case "refused":
      return notice("warning", "refused", `${keyTag(event.key)} was refused: ${event.reason}`);
    case "slowed":
      return notice("warning", "limited", `${keyTag(event.key)} writes too fast: slowed down`);
    case "disk":
      return event.error
        ? notice("error", "disk", `cannot keep entries (${event.error.message}): trying again`)
        : notice("info", "disk", "entries can be kept again");
    case "fork":
      return notice("warning", "fork", `${keyTag(event.author)} signed two histories: log frozen`);
    default:
  }
  function notice(level: "info" | "warning" | "error", code: string, text: string): void {
    reporter.report({ event: "notice", level, code, text });
  }
}

function tellState({ reporter }: Front, machine: Relay): void {
  const { members, rooms } = machine.size, { kept, dropped } = machine.takeCounts();
  const rate = (kept / (MINUTE_MS / 1_000)).toFixed(1);
  const text = `${members} members in ${rooms} rooms, ${rate} messages a second, ` +
    `${dropped} datagrams dropped`;
  reporter.report({ event: "notice", level: "info", code: "state", text });
}

function trim(store: Entries, machine: Relay, options: Options, host: Host): void {
  const seconds = options.keep ?? KEEP_SECONDS;
  const before = seconds === 0 ? {} : { before: host.clock.wall() - seconds * 1_000 };
  const bytes = options.keepBytes ?? KEEP_BYTES;
  for (const room of store.rooms()) {
    // No more at once than a chat does not notice; the rest in the next minute.
    const floors = store.trim(room, { ...before, bytes, limit: TRIMMED });
    if (floors.length > 0) machine.trimmed(room, floors);
  }
}

/** Calls back each minute until it is stopped. */
function everyMinute({ clock }: Host, then: () => void): () => void {
  let stop: () => void;
  const arm = (): void => {
    stop = clock.wake(clock.now() + MINUTE_MS, () => {
      arm();
      then();
    });
  };
  arm();
  return () => stop();
}
