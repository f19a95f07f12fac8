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
import { type Host, MachineNet } from "./machine_net.ts";
import { MemoryStore } from "./memory_store.ts";
import { LOBBY, START } from "./room_net.ts";
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
}

/** How somebody comes. */
export interface Coming {
  readonly room?: RoomPlace;
  readonly secret?: Uint8Array;
  readonly peers?: readonly Address[];
  readonly timeout?: number;
  readonly stay?: boolean;
  readonly segment?: number;
}

/** The network. */
export class MeshNet extends MachineNet {
  readonly people: MeshHost[] = [];
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
      listen: (at) => {
        for (const event of host.machine.events()) told.push({ ...event, at });
      },
    };
    this.add(host);
    this.people.push(host);
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

  /** A datagram to everybody is one to each on the segment. */
  protected override copies(to: Address, from: Address): Address[] {
    if (to.host !== EVERYBODY.host) return this.#sees(from, to) ? [to] : [];
    if (this.blocked) return [];
    return this.people.map(({ address }) => address).filter((each) => this.#sees(from, each));
  }

  #sees(from: Address, to: Address): boolean {
    const segmentOf = ({ host }: Address): number | undefined =>
      this.people.find(({ address }) => address.host === host)?.segment;
    return segmentOf(from) === segmentOf(to);
  }

  #start(name: string, credentials: Credentials, store: MemoryStore, coming: Coming): Mesh {
    const { room = LOBBY, secret, peers = [], timeout = 10_000, stay = true } = coming;
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
    }, this.now);
  }
}

/** Messages that somebody was shown, of others, in order. */
export function readMesh(host: MeshHost): string[] {
  return host.told.flatMap((event) =>
    event.type === "message" && !event.self ? [`${event.author.name}: ${event.text}`] : []
  );
}
