import { assertEquals, assertLess } from "@std/assert";
import { BASE_MTU, MTU_IPV4 } from "../../lib/session/path.ts";
import { SessionPair } from "../support/session_pair.ts";

Deno.test("Session.measure() finds what the path carries though nothing large is to be sent", () => {
  for (const [largest, found] of [[1_500, MTU_IPV4], [1_400, BASE_MTU]] as const) {
    const pair = new SessionPair({
      spec: { delay: 50 },
      filter: ({ bytes }) => bytes.length <= largest,
    });
    const { session } = pair.ann;
    pair.run(1_000);
    assertEquals(session.link.mtu, BASE_MTU, "nobody asked for it");
    session.measure();
    for (let at = 1; at <= 20; at++) {
      session.datagram(Uint8Array.of(at));
      pair.flush();
      pair.run(1_000 + at * 200);
    }
    assertEquals(session.link.mtu, found);
    assertEquals([session.held, pair.bob.session.link.mtu], [0, BASE_MTU]);
    const { packets } = pair;
    pair.run(pair.now + 10_000);
    assertLess(pair.packets - packets, 5, "it does not go on trying");
  }
});
