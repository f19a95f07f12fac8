import { assertEquals } from "@std/assert";
import { type Arrival, type Endpoint, newCounters } from "../../lib/net/endpoint.ts";
import { LanEndpoint } from "../../lib/net/lan.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

/** A socket of sessions that hears nothing. */
function bindMemory(): Endpoint {
  return {
    addresses: [],
    counters: newCounters(),
    send: () => Promise.resolve(undefined),
    close: () => {},
    async *incoming(): AsyncGenerator<Arrival> {},
  };
}

Deno.test("LanEndpoint tells the scope of whom it has heard, and forgets the oldest of very many", async () => {
  const bytes = new Uint8Array(1), from: string[] = ["fe80::1%eth0", "fe80::2%eth0", "fe80::1"];
  for (let each = 0; each < 5_000; each++) {
    from.push(`fe80::7:${each.toString(16)}%eth0`);
    if (each % 500 === 0) from.push("fe80::2%eth0");
  }
  from.push("fe80::1", "fe80::2");
  const sessions: Endpoint = {
    addresses: [],
    counters: { received: 0, receiveErrors: 0, sent: 0, refused: 0 },
    send: () => Promise.resolve(undefined),
    close: () => {},
    async *incoming(): AsyncGenerator<Arrival> {
      for (const host of from) yield { kind: "data", bytes, from: { host, port: 2_410 } };
    },
  } as unknown as Endpoint;
  const lan = new LanEndpoint({ clock: new VirtualClock(), sessions, family: 6, list: () => [] });
  const heard: string[] = [];
  for await (const arrival of lan.incoming()) {
    if (arrival.kind === "data") heard.push(arrival.from.host);
    if (heard.length === from.length) break;
  }
  lan.close();
  assertEquals(heard[2], "fe80::1%eth0");
  assertEquals(heard.slice(-2), ["fe80::1", "fe80::2%eth0"]);
});

Deno.test("LanEndpoint follows interfaces that come, go, and are made anew under the same address", async () => {
  const clock = new VirtualClock();
  let index: number | undefined;
  const list = (): Deno.NetworkInterfaceInfo[] =>
    index === undefined ? [] : ["127.0.0.1", "fe80::1"].map((address) => ({
      name: "lo",
      family: address === "fe80::1" ? "IPv6" : "IPv4",
      address,
      netmask: "255.0.0.0",
      scopeid: address === "fe80::1" ? index : null,
    } as unknown as Deno.NetworkInterfaceInfo));
  const sessions = bindMemory();
  const lan = new LanEndpoint({ clock, sessions, family: 4, list });
  const seen: (number | undefined)[] = [];
  for (const next of [undefined, 1, 1, undefined, 2, 3]) {
    index = next;
    await clock.advance(5_000);
    seen.push(lan.states[0]?.address.index);
  }
  lan.close();
  assertEquals(seen, [undefined, 1, 1, undefined, 2, 3]);
});
