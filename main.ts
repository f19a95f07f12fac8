/**
 * The front door: the real clock, randomness and terminal, and the only exit.
 *
 * @module
 */

import type { Host } from "./lib/cli/host.ts";
import { run } from "./lib/cli/run.ts";
import { systemClock } from "./lib/net/system_clock.ts";
import { openConsole } from "./lib/terminal/console.ts";

const host: Host = {
  env: (name) => Deno.env.get(name),
  console: openConsole(),
  clock: systemClock,
  random: Math.random,
  onSignal: (signal, then) => {
    try {
      Deno.addSignalListener(signal, then);
      return () => Deno.removeSignalListener(signal, then);
    } catch {
      return () => {}; // Windows has only a few of them.
    }
  },
};

if (import.meta.main) Deno.exit(await run(Deno.args, host));
