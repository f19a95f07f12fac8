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
/** A line says how it goes, and what is too old is looked for, this often in ms. */
const MINUTE_MS = 60_000;
/** While more is to go, the next slice is cut after so long, in ms (our choice: some 10,000 entries a second
 * go, as many as 100 members write at full pace, and the loop is the members' most of the time). */
const SLICE_MS = 50;

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
    const stops = [
      again(host, MINUTE_MS, () => {
        tellState(front, machine);
        return MINUTE_MS;
      }),
      letGo(host, options, store, machine, front),
    ];
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
      for (const stop of stops) stop();
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

/** Lets go of what is too old or too much, in slices that a chat does not notice. */
function letGo(
  host: Host,
  options: Options,
  store: Entries,
  machine: Relay,
  { reporter }: Front,
): () => void {
  const seconds = options.keep ?? KEEP_SECONDS, bytes = options.keepBytes ?? KEEP_BYTES;
  const keep = seconds === 0 ? undefined : seconds * 1_000;
  // Who keeps things for seconds does not want them for a minute.
  const rest = Math.max(SLICE_MS, Math.min(MINUTE_MS, keep ?? MINUTE_MS));
  let gone = 0;
  return again(host, SLICE_MS, () => {
    try {
      const { rooms, count, more } = store.trim({ wall: host.clock.wall(), keep, bytes });
      for (const { room, floors } of rooms) machine.trimmed(room, floors);
      gone += count;
      if (more) return SLICE_MS;
      const text = `let ${gone} old entries go`;
      if (gone > 0) reporter.report({ event: "notice", level: "info", code: "trimmed", text });
      gone = 0;
    } catch (error) {
      // As with entries: a disk that is full or may not be written is no reason to leave.
      const text = `cannot let old entries go (${(error as Error).message}): trying again`;
      reporter.report({ event: "notice", level: "error", code: "disk", text });
    }
    return rest;
  });
}

/** Calls back after some ms, and again after as many as it gives, until it is stopped. */
function again({ clock }: Host, first: number, then: () => number): () => void {
  let stop: () => void;
  const arm = (delay: number): void => {
    stop = clock.wake(clock.now() + delay, () => arm(then()));
  };
  arm(first);
  return () => stop();
}
