/**
 * Pure machines on a simulated network, in virtual time and without promises.
 *
 * @module
 */

import { Impairment, type ImpairmentSpec } from "../../lib/net/impairment.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { type Address, formatAddress } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import type { Flying } from "./session_pair.ts";

/** What is driven. */
export interface Driven {
  receive(bytes: Uint8Array, from: Address, now: number): void;
  tick(now: number): void;
  poll(now: number): Transmit | undefined;
  nextTimeout(): number | undefined;
  readonly done: object | undefined;
}

/** A machine at an address. */
export interface Host {
  machine: Driven;
  address: Address;
  /** Switched off or asleep: nothing comes in, nothing goes out, no time passes for it. */
  off: boolean;
  /** Takes the machine's events. */
  listen(now: number): void;
}

/** One way of a datagram. */
export interface Way {
  readonly from: Address;
  readonly to: Address;
}

/** Steps at one moment that only a machine without rest needs. */
const MAX_SPINS = 100_000;

/** A network of machines. */
export class MachineNet {
  readonly random: Random;
  readonly hosts: Host[] = [];
  now = 0;
  /** Bytes and datagrams that were sent. */
  bytes = 0;
  packets = 0;
  /** Sees what is sent: once, however many it goes to. */
  sent: (bytes: Uint8Array) => void = () => {};
  /** Decides about each datagram before the network does: false for lost. */
  filter: ((flying: Flying, now: number) => boolean) | undefined;
  readonly #way: Impairment<Flying>;
  readonly #at = new Map<string, Host>();
  #spins = 0;
  #steppedAt = -1;

  /**
   * An empty network.
   *
   * @param spec How bad it is.
   * @param seed Of all randomness.
   */
  constructor(spec: ImpairmentSpec = {}, seed = 1) {
    this.random = seededRandom(seed);
    this.#way = new Impairment(spec, this.random);
  }

  /** A machine comes. */
  add(host: Host): void {
    this.hosts.push(host);
    this.#at.set(formatAddress(host.address), host);
  }

  /** Whence and where a datagram goes: a network may have addresses that stand for many. */
  protected copies(to: Address, from: Address): readonly Way[] {
    return [{ from, to }];
  }

  /** A machine is there by one more address. */
  protected alias(host: Host, address: Address): void {
    this.#at.set(formatAddress(address), host);
  }

  /** Lets time pass. */
  run(until: number): void {
    this.runUntil(() => false, until);
    this.now = until;
  }

  /** Runs until something is true; false if the time is over before. */
  runUntil(test: () => boolean, limit: number): boolean {
    this.flush();
    while (!test()) {
      let next = this.#way.nextTimeout() ?? Infinity;
      for (const host of this.hosts) {
        if (!host.off) next = Math.min(next, host.machine.nextTimeout() ?? Infinity);
      }
      if (next === Infinity || next > limit) return false;
      this.now = Math.max(this.now, next);
      this.#step();
    }
    return true;
  }

  /** Sends all that machines want sent, and takes their events. */
  flush(): void {
    for (const host of this.hosts) {
      const { machine } = host;
      if (host.off) continue;
      for (let next = machine.poll(this.now); next; next = machine.poll(this.now)) {
        this.bytes += next.bytes.length;
        this.packets++;
        this.sent(next.bytes);
        for (const { from, to } of this.copies(next.to, host.address)) {
          const flying = { bytes: next.bytes, from: { ...from }, to: { ...to } };
          if (this.filter?.(flying, this.now) !== false) this.#way.push(flying, this.now);
        }
      }
      host.listen(this.now);
      if (machine.done) host.off = true;
    }
  }

  /** A datagram that no machine has sent. */
  inject(flying: Flying): void {
    this.#way.push(flying, this.now);
  }

  #step(): void {
    this.#spins = this.now === this.#steppedAt ? this.#spins + 1 : 0;
    this.#steppedAt = this.now;
    if (this.#spins > MAX_SPINS) throw new Error(`The machines spin at ${this.now} ms`);
    for (let next = this.#way.poll(this.now); next; next = this.#way.poll(this.now)) {
      const host = this.#at.get(formatAddress(next.to));
      if (host === undefined || host.off) continue;
      host.machine.receive(next.bytes, next.from, this.now);
      host.listen(this.now);
    }
    for (const { machine, off } of this.hosts) {
      const due = off ? undefined : machine.nextTimeout();
      if (due !== undefined && due <= this.now) machine.tick(this.now);
    }
    this.flush();
  }
}
