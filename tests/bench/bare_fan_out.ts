/**
 * The yardstick of a relay in a quiet room: seals and sends datagrams of some sizes, once a second.
 * `bare_fan_out.ts PORT SIZE…`
 *
 * @module
 */

import { nonceOf, sealPacket, TAG_BYTES } from "../../lib/crypto/aead.ts";
import { DATA_HEADER_BYTES } from "../../lib/wire/packet.ts";

const [port = 0, ...sizes] = Deno.args.map(Number);
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
const key = crypto.getRandomValues(new Uint8Array(32)), header = new Uint8Array(DATA_HEADER_BYTES);
let number = 0;
Deno.stderr.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${port}\n`));
setInterval(async () => {
  for (const size of sizes) {
    const frames = new Uint8Array(size - DATA_HEADER_BYTES - TAG_BYTES);
    await socket.send(sealPacket(key, nonceOf(number++), header, frames), to);
  }
}, 1_000);
