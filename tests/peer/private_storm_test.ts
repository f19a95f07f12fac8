/**
 * Private messages in bad weather: members crash and come back, the relay is killed, with its store or
 * without. In the end each was read once and in order by the one whom it was for, and by nobody else.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { LOBBY, type MemberHost, messages, RoomNet, secretRoom } from "../support/room_net.ts";

/** Where there is a minute, as in `.ci/run`, more of them. */
const SEEDS = Deno.env.get("UDPCHAT_SLOW") === undefined ? 60 : 400;
const STORM_MS = 10_000, CALM_MS = 120_000;

/** A private message, as it was said. */
interface Said {
  readonly from: MemberHost;
  readonly to: MemberHost;
  readonly text: string;
}

/** What somebody was shown that others said to them alone. */
function read(host: MemberHost): string[] {
  return messages(host).filter(({ self, partner }) => partner && !self).map(({ text }) => text);
}

function storm(seed: number): void {
  const random = seededRandom(seed * 6007), where = `seed ${seed}`;
  const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const delay = random() * 100, loss = random() * 30;
  const net = new RoomNet({ loss, delay, jitter: random() * delay, dup: random() * 5 }, seed);
  const room = random() < 0.5 ? LOBBY : secretRoom();
  for (let each = 0; each < 3; each++) net.join(`m${each}`, { room });
  const known = (): boolean =>
    net.members.every(({ machine }) => machine.roster.authors.length > 2);
  assert(net.runUntil(known, 60_000), where);
  const said: Said[] = [], until = net.now + STORM_MS;
  while (net.now < until) {
    net.run(net.now + random() * 800);
    const from = any(net.members), to = any(net.members), what = random();
    if (what < 0.6) {
      if (from.off || from === to) continue;
      const text = `${said.length}`;
      from.machine.sayTo(to.credentials.identity.publicKey, text, net.now);
      net.flush();
      said.push({ from, to, text });
    } else if (what < 0.75) {
      from.off = true;
      if (random() < 0.7) net.restart(from, { room });
    } else if (what < 0.85) net.restartRelay(net.relay, random() < 0.6);
  }
  for (const member of net.members) if (member.off) net.restart(member, { room });
  const wanted = (host: MemberHost): number => said.filter(({ to }) => to === host).length;
  const all = (): boolean => net.members.every((host) => read(host).length >= wanted(host));
  const arrived = net.runUntil(all, net.now + CALM_MS);
  net.run(net.now + 5_000);
  for (const host of net.members) {
    for (const from of net.members) {
      const theirs = said.filter((each) => each.from === from && each.to === host);
      const got = read(host).filter((text) => theirs.some((each) => each.text === text));
      assertEquals(got, theirs.map(({ text }) => text), `${where}: ${from.name} to ${host.name}`);
    }
    assertEquals(read(host).length, wanted(host), `${where}: only what was for ${host.name}`);
  }
  assert(arrived, where);
}

Deno.test(`private messages: after ${SEEDS} storms each was read once, by one`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) storm(seed);
});
