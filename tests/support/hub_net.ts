/**
 * Programs with a hub each on a simulated network, in virtual time and without promises.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { Impairment, type ImpairmentSpec } from "../../lib/net/impairment.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import { Hub, type HubEvent } from "../../lib/session/hub.ts";
import type { Session } from "../../lib/session/session.ts";
import { type Address, formatAddress } from "../../lib/wire/address.ts";
import { type Flying, testRandom } from "./session_pair.ts";

/** One program. */
export interface HubNode {
  hub: Hub;
  address: Address;
  readonly credentials: Credentials;
  readonly events: HubEvent[];
  /** Its sessions that can be used, in the order in which they came up. */
  readonly up: Session[];
  /** What was said to it, with the time. */
  readonly heard: { text: string; at: number }[];
}

/** A network of programs. */
export class HubNet {
  readonly random: Random;
  readonly nodes: HubNode[] = [];
  now = 0;
  /** Datagrams that were sent, for recording and counting. */
  readonly log: (Flying & { at: number })[] = [];
  /** Decides about each datagram before the network does: false for lost. */
  filter: ((flying: Flying, now: number) => boolean) | undefined;
  readonly #way: Impairment<Flying>;

  constructor(spec: ImpairmentSpec = {}, seed = 1) {
    this.random = seededRandom(seed);
    this.#way = new Impairment(spec, this.random);
  }

  /** Adds a program. */
  add(host: string, secret?: Uint8Array, port: number = 2410): HubNode {
    const bytes = testRandom(this.random);
    const credentials = {
      identity: makeIdentity(bytes(32)),
      staticKey: keyPair(bytes(32)),
      instance: bytes(8),
    };
    const hub = new Hub({ credentials, secret, random: bytes });
    const node = { hub, address: { host, port }, credentials, events: [], up: [], heard: [] };
    this.nodes.push(node);
    return node;
  }

  /** A program restarts: the key is kept, everything else is forgotten. */
  restart(node: HubNode, secret?: Uint8Array): void {
    const random = testRandom(this.random);
    const credentials = { ...node.credentials, instance: random(8) };
    node.hub = new Hub({ credentials, secret, random });
    node.up.length = 0;
  }

  /** Says something on a session's chat stream. */
  say(node: HubNode, session: Session, text: string): void {
    session.write(0, new TextEncoder().encode(text));
    node.hub.touch(session);
    this.flush();
  }

  /** Puts a datagram onto the network, from wherever it says. */
  inject(flying: Flying): void {
    this.#way.push(flying, this.now);
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
      const times = [this.#way.nextTimeout(), ...this.nodes.map((node) => node.hub.nextTimeout())]
        .filter((time) => time !== undefined);
      const next = Math.min(...times);
      if (times.length === 0 || next > limit) return false;
      this.now = Math.max(this.now, next);
      this.#step();
    }
    return true;
  }

  flush(): void {
    for (const node of this.nodes) {
      for (let next = node.hub.poll(this.now); next; next = node.hub.poll(this.now)) {
        const flying = { bytes: next.bytes, from: node.address, to: next.to };
        this.log.push({ ...flying, at: this.now });
        if (this.filter?.(flying, this.now) === false) continue;
        this.#way.push(flying, this.now);
      }
      this.#take(node);
    }
  }

  #step(): void {
    for (let next = this.#way.poll(this.now); next; next = this.#way.poll(this.now)) {
      const to = formatAddress(next.to);
      const node = this.nodes.find((each) => formatAddress(each.address) === to);
      node?.hub.receive(next.bytes, next.from, this.now);
      if (node) this.#take(node);
    }
    for (const node of this.nodes) {
      const due = node.hub.nextTimeout();
      if (due !== undefined && due <= this.now) node.hub.tick(this.now);
    }
    this.flush();
  }

  #take(node: HubNode): void {
    for (const event of node.hub.events()) {
      node.events.push(event);
      if (event.type === "up") node.up.push(event.session);
      if (event.type !== "session" || event.event.type !== "data") continue;
      node.heard.push({ text: new TextDecoder().decode(event.event.bytes), at: this.now });
    }
  }
}
