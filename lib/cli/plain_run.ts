/**
 * Runs one machine of plain mode to its end: endpoint, signals, output, exit status.
 *
 * @module
 */

import type { Endpoint } from "../net/endpoint.ts";
import { SimulatedEndpoint } from "../net/simulated.ts";
import { seededRandom } from "../net/random.ts";
import { type Machine, Shell } from "../peer/shell.ts";
import type { Done, PlainEvent } from "../plain/event.ts";
import { formatAddress } from "../wire/address.ts";
import { EXIT, SIGNALS } from "./exit.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";

/** A machine of plain mode. */
export interface PlainMachine extends Machine<PlainEvent> {
  /** Set once it is over. */
  readonly done: Done | undefined;
  /** Ends it. */
  leave(status: number, reason: string): void;
}

/** What is run. */
export interface PlainRun {
  /** The world. */
  readonly host: Host;
  /** The options. */
  readonly options: Options;
  /** What the person sees. */
  readonly front: Front;
  /** The machine. */
  readonly machine: PlainMachine;
  /** Its network. */
  readonly endpoint: Endpoint;
  /** For the `ready` event. */
  readonly mode: string;
  /** The name of our own messages. */
  readonly ownName: () => string;
  /** Starts reading lines, for machines that take any. */
  readonly feed?: (shell: Shell<PlainEvent>) => Promise<void>;
}

/** What a plain chat is called where events name a room. */
const ROOM = "plain";

/** After a signal the output gets so long to take what is left, in ms (our choice). */
const LAST_WORDS_MS = 1_000;

/**
 * Runs a machine until it is done.
 *
 * @param run What is run.
 * @returns The exit status.
 */
export async function runPlain(run: PlainRun): Promise<number> {
  const { host, machine, front } = run;
  const shell = new Shell<PlainEvent>(
    machine,
    simulated(run),
    host.clock,
    (event) => report(run, event),
  );
  const leave = (status: number, reason: string) => shell.act(() => machine.leave(status, reason));
  // Without a screen a hangup does what the system does by itself, unless nohup says otherwise.
  const signals = (Object.entries(SIGNALS) as [Deno.Signal, number][])
    .filter(([signal]) => signal !== "SIGHUP" || front.screen !== undefined);
  const stops = signals.map(([signal, status]) =>
    host.onSignal(signal, () => leave(status, signal))
  );
  if (front.screen) {
    stops.push(host.onSignal("SIGWINCH", () => front.screen?.resize()));
    stops.push(host.onSignal("SIGCONT", () => front.screen?.resume()));
  }
  void front.reporter.broken.then((reason) => {
    if (reason === undefined) return leave(EXIT.done, "nobody reads the output");
    const text = `Cannot write to standard output: ${reason}`;
    front.reporter.report({ event: "notice", level: "error", code: "output", text });
    leave(EXIT.failed, "output");
  });
  front.reporter.report({
    event: "ready",
    mode: run.mode,
    address: run.endpoint.addresses[0] ?? { host: "", port: 0 },
    key: null,
  });
  try {
    const running = shell.run();
    run.feed?.(shell).catch((error) =>
      shell.act(() => {
        throw error;
      })
    );
    await running;
    tellCounters(run);
    const { status, reason } = machine.done ?? { status: EXIT.failed, reason: "socket closed" };
    front.reporter.report({ event: "end", reason, exit: status });
    return status;
  } finally {
    for (const stop of stops) stop();
    await closing(run);
  }
}

/** A reader that stalls may take its time, but not when we were told to end. */
async function closing({ host, front, machine }: PlainRun): Promise<void> {
  const closed = front.reporter.close();
  const signalled = (machine.done?.status ?? 0) > 128;
  if (!signalled) return await closed;
  await new Promise<void>((resolve) => {
    const cancel = host.clock.wake(host.clock.now() + LAST_WORDS_MS, resolve);
    void closed.then(() => (cancel(), resolve()));
  });
}

function simulated({ endpoint, options, host }: PlainRun): Endpoint {
  if (options.sim === undefined) return endpoint;
  const seed = options.sim.seed;
  const random = seed === undefined ? host.random : seededRandom(seed);
  return new SimulatedEndpoint(endpoint, options.sim, host.clock, random);
}

function report(run: PlainRun, event: PlainEvent): void {
  const { reporter } = run.front;
  switch (event.type) {
    case "message":
    case "own": {
      const own = event.type === "own";
      const address = own ? run.endpoint.addresses[0] ?? { host: "", port: 0 } : event.from;
      const name = own ? run.ownName() : formatAddress(address);
      return reporter.report({
        event: "message",
        id: String(event.id),
        room: ROOM,
        from: { name, key: null, address },
        text: event.text,
        sent: new Date(run.host.clock.wall()).toISOString(),
        self: own,
        private: false,
        history: false,
      }, { bare: !own && event.direct });
    }
    case "status": {
      const { state, reason = null } = event;
      return reporter.report({ event: "status", id: String(event.id), state, by: null, reason });
    }
    case "presence": {
      const who = { name: formatAddress(event.who), key: null };
      return reporter.report({ event: "presence", who, state: event.state, old: null });
    }
    case "notice": {
      const { level, code, text } = event;
      return reporter.report({ event: "notice", level, code, text });
    }
  }
}

function tellCounters({ endpoint, front, options }: PlainRun): void {
  if (!options.verbose) return;
  const { received, sent, sendFailures, receiveFailures, dropped } = endpoint.counters;
  front.reporter.report({
    event: "notice",
    level: "info",
    code: "counters",
    text: `received ${received}, sent ${sent}, sends refused ${sendFailures}, ` +
      `receives refused ${receiveFailures}, dropped ${dropped}`,
  });
}
