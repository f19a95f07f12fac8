/**
 * Runs one machine to its end: endpoint, signals, output, exit status.
 *
 * @module
 */

import type { Endpoint } from "../net/endpoint.ts";
import { seededRandom } from "../net/random.ts";
import { SimulatedEndpoint } from "../net/simulated.ts";
import { type Machine, Shell } from "../peer/shell.ts";
import { EXIT, SIGNALS } from "./exit.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";

/** A machine that can be told to end, and says how it ended. */
export interface RunMachine<E> extends Machine<E> {
  /** Set once it is over. */
  readonly done: { readonly status: number; readonly reason: string } | undefined;
  /** Ends it. */
  leave(status: number, reason: string): void;
}

/** What is run. */
export interface Run<E> {
  /** The world. */
  readonly host: Host;
  /** The options. */
  readonly options: Options;
  /** What the person sees. */
  readonly front: Front;
  /** The machine. */
  readonly machine: RunMachine<E>;
  /** Its network. */
  readonly endpoint: Endpoint;
  /** For the `ready` event. */
  readonly ready: { readonly mode: string; readonly key: string | null };
  /** Shows what the machine tells. */
  readonly report: (event: E, shell: Shell<E>) => void;
  /** What is to be shown last, before the `end` event. */
  readonly last?: () => void;
  /** Starts reading lines, for machines that take any. */
  readonly feed?: (shell: Shell<E>) => Promise<void>;
}

/** After a signal the output gets so long to take what is left, in ms (our choice). */
const LAST_WORDS_MS = 1_000;

/**
 * Runs a machine until it is done.
 *
 * @typeParam E What the machine tells.
 * @param run What is run.
 * @returns The exit status.
 */
export async function runMachine<E>(run: Run<E>): Promise<number> {
  const { host, machine, front } = run;
  const shell = new Shell<E>(
    machine,
    simulated(run),
    host.clock,
    (event) => run.report(event, shell),
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
    mode: run.ready.mode,
    address: run.endpoint.addresses[0] ?? { host: "", port: 0 },
    key: run.ready.key,
  });
  try {
    const running = shell.run();
    run.feed?.(shell).catch((error) =>
      shell.act(() => {
        throw error;
      })
    );
    await running;
    run.last?.();
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
async function closing<E>({ host, front, machine }: Run<E>): Promise<void> {
  const closed = front.reporter.close();
  const signalled = (machine.done?.status ?? 0) > 128;
  if (!signalled) return await closed;
  await new Promise<void>((resolve) => {
    const cancel = host.clock.wake(host.clock.now() + LAST_WORDS_MS, resolve);
    void closed.then(() => (cancel(), resolve()));
  });
}

function simulated<E>({ endpoint, options, host }: Run<E>): Endpoint {
  if (options.sim === undefined) return endpoint;
  const seed = options.sim.seed;
  const random = seed === undefined ? host.random : seededRandom(seed);
  return new SimulatedEndpoint(endpoint, options.sim, host.clock, random);
}

function tellCounters<E>({ endpoint, front, options }: Run<E>): void {
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
