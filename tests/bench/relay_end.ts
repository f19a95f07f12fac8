/**
 * A relay for benchmarks: `relay_end.ts [--mtu BYTES] STORE`. Beside `serve` it can hold the size of
 * datagrams down, and slows nobody who writes much.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { bindUdp } from "../../lib/net/bind.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { Relay, type RelayEvent } from "../../lib/peer/relay.ts";
import { Shell } from "../../lib/peer/shell.ts";
import { Entries } from "../../lib/store/entries.ts";
import { random } from "./hub_end.ts";

const { mtu, _: [store] } = parseArgs(Deno.args, { string: ["mtu", "_"] });
const endpoint = await bindUdp(systemClock, { host: "127.0.0.1", port: 0 });
const credentials = {
  identity: makeIdentity(random(32)),
  staticKey: keyPair(random(32)),
  instance: random(8),
};
const machine = new Relay({
  hub: { credentials, random, mtu: mtu === undefined ? undefined : Number(mtu) },
  store: new Entries(store === undefined ? undefined : `${store}`),
  wall: Date.now,
  maxMembers: 16_384,
}, systemClock.now());
const port = endpoint.addresses[0]?.port;
Deno.stderr.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${port}\n`));
await new Shell<RelayEvent>(machine, endpoint, systemClock, () => {}).run();
