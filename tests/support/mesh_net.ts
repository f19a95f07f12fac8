/**
 * People on one or several networks where everybody can be called at once.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import { Mesh } from "../../lib/peer/mesh.ts";
import type { MemberEvent, RoomPlace } from "../../lib/peer/member_event.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import type { Address } from "../../lib/wire/address.ts";
import { type Host, MachineNet, type Way } from "./machine_net.ts";
import { MemoryStore } from "./memory_store.ts";
import { held, LOBBY, START } from "./room_net.ts";
import { testRandom } from "./session_pair.ts";

/** Sent to here it reaches all on the same segment. */
export const EVERYBODY: Address = { host: "239.255.24.10", port: 2411 };

/** Somebody on a network. */
export interface MeshHost extends Host {
  machine: Mesh;
  readonly name: string;
  readonly credentials: Credentials;
  readonly store: MemoryStore;
  readonly told: (MemberEvent & { readonly at: number })[];
  /** Only those on the same segment hear its beacons. */
  segment: number;
  /** Its other address. */
  readonly second?: Address | undefined;
}

/** How somebody comes. */
export interface Coming {
  readonly room?: RoomPlace;
  readonly secret?: Uint8Array;
  readonly peers?: readonly Address[];
  readonly timeout?: number;
  readonly stay?: boolean;
  readonly segment?: number;
  /** So much of what was said before they came is shown at once. */
  readonly shown?: number;
  /** By how many addresses; beacons leave by each, sessions by the first. */
  readonly addresses?: 1 | 2;
}

/** The network. */
export class MeshNet extends MachineNet {
  readonly people: MeshHost[] = [];
  readonly #at = new Map<string, MeshHost>();
  /** Beacons get lost here: a network that blocks multicast and broadcast. */
  blocked = false;

  constructor(spec: ImpairmentSpec = {}, seed: number = 1) {
    super(spec, seed);
  }

  /** Somebody comes. */
  come(name: string, coming: Coming = {}): MeshHost {
    const number = this.people.length + 1, bytes = testRandom(this.random);
    const address = { host: `10.0.${number >> 8}.${number & 255}`, port: 40_000 };
    const credentials = {
      identity: makeIdentity(bytes(32)),
      staticKey: keyPair(bytes(32)),
      instance: bytes(8),
    };
    const store = new MemoryStore(), told: MeshHost["told"] = [];
    const host: MeshHost = {
      machine: this.#start(name, credentials, store, coming),
      name,
      credentials,
      store,
      told,
      address,
      off: false,
      segment: coming.segment ?? 0,
      second: coming.addresses === 2 ? { ...address, host: `10.1.0.${number}` } : undefined,
      listen: (at) => {
        for (const event of host.machine.events()) told.push({ ...event, at });
      },
    };
    this.add(host);
    this.people.push(host);
    for (const each of addressesOf(host)) {
      this.alias(host, each);
      this.#at.set(each.host, host);
    }
    return host;
  }

  /** Somebody's program is killed and starts again with its store. */
  restart(host: MeshHost, coming: Coming = {}): void {
    const credentials = { ...host.credentials, instance: testRandom(this.random)(8) };
    host.machine = this.#start(host.name, credentials, host.store, coming);
    host.off = false;
  }

  /** Somebody says something. */
  say(host: MeshHost, text: string): void {
    host.machine.say(text, this.now);
    this.flush();
  }

  /** A datagram to everybody is one to each on the segment, from each address that its sender has. */
  protected override copies(to: Address, from: Address): Way[] {
    const sender = this.#at.get(from.host);
    if (to.host !== EVERYBODY.host) return this.#sees(sender, to) ? [{ from, to }] : [];
    if (this.blocked || sender === undefined) return [];
    return addressesOf(sender).flatMap((each) =>
      this.people.filter((host) => host.segment === sender.segment)
        .map(({ address }) => ({ from: { ...each, port: EVERYBODY.port }, to: address }))
    );
  }

  #sees(from: MeshHost | undefined, to: Address): boolean {
    return from !== undefined && from.segment === this.#at.get(to.host)?.segment;
  }

  /** Somebody has another address from now on; nothing comes to the one before. */
  move(host: MeshHost, address: Address): void {
    this.alias({ ...host, off: true }, host.address);
    this.#at.delete(host.address.host);
    host.address = address;
    this.alias(host, address);
    this.#at.set(address.host, host);
  }

  #start(name: string, credentials: Credentials, store: MemoryStore, coming: Coming): Mesh {
    const { room = LOBBY, secret, peers = [], timeout = 10_000, stay = true, shown } = coming;
    return new Mesh({
      hub: { credentials, secret, random: testRandom(this.random) },
      store,
      wall: (now) => START + Math.floor(now),
      name,
      room,
      everybody: EVERYBODY,
      port: 40_000,
      peers,
      random: this.random,
      timeout,
      stay,
      shown,
    }, this.now);
  }
}

function addressesOf({ address, second }: MeshHost): Address[] {
  return second ? [address, second] : [address];
}

/** Everybody sees all others. */
export function gathered(hosts: readonly MeshHost[]): boolean {
  return hosts.every(({ machine }) => machine.size === hosts.length - 1);
}

/** Everybody holds the same. */
export function equalStores(hosts: readonly MeshHost[]): boolean {
  const [first] = hosts;
  return hosts.every(({ store }) =>
    store.entries.length === first?.store.entries.length &&
    held(store).join() === held(first.store).join()
  );
}

/** Nobody was shown a message twice. */
export function onceShown(hosts: readonly MeshHost[]): boolean {
  return hosts.every(({ told }) => {
    const ids = told.flatMap((event) => event.type === "message" ? [event.id] : []);
    return ids.length === new Set(ids).size;
  });
}

/** Messages that somebody was shown, of others, in order. */
export function readMesh(host: MeshHost): string[] {
  return host.told.flatMap((event) =>
    event.type === "message" && !event.self ? [`${event.author.name}: ${event.text}`] : []
  );
}
