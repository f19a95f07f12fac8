/**
 * Our beacons, and what those of others mean to us. Pure.
 *
 * @module
 */

import { digestOf, holdingsSum, roomTag } from "../chat/digest.ts";
import { type Room, roomKey } from "../chat/room.ts";
import { type Beacon, decodeBeacon, encodeBeacon } from "../wire/beacon.ts";
import type { Address } from "../wire/address.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { Transmit } from "../wire/datagram.ts";

/** What beacons are made of. */
export interface SignalOptions {
  readonly room: Room;
  /** The number of our run, 8 bytes. */
  readonly tag: Uint8Array;
  /** The port of our sessions. */
  readonly port: number;
  /** Sent to here it reaches everybody. */
  readonly everybody: Address;
}

/** Somebody's beacon in our room. */
export interface Signalled {
  readonly beacon: Beacon;
  /** Its tag as the key of a map. */
  readonly tag: string;
  /** They hold what we hold. */
  readonly same: boolean;
}

/** Beacons about one room. */
export class Signal {
  readonly #options: SignalOptions;
  /** Beacons that wait to be sent. */
  #waiting: Transmit[] = [];
  #sum: { readonly of: string; readonly sum: Uint8Array } | undefined;

  /**
   * Says nothing yet.
   *
   * @param options What beacons are made of.
   */
  constructor(options: SignalOptions) {
    this.#options = options;
  }

  /**
   * A beacon of ours waits to be sent.
   *
   * @param leaving Whether it is the last one.
   * @param also To whom, beside everybody.
   */
  say(leaving: boolean, also: readonly Address[] = []): void {
    const { room: { number }, tag, port, everybody } = this.#options;
    const digest = digestOf(number, tag, this.#holdings());
    const bytes = encodeBeacon({ leaving, tag, port, room: roomTag(number, tag), digest });
    this.#waiting = [everybody, ...also].map((to) => ({ bytes, to }));
  }

  /** What to send next. */
  poll(): Transmit | undefined {
    return this.#waiting.shift();
  }

  /**
   * Reads a datagram.
   *
   * @param bytes What came.
   * @returns Undefined where it is no beacon; `other` where it is our own, or of another room.
   */
  read(bytes: Uint8Array): Signalled | "other" | undefined {
    const beacon = decodeBeacon(bytes), { room: { number }, tag: own } = this.#options;
    if (beacon === undefined) return undefined;
    const { tag, room, digest } = beacon;
    if (sameBytes(tag, own) || !sameBytes(room, roomTag(number, tag))) return "other";
    const same = sameBytes(digest, digestOf(number, tag, this.#holdings()));
    return { beacon, tag: roomKey(tag), same };
  }

  #holdings(): Uint8Array {
    const { room } = this.#options, of = `${room.last} ${room.size} ${room.frozen}`;
    if (this.#sum?.of !== of) this.#sum = { of, sum: holdingsSum(room) };
    return this.#sum.sum;
  }
}
