/**
 * Asks a relay for its key.
 *
 * @module
 */

import { bindUdp } from "../net/bind.ts";
import { NetError } from "../net/endpoint.ts";
import { Pinger, type PingEvent } from "../peer/ping.ts";
import { Shell } from "../peer/shell.ts";
import type { Address } from "../wire/address.ts";
import type { Host } from "./host.ts";
import { bindingOf, type Options } from "./options.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { credentialsOf } from "./profile.ts";

/**
 * Asks whoever is at an address for their key, as somebody unknown.
 *
 * @param host The world.
 * @param options `host`, `port`, `timeout`.
 * @param to The place, at any of these addresses.
 * @param name What was typed, for the error.
 * @returns The key.
 * @throws {NetError} If nobody answers.
 */
export async function askRelayKey(
  host: Host,
  options: Options,
  to: readonly Address[],
  name: string,
): Promise<Uint8Array> {
  const random = (size: number): Uint8Array => host.randomBytes(size);
  const machine = new Pinger({
    hub: {
      credentials: credentialsOf({ identity: random(32), static: random(32) }, random),
      random,
    },
    to,
    count: 1,
    interval: 1_000,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1_000,
  }, host.clock.now());
  const endpoint = await bindUdp(host.clock, { ...bindingOf(options), port: 0 });
  let key: Uint8Array | undefined;
  const shell = new Shell<PingEvent>(machine, endpoint, host.clock, (event) => {
    if (event.type !== "up") return;
    key = event.key;
    shell.act(() => machine.leave(0, "known"));
  });
  await shell.run();
  if (key !== undefined) return key;
  throw new NetError("TIMEOUT", `Cannot reach ${name}: is udpchat serve running there?`);
}
