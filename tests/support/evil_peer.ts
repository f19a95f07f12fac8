/**
 * The other end of one session in a test's hands: it has the keys, and says whatever the test wants.
 *
 * @module
 */

import { seededRandom } from "../../lib/net/random.ts";
import { SessionKeys } from "../../lib/session/keys.ts";
import type { SessionEvent } from "../../lib/session/event.ts";
import { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import { Writer } from "../../lib/wire/bytes.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { decodeFrames, encodeFrame, type Frame } from "../../lib/wire/frame.ts";
import { decodePacket, encodeDataHeader, expandNumber } from "../../lib/wire/packet.ts";
import { ANN, BOB, testRandom } from "./session_pair.ts";

/** A packet that the session under test has sent, opened. */
export interface Heard extends Transmit {
  readonly number: number;
  readonly frames: readonly Frame[];
}

/** A session at `ANN`, and its peer at `BOB` that keeps no rules. */
export class EvilPeer {
  readonly session: Session;
  readonly keys: SessionKeys;
  readonly events: SessionEvent[] = [];
  now = 0;
  /** The number of the next packet. */
  number = 0;
  #largest = -1;

  /**
   * Makes both ends.
   *
   * @param initiator Whether the session under test began.
   * @param seed Of all randomness.
   */
  constructor(initiator = false, seed = 1) {
    const random = testRandom(seededRandom(seed)), a = random(32), b = random(32);
    this.session = new Session({
      initiator,
      local: 1,
      remote: 2,
      keys: new SessionKeys({ send: a, receive: b }, initiator),
      address: BOB,
      random,
      now: 0,
    });
    this.keys = new SessionKeys({ send: b, receive: a }, !initiator);
  }

  /**
   * An authentic packet.
   *
   * @param plain Its frames, encoded or not.
   * @param number Its number; the next one if left out.
   */
  packet(plain: Uint8Array | readonly Frame[], number = this.number++): Uint8Array {
    const header = encodeDataHeader(1, this.keys.generation, number, 16);
    const bytes = plain instanceof Uint8Array ? plain : encodeAll(plain);
    return Uint8Array.of(...header, ...this.keys.seal(number, header, bytes));
  }

  /**
   * Lets a datagram arrive.
   *
   * @param bytes The datagram.
   * @param from Who sent it.
   * @returns What `receive` says; undefined where it is no data packet at all.
   */
  arrive(bytes: Uint8Array, from: Address = BOB): boolean | undefined {
    const packet = decodePacket(bytes);
    if (packet?.type !== "data") return undefined;
    const accepted = this.session.receive(packet, bytes.length, from, this.now);
    this.events.push(...this.session.events());
    return accepted;
  }

  /** Sends frames as one authentic packet. */
  say(...frames: readonly Frame[]): boolean | undefined {
    return this.arrive(this.packet(frames));
  }

  /** All that the session wants to send now, opened. */
  listen(): Heard[] {
    const heard: Heard[] = [];
    for (let next = this.session.poll(this.now); next; next = this.session.poll(this.now)) {
      const packet = decodePacket(next.bytes);
      if (packet?.type !== "data") continue;
      const number = expandNumber(this.#largest, packet.number);
      this.#largest = Math.max(this.#largest, number);
      const { phase, header, sealed } = packet;
      const plain = this.keys.open(phase, number, header, sealed, this.now, 1_000);
      heard.push({ ...next, number, frames: plain && decodeFrames(plain) || [] });
    }
    this.events.push(...this.session.events());
    return heard;
  }

  /** Lets time pass, ticking as the session wants it; gives all that it says meanwhile. */
  wait(until: number): Heard[] {
    const heard = this.listen();
    for (
      let next = this.session.nextTimeout();
      next !== undefined && next <= until;
      next = this.session.nextTimeout()
    ) {
      this.now = Math.max(this.now, next);
      this.session.tick(this.now);
      heard.push(...this.listen());
    }
    this.now = until;
    return heard;
  }

  /** An ACK of everything up to a number. */
  acknowledge(last = this.#largest): boolean | undefined {
    return this.say({ type: "ack", ranges: [{ first: 0, last }], delay: 0 });
  }
}

/** Frames as bytes. */
export function encodeAll(frames: readonly Frame[]): Uint8Array {
  const writer = new Writer(65_000);
  for (const [at, frame] of frames.entries()) encodeFrame(writer, frame, at === frames.length - 1);
  return writer.finish();
}

/** Where the session under test is. */
export const VICTIM: Address = ANN;
