/**
 * `udpchat plain [HOST:PORT]`: raw text datagrams.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { complete, parseLine, slashHelp } from "../chat/slash.ts";
import { bindUdp, localHosts } from "../net/bind.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { resolve } from "../net/resolve.ts";
import { connectTcp, listenTcp } from "../net/tcp.ts";
import type { Shell } from "../peer/shell.ts";
import { PlainChat } from "../plain/chat.ts";
import type { PlainEvent } from "../plain/event.ts";
import { MAX_LINE, readLines } from "../terminal/lines.ts";
import { printable } from "../chat/printable.ts";
import { type Address, family, formatAddress, isLoopback, parseTarget } from "../wire/address.ts";
import { describeWho } from "./who.ts";
import type { Command, Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { type Front, homeOf, keepName, nameOf, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { bindingOf, type Options } from "./options.ts";
import { reportPlain } from "./plain_report.ts";
import { runMachine } from "./run_machine.ts";
import { PLAIN_MARK } from "./screen_report.ts";

/** The port of a waiting `plain`, and of `plain serve` (the contract). */
export const PLAIN_PORT = 2410;

/** How long to wait where `--timeout` does not say, in seconds (the contract). */
export const DEFAULT_TIMEOUT = 10;

/** The command. */
export const plain: Command = {
  name: "plain",
  usage: "[HOST:PORT]",
  words: [0, 1],
  summary: "raw text datagrams: scripts, nc -u, other people's tutorials",
  options: ["format", "broadcast", "tcp", "expectReply", "literal"],
  details: [
    "With HOST:PORT: send there, and print what comes, from anyone, as",
    "IP:PORT: TEXT (the text alone when it comes from HOST:PORT). Without: wait on",
    "port 2410, print what comes, answer whoever spoke last. A line 'quit' leaves",
    "without being sent, 'bye' is sent and then leaves. Nothing is secret here, and",
    "anything may be lost.",
  ],
  examples: [
    "plain 192.168.1.20:2410 --name ann --format '{name}: {text}'",
    "plain --port 5000",
  ],
  run: (invocation) => {
    const [target] = invocation.words;
    const front = (chat: () => PlainChat) =>
      openFront(invocation.host, invocation.options, true, (line) => {
        return complete(line, chat().heard.map((each) => formatAddress(each.address)));
      });
    return chatPlainly(invocation, target, front);
  },
};

/**
 * Runs a plain conversation.
 *
 * @param invocation World and options.
 * @param target `HOST:PORT`, or undefined to wait.
 * @param open Opens the front once the network is there.
 * @returns The exit status.
 * @throws {UsageError} If the target or the options do not fit.
 * @throws {NetError} If the network cannot be set up.
 */
export async function chatPlainly(
  invocation: Pick<Invocation, "host" | "options">,
  target: string | undefined,
  open: (chat: () => PlainChat) => Promise<Front> | Front,
): Promise<number> {
  const { host, options } = invocation;
  check(options, target);
  const { endpoint, to } = await openNetwork(host, options, target);
  const local = to !== undefined && (isLoopback(to.host) || localHosts().includes(to.host));
  const name = await nameOf(host, options);
  const machine = new PlainChat({
    to,
    name,
    aliases: local ? localHosts() : [],
    format: options.format ?? "{text}",
    literal: options.literal ?? false,
    shared: options.broadcast ?? false,
    stream: options.tcp ?? false,
    expectReply: options.expectReply ?? false,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    stay: options.stay ?? false,
  });
  const front = await open(() => machine);
  const feed = (shell: Shell<PlainEvent>) => feedLines({ host, options, front, machine, shell });
  greet(front, machine, endpoint, to);
  const ready = { mode: "plain", key: null };
  const report = (event: PlainEvent) =>
    reportPlain({ host, front, endpoint, ownName: () => machine.name }, event);
  return await runMachine({ host, options, front, machine, endpoint, ready, report, feed });
}

function check(options: Options, target: string | undefined): void {
  if (options.broadcast && options.tcp) {
    throw new UsageError("Cannot broadcast over TCP: leave out --broadcast or --tcp");
  }
  if (options.sim && options.tcp) {
    throw new UsageError("Cannot simulate lost datagrams over TCP: leave out --sim or --tcp");
  }
  if (target !== undefined) return;
  for (const key of ["broadcast", "expectReply"] as const) {
    if (!options[key]) continue;
    const flag = key === "broadcast" ? "--broadcast" : "--expect-reply";
    throw new UsageError(`Cannot use ${flag} without an address: wanted plain HOST:PORT ${flag}`);
  }
}

async function openNetwork(
  host: Host,
  options: Options,
  target: string | undefined,
): Promise<{ endpoint: Endpoint; to: Address | undefined }> {
  const { clock } = host;
  const where = bindingOf(options);
  if (target === undefined) {
    const port = options.port ?? PLAIN_PORT;
    const listening = options.tcp ? listenTcp : bindUdp;
    return { endpoint: await listening(clock, { ...where, port }), to: undefined };
  }
  const { host: name, port } = destination(target);
  const wanted = where.family ?? family(options.host ?? "");
  const hosts = await resolve(name, { family: wanted, prefer: 4 });
  if (options.tcp) {
    const timeout = (options.timeout ?? DEFAULT_TIMEOUT) * 1000;
    return await connectTcp(clock, hosts.map(reachable), port, timeout);
  }
  const to = { host: reachable(hosts[0] ?? ""), port };
  if (options.broadcast && family(to.host) !== 4) {
    throw new UsageError("Cannot broadcast over IPv6 as it has no broadcast: use an IPv4 address");
  }
  const endpoint = options.broadcast
    ? await bindUdp(clock, {
      ...where,
      family: family(to.host),
      port: options.port ?? port,
      share: true,
    })
    : await bindUdp(clock, { ...where, port: options.port ?? 0 });
  return { endpoint, to };
}

/** "Every address" can be bound but not called: the nearest that is meant is this machine. */
function reachable(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

/**
 * Reads where to send to.
 *
 * @param text `HOST:PORT`.
 * @returns Host and port.
 * @throws {UsageError} If it is not `HOST:PORT`, or the port is 0.
 */
export function destination(text: string): Address {
  try {
    const { host, port } = parseTarget(text);
    if (port !== undefined && port > 0) return { host, port };
    if (port === 0) throw new SyntaxError(`Cannot send to port 0 in "${text}": wanted 1-65535`);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  throw new UsageError(`Cannot send to "${text}" without a port: wanted HOST:PORT, 1-65535`);
}

function greet(
  front: Front,
  machine: PlainChat,
  endpoint: Endpoint,
  to: Address | undefined,
): void {
  if (!front.screen) return;
  prompt(front, machine);
  const port = endpoint.addresses[0]?.port ?? 0;
  const here = localHosts().filter((host) => family(host) === 4 && !isLoopback(host))[0];
  front.reporter.print([
    ...(to === undefined
      ? ["waiting; on the other machine run", `  udpchat plain ${here ?? "127.0.0.1"}:${port}`]
      : [`talking to ${formatAddress(to)}`]),
    `${PLAIN_MARK} marks plain text: not secret, and it may get lost`,
    "/help lists commands, /quit leaves",
  ]);
}

function prompt({ screen, theme }: Front, machine: PlainChat): void {
  screen?.setPrompt(`${theme.plainMark(PLAIN_MARK)} ${printable(machine.name)}> `);
}

interface Feeding {
  readonly host: Host;
  readonly options: Options;
  readonly front: Front;
  readonly machine: PlainChat;
  readonly shell: Shell<PlainEvent>;
}

async function feedLines(feeding: Feeding): Promise<void> {
  const { host, options, front, machine, shell } = feeding;
  const commands = front.screen !== undefined || options.commands === true;
  let refused = 0;
  const lines = front.screen?.lines() ?? readLines(
    (buffer) => host.console.input.read(buffer),
    (number, length) => {
      refused++;
      front.reporter.report({
        event: "notice",
        level: "error",
        code: "too-long",
        text: `line ${number} of ${length} characters not sent: wanted at most ${MAX_LINE}`,
      });
    },
  );
  const each = (line: string, now: number): void => {
    const parsed = commands ? parseLine(line) : { kind: "text" as const, text: line };
    if (parsed.kind === "text") machine.say(parsed.text, now);
    else if (parsed.kind === "error") front.reporter.print([parsed.message]);
    else COMMANDS[parsed.name]?.(feeding, parsed.argument, now);
  };
  const take = (batch: readonly string[], now: number): void => {
    for (const line of batch) each(line, now);
  };
  await shell.feed(lines, take, (now) => {
    if (front.screen) return machine.quit(now);
    if (refused > 0) machine.lose(refused);
    machine.endInput(now);
  });
}

/** What the slash commands do here. */
const COMMANDS: Readonly<
  Record<string, (feeding: Feeding, argument: string, now: number) => void>
> = {
  help: ({ front }) => front.reporter.print(slashHelp()),
  who: ({ front, machine }, _, now) => front.reporter.print(describeWho(machine.heard, now)),
  nick: ({ host, options, front, machine }, argument) => {
    try {
      machine.rename(toName(argument));
      prompt(front, machine);
      const unsaved = keepName(homeOf(host, options), machine.name);
      front.reporter.print([`You are now ${machine.name}`, ...unsaved]);
    } catch (error) {
      front.reporter.print([(error as Error).message]);
    }
  },
  me: ({ machine }, argument, now) => machine.say(`* ${machine.name} ${argument}`, now, true),
  quit: ({ machine }, _, now) => machine.quit(now),
};
