/**
 * Several relays in bad weather. A member has one relay at a time; so the same people and stores go from
 * one relay to another, relays are lost for good and others that are empty and have other keys take
 * their place, or a node that is on all relays passes on what it hears. In the end all hold the same,
 * and authors know.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import {
  held,
  LOBBY,
  type MemberHost,
  type RelayHost,
  RoomNet,
  secretRoom,
} from "../support/room_net.ts";
import { assertInOrder, unsure } from "../support/storm_checks.ts";

/** Where there is a minute, as in `.ci/run`, 400 of them. */
const SEEDS = Deno.env.get("UDPCHAT_SLOW") === undefined ? 30 : 400;
const STORM_MS = 12_000;
const CALM_MS = 240_000;

/** Relays, and who is where. */
class Storm {
  readonly net: RoomNet;
  readonly random: Random;
  readonly room;
  readonly relays: RelayHost[];
  /** Members whose program was killed: they have forgotten what they wanted to know. */
  readonly killed = new Set<MemberHost>();
  readonly said: string[] = [];
  readonly #at = new Map<MemberHost, RelayHost>();
  readonly #cut = new Set<string>();
  #addresses = 1;

  constructor(seed: number, size: number) {
    const random = this.random = seededRandom(seed * 6271), delay = random() * 200;
    const loss = random() < 0.3 ? 30 : random() * 30;
    const spec = { loss, delay, jitter: random() * delay, dup: random() * 5 };
    this.net = new RoomNet(spec, seed);
    this.room = random() < 0.5 ? LOBBY : secretRoom();
    this.net.filter = ({ from, to }) => !this.#cut.has(from.host) && !this.#cut.has(to.host);
    this.relays = [this.net.relay];
    while (this.relays.length < size) this.relays.push(this.newRelay());
  }

  /** One more relay, with another key and empty. */
  newRelay(): RelayHost {
    return this.net.addRelay({ host: `192.0.2.${++this.#addresses}`, port: 2410 });
  }

  any<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T;
  }

  comes(name: string): void {
    const { room } = this, relay = this.any(this.relays);
    this.#at.set(this.net.join(name, { room, relay: relay.address }), relay);
  }

  say(member: MemberHost): void {
    for (let lines = this.random() * 4; lines > 0 && !member.off; lines--) {
      this.net.say(member, `${this.said.length}`);
      this.said.push(`${this.said.length}`);
    }
  }

  kill(member: MemberHost): void {
    member.off = true;
    this.killed.add(member);
  }

  /** It starts again with its store, at a relay that may be another one. */
  restart(member: MemberHost, relay = this.#at.get(member) ?? this.net.relay): void {
    this.#at.set(member, relay);
    this.killed.add(member);
    this.net.restart(member, { room: this.room, relay: relay.address });
  }

  /** A relay is gone for good; its name stands for another one, which has another key and is empty. */
  replace(relay: RelayHost): void {
    relay.off = true;
    const other = this.newRelay();
    this.relays[this.relays.indexOf(relay)] = other;
    for (const [member, at] of this.#at) {
      if (at !== relay) continue;
      this.#at.set(member, other);
      if (!member.off) member.machine.move([other.address], this.net.now);
    }
  }

  /** One thing that happens. */
  turn(lossOfRelays: boolean): void {
    const { net, random } = this, member = this.any(net.members), what = random();
    if (what < 0.55) this.say(member);
    else if (what < 0.62) {
      this.kill(member);
      if (random() < 0.7) this.restart(member);
    } else if (what < 0.7) this.restart(member, this.any(this.relays));
    else if (what < 0.76) net.restartRelay(this.any(this.relays), random() < 0.5);
    else if (what < 0.8 && lossOfRelays) this.replace(this.any(this.relays));
    else if (what < 0.84 && net.members.length < 7) this.comes(`late${this.said.length}`);
    else if (what < 0.93) this.#cut.add(this.any([...net.members, ...this.relays]).address.host);
    else this.#cut.clear();
  }

  /** The weather is good, and everybody is there again. */
  calm(): void {
    this.#cut.clear();
    for (const member of this.net.members) if (member.off) this.restart(member);
  }

  /** How many entries there must be: one more of each, who they are. */
  get wanted(): number {
    return this.said.length + this.net.members.length;
  }

  /** All have all. */
  holdAll(hosts: readonly { readonly store: { readonly entries: readonly unknown[] } }[]): boolean {
    return hosts.every(({ store }) => store.entries.length === this.wanted);
  }

  /** After a while something is so. */
  assertSoon(what: string, isSo: () => boolean): void {
    if (this.net.runUntil(isSo, this.net.now + CALM_MS)) return;
    const counts = [...this.relays, ...this.net.members].map(({ store }) => store.entries.length);
    assert(false, `${what}: ${counts} of ${this.wanted}`);
  }

  /** Authors know, and nobody was told anything twice or out of order. */
  assertTold(where: string): void {
    for (const member of this.net.members) {
      assertInOrder(member, `${where}: ${member.name}`);
      if (!this.killed.has(member)) assertEquals(unsure(member), [], where);
    }
  }
}

function wander(seed: number): void {
  const storm = new Storm(seed, 2 + seed % 2), { net } = storm, where = `seed ${seed}`;
  for (let each = 0; each < 4; each++) storm.comes(`m${each}`);
  while (net.now < STORM_MS) {
    net.run(net.now + storm.random() * 1_000);
    storm.turn(true);
  }
  storm.calm();
  const alive = () => net.members.filter((member) => !storm.killed.has(member));
  storm.assertSoon(`${where}: authors know`, () => alive().every((each) => !unsure(each).length));
  // All meet at one relay after the other: each brings what it has.
  for (const relay of storm.relays) {
    for (const member of net.members) storm.restart(member, relay);
    storm.assertSoon(`${where}: at one relay`, () => storm.holdAll([relay, ...net.members]));
  }
  // One of them has gone for good: at an empty relay the others bring what she has said.
  const last = storm.newRelay(), [gone, ...others] = net.members;
  if (gone) gone.off = true;
  for (const member of others) storm.restart(member, last);
  storm.assertSoon(`${where}: without one`, () => storm.holdAll([last, ...others]));
  net.run(net.now + 5_000);
  for (const { store } of [last, ...storm.relays, ...net.members]) {
    assertEquals(held(store), held(net.members[0]?.store ?? store), where);
  }
  storm.assertTold(where);
}

function bridged(seed: number): void {
  const storm = new Storm(seed, 2 + seed % 2), { net } = storm, where = `bridged seed ${seed}`;
  const bridges = [net.addBridge(storm.room.number, storm.relays)];
  // Two of them are a circle: nothing may run round in it.
  if (seed % 3 === 0) bridges.push(net.addBridge(storm.room.number, storm.relays));
  for (let each = 0; each < 4; each++) storm.comes(`m${each}`);
  while (net.now < STORM_MS) {
    net.run(net.now + storm.random() * 1_000);
    storm.turn(false);
    if (storm.random() < 0.1) storm.any(bridges).restart();
  }
  storm.calm();
  const all = [...storm.relays, ...bridges, ...net.members];
  storm.assertSoon(`${where}: all is everywhere`, () => storm.holdAll(all));
  net.run(net.now + 5_000);
  for (const { store } of all) assertEquals(held(store), held(net.relay.store), where);
  storm.assertTold(where);
}

Deno.test(`relays: after ${SEEDS} storms among relays that come and go all stores are equal`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) wander(seed);
});

Deno.test(`relays: after ${SEEDS} storms a node between relays has brought all to all`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) bridged(seed);
});
