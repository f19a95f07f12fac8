/**
 * `udpchat talk [HOST[:PORT]]`: two people on an encrypted line.
 *
 * @module
 */

import { complete, TALK_COMMANDS } from "../chat/slash.ts";
import { newSecret, parseSecret } from "../crypto/secret.ts";
import { keyText } from "../crypto/identity.ts";
import { bindUdp } from "../net/bind.ts";
import { type Endpoint, NetError } from "../net/endpoint.ts";
import { resolve } from "../net/resolve.ts";
import type { Shell } from "../peer/shell.ts";
import { Talk } from "../peer/talk.ts";
import type { TalkEvent } from "../peer/talk_event.ts";
import { type Address, family, formatAddress, parseTarget } from "../wire/address.ts";
import { promptOf } from "./chat_lines.ts";
import type { Invocation } from "./command.ts";
import { printOut } from "./print.ts";
import { UsageError } from "./exit.ts";
import { type Front, hasScreen, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { openMemory, TalkMemory } from "./memory.ts";
import { bindingOf, type Options } from "./options.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { openProfile, type Profile, storeError } from "./profile.ts";
import { reachOf } from "./reach.ts";
import { runMachine } from "./run_machine.ts";
import { openStores, type Stores } from "./stores.ts";
import { feedTalk } from "./talk_lines.ts";
import { reportTalk } from "./talk_report.ts";

/** The port of `talk` where it is free, and of whom one calls (the contract). */
export const TALK_PORT = 2410;

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options, words }: Invocation): Promise<number> {
  if (options.newSecret) return await printOut(host, `${newSecret(host.randomBytes(20))}\n`);
  return await talkTo(
    { host, options },
    words[0],
    (machine) => openFront(host, options, true, (line) => completeTalk(line, machine())),
  );
}

/**
 * What Tab offers on a line for two.
 *
 * @param line The line up to the cursor.
 * @param machine The line for two, once there is one.
 * @returns The candidates, and the part of the line that they stand for.
 */
export function completeTalk(line: string, machine: Talk | undefined): [string[], string] {
  return complete(line, machine?.partner ? [machine.partner.name] : [], TALK_COMMANDS);
}

/**
 * Calls somebody, or waits for a call.
 *
 * @param invocation World and options.
 * @param target `HOST[:PORT]`, or undefined to wait.
 * @param open Opens the front once the network is there.
 * @returns The exit status.
 * @throws {UsageError} If the target or the secret does not fit.
 * @throws {NetError} If the network cannot be set up.
 */
export async function talkTo(
  { host, options }: Pick<Invocation, "host" | "options">,
  target: string | undefined,
  open: (machine: () => Talk) => Promise<Front> | Front,
): Promise<number> {
  const place = target === undefined ? undefined : destination(target);
  const secret = await secretOf(host, options);
  const profile = await openProfile(host, options);
  try {
    const to = place ? await resolveAll(place, options) : [];
    const stores = openStores(profile);
    try {
      const endpoint = await bindTalk(host, options);
      return await converse({ host, options, profile, stores, place, to, endpoint, secret, open });
    } catch (error) {
      throw storeError(stores.file, error);
    } finally {
      stores.close();
    }
  } finally {
    profile.close();
  }
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads whom to call.
 *
 * @param text `HOST` or `HOST:PORT`.
 * @returns Host and port; 2410 where none is given.
 * @throws {UsageError} If it is neither.
 */
export function destination(text: string): Place {
  try {
    const { host, port = TALK_PORT } = parseTarget(text);
    if (port > 0) return { host, port };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  throw new UsageError(`Cannot call port 0 in "${text}": wanted 1-65535`);
}

/**
 * All addresses of a place.
 *
 * @param place Host and port.
 * @param options `ipv4`, `ipv6`.
 * @returns Addresses; IPv4 first.
 * @throws {NetError} If there is no such host.
 */
export async function resolveAll(place: Place, options: Options): Promise<Address[]> {
  const wanted = bindingOf(options).family ?? family(options.host ?? "");
  const hosts = await resolve(place.host, { family: wanted, prefer: 4 });
  return hosts.map((host) => ({
    host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host,
    port: place.port,
  }));
}

/**
 * Binds 2410 if it is free, else any port; one that is given is that one or an error.
 *
 * @param host The world.
 * @param options Where to bind.
 * @returns The socket.
 * @throws {NetError} If it cannot be bound.
 */
export async function bindTalk(host: Host, options: Options): Promise<Endpoint> {
  const where = bindingOf(options);
  if (options.port !== undefined) {
    return await bindUdp(host.clock, { ...where, port: options.port });
  }
  try {
    return await bindUdp(host.clock, { ...where, port: TALK_PORT });
  } catch (error) {
    if (!(error instanceof NetError && error.code === "IN_USE")) throw error;
    return await bindUdp(host.clock, { ...where, port: 0 });
  }
}

/**
 * The shared secret that the options name, as a key.
 *
 * @param host The world.
 * @param options `secret` or `secretFile`.
 * @returns 32 bytes, or undefined where there is none.
 * @throws {UsageError} If it is no generated secret.
 * @throws {NetError} If the file cannot be read.
 */
export async function secretOf(host: Host, options: Options): Promise<Uint8Array | undefined> {
  if (options.secret !== undefined && options.secretFile !== undefined) {
    throw new UsageError("Cannot use --secret and --secret-file together");
  }
  if (options.secretFile !== undefined) {
    let text: string;
    try {
      text = await Deno.readTextFile(options.secretFile);
    } catch (error) {
      throw new NetError(
        "SECRET",
        `Cannot read the secret in ${options.secretFile}: ${(error as Error).message}`,
      );
    }
    return readSecret(text.trim());
  }
  if (options.secret === undefined) return undefined;
  return readSecret(options.secret === "-" ? await askSecret(host, options) : options.secret);
}

function readSecret(text: string): Uint8Array {
  try {
    return parseSecret(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function askSecret(host: Host, options: Options): Promise<string> {
  const front = await openFront(host, options, true);
  if (!front.screen) throw new UsageError("Cannot ask for the secret without a terminal");
  try {
    const answer = (await front.screen.secret("Secret (not shown): "))?.trim();
    if (!answer) throw new UsageError("No secret was given");
    return answer;
  } finally {
    await front.reporter.close();
  }
}

interface Conversation {
  readonly host: Host;
  readonly options: Options;
  readonly profile: Profile;
  readonly stores: Stores;
  readonly place: Place | undefined;
  readonly to: readonly Address[];
  readonly endpoint: Endpoint;
  readonly secret: Uint8Array | undefined;
  readonly open: (machine: () => Talk) => Promise<Front> | Front;
}

async function converse(conversation: Conversation): Promise<number> {
  const { host, options, profile, stores, place, to, endpoint, secret, open } = conversation;
  const typed = place && formatAddress(place), onScreen = hasScreen(host, options);
  const machine = new Talk({
    hub: { credentials: profile.credentials, secret, random: (size) => host.randomBytes(size) },
    store: stores.store,
    wall: () => host.clock.wall(),
    name: profile.name,
    to,
    pinned: typed === undefined ? undefined : profile.contacts.pinned(typed),
    acceptNewKey: options.acceptNewKey ?? false,
    asks: options.commands === true || onScreen,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    // Whoever sits there says when it is over.
    stay: options.stay ?? onScreen,
  }, host.clock.now());
  const front = await open(() => machine);
  const memory = openMemory(stores.history, host, front);
  const talked = new TalkMemory(memory, profile.credentials.identity.publicKey);
  const report = { host, front, profile, typed, endpoint, talked, ownName: () => machine.name };
  greet(front, machine, endpoint, typed);
  for (const text of profile.notes) {
    front.reporter.report({ event: "notice", level: "warning", code: "profile", text });
  }
  return await runMachine<TalkEvent>({
    host,
    options,
    front,
    machine,
    endpoint,
    ready: { mode: "talk", key: keyText(profile.credentials.identity.publicKey) },
    report: (event, shell) => {
      if (event.type !== "resolve") reportTalk(report, event);
      else if (place) void resolveAgain(place, options, machine, shell);
    },
    last: () => talked.close(),
    feed: (shell) => {
      const room = (): string | undefined => talked.room;
      return feedTalk({ host, options, front, profile, machine, memory, room }, shell);
    },
  });
}

/** The other is away: their name may stand for another address by now. */
async function resolveAgain(
  place: Place,
  options: Options,
  machine: Talk,
  shell: Shell<TalkEvent>,
): Promise<void> {
  const to = await resolveAll(place, options).catch(() => []);
  shell.act((now) => machine.move(to, now));
}

function greet(
  front: Front,
  machine: Talk,
  endpoint: Endpoint,
  typed: string | undefined,
): void {
  if (!front.screen) return;
  front.screen.setPrompt(promptOf(machine));
  const { where } = reachOf(endpoint, TALK_PORT);
  front.reporter.print([
    ...(typed === undefined
      ? where === undefined
        ? ["waiting for a call"]
        : ["waiting for a call; the other runs", `  udpchat talk ${where}`]
      : [`calling ${typed}`]),
    "/help lists commands, /quit leaves",
  ]);
}
