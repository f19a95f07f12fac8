/**
 * `udpchat talk [HOST[:PORT]]`: two people on an encrypted line.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { printable } from "../chat/printable.ts";
import { complete, parseLine, slashHelp, TALK_COMMANDS } from "../chat/slash.ts";
import { newSecret, parseSecret } from "../crypto/secret.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import { safetyNumber } from "../crypto/safety.ts";
import { bindUdp, localHosts } from "../net/bind.ts";
import { type Endpoint, NetError } from "../net/endpoint.ts";
import { resolve } from "../net/resolve.ts";
import type { Shell } from "../peer/shell.ts";
import { Talk } from "../peer/talk.ts";
import type { TalkEvent } from "../peer/talk_event.ts";
import { MAX_LINE, readLines } from "../terminal/lines.ts";
import { type Address, family, formatAddress, isLoopback, parseTarget } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { printOut } from "./print.ts";
import { UsageError } from "./exit.ts";
import { type Front, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { linkLines, round } from "./link_lines.ts";
import { bindingOf, type Options } from "./options.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { openProfile, type Profile } from "./profile.ts";
import { runMachine } from "./run_machine.ts";
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
    const endpoint = await bind(host, options);
    return await converse({ host, options, profile, place, to, endpoint, secret, open });
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

/** 2410 if it is free, else any; a port that is given is that one or an error. */
async function bind(host: Host, options: Options): Promise<Endpoint> {
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
  readonly place: Place | undefined;
  readonly to: readonly Address[];
  readonly endpoint: Endpoint;
  readonly secret: Uint8Array | undefined;
  readonly open: (machine: () => Talk) => Promise<Front> | Front;
}

async function converse(conversation: Conversation): Promise<number> {
  const { host, options, profile, place, to, endpoint, secret, open } = conversation;
  const typed = place && formatAddress(place);
  const machine = new Talk({
    hub: { credentials: profile.credentials, secret, random: (size) => host.randomBytes(size) },
    name: profile.name,
    to,
    pinned: typed === undefined ? undefined : profile.contacts.pinned(typed),
    acceptNewKey: options.acceptNewKey ?? false,
    asks: options.commands === true ||
      (host.console.input.isTerminal && host.console.output.isTerminal && !options.json),
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    stay: options.stay ?? false,
  }, host.clock.now());
  const front = await open(() => machine);
  const report = { host, front, profile, typed, endpoint, ownName: () => machine.name };
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
    feed: (shell) => feedLines({ host, options, front, profile, machine, shell }),
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
  prompt(front, machine);
  const port = endpoint.addresses[0]?.port ?? 0;
  const here = localHosts().find((host) => family(host) === 4 && !isLoopback(host));
  const suffix = port === TALK_PORT ? "" : `:${port}`;
  front.reporter.print([
    ...(typed === undefined
      ? ["waiting for a call; the other runs", `  udpchat talk ${here ?? "127.0.0.1"}${suffix}`]
      : [`calling ${typed}`]),
    "/help lists commands, /quit leaves",
  ]);
}

function prompt({ screen }: Front, machine: Talk): void {
  screen?.setPrompt(`${printable(machine.name)}> `);
}

interface Feeding {
  readonly host: Host;
  readonly options: Options;
  readonly front: Front;
  readonly profile: Profile;
  readonly machine: Talk;
  readonly shell: Shell<TalkEvent>;
}

async function feedLines(feeding: Feeding): Promise<void> {
  const { host, options, front, machine, shell } = feeding;
  const commands = front.screen !== undefined || options.commands === true;
  const refuse = (text: string): void => {
    machine.lose();
    front.reporter.report({ event: "notice", level: "error", code: "too-long", text });
  };
  const lines = front.screen?.lines() ?? readLines(
    (buffer) => host.console.input.read(buffer),
    (number, length) =>
      refuse(`line ${number} of ${length} characters not sent: wanted at most ${MAX_LINE}`),
  );
  const each = (line: string, now: number): void => {
    const parsed = commands
      ? parseLine(line, TALK_COMMANDS)
      : { kind: "text" as const, text: line };
    if (parsed.kind === "error") return front.reporter.print([parsed.message]);
    try {
      if (parsed.kind === "text") machine.say(parsed.text, host.clock.wall(), now);
      else COMMANDS[parsed.name]?.(feeding, parsed.argument, now);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refuse(error.message);
    }
  };
  await shell.feed(lines, each, (now) => {
    if (front.screen) machine.quit();
    else machine.endInput(now);
  });
}

/** What the slash commands do here. */
const COMMANDS: Readonly<
  Record<string, (feeding: Feeding, argument: string, now: number) => void>
> = {
  help: ({ front }) => front.reporter.print(slashHelp(TALK_COMMANDS)),
  who: ({ front, machine, profile }) => {
    const { partner, session } = machine;
    if (!partner) return front.reporter.print(["nobody is on the line yet"]);
    const verified = profile.contacts.byKey(partner.key)?.verified ? "verified" : "unverified";
    const state = session?.silent ? "not reachable" : "here";
    front.reporter.print([
      `${partner.name}  ${state}, key ${keyTag(partner.key)}, ${verified}`,
    ]);
  },
  nick: ({ front, machine }, argument) => {
    machine.rename(toName(argument));
    prompt(front, machine);
    front.reporter.print([`You are now ${machine.name}`]);
  },
  me: ({ machine, host }, argument, now) =>
    machine.say(`* ${machine.name} ${argument}`, host.clock.wall(), now),
  verify: verify,
  link: link,
  accept: ({ front, machine }, _, now) => {
    if (!machine.accept(now)) front.reporter.print(["there is no changed key to accept"]);
  },
  quit: ({ machine }) => machine.quit(),
};

function verify({ front, machine, profile }: Feeding, argument: string): void {
  const { partner } = machine;
  if (!partner) return front.reporter.print(["nobody is on the line yet"]);
  if (argument === "yes" || argument === "no") {
    profile.contacts.meet(partner.key, partner.name, 0);
    profile.contacts.verify(partner.key, argument === "yes");
    return front.reporter.print([
      `${partner.name} is ${argument === "yes" ? "verified" : "not verified"} now`,
    ]);
  }
  const number = safetyNumber(profile.credentials.identity.publicKey, partner.key);
  const groups = number.split(" ");
  front.reporter.print([
    `safety number with ${partner.name}:`,
    ...[0, 4, 8].map((at) => `  ${groups.slice(at, at + 4).join(" ")}`),
    "read it to each other by voice; the same on both sides: /verify yes",
  ]);
}

function link({ front, machine, host }: Feeding): void {
  const { session, partner } = machine;
  if (!session || !partner) return front.reporter.print(["nobody is on the line yet"]);
  const { rtt, jitter, loss, mtu } = session.link;
  front.reporter.report({
    event: "link",
    peer: keyText(partner.key),
    rtt_ms: round(rtt),
    jitter_ms: round(jitter),
    loss: round(loss),
    mtu,
    address: session.address,
  });
  front.reporter.print(linkLines(session, host));
}
