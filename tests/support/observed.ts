/**
 * The program with a window into its memory: on SIGUSR2 it writes a heap snapshot to the file that
 * `UDPCHAT_SNAPSHOT` names, and says `snapshot` on standard error. It keeps what `UDPCHAT_KEPT` says.
 *
 * @module
 */

import { writeHeapSnapshot } from "node:v8";
import { run } from "../../lib/cli/run.ts";
import { host } from "../../main.ts";

const kept = [`kept: ${Deno.env.get("UDPCHAT_KEPT")}`];

Deno.addSignalListener("SIGUSR2", () => {
  writeHeapSnapshot(Deno.env.get("UDPCHAT_SNAPSHOT"));
  Deno.stderr.writeSync(new TextEncoder().encode(`snapshot with ${kept.length}\n`));
});

Deno.exit(await run(Deno.args, host));
