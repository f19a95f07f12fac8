/**
 * Hundreds of rooms in bad weather: members come late, leave, crash and come back, the relay is killed
 * and starts again. In the end all hold the same, nobody was shown anything twice or out of an author's
 * order, and every author knows that everything is stored.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { held, LOBBY, type MemberHost, RoomNet, secretRoom } from "../support/room_net.ts";
import { assertInOrder, unsure } from "../support/storm_checks.ts";

/** Where there is a minute, as in `.ci/run`, 1,000 of them. */
const SEEDS = Deno.env.get("UDPCHAT_SLOW") === undefined ? 200 : 1_000;
const STORM_MS = 10_000;
const CALM_MS = 120_000;

function storm(seed: number): string {
  const random = seededRandom(seed * 7919),
    any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const loss = random() < 0.3 ? 0 : random() * 30, delay = random() * 200;
  const net = new RoomNet({ loss, delay, jitter: random() * delay, dup: random() * 5 }, seed);
  const room = random() < 0.5 ? LOBBY : secretRoom(), where = `seed ${seed}`;
  const cut = new Set<string>();
  net.filter = ({ from, to }) => !cut.has(from.host) && !cut.has(to.host);
  const size = 2 + Math.floor(random() * 4);
  for (let each = 0; each < size; each++) net.join(`m${each}`, { room });
  let number = 0;
  const said: string[] = [], killed = new Set<MemberHost>();
  while (net.now < STORM_MS) {
    net.run(net.now + random() * 1_000);
    const member = any(net.members), what = random();
    if (what < 0.6) {
      for (let line = random() * 4; line > 0; line--) {
        if (member.off) continue;
        net.say(member, `${number}`);
        said.push(`${number++}`);
      }
    } else if (what < 0.7) {
      // Killed, and back at once or later.
      member.off = true;
      killed.add(member);
      if (random() < 0.7) net.restart(member, { room });
    } else if (what < 0.75) net.restartRelay(net.relay, random() < 0.7);
    else if (what < 0.8 && net.members.length < 7) net.join(`late${number}`, { room });
    else if (what < 0.9) cut.add(member.address.host);
    else cut.clear();
  }
  cut.clear();
  for (const member of net.members) if (member.off) net.restart(member, { room });
  const all = (): boolean => {
    const wanted = net.relay.store.entries.length;
    // One more of each: who they are.
    return wanted === said.length + net.members.length &&
      net.members.every(({ store }) => store.entries.length === wanted);
  };
  assert(
    net.runUntil(all, net.now + CALM_MS),
    `${where}: ${net.relay.store.entries.length} at the relay, ${
      net.members.map(({ store }) => store.entries.length)
    } at the members`,
  );
  net.run(net.now + 5_000);
  for (const member of net.members) {
    assertEquals(held(member.store), held(net.relay.store), where);
    assertInOrder(member, `${where}: ${member.name}`);
    // Who was killed has forgotten what it wanted to know.
    if (!killed.has(member)) assertEquals(unsure(member), [], where);
  }
  return where;
}

Deno.test(`rooms: after ${SEEDS} storms all stores are equal, and authors know`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) storm(seed);
});
