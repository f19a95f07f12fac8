/** What members are told once: what is missing, whose clock is wrong, and who cannot be trusted. */

import { assert, assertEquals } from "@std/assert";
import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { keyTag, makeIdentity } from "../../lib/crypto/identity.ts";
import type { MemberEvent } from "../../lib/peer/member_event.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { gathered, MeshNet } from "../support/mesh_net.ts";
import { LOBBY, RoomNet, START } from "../support/room_net.ts";

const EVE = makeIdentity(new Uint8Array(32).fill(66)), HOUR_MS = 3_600_000;

/** Entries of a log of Eve's, one after the other, some time after the beginning. */
function said(count: number, aheadMs = 0, fill = 6): CheckedEntry[] {
  const entries: CheckedEntry[] = [], log = new Uint8Array(8).fill(fill);
  for (let number = 1; number <= count; number++) {
    const previous = entries.at(-1)?.id ?? NO_ENTRY, time = START + aheadMs + number;
    const body = encodeBody({ kind: "text", text: `${number}` }), clock = time * CLOCK_STEPS;
    const fields = { room: LOBBY.number, log, number, previous, clock, time, body };
    entries.push(signEntry(EVE, fields));
  }
  return entries;
}

/** What somebody was told under some codes. */
function told({ told }: { readonly told: readonly MemberEvent[] }, ...codes: string[]): string[] {
  return told.flatMap((event) =>
    event.type === "notice" && codes.includes(event.code) ? [event.text] : []
  );
}

const THREE = "3 messages are missing here: nobody who is reachable holds them";
const ONE = "1 message is missing here: nobody who is reachable holds it";

Deno.test("missing: what a relay does not hold either is told of once, and again if it changes", () => {
  const net = new RoomNet({ delay: 5 }), all = said(9);
  const some = (...numbers: number[]): CheckedEntry[] =>
    all.filter(({ entry }) => numbers.includes(entry.number));
  net.relay.store.append(some(1, 5, 6, 9));
  net.restartRelay();
  const ann = net.join("ann");
  net.run(4_000);
  assertEquals(told(ann, "missing"), [], "not while more may come");
  net.run(60_000);
  const five = THREE.replace("3", "5");
  assertEquals(told(ann, "missing"), [five]);
  // Bob brings some of it, and later the rest but one.
  for (const [name, numbers] of [["bob", [2, 3]], ["cem", [4, 7]]] as const) {
    const host = net.join(name);
    host.store.append(some(...numbers));
    net.restart(host);
    net.run(net.now + 30_000);
  }
  assertEquals(told(ann, "missing"), [five, THREE, ONE]);
  net.say(ann, "hello");
  net.run(net.now + 30_000);
  assertEquals(told(ann, "missing").length, 3, "the same is not told again");
});

Deno.test("missing: what a relay has let go is told of as that", () => {
  const net = new RoomNet({ delay: 5 }), all = said(9), [first] = all;
  assert(first);
  const { author, log } = first.entry;
  net.relay.store.append(all);
  net.restartRelay();
  net.join("bob");
  net.run(1_000);
  net.relay.store.entries = net.relay.store.entries.filter(({ entry }) =>
    entry.author !== author || entry.number > 4
  );
  net.relay.machine.trimmed(LOBBY.number, [{ author, log, floor: 4 }]);
  const ann = net.join("ann");
  net.run(30_000);
  assertEquals(told(ann, "missing", "trimmed").length, 1);
  assertEquals(told(ann, "missing"), []);
});

Deno.test("missing: nothing is told while nobody is reachable, and on a network it is told later", () => {
  const net = new MeshNet({ delay: 2 }),
    ann = net.come("ann"),
    bob = net.come("bob", { segment: 1 });
  ann.store.append(said(5).filter(({ entry }) => entry.number % 4 === 1));
  net.restart(ann);
  net.run(60_000);
  assertEquals(told(ann, "missing"), []);
  bob.segment = 0;
  assert(net.runUntil(() => gathered([ann, bob]), 90_000));
  net.run(net.now + 60_000);
  assertEquals([told(ann, "missing"), told(bob, "missing")], [[THREE], [THREE]]);
});

/** What somebody is told of clocks who comes to a relay that holds some entries. */
function clocks(...entries: readonly CheckedEntry[]): string[] {
  const net = new RoomNet({ delay: 5 });
  net.relay.store.append(entries);
  net.restartRelay();
  const ann = net.join("ann");
  net.run(10_000);
  assertEquals(ann.store.entries.length, entries.length + 1, "it is kept all the same");
  return told(ann, "clock");
}

Deno.test("clock: whose clock is more than an hour ahead is named once", () => {
  const minute = HOUR_MS / 60, name = keyTag(EVE.publicKey);
  assertEquals(clocks(...said(3, HOUR_MS - minute)), [], "that is followed");
  const two = `the clock of ${name} is 2 h ahead`;
  assertEquals(clocks(...said(3, 2 * HOUR_MS + minute), ...said(2, 2 * HOUR_MS, 7)), [two]);
  assertEquals(clocks(...said(1, 72 * HOUR_MS)), [`the clock of ${name} is 3 days ahead`]);
});

Deno.test("clock: many whose clocks are ahead fill no screen", () => {
  const time = START + 3 * HOUR_MS, body = encodeBody({ kind: "text", text: "buy" });
  const many = Array.from(
    { length: 200 },
    (_, at) =>
      signEntry(makeIdentity(new Uint8Array(32).fill(at)), {
        room: LOBBY.number,
        log: new Uint8Array(8),
        number: 1,
        previous: NO_ENTRY,
        clock: time * CLOCK_STEPS,
        time,
        body,
      }),
  );
  assertEquals(clocks(...many).length, 16);
});

Deno.test("forged: on a network it is somebody, and on a relay it is the relay", () => {
  const forged = said(1).map(({ entry, id }) => ({
    entry: { ...entry, signature: new Uint8Array(64) },
    id,
  }));
  const lan = new MeshNet({ delay: 2 }), ann = lan.come("ann"), bob = lan.come("bob");
  bob.store.append(forged);
  lan.restart(bob);
  lan.run(10_000);
  assertEquals(
    told(ann, "forged")[0],
    [
      "somebody here sends what its author did not sign, or what cannot be read: do not trust them",
    ][0],
  );
  const net = new RoomNet({ delay: 5 });
  net.relay.store.append(forged);
  net.restartRelay();
  const cem = net.join("cem");
  net.run(10_000);
  assertEquals(
    told(cem, "forged")[0],
    [
      "the relay sends what its author did not sign, or what cannot be read: do not trust it",
    ][0],
  );
});
