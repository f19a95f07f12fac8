/**
 * The front door: the real clock, randomness and terminal, and the only exit.
 *
 * @module
 */

import type { Host } from "./lib/cli/host.ts";
import { run } from "./lib/cli/run.ts";
import { sleep } from "./lib/net/clock.ts";
import { systemClock } from "./lib/net/system_clock.ts";
import { openConsole } from "./lib/terminal/console.ts";
import { printableLines } from "./lib/chat/printable.ts";

/** The real world. */
export const host: Host = {
  env: (name) => Deno.env.get(name),
  console: openConsole({ rest: (ms) => sleep(systemClock, ms) }),
  clock: systemClock,
  random: Math.random,
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  onSignal: (signal, then) => {
    try {
      Deno.addSignalListener(signal, then);
      return () => Deno.removeSignalListener(signal, then);
    } catch {
      return () => {}; // Windows has only a few of them.
    }
  },
};

/** A mistake of ours that nobody caught: the terminal comes first, then the message. */
function crash(reason: unknown): never {
  host.console.restore();
  const text = reason instanceof Error ? reason.stack ?? reason.message : String(reason);
  const lines = printableLines(`udpchat: it broke, and that is our fault: ${text}`);
  Deno.stderr.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
  Deno.exit(1);
}

globalThis.addEventListener("unhandledrejection", (event) => crash(event.reason));
globalThis.addEventListener("error", (event) => crash(event.error));

if (import.meta.main) Deno.exit(await run(Deno.args, host));
