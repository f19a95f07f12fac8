import { assert, assertEquals } from "@std/assert";
import { tryPort, usersIn } from "../../lib/net/ports.ts";
import { systemClock } from "../../lib/net/system_clock.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

Deno.test("usersIn() finds who has a port, each once, and not who calls from it", () => {
  const row = (local: string, remote: string, uid: number) =>
    `  12: ${local} ${remote} 07 00000000:00000000 00:00000000 00000000  ${uid}        0 99 2 0 0\n`;
  const table = HEAD + row("00000000:096A", "00000000:0000", 1000) +
    row("0100007F:096A", "00000000:0000", 1000) +
    row("00000000000000000000000000000000:096A", "00000000000000000000000000000000:0000", 0) +
    row("00000000:096B", "00000000:0000", 7) + row("0100007F:096A", "0100007F:1234", 8);
  assertEquals(usersIn(table, 2410), [1000, 0]);
  assertEquals(usersIn(table, 2411), [7]);
  assertEquals(usersIn(table, 1), []);
  for (const broken of ["", HEAD, `${HEAD}x\n`, "a b c d e f g h\na:096A b:0000"]) {
    assertEquals(usersIn(broken, 2410), []);
  }
});

function hold(reuseAddress: boolean): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0, reuseAddress });
}

Deno.test("tryPort() tells a port that is taken from one that can be shared", async () => {
  for (const shares of [false, true]) {
    const holder = hold(shares);
    try {
      const { port } = holder.addr as Deno.NetAddr, where = { host: "127.0.0.1", port };
      const state = shares ? "shared" : "taken";
      assertEquals((await tryPort(systemClock, where)).state, state);
      const { state: shared, users } = await tryPort(systemClock, { ...where, share: true });
      // Who shares a port is only known to be there where the system lists its sockets.
      assertEquals(shared, shares && users === undefined ? "free" : state);
      if (Deno.build.os === "linux") assert(users?.includes(Deno.uid() ?? -1));
    } finally {
      holder.close();
    }
  }
});

Deno.test("tryPort() finds a port free that it can bind, and gives it back", async () => {
  const port = 0, host = "127.0.0.1";
  assertEquals((await tryPort(systemClock, { host, port })).state, "free");
  assertEquals((await tryPort(systemClock, { host: "192.0.2.99", port })).state, "refused");
});
