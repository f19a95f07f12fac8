/**
 * Where the other side is, where it may have gone, and how large a datagram gets there: address
 * validation (RFC 9000 §8.2, §9.3) and packetization-layer MTU discovery (RFC 8899). Pure.
 *
 * ```text
 *   a newer authentic packet from elsewhere: both are challenged, data goes to both
 *     the old one answers            -> it stays
 *     only the new one answers       -> we move there
 *     nobody answers within 3 PTO    -> the new one is forgotten
 * ```
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { type Address, family, isLoopback } from "../wire/address.ts";

/** What every path carries, in bytes of UDP payload (RFC 9000 §14). */
export const BASE_MTU = 1_200;
/** An Ethernet frame less IPv4 and UDP headers, in bytes: Deno cannot forbid fragmentation. */
export const MTU_IPV4 = 1_472;
/** The same less an IPv6 header. */
export const MTU_IPV6 = 1_452;
/** On loopback datagrams are only copied. */
export const MTU_LOOPBACK = 16_384;
/** A size that failed so often is too large (RFC 8899 §5.1.2: MAX_PROBES). */
const MAX_PROBES = 3;
/** Full datagrams lost in a row before the path is taken for one that swallows them (ours). */
const BLACK_HOLE = 6;
/** Then a larger size is tried again, in ms (RFC 8899 §5.1.1: 600 s; ours, as a person waits). */
const RAISE_MS = 60_000;
/** Bytes to an address that has not proved itself, for each byte from it (RFC 9000 §8.1). */
export const AMPLIFICATION = 3;

/** An address that may be where the other side is now. */
export interface Candidate {
  readonly address: Address;
  /** What it must send back. */
  readonly challenge: Uint8Array;
  /** When it is given up, in ms. */
  readonly until: number;
  /** Bytes that came from there. */
  received: number;
  /** Bytes that went there. */
  sent: number;
  /** It has answered. */
  proved: boolean;
}

/** Where datagrams go. */
export class Path {
  #address: Address;
  #largest = -1;
  #candidate: Candidate | undefined;
  #oldChallenge: Uint8Array | undefined;
  #limit: number | undefined;
  #mtu = BASE_MTU;
  #probing = 0;
  #failures = 0;
  #swallowed = 0;
  #raiseAt = 0;

  /**
   * Starts at an address that has proved itself.
   *
   * @param address Where the other side is.
   * @param limit The largest datagram to try, in bytes; by default what the address suggests.
   */
  constructor(address: Address, limit?: number) {
    this.#address = address;
    this.#limit = limit;
  }

  /** Where the other side is, as far as it has proved. */
  get address(): Address {
    return this.#address;
  }

  /** Where it may be as well. */
  get candidate(): Candidate | undefined {
    return this.#candidate;
  }

  /** Bytes of UDP payload that are known to arrive. */
  get mtu(): number {
    return this.#mtu;
  }

  /** What to send to the old address while the new one is looked at. */
  get oldChallenge(): Uint8Array | undefined {
    return this.#oldChallenge;
  }

  /**
   * An authentic packet came from somewhere.
   *
   * @param from Where.
   * @param number Its number: only a newer one may move us.
   * @param size Its bytes.
   * @param until When a new address is given up, in ms.
   * @param random Makes challenges.
   * @returns True if both addresses are to be challenged now.
   */
  heard(
    from: Address,
    number: number,
    size: number,
    until: number,
    random: (length: number) => Uint8Array,
  ): boolean {
    const newer = number > this.#largest;
    this.#largest = Math.max(this.#largest, number);
    if (same(from, this.#address)) return false;
    if (this.#candidate && same(from, this.#candidate.address)) {
      this.#candidate.received += size;
      return false;
    }
    if (!newer) return false;
    this.#candidate = {
      address: from,
      challenge: random(8),
      until,
      received: size,
      sent: 0,
      proved: false,
    };
    this.#oldChallenge = random(8);
    return true;
  }

  /**
   * A challenge was answered.
   *
   * @param answer The eight bytes.
   * @returns `moved` if the other side is somewhere else now.
   */
  answered(answer: Uint8Array): "moved" | "stayed" | undefined {
    if (this.#oldChallenge && equal(answer, this.#oldChallenge)) {
      this.#candidate = this.#oldChallenge = undefined;
      return "stayed";
    }
    if (this.#candidate && equal(answer, this.#candidate.challenge)) this.#candidate.proved = true;
    return undefined;
  }

  /** When the candidate is decided on, in ms. */
  get decidesAt(): number | undefined {
    return this.#candidate?.until;
  }

  /**
   * The time to decide has come.
   *
   * @returns `moved` if the other side is at the new address now.
   */
  decide(): "moved" | undefined {
    const candidate = this.#candidate;
    this.#candidate = this.#oldChallenge = undefined;
    if (!candidate?.proved) return undefined;
    this.#address = candidate.address;
    this.#mtu = BASE_MTU;
    this.#probing = this.#failures = this.#swallowed = 0;
    return "moved";
  }

  /**
   * A size worth trying, or undefined.
   *
   * @param now Time in ms.
   */
  probeSize(now: number): number | undefined {
    if (this.#probing > 0) return undefined;
    if (this.#failures >= MAX_PROBES) {
      if (now < this.#raiseAt) return undefined;
      this.#failures = 0;
    }
    const size = this.#limit ?? largest(this.#address.host);
    return size > this.#mtu ? size : undefined;
  }

  /** A probe has left. */
  probed(size: number): void {
    this.#probing = size;
  }

  /**
   * A probe arrived, or was lost.
   *
   * @param arrived Which of both.
   * @param now Time in ms.
   */
  probeResult(arrived: boolean, now: number): void {
    if (this.#probing === 0) return; // It was for a path that we have left.
    if (arrived) {
      this.#mtu = this.#probing;
      this.#failures = 0;
    } else {
      this.#failures++;
      this.#raiseAt = now + RAISE_MS;
    }
    this.#probing = 0;
  }

  /**
   * A datagram larger than the base was lost or arrived: a path can shrink.
   *
   * @param lost Which of both.
   * @param now Time in ms.
   * @returns True if it has: everything must be sent in smaller pieces.
   */
  full(lost: boolean, now: number): boolean {
    this.#swallowed = lost ? this.#swallowed + 1 : 0;
    if (this.#swallowed < BLACK_HOLE) return false;
    this.#mtu = BASE_MTU;
    this.#failures = MAX_PROBES;
    this.#raiseAt = now + RAISE_MS;
    this.#swallowed = 0;
    return true;
  }
}

function largest(host: string): number {
  return isLoopback(host)
    ? MTU_LOOPBACK
    : family(host.split("%")[0] ?? "") === 6
    ? MTU_IPV6
    : MTU_IPV4;
}

/** Whether two addresses are the same place. */
export function same(a: Address, b: Address): boolean {
  return a === b || (a.port === b.port && a.host === b.host);
}
