/**
 * A relay and members of its rooms on a simulated network.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { openRoomNumber, RoomKey } from "../../lib/crypto/room_key.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import { Member } from "../../lib/peer/member.ts";
import type { MemberEvent, RoomPlace } from "../../lib/peer/member_event.ts";
import { Relay, type RelayEvent } from "../../lib/peer/relay.ts";
import type { Pace } from "../../lib/peer/throttle.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import type { Address } from "../../lib/wire/address.ts";
import { Bridge } from "./bridge.ts";
import { type Host, MachineNet } from "./machine_net.ts";
import { MemoryStore } from "./memory_store.ts";
import { testRandom } from "./session_pair.ts";

/** Wall time at the beginning, in ms since 1970. */
export const START = Date.UTC(2026, 0, 1);

const wall = (now: number): number => START + Math.floor(now);

/** The room that all are in unless they say otherwise. */
export const LOBBY: RoomPlace = { name: "lobby", number: openRoomNumber("lobby") };

/** A room with a secret. */
export function secretRoom(fill = 7): RoomPlace {
  const key = new RoomKey(new Uint8Array(32).fill(fill));
  return { name: "secret", number: key.room, key };
}

/** A relay on the network. */
export interface RelayHost extends Host {
  machine: Relay;
  readonly credentials: Credentials;
  store: MemoryStore;
  readonly told: RelayEvent[];
}

/** A member on the network. */
export interface MemberHost extends Host {
  machine: Member;
  readonly name: string;
  readonly credentials: Credentials;
  store: MemoryStore;
  readonly told: (MemberEvent & { readonly at: number })[];
}

/** A node between relays. */
export interface BridgeHost extends Host {
  readonly store: MemoryStore;
  /** Its program is killed and starts again with its store. */
  restart(): void;
}

/** How a member joins. */
export interface Joining {
  readonly room?: RoomPlace;
  readonly relay?: Address;
  readonly timeout?: number;
  readonly stay?: boolean;
  readonly pinned?: Uint8Array;
  readonly credentials?: Credentials;
  /** What is kept already. */
  readonly store?: MemoryStore;
}

/** Who may come in. */
type Allowed = ((key: Uint8Array) => boolean) | undefined;

/** The network. */
export class RoomNet extends MachineNet {
  readonly relayAddress: Address = { host: "192.0.2.1", port: 2410 };
  readonly relay: RelayHost;
  readonly members: MemberHost[] = [];
  readonly #pace: Pace | undefined;
  readonly #maxMembers: number;
  #bridges = 0;

  constructor(
    spec: ImpairmentSpec = {},
    seed: number = 1,
    allowed: Allowed = undefined,
    pace: Pace | undefined = undefined,
    maxMembers = 100,
  ) {
    super(spec, seed);
    this.#pace = pace;
    this.#maxMembers = maxMembers;
    this.relay = this.addRelay(this.relayAddress, allowed);
  }

  /** One more relay. */
  addRelay(address: Address, allowed?: Allowed): RelayHost {
    const credentials = this.#credentials(), store = new MemoryStore(), told: RelayEvent[] = [];
    const host: RelayHost = {
      machine: this.#open(credentials, store, allowed),
      credentials,
      store,
      told,
      address,
      off: false,
      listen: () => told.push(...host.machine.events()),
    };
    this.add(host);
    return host;
  }

  /** A node that is in a room on several relays, and passes on what it hears. */
  addBridge(room: Uint8Array, relays: readonly RelayHost[]): BridgeHost {
    const address = { host: `203.0.113.${++this.#bridges}`, port: 40_000 };
    const credentials = this.#credentials(), store = new MemoryStore();
    const to = relays.map((relay) => relay.address);
    const host: BridgeHost = {
      machine: this.#bridge(credentials, store, room, to),
      store,
      restart: () => {
        const again = { ...credentials, instance: testRandom(this.random)(8) };
        host.machine = this.#bridge(again, store, room, to);
      },
      address,
      off: false,
      listen: () => {},
    };
    this.add(host);
    return host;
  }

  #bridge(
    credentials: Credentials,
    store: MemoryStore,
    room: Uint8Array,
    to: readonly Address[],
  ): Bridge {
    const hub = { credentials, random: testRandom(this.random) };
    return new Bridge({ hub, store, wall, room, to }, this.now);
  }

  /** A relay is killed and starts again with its store, or without. */
  restartRelay(host: RelayHost = this.relay, keepStore = true): void {
    if (!keepStore) host.store = new MemoryStore();
    const credentials = { ...host.credentials, instance: testRandom(this.random)(8) };
    host.machine = this.#open(credentials, host.store);
    host.off = false;
  }

  /** Somebody joins. */
  join(name: string, joining: Joining = {}): MemberHost {
    const number = this.members.length + 1;
    const address = { host: `198.51.${100 + (number >> 8)}.${number & 255}`, port: 40_000 };
    const credentials = joining.credentials ?? this.#credentials();
    const store = joining.store ?? new MemoryStore();
    const told: MemberHost["told"] = [];
    const host: MemberHost = {
      machine: this.#enter(name, credentials, store, joining),
      name,
      credentials,
      store,
      told,
      address,
      off: false,
      listen: (at) => {
        for (const event of host.machine.events()) told.push({ ...event, at });
      },
    };
    this.add(host);
    this.members.push(host);
    return host;
  }

  /** A member's program is killed and starts again with its store. */
  restart(host: MemberHost, joining: Joining = {}): void {
    const credentials = { ...host.credentials, instance: testRandom(this.random)(8) };
    host.machine = this.#enter(host.name, credentials, host.store, joining);
    host.off = false;
  }

  /** Somebody says something. */
  say(host: MemberHost, text: string): void {
    host.machine.say(text, this.now);
    this.flush();
  }

  #credentials(): Credentials {
    const bytes = testRandom(this.random);
    return {
      identity: makeIdentity(bytes(32)),
      staticKey: keyPair(bytes(32)),
      instance: bytes(8),
    };
  }

  #open(
    credentials: Credentials,
    store: MemoryStore,
    allowed?: Allowed,
  ): Relay {
    const hub = { credentials, random: testRandom(this.random) };
    const pace = this.#pace;
    return new Relay({ hub, store, wall, maxMembers: this.#maxMembers, allowed, pace }, this.now);
  }

  #enter(
    name: string,
    credentials: Credentials,
    store: MemoryStore,
    joining: Joining,
  ): Member {
    const { room = LOBBY, relay = this.relayAddress, timeout = 10_000, stay = true, pinned } =
      joining;
    return new Member({
      hub: { credentials, random: testRandom(this.random) },
      store,
      wall,
      name,
      room,
      to: [relay],
      pinned,
      timeout,
      stay,
      asks: false,
    }, this.now);
  }
}

/** The messages that somebody was told of. */
export function messages(
  host: MemberHost,
): (Extract<MemberEvent, { type: "message" }> & { readonly at: number })[] {
  return host.told.filter((
    event,
  ): event is Extract<MemberHost["told"][number], { type: "message" }> => event.type === "message");
}

/** What somebody has read, of others. */
export function read(host: MemberHost): string[] {
  return messages(host).filter(({ self }) => !self).map(({ author, text }) =>
    `${author.name}: ${text}`
  );
}

/** All hashes of a store, sorted: two stores with the same hold the same. */
export function held(store: MemoryStore): string[] {
  return store.entries.map(({ id }) => id.join()).sort();
}
