/**
 * Two sessions and a bad network between them, all in virtual time and without a single promise: a
 * minute of 30 % loss is a test of a few milliseconds.
 *
 * @module
 */

import { Impairment, type ImpairmentSpec } from "../../lib/net/impairment.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import type { RandomBytes } from "../../lib/session/state.ts";
import { SessionKeys } from "../../lib/session/keys.ts";
import type { SessionEvent } from "../../lib/session/event.ts";
import { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import { decodePacket } from "../../lib/wire/packet.ts";

/** Where the two ends are in the beginning. */
export const ANN: Address = { host: "192.0.2.1", port: 1_001 };
export const BOB: Address = { host: "192.0.2.2", port: 1_002 };

/** Bytes of UDP and IPv4 headers, which count on the wire. */
export const IP_UDP_BYTES = 28;

/** Steps at one moment that only a session without rest needs. */
const MAX_SPINS = 100_000;

/** Random bytes for tests. */
export function testRandom(random: Random): RandomBytes {
  return (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** A datagram on its way. */
export interface Flying {
  readonly bytes: Uint8Array;
  readonly from: Address;
  readonly to: Address;
}

/** One end. */
export interface End {
  readonly session: Session;
  /** Where it is now; a NAT or a walk may change it. */
  address: Address;
  /** What came on each stream, in order. */
  readonly streams: Map<number, Uint8Array[]>;
  readonly events: SessionEvent[];
  readonly onData?: (stream: number, bytes: Uint8Array, now: number) => void;
}

/** How a pair is made. */
export interface PairOptions {
  readonly spec?: ImpairmentSpec;
  /** The network in the other direction; the same if left out. */
  readonly back?: ImpairmentSpec;
  readonly seed?: number;
  readonly mtu?: number;
  /** Decides about each datagram before the network does: false for lost. */
  readonly filter?: (flying: Flying, now: number) => boolean;
  /** What arrives in place of a datagram that is not lost: changed, more than one, or none. */
  readonly mangle?: (flying: Flying, now: number) => readonly Flying[];
}

/** Both ends and the network. */
export class SessionPair {
  readonly ann: End;
  readonly bob: End;
  readonly random: Random;
  now = 0;
  /** Bytes on the wire both ways, headers included. */
  wire = 0;
  packets = 0;
  /** Steps at one moment: a session that never comes to rest is an error, not a test that hangs. */
  #spins = 0;
  #steppedAt = -1;
  readonly #there: Impairment<Flying>;
  readonly #back: Impairment<Flying>;
  readonly #filter: ((flying: Flying, now: number) => boolean) | undefined;
  readonly #mangle: (flying: Flying, now: number) => readonly Flying[];

  constructor(options: PairOptions = {}) {
    this.random = seededRandom(options.seed ?? 1);
    const bytes = testRandom(this.random);
    const [first, second] = [bytes(32), bytes(32)];
    const spec = options.spec ?? {};
    this.#there = new Impairment(spec, this.random);
    this.#back = new Impairment(options.back ?? spec, this.random);
    this.#filter = options.filter;
    this.#mangle = options.mangle ?? ((flying) => [flying]);
    const mtu = options.mtu === undefined ? {} : { mtu: options.mtu };
    const make = (initiator: boolean): Session => {
      const [send, receive] = initiator ? [first, second] : [second, first];
      const [local, remote] = initiator ? [1, 2] : [2, 1];
      const keys = new SessionKeys({ send, receive }, initiator);
      const address = initiator ? BOB : ANN;
      return new Session({
        initiator,
        local,
        remote,
        keys,
        address,
        random: bytes,
        now: 0,
        ...mtu,
      });
    };
    this.ann = { session: make(true), address: ANN, streams: new Map(), events: [] };
    this.bob = { session: make(false), address: BOB, streams: new Map(), events: [] };
    this.flush();
  }

  /** The next moment at which anything happens. */
  next(): number | undefined {
    const times = [
      this.ann.session.nextTimeout(),
      this.bob.session.nextTimeout(),
      this.#there.nextTimeout(),
      this.#back.nextTimeout(),
    ].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Lets time pass. */
  run(until: number): void {
    for (;;) {
      const next = this.next();
      if (next === undefined || next > until) break;
      this.now = Math.max(this.now, next);
      this.step();
    }
    this.now = until;
  }

  /** Runs until something is true, or a limit is reached. */
  runUntil(test: () => boolean, limit: number): boolean {
    while (!test()) {
      const next = this.next();
      if (next === undefined || next > limit) return false;
      this.now = Math.max(this.now, next);
      this.step();
    }
    return true;
  }

  /** Everything that is due now. */
  step(): void {
    this.#spins = this.now === this.#steppedAt ? this.#spins + 1 : 0;
    this.#steppedAt = this.now;
    if (this.#spins > MAX_SPINS) throw new Error(`The sessions spin at ${this.now} ms`);
    for (const way of [this.#there, this.#back]) {
      for (let next = way.poll(this.now); next; next = way.poll(this.now)) this.#arrive(next);
    }
    for (const { session } of [this.ann, this.bob]) {
      const due = session.nextTimeout();
      if (due !== undefined && due <= this.now) session.tick(this.now);
    }
    this.flush();
  }

  /** Sends all that the sessions want sent, and takes their events. */
  flush(): void {
    for (const end of [this.ann, this.bob]) {
      for (let next = end.session.poll(this.now); next; next = end.session.poll(this.now)) {
        this.wire += next.bytes.length + IP_UDP_BYTES;
        this.packets++;
        // A socket makes a new object for each datagram, so nobody may compare them by identity.
        const flying = { bytes: next.bytes, from: { ...end.address }, to: { ...next.to } };
        if (this.#filter?.(flying, this.now) === false) continue;
        const way = end === this.ann ? this.#there : this.#back;
        for (const each of this.#mangle(flying, this.now)) way.push(each, this.now);
      }
      this.#take(end);
    }
  }

  #arrive({ bytes, from, to }: Flying): void {
    const end = [this.ann, this.bob].find(({ address }) =>
      address.host === to.host && address.port === to.port
    );
    const packet = decodePacket(bytes);
    if (end === undefined || (packet?.type !== "data" && packet?.type !== "final")) return;
    end.session.receive(packet, bytes.length, from, this.now);
    this.#take(end);
  }

  #take(end: End): void {
    for (const event of end.session.events()) {
      if (event.type !== "data") end.events.push(event);
      else {
        const chunks = end.streams.get(event.stream) ?? [];
        chunks.push(event.bytes);
        end.streams.set(event.stream, chunks);
        end.onData?.(event.stream, event.bytes, this.now);
      }
    }
  }
}

/** What came on a stream, joined. */
export function joined(end: End, stream: number): Uint8Array {
  const chunks = end.streams.get(stream) ?? [];
  const all = new Uint8Array(chunks.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
