/**
 * Rooms in bad weather where the store of one author is copied and gone on with on both sides, or where
 * the relay lets old entries go meanwhile. In the end all hold the same, but for what was let go, and
 * the same logs are frozen everywhere.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { People } from "../../lib/chat/people.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import type { LogName } from "../../lib/wire/entry.ts";
import type { MemoryStore } from "../support/memory_store.ts";
import { LOBBY, type MemberHost, messages, RoomNet, secretRoom } from "../support/room_net.ts";
import { assertInOrder } from "../support/storm_checks.ts";

/** Where there is a minute, 200 of each. */
const SEEDS = Deno.env.get("UDPCHAT_SLOW") === undefined ? 20 : 200;
const STORM_MS = 10_000;
const CALM_MS = 120_000;
/** So long it takes at most until a proof that was asked for is there. */
const PROOF_MS = 2_000;

function nameOf({ author, log }: LogName): string {
  return `${author.toHex()} ${log.toHex()}`;
}

/** One room. */
class Storm {
  readonly net: RoomNet;
  readonly room;
  readonly random: Random;
  /** Who said something, once for each line. */
  readonly #said: MemberHost[] = [];
  readonly #cut = new Set<string>();
  /** Those who have the same key and log, and went on with it each for themselves. */
  readonly #forked = new Set<MemberHost>();

  constructor(seed: number) {
    const random = this.random = seededRandom(seed * 4049), delay = random() * 200;
    const loss = random() < 0.3 ? 0 : random() * 30;
    const spec = { loss, delay, jitter: random() * delay, dup: random() * 5 };
    this.net = new RoomNet(spec, seed);
    this.room = random() < 0.5 ? LOBBY : secretRoom();
    this.net.filter = ({ from, to }) => !this.#cut.has(from.host) && !this.#cut.has(to.host);
    for (let each = 0; each < 4; each++) this.net.join(`m${each}`, { room: this.room });
  }

  /** Some of what happens in any room. */
  turn(): void {
    const { net, random, room } = this, what = random();
    net.run(net.now + random() * 1_000);
    const member = net.members[Math.floor(random() * net.members.length)];
    if (member === undefined) return;
    if (what < 0.6) this.say(member, random() * 4);
    else if (what < 0.7) {
      member.off = true;
      if (random() < 0.7) net.restart(member, { room });
    } else if (what < 0.75) net.restartRelay();
    else if (what < 0.8 && net.members.length < 7) net.join(`late${this.#said.length}`, { room });
    else if (what < 0.9) this.#cut.add(member.address.host);
    else this.#cut.clear();
  }

  say(member: MemberHost, lines: number): void {
    for (; lines > 0 && !member.off; lines--) {
      this.net.say(member, `${this.#said.length}`);
      this.#said.push(member);
    }
  }

  /** Somebody's store is copied; nobody hears them when both have gone on. */
  fork(): LogName {
    const { net, room } = this, [ann] = net.members;
    assert(ann);
    ann.off = true;
    const { identity } = ann.credentials, author = identity.publicKey;
    const log = ann.store.ownLog(room.number, author, () => new Uint8Array(8));
    const instance = new Uint8Array(8).fill(9), store = ann.store.copy();
    const twin = net.join("m0", { room, store, credentials: { ...ann.credentials, instance } });
    for (const host of [ann, twin]) {
      this.#forked.add(host);
      this.#cut.add(host.address.host);
    }
    net.restart(ann, { room });
    for (const host of [ann, twin]) this.say(host, 1 + this.random() * 3);
    return { author, log };
  }

  /** The relay lets what is old go. */
  trim(): void {
    const { relay } = this.net, { number } = this.room;
    relay.machine.trimmed(number, relay.store.trim(number, this.random()));
  }

  /** The weather is good, and everybody is there again. */
  calm(): void {
    this.#cut.clear();
    for (const host of this.net.members) if (host.off) this.net.restart(host, { room: this.room });
  }

  /** Logs that are frozen, sorted. */
  frozen(store: MemoryStore): string[] {
    const names = store.forks(this.room.number).map(([{ entry }]) => nameOf(entry));
    return [...new Set(names)].sort();
  }

  /** What is held of the other logs, sorted, but for what the relay has let go. */
  held(store: MemoryStore): string[] {
    const { relay } = this.net, frozen = new Set(this.frozen(relay.store));
    const floors = new Map(
      relay.store.logs(this.room.number).map((log) => [nameOf(log), log.floor]),
    );
    return store.entries.filter(({ entry }) =>
      !frozen.has(nameOf(entry)) && entry.number > (floors.get(nameOf(entry)) ?? 0)
    ).map(({ id }) => id.toHex()).sort();
  }

  /** All hold the same. */
  get isEqual(): boolean {
    const { relay, members } = this.net;
    const frozen = this.frozen(relay.store).join(), held = this.held(relay.store).join();
    return members.every(({ store }) =>
      this.frozen(store).join() === frozen && this.held(store).join() === held
    );
  }

  /** After a while all hold the same, and it stays so. */
  assertEqual(where: string): void {
    const { net } = this, hosts = [net.relay, ...net.members];
    const counts = (): string =>
      hosts.map(({ store }) => `${this.held(store).length}/${this.frozen(store).length}`).join(" ");
    assert(net.runUntil(() => this.isEqual, net.now + CALM_MS), `${where}: ${counts()}`);
    net.run(net.now + 20_000);
    assert(this.isEqual, `${where} later: ${counts()}`);
  }

  /** How many entries there are by those who have one history. */
  written(hosts: readonly { readonly store: MemoryStore }[]): number {
    const twins = new Set(
      [...this.#forked].map(({ credentials }) => credentials.identity.publicKey.toHex()),
    );
    const ids = hosts.flatMap(({ store }) => store.entries)
      .filter(({ entry }) => !twins.has(entry.author.toHex())).map(({ id }) => id.toHex());
    return new Set(ids).size;
  }

  /**
   * Messages of which their author was told that they are stored, and that the relay does not hold. What
   * does not fit is acknowledged while the proof is asked for, so just before it does not count.
   */
  get lost(): string[] {
    const people = new People(this.room.key);
    const texts = new Set(this.net.relay.store.entries.map(({ entry }) => {
      const body = people.open(entry);
      return body?.kind === "text" ? body.text : undefined;
    }));
    return this.net.members.flatMap((host) => {
      const found = host.told.find((event) => event.type === "notice" && event.code === "fork");
      const stored = new Set<string>();
      for (const event of host.told) {
        if (event.type !== "status" || event.state !== "stored") continue;
        const just = found && event.at <= found.at && event.at > found.at - PROOF_MS;
        if (!just) stored.add(event.id);
      }
      return messages(host).filter(({ id, self, text }) =>
        self && stored.has(id) && !texts.has(text)
      )
        .map(({ text }) => `${text} of ${host.name}`);
    });
  }

  /** How many there must be: one more of each, who they are. */
  get wanted(): number {
    return [...this.#said, ...this.net.members].filter((each) => !this.#forked.has(each)).length;
  }
}

function forked(seed: number): void {
  const storm = new Storm(seed), { net } = storm, where = `forked, seed ${seed}`;
  while (net.now < STORM_MS / 2) storm.turn();
  const log = storm.fork();
  while (net.now < STORM_MS) storm.turn();
  storm.calm();
  const known = (): boolean => storm.frozen(net.relay.store).includes(nameOf(log));
  assert(net.runUntil(known, net.now + CALM_MS), `${where}: it is found out`);
  storm.assertEqual(where);
  assertEquals(storm.written([net.relay]), storm.wanted, `${where}: nothing of others is lost`);
  assertEquals(storm.lost, [], where);
}

/** Gives how many entries the relay has let go in the end. */
function trimmed(seed: number): number {
  const storm = new Storm(seed), { net } = storm, where = `trimmed, seed ${seed}`;
  while (net.now < STORM_MS) {
    storm.turn();
    if (storm.random() < 0.2) storm.trim();
  }
  storm.calm();
  storm.assertEqual(where);
  for (const member of net.members) assertInOrder(member, `${where}: ${member.name}`);
  assertEquals(storm.written(net.members), storm.wanted, `${where}: authors have what they said`);
  return storm.wanted - net.relay.store.entries.length;
}

Deno.test(`rooms: after ${SEEDS} storms a log with two histories is frozen everywhere`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) forked(seed);
});

Deno.test(`rooms: after ${SEEDS} storms all have what a relay has not let go`, () => {
  let gone = 0;
  for (let seed = 1; seed <= SEEDS; seed++) gone += trimmed(seed);
  assertLess(SEEDS, gone, "something was let go");
});
