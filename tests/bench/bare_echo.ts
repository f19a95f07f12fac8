/**
 * The yardstick: the least that a UDP echo on Deno can be.
 *
 * @module
 */

const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const { port } = socket.addr as Deno.NetAddr;
await Deno.stderr.write(new TextEncoder().encode(`listening on 127.0.0.1:${port}\n`));
const buffer = new Uint8Array(65_536);
for (;;) {
  const [datagram, from] = await socket.receive(buffer);
  await socket.send(datagram, from);
}
