/**
 * Who is to be called on a network, when, and who is asked for what differs. Pure.
 *
 * @module
 */

import type { Hub } from "../session/hub.ts";
import type { Address } from "../wire/address.ts";
import { MAX_PEERS, type Peer } from "../wire/room.ts";
import { Calls } from "./calls.ts";
import { type Neighbour, Neighbours } from "./neighbours.ts";

/** The one with the lower tag calls at once, the other one after so long, in ms (our choice). */
const SECOND_MS = 1_500;
/** Calls at once (our choice). */
const MAX_CALLS = 24;
/** A call that nobody answers is given up after so long, in ms (our choice). */
const CALL_MS = 6_000;
/** What somebody holds must differ for so long, in ms (the design: a second), and as long again at random. */
const DIFFERS_MS = 1_000;
/** After asking, so long nobody else is asked, in ms (our choice). */
const ASKED_MS = 1_500;
/** After so long it is told of who is met, where one of two is not heard by beacons, in ms (our choice). */
const GOSSIP_MS = 2_000;
/** It is looked after all of this that often, in ms (our choice). */
const STEP_MS = 250;

/** What is needed. */
export interface GatheringOptions {
  /** Where sessions are. */
  readonly hub: Hub;
  /** Our own tag, as the key of a map. */
  readonly own: string;
  /** Whom to call in any case. */
  readonly peers: readonly Address[];
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Whether somebody with a session, by their tag, does not answer there. */
  readonly stalls: (tag: string) => boolean;
}

/** A call that is under way. */
interface Calling {
  readonly calls: Calls;
  readonly since: number;
}

/** Somebody with a session. */
interface Met {
  readonly at: number;
  readonly address: Address;
  gossiped: boolean;
}

/** All who are heard, called and met. */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #neighbours: Neighbours;
  readonly #calling = new Map<string, Calling>();
  /** Not before this is somebody called again, in ms. */
  readonly #waits = new Map<string, number>();
  readonly #met = new Map<string, Met>();
  readonly #peers: Calls[];
  /** Those who did not answer on their session: they are called beside it until they do. */
  readonly #stalled = new Set<string>();
  /** Who is asked for all, when. */
  #askAt: { readonly tag: string; readonly at: number } | undefined;
  #askedAt = -Infinity;
  #stepAt: number;
  /** Somebody is to be called, asked or told; else only beacons are due. */
  #busy = true;
  #over = false;

  /**
   * Nobody is there; those who are named are called.
   *
   * @param options What is needed.
   * @param now Time in ms.
   */
  constructor(options: GatheringOptions, now: number) {
    this.#options = options;
    this.#neighbours = new Neighbours(options.random, now);
    this.#stepAt = now;
    this.#peers = options.peers.map((peer) => new Calls(options.hub, [peer]));
    for (const calls of this.#peers) calls.begin(false, now);
  }

  /** When `tick` wants to be called, in ms. */
  get dueAt(): number {
    return this.#busy ? Math.min(this.#neighbours.dueAt, this.#stepAt) : this.#neighbours.dueAt;
  }

  /** Whether a beacon is to be sent now. */
  isDue(now: number): boolean {
    return this.#neighbours.isDue(now);
  }

  /**
   * A beacon came.
   *
   * @param tag Whose.
   * @param address Where its sessions are.
   * @param how What it holds is what we hold; it came to us alone, and not to everybody.
   * @param now Time in ms.
   */
  hear(
    tag: string,
    address: Address,
    { same, alone }: { readonly same: boolean; readonly alone: boolean },
    now: number,
  ): void {
    // Whoever can be made to call by a word that came alone would call whom a stranger names.
    if (alone && !this.#met.has(tag)) return;
    const neighbour = this.#neighbours.hear(tag, address, !alone, now);
    if (neighbour === undefined) return;
    if (same) neighbour.differsSince = undefined;
    else neighbour.differsSince ??= now;
    this.#busy ||= !same || !neighbour.proven;
    this.#call(neighbour, now);
  }

  /**
   * Those from whom no beacons to everybody come: ours may not reach them either, and are sent to them
   * alone, so that they learn as others do what we hold and that we are here.
   *
   * @param now Time in ms.
   */
  deaf(now: number): Address[] {
    return [...this.#met].flatMap(([tag, { address }]) =>
      this.#neighbours.hears(tag, now) ? [] : [address]
    );
  }

  /** Somebody told where somebody is. */
  told(tag: string, address: Address, now: number): void {
    const neighbour = this.#neighbours.hear(tag, address, false, now);
    this.#busy = true;
    if (neighbour) this.#call(neighbour, now);
  }

  /** Somebody says that they leave; their session will end by itself. */
  left(tag: string): void {
    this.#calling.get(tag)?.calls.stop();
    this.#calling.delete(tag);
    if (!this.#met.has(tag)) this.#neighbours.remove(tag);
  }

  /** There is a session with somebody. */
  up(tag: string, address: Address, now: number): void {
    this.#calling.get(tag)?.calls.answered();
    this.#calling.delete(tag);
    this.#neighbours.hear(tag, address, false, now);
    this.#neighbours.prove(tag, true);
    this.#busy = true;
    if (!this.#met.has(tag)) this.#met.set(tag, { at: now, address, gossiped: false });
    for (const calls of this.#peers) {
      if (isOneOf(address, calls.to)) calls.answered();
    }
    this.#neighbours.hurry(now);
  }

  /**
   * There is no session with somebody any more.
   *
   * @param tag Who.
   * @param left They said so.
   * @param now Time in ms.
   */
  down(tag: string, left: boolean, now: number): void {
    const met = this.#met.get(tag);
    this.#busy = true;
    this.#met.delete(tag);
    this.#stalled.delete(tag);
    this.#neighbours.prove(tag, false);
    if (left) this.#neighbours.remove(tag);
    if (met === undefined) return;
    for (const calls of this.#peers) {
      const isThere = [...this.#met.values()].some(({ address }) => isOneOf(address, calls.to));
      if (!isThere) calls.failed(undefined, now);
    }
  }

  /** Somebody does not answer: they are called beside the session, again and again. */
  stalled(tag: string, now: number): void {
    this.#stalled.add(tag);
    this.#busy = true;
    this.#callBeside(tag, now);
  }

  #callBeside(tag: string, now: number): void {
    const neighbour = this.#neighbours.get(tag);
    if (neighbour === undefined || !this.#options.stalls(tag)) this.#stalled.delete(tag);
    else if (now >= (this.#waits.get(tag) ?? 0)) this.#begin(neighbour, true, now);
  }

  /** A call led to nothing. */
  failed(call: number, now: number): void {
    this.#busy = true;
    for (const { calls } of this.#calling.values()) if (calls.has(call)) calls.failed(call, now);
    for (const calls of this.#peers) if (calls.has(call)) calls.failed(call, now);
  }

  /** A call led to somebody who is for something else: they are not called again. */
  misplaced(call: number): void {
    for (const { calls } of this.#calling.values()) if (calls.has(call)) calls.stop();
    for (const calls of this.#peers) if (calls.has(call)) calls.stop();
  }

  /** Nobody is called any more. */
  end(): void {
    this.#over = true;
    for (const calls of this.#peers) calls.stop();
    for (const { calls } of this.#calling.values()) calls.stop();
    this.#calling.clear();
  }

  /** Looks after calls. */
  tick(now: number): void {
    if (now < this.#stepAt || this.#over) return;
    this.#stepAt = now + STEP_MS;
    for (const [tag, calling] of this.#calling) {
      if (now < calling.since + CALL_MS) continue;
      calling.calls.stop();
      this.#calling.delete(tag);
      this.#waits.set(tag, now + CALL_MS * (1 + 4 * this.#options.random()));
    }
    for (const calls of this.#peers) {
      if (calls.retryAt !== undefined && now >= calls.retryAt) calls.begin(false, now);
    }
    this.#neighbours.sweep(now);
    const unmet = [...this.#neighbours.all].filter(({ proven }) => !proven);
    // Many who do not answer must not keep out one who would: whoever it is has the same chance.
    if (unmet.length > MAX_CALLS) unmet.sort(() => this.#options.random() - 0.5);
    for (const neighbour of unmet) this.#call(neighbour, now);
    for (const tag of this.#stalled) this.#callBeside(tag, now);
    this.#busy = unmet.length > 0 || this.#calling.size > 0 || this.#stalled.size > 0 ||
      this.#askAt !== undefined ||
      this.#peers.some(({ retryAt }) => retryAt !== undefined) ||
      [...this.#met.values()].some(({ gossiped }) => !gossiped) ||
      [...this.#neighbours.all].some(({ differsSince }) => differsSince !== undefined);
    for (const tag of this.#waits.keys()) {
      if (this.#neighbours.get(tag) === undefined) this.#waits.delete(tag);
    }
  }

  /**
   * Who is to be asked for all that they hold: one at a time, somebody whose holdings differ for long.
   *
   * @param now Time in ms.
   */
  differing(now: number): string[] {
    if (this.#askAt === undefined) {
      const [one] = [...this.#neighbours.all].filter(({ differsSince, proven }) =>
        proven && differsSince !== undefined && now - differsSince >= DIFFERS_MS
      ).sort(() => this.#options.random() - 0.5);
      if (one === undefined || now < this.#askedAt + ASKED_MS) return [];
      this.#askAt = { tag: one.tag, at: now + DIFFERS_MS * this.#options.random() };
    }
    const { tag, at } = this.#askAt, neighbour = this.#neighbours.get(tag);
    if (now < at) return [];
    this.#askAt = undefined;
    if (neighbour?.differsSince === undefined || !neighbour.proven) return [];
    neighbour.differsSince = undefined;
    this.#askedAt = now;
    return [tag];
  }

  /**
   * What is to be told about who is here.
   *
   * @param now Time in ms.
   */
  gossip(now: number): { readonly to: string; readonly peers: readonly Peer[] }[] {
    const told: { readonly to: string; readonly peers: readonly Peer[] }[] = [];
    // Of two who both hear beacons nobody needs to tell; who is met since has its own turn.
    const isDeaf = (tag: string): boolean => !this.#neighbours.hears(tag, now);
    for (const [tag, met] of this.#met) {
      if (met.gossiped || now - met.at < GOSSIP_MS) continue;
      met.gossiped = true;
      const others = [...this.#met].filter(([other, { gossiped }]) =>
        other !== tag && (isDeaf(tag) || gossiped && isDeaf(other))
      );
      const peers = others.filter(([, { address: { host } }]) => !host.includes("%"))
        .slice(0, MAX_PEERS).map(([other, { address }]) => ({ tag: bytesOf(other), address }));
      if (peers.length > 0) told.push({ to: tag, peers });
      if (met.address.host.includes("%")) continue;
      const one = [{ tag: bytesOf(tag), address: met.address }];
      for (const [other] of others) told.push({ to: other, peers: one });
    }
    return told;
  }

  #call(neighbour: Neighbour, now: number): void {
    const { tag, since, proven } = neighbour;
    if (proven || this.#over || this.#calling.has(tag)) return;
    if (tag < this.#options.own && now < since + SECOND_MS) return;
    if (now < (this.#waits.get(tag) ?? 0) || this.#calling.size >= MAX_CALLS) return;
    this.#begin(neighbour, false, now);
  }

  #begin({ tag, addresses }: Neighbour, replaces: boolean, now: number): void {
    if (this.#over || this.#calling.has(tag)) return;
    const calls = new Calls(this.#options.hub, addresses);
    this.#busy = true;
    this.#calling.set(tag, { calls, since: now });
    calls.begin(replaces, now);
  }
}

function isOneOf({ host, port }: Address, all: readonly Address[]): boolean {
  return all.some((each) => each.host === host && each.port === port);
}

/** The other way of `roomKey`. */
function bytesOf(tag: string): Uint8Array {
  return Uint8Array.fromHex(tag);
}
