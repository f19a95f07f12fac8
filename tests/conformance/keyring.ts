/**
 * Which key seals and which opens, and the change from one generation to the next (PROTOCOL.md
 * §5.2, §5.3).
 *
 * @module
 */

import { open, seal } from "./aead.ts";
import { join, Malformed, same } from "./bytes.ts";
import type { Frame } from "./frames.ts";
import { type Keys, nextKeys } from "./keys.ts";
import type { Sealed } from "./packets.ts";
import { dh, type DhPair, freshDhPair } from "./x25519.ts";

type Rekey = Extract<Frame, { type: "rekey" | "rekey answer" }>;

/** The keys of one side of a session. */
export class Keyring {
  readonly #initiator: boolean;
  #current: Keys;
  #previous: Keys | undefined;
  #next: Keys | undefined;
  #asked: DhPair | undefined;
  #answered: { readonly key: Uint8Array; readonly answer: Frame } | undefined;

  constructor(initiator: boolean, first: Keys) {
    this.#initiator = initiator;
    this.#current = first;
  }

  /** The generation that seals. */
  get generation(): number {
    return this.#current.generation;
  }

  #advance(next: Keys): void {
    this.#previous = this.#current;
    this.#current = next;
    this.#next = undefined;
    this.#answered = undefined;
  }

  /** Header and sealed frames. */
  seal(number: number, header: Uint8Array, clear: Uint8Array): Uint8Array {
    const key = this.#initiator ? this.#current.initiator : this.#current.responder;
    return join(header, seal(key, number, header, clear));
  }

  #openWith(keys: Keys | undefined, packet: Sealed, number: number): Uint8Array {
    if (!keys) throw new Malformed("no key of that phase");
    const key = this.#initiator ? keys.responder : keys.initiator;
    return open(key, number, packet.header, packet.sealed);
  }

  /** The frames of a packet, opened by its phase. */
  open(packet: Sealed, number: number): Uint8Array {
    if (packet.phase === this.#current.generation % 2) {
      return this.#openWith(this.#current, packet, number);
    }
    if (!this.#next) return this.#openWith(this.#previous, packet, number);
    let clear: Uint8Array;
    try {
      clear = this.#openWith(this.#next, packet, number);
    } catch {
      return this.#openWith(this.#previous, packet, number);
    }
    this.#advance(this.#next);
    return clear;
  }

  /** The initiator asks for the next generation. */
  ask(): Frame[] {
    if (!this.#initiator || this.#asked) return [];
    this.#asked = freshDhPair();
    return [{ type: "rekey", generation: this.generation + 1, key: this.#asked.public }];
  }

  /** What is to be sent because of a REKEY or REKEY_ANSWER. */
  take(frame: Rekey): Frame[] {
    if (frame.generation !== this.generation + 1) return [];
    if (this.#initiator) return frame.type === "rekey answer" ? this.#finish(frame) : [];
    return frame.type === "rekey" ? this.#answer(frame) : [];
  }

  #finish(frame: Rekey): Frame[] {
    if (!this.#asked) return [];
    this.#advance(nextKeys(this.#current, dh(this.#asked, frame.key)));
    this.#asked = undefined;
    return [{ type: "ping" }];
  }

  #answer(frame: Rekey): Frame[] {
    if (this.#answered) return same(this.#answered.key, frame.key) ? [this.#answered.answer] : [];
    const mine = freshDhPair();
    this.#next = nextKeys(this.#current, dh(mine, frame.key));
    const answer = { ...frame, type: "rekey answer", key: mine.public } as const;
    this.#answered = { key: frame.key, answer };
    return [answer];
  }
}
