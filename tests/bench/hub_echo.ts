/**
 * Answers every message on a session with the same message, in a process of its own.
 *
 * @module
 */

import { end } from "./hub_end.ts";

const { machine, address, running } = await end();
machine.onData = (bytes) => machine.write(0, bytes);
await Deno.stderr.write(new TextEncoder().encode(`listening on 127.0.0.1:${address.port}\n`));
await running;
