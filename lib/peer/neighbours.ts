/**
 * Who is heard on a network, and when to be heard oneself. It knows nothing of sessions. Pure.
 *
 * Beacons follow Trickle (RFC 6206) without its suppression, as each of them also says that its sender is
 * still there: quickly after something new was heard, then ever slower.
 *
 * @module
 */

import { type Address, formatAddress } from "../wire/address.ts";

/** The shortest and the longest time between two beacons, in ms (three of the longest are 45 s). */
const MIN_MS = 500, MAX_MS = 15_000;
/** The longest while nobody is there, in ms (our choice: whoever comes is seen soon). */
const ALONE_MS = 3_000;
/** Who is not heard for so long is forgotten, in ms. */
const FORGET_MS = 60_000;
/** Neighbours that are remembered (our choice; those with a session are never forgotten). */
const MAX_NEIGHBOURS = 512;
/** Of one host those without a session (our choice: programs on one machine). */
const MAX_OF_HOST = 16;
/** Addresses of one neighbour (our choice). */
const MAX_ADDRESSES = 4;

/** Somebody who was heard, or of whom somebody told. */
export interface Neighbour {
  /** The number of its run, as the key of a map. */
  readonly tag: string;
  /** Where its sessions are, what was heard last first. */
  readonly addresses: Address[];
  /** When it was heard or told of first and last, in ms. */
  readonly since: number;
  heardAt: number;
  /** When a beacon to everybody came from it last, in ms; undefined where none did. */
  beaconAt: number | undefined;
  /** What it holds is not what we hold, since when, in ms. */
  differsSince: number | undefined;
  /** There is a session with it. */
  proven: boolean;
}

/** The neighbours of one program. */
export class Neighbours {
  readonly #random: () => number;
  readonly #all = new Map<string, Neighbour>();
  #interval = MIN_MS;
  #dueAt: number;
  #alone = true;

  /**
   * Nobody was heard.
   *
   * @param random A number from 0 to 1, for jitter.
   * @param now Time in ms.
   */
  constructor(random: () => number, now: number) {
    this.#random = random;
    this.#dueAt = now;
  }

  /** All of them. */
  get all(): Iterable<Neighbour> {
    return this.#all.values();
  }

  /** When to send a beacon, in ms. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** One of them. */
  get(tag: string): Neighbour | undefined {
    return this.#all.get(tag);
  }

  /** Whether beacons to everybody come from one of them, as far as can be told. */
  hears(tag: string, now: number): boolean {
    const { beaconAt } = this.#all.get(tag) ?? {};
    return beaconAt !== undefined && now - beaconAt < FORGET_MS;
  }

  /** Whether a beacon is to be sent now; the next one is later then. */
  isDue(now: number): boolean {
    if (now < this.#dueAt) return false;
    // RFC 6206 §4.2: somewhere in the second half of the interval.
    this.#dueAt = now + this.#interval * (0.5 + this.#random() / 2);
    this.#interval = Math.min(2 * this.#interval, this.#alone ? ALONE_MS : MAX_MS);
    return true;
  }

  /** Something is new: be heard soon. */
  hurry(now: number): void {
    if (this.#interval <= 2 * MIN_MS) return;
    this.#interval = MIN_MS;
    this.#dueAt = Math.min(this.#dueAt, now + MIN_MS * this.#random());
  }

  /**
   * A beacon came, or somebody told of somebody.
   *
   * @param tag The number of the run, as the key of a map.
   * @param address Where its sessions are.
   * @param isBeacon A beacon to everybody came, and not only somebody's word.
   * @param now Time in ms.
   * @returns Who it is; undefined where there are too many.
   */
  hear(tag: string, address: Address, isBeacon: boolean, now: number): Neighbour | undefined {
    const known = this.#all.get(tag) ?? this.#open(tag, address, now);
    if (known === undefined) return undefined;
    known.heardAt = now;
    if (isBeacon) known.beaconAt = now;
    const text = formatAddress(address);
    const at = known.addresses.findIndex((each) => formatAddress(each) === text);
    if (at < 0) {
      known.addresses.unshift(address);
      known.addresses.length = Math.min(known.addresses.length, MAX_ADDRESSES);
    }
    return known;
  }

  /** There is a session with somebody, or none any more. */
  prove(tag: string, proven: boolean): void {
    const known = this.#all.get(tag);
    if (known) known.proven = proven;
    this.#alone = ![...this.#all.values()].some((each) => each.proven);
  }

  /** Somebody has left. */
  remove(tag: string): void {
    this.#all.delete(tag);
  }

  /** Forgets those who were not heard for long. */
  sweep(now: number): void {
    for (const [tag, { heardAt, proven }] of this.#all) {
      if (!proven && now - heardAt > FORGET_MS) this.#all.delete(tag);
    }
  }

  #open(tag: string, address: Address, now: number): Neighbour | undefined {
    let ofHost = 0, oldest: Neighbour | undefined;
    for (const each of this.#all.values()) {
      if (each.proven) continue;
      if (each.addresses.some(({ host }) => host === address.host)) ofHost++;
      if (oldest === undefined || each.heardAt < oldest.heardAt) oldest = each;
    }
    if (ofHost >= MAX_OF_HOST) return undefined;
    if (this.#all.size >= MAX_NEIGHBOURS) {
      if (oldest === undefined) return undefined;
      this.#all.delete(oldest.tag);
    }
    const made: Neighbour = {
      tag,
      addresses: [],
      since: now,
      heardAt: now,
      beaconAt: undefined,
      differsSince: undefined,
      proven: false,
    };
    this.#all.set(tag, made);
    this.hurry(now);
    return made;
  }
}
