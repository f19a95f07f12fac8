import { assert, assertEquals } from "@std/assert";
import { held, messages, read, RoomNet, secretRoom } from "../support/room_net.ts";

Deno.test("members of a room hear each other, once and in order, and learn how far they got", () => {
  for (const room of [undefined, secretRoom()]) {
    const net = new RoomNet({ delay: 20 }), joining = room ? { room } : {};
    const [ann, bob, cem] = ["ann", "bob", "cem"].map((name) => net.join(name, joining));
    assert(ann && bob && cem);
    net.run(1_000);
    for (let line = 0; line < 5; line++) net.say(ann, `line ${line}`);
    net.say(bob, "hi");
    net.run(3_000);
    assertEquals(read(bob), [0, 1, 2, 3, 4].map((line) => `ann: line ${line}`));
    assertEquals(read(cem).sort(), [...read(bob), "bob: hi"].sort());
    const first = messages(ann)[0]?.id;
    const fates = ann.told.filter((event) => event.type === "status" && event.id === first);
    assertEquals(fates.map((event) => event.type === "status" && event.state), [
      "sent",
      "stored",
      "delivered",
    ]);
    const last = fates.at(-1);
    assert(last?.type === "status");
    assertEquals([last.holders, last.members], [2, 2]);
    for (const { store } of net.members) assertEquals(held(store), held(net.relay.store));
  }
});
