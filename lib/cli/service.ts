/**
 * `udpchat service NAME`: the practice servers.
 *
 * @module
 */

import { nearest } from "../chat/nearest.ts";
import { bindUdp, localHosts } from "../net/bind.ts";
import { listenTcp } from "../net/tcp.ts";
import type { PlainEvent } from "../plain/event.ts";
import { PlainService, type ServiceName, SERVICES } from "../plain/service.ts";
import type { Command, Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { openFront } from "./front.ts";
import { bindingOf } from "./options.ts";
import { reportPlain } from "./plain_report.ts";
import { runMachine } from "./run_machine.ts";

const NAMES = Object.keys(SERVICES) as ServiceName[];

/** The command. */
export const service: Command = {
  name: "service",
  usage: NAMES.join("|"),
  words: [1, 1],
  choices: NAMES,
  summary: "practice servers",
  options: ["tcp", "letter"],
  details: [
    "echo   returns each datagram unchanged (port 8080); with --tcp it serves many",
    "       at once, and closes a connection on a message that is exactly 'bye'",
    "upper  returns the text in upper case (port 12000)",
    "count  returns how often --letter is in the text (port 12000)",
    "hello  greets over TCP and closes (port 9999)",
    "Each prints what it receives as IP:PORT: TEXT.",
  ],
  examples: ["service echo --tcp", "service count --letter e --port 12001"],
  run: serve,
};

async function serve({ host, options, words }: Invocation): Promise<number> {
  const name = serviceName(words[0] ?? "");
  if (options.letter !== undefined && name !== "count") {
    throw new UsageError("Cannot use --letter here: wanted service count --letter X");
  }
  const kind = SERVICES[name];
  const stream = kind.tcpOnly === true || options.tcp === true;
  if (stream && options.sim) {
    throw new UsageError("Cannot simulate lost datagrams over TCP: leave out --sim");
  }
  const where = { ...bindingOf(options), port: options.port ?? kind.port };
  const endpoint = await (stream ? listenTcp : bindUdp)(host.clock, where);
  const self = { hosts: localHosts(), port: endpoint.addresses[0]?.port ?? where.port };
  const letter = options.letter ?? "s";
  const machine = new PlainService(name, { letter, stream, ...(stream ? {} : { self }) });
  const front = await openFront(host, options, false);
  const ready = { mode: "service", key: null };
  const report = (event: PlainEvent) =>
    reportPlain({ host, front, endpoint, ownName: () => "" }, event);
  return await runMachine({ host, options, front, machine, endpoint, ready, report });
}

function serviceName(word: string): ServiceName {
  const name = NAMES.find((each) => each === word);
  if (name !== undefined) return name;
  const near = nearest(word, NAMES);
  throw new UsageError(
    `Unknown service "${word}"${near ? `: did you mean ${near}?` : ""} (wanted ${
      NAMES.join(", ")
    })`,
  );
}
