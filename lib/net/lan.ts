/**
 * A network where everybody can be called at once: the socket of sessions, and beside it, on each
 * interface, what beacons need. Interfaces may come and go.
 *
 * ```text
 *   IPv4  hear on 0.0.0.0:2411, joined to the group on each address; send from each ADDRESS:2411
 *   IPv6  hear on [ff02::7564%NAME]:2411, which tells the interface; send from [fe80::…%NAME]:2411
 * ```
 *
 * @module
 */

import { type Address, family, isLoopback } from "../wire/address.ts";
import type { SendFailure } from "../wire/datagram.ts";
import type { Clock } from "./clock.ts";
import type { Arrival, Endpoint, EndpointCounters } from "./endpoint.ts";
import { broadcastOf, type LocalAddress, localAddresses } from "./interfaces.ts";
import { JoinedEndpoint } from "./joined.ts";
import { UdpEndpoint } from "./udp.ts";

/** The port of beacons, shared by all programs of a machine (the design). */
export const BEACON_PORT = 2411;
/** The group of IPv4 (the design). Sent to here means: to everybody, on every interface, in every way. */
export const EVERYBODY: Address = { host: "239.255.24.10", port: BEACON_PORT };
/** The group of IPv6 (the design). */
const GROUP_V6 = "ff02::7564";
/** Interfaces are looked at this often, in ms (our choice). */
const LOOK_MS = 5_000;
/** Link-local addresses whose interface is remembered (our choice: anybody can invent them). */
const MAX_SCOPES = 1_024;

/** What a network is made of. */
export interface LanOptions {
  /** For looking at interfaces again. */
  readonly clock: Clock;
  /** The socket of sessions; owned from now on. */
  readonly sessions: Endpoint;
  /** Only this interface. */
  readonly only?: string | undefined;
  /** Only this address of this machine. */
  readonly host?: string | undefined;
  /** One family only. */
  readonly family?: 4 | 6 | undefined;
  /** Lists interfaces; replaced in tests. */
  readonly list?: (() => Deno.NetworkInterfaceInfo[]) | undefined;
  /** What is sent to everybody by one way, so that it is known again; as it is if left out. */
  readonly mark?: ((bytes: Uint8Array, by: LocalAddress, to: Address) => Uint8Array) | undefined;
}

/** How beacons leave by one address. */
interface Way {
  readonly address: LocalAddress;
  readonly out: Endpoint;
  readonly to: readonly Address[];
  /** Of IPv6: what hears the group there. */
  readonly ear?: Endpoint | undefined;
  /** Joins the group of IPv4 there; undefined once it is joined, or where there is none. */
  join?: (() => Promise<unknown>) | undefined;
}

/** What a beacon's way gave, for `doctor`. */
export interface WayState {
  readonly address: LocalAddress;
  /** Of each destination why it could not be sent there; undefined where it could. */
  readonly failures: ReadonlyMap<string, SendFailure | undefined>;
}

/** Sessions and beacons. */
export class LanEndpoint implements Endpoint {
  readonly addresses: readonly Address[];
  readonly #options: LanOptions;
  readonly #all: JoinedEndpoint;
  readonly #ways = new Map<string, Way>();
  readonly #states = new Map<string, Map<string, SendFailure | undefined>>();
  /** On which interface link-local addresses were heard. */
  readonly #scopes = new Map<string, string>();
  #ear: Deno.DatagramConn | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  /**
   * Opens what beacons need, as far as the system allows it.
   *
   * @param options The socket of sessions, and which interfaces.
   */
  constructor(options: LanOptions) {
    this.#options = options;
    this.addresses = options.sessions.addresses;
    this.#all = new JoinedEndpoint([options.sessions]);
    this.#look();
  }

  /** The sums of all sockets. */
  get counters(): EndpointCounters {
    return this.#all.counters;
  }

  /** Whether beacons can be heard over IPv4: another program may hold the port without sharing it. */
  get hears(): boolean {
    return this.#ear !== undefined;
  }

  /** How beacons left by each address, the last time. */
  get states(): WayState[] {
    return [...this.#ways.values()].map(({ address }) => ({
      address,
      failures: this.#states.get(address.host) ?? new Map(),
    }));
  }

  /**
   * Sends to one, or to everybody.
   *
   * @param bytes The payload.
   * @param to A literal address; `EVERYBODY` for all interfaces, multicast and broadcast.
   * @returns Undefined, or why it could not be sent; for everybody only where no way was left.
   */
  async send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    if (to.port !== EVERYBODY.port || to.host !== EVERYBODY.host) {
      return await this.#options.sessions.send(bytes, to);
    }
    let failure: SendFailure | undefined, left = false;
    for (const way of [...this.#ways.values()]) {
      const failures = new Map<string, SendFailure | undefined>();
      for (const each of way.to) {
        const marked = this.#options.mark?.(bytes, way.address, each) ?? bytes;
        const failed = await way.out.send(marked, each);
        failures.set(each.host, failed);
        if (failed) failure = failed;
        else left = true;
      }
      this.#states.set(way.address.host, failures);
    }
    return left ? undefined : failure;
  }

  /** What comes on any socket. Who is link-local has the scope where they were heard. */
  async *incoming(): AsyncGenerator<Arrival> {
    for await (const arrival of this.#all.incoming()) {
      const { host, port } = arrival.from;
      if (arrival.kind !== "data" || !host.startsWith("fe80:")) {
        yield arrival;
        continue;
      }
      const [bare = "", scope] = host.split("%");
      if (scope !== undefined) this.#remember(bare, scope);
      const known = scope ?? this.#scopes.get(bare);
      yield known ? { ...arrival, from: { host: `${bare}%${known}`, port } } : arrival;
    }
  }

  /** What was heard last stays longest: whoever is here is heard again and again. */
  #remember(host: string, scope: string): void {
    this.#scopes.delete(host);
    this.#scopes.set(host, scope);
    const [oldest] = this.#scopes.keys();
    if (this.#scopes.size > MAX_SCOPES && oldest !== undefined) this.#scopes.delete(oldest);
  }

  /** Closes every socket. */
  close(): void {
    this.#closed = true;
    this.#stop?.();
    this.#all.close();
  }

  /** One ear for IPv4 on all interfaces; broadcasts come there as well. */
  #openEar(): void {
    if (this.#ear !== undefined || this.#options.family === 6) return;
    try {
      this.#ear = open("0.0.0.0");
      this.#all.add(new UdpEndpoint(this.#ear, this.#options.clock));
    } catch {
      // Another program does not share the port: until it ends, what others send by IPv4 is not heard.
    }
  }

  #look(): void {
    if (this.#closed) return;
    const { only, list, clock, host, family: wanted } = this.#options, seen = new Set<string>();
    this.#openEar();
    for (const address of localAddresses(only, list)) {
      if (host !== undefined && address.host !== host) continue;
      if (wanted !== undefined && family(address.host) !== wanted) continue;
      // An interface that was made anew has another index, whatever its name and address.
      const key = `${address.host} ${address.name} ${address.index}`;
      seen.add(key);
      if (!this.#ways.has(key)) this.#openWay(address, key);
    }
    for (const [key, way] of this.#ways) {
      if (seen.has(key)) continue;
      this.#ways.delete(key);
      this.#states.delete(way.address.host);
      for (const each of [way.out, way.ear]) if (each) this.#all.remove(each);
    }
    for (const way of this.#ways.values()) this.#join(way);
    this.#stop = clock.wake(clock.now() + LOOK_MS, () => this.#look());
  }

  /** Again with the next look where it failed: an interface may not be ready yet. */
  #join(way: Way): void {
    const { join } = way;
    if (join === undefined || this.#ear === undefined) return;
    way.join = undefined;
    join().catch(() => way.join = join);
  }

  #openWay(address: LocalAddress, key: string): void {
    const { clock } = this.#options, port = BEACON_PORT, { host, name, index } = address;
    let out: Deno.DatagramConn;
    try {
      out = open(host);
    } catch {
      return; // It may be gone, or not be ready: it is looked at again.
    }
    if (family(host) === 4) {
      const broadcast = { host: broadcastOf(host), port };
      const to = isLoopback(host) ? [broadcast] : [EVERYBODY, broadcast];
      const join = (): Promise<unknown> =>
        this.#ear?.joinMulticastV4(EVERYBODY.host, host) ?? Promise.resolve();
      const way: Way = { address, out: this.#hear(new UdpEndpoint(out, clock)), to };
      this.#ways.set(key, isLoopback(host) ? way : { ...way, join });
      return;
    }
    const group = `${GROUP_V6}%${name}`;
    let ear: Endpoint | undefined;
    try {
      const socket = open(group);
      socket.joinMulticastV6(GROUP_V6, index).catch(() => {});
      ear = this.#hear(new UdpEndpoint(socket, clock, { scope: name }));
    } catch {
      // No IPv6 multicast here: it can still be tried to send.
    }
    const sender = this.#hear(new UdpEndpoint(out, clock, { scope: name }));
    this.#ways.set(key, { address, out: sender, to: [{ host: group, port }], ear });
  }

  #hear(endpoint: Endpoint): Endpoint {
    this.#all.add(endpoint);
    return endpoint;
  }
}

function open(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname,
    port: BEACON_PORT,
    reuseAddress: true,
    // Deno turns it off: programs beside us on this machine would not hear our multicasts.
    loopback: true,
  });
}
