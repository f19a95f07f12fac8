/**
 * Sends datagrams to a port as fast as it can, in a process of its own: `flood.ts PORT COUNT`.
 *
 * @module
 */

const [port = 0, count = 0] = Deno.args.map(Number);
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const payload = new Uint8Array(80).fill(0x61);
for (let sent = 0; sent < count; sent++) {
  await socket.send(payload, { transport: "udp", hostname: "127.0.0.1", port });
}
