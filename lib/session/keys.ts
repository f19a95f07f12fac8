/**
 * The keys of a session through all their generations. Packet numbers run on across them; a key-phase
 * bit tells which one a packet was sealed with. Pure.
 *
 * ```text
 *   initiator: REKEY(e) ──▶               responder: makes the next keys, can open both
 *              ◀── REKEY_ANSWER(e')       still seals with the old ones
 *   seals with the next ──▶               has opened one: seals with the next as well
 * ```
 *
 * @module
 */

import { nonceOf, open, seal, sealPacket } from "../crypto/aead.ts";
import { hkdf, sha256 } from "../crypto/hash.ts";
import { dh, type KeyPair } from "../crypto/x25519.ts";

/** Keys for both directions, of one generation. */
interface Generation {
  readonly number: number;
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  /** From which the next generation is made. */
  readonly root: Uint8Array;
}

/** All keys that count now. */
export class SessionKeys {
  readonly #initiator: boolean;
  #current: Generation;
  #next: Generation | undefined;
  #previous: Generation | undefined;
  #previousUntil = 0;
  /** Something sealed with the current keys was opened. */
  #proved = true;
  #own: KeyPair | undefined;

  /**
   * Starts with what the handshake gave.
   *
   * @param split The two keys (Noise rev 34 §5.2, Split).
   * @param initiator Whether this side sent the first message.
   */
  constructor(split: { send: Uint8Array; receive: Uint8Array }, initiator: boolean) {
    this.#initiator = initiator;
    const [first, second] = initiator ? [split.send, split.receive] : [split.receive, split.send];
    const label = new TextEncoder().encode("udpchat/1 root");
    this.#current = { number: 0, ...split, root: sha256(label, first, second) };
  }

  /** The generation that packets are sealed with. */
  get generation(): number {
    return this.#current.number;
  }

  /**
   * Seals a packet.
   *
   * @param number Its full number; never one twice.
   * @param header What is authenticated beside.
   * @param frames What is encrypted.
   */
  seal(number: number, header: Uint8Array, frames: Uint8Array): Uint8Array {
    return seal(this.#current.send, nonceOf(number), header, frames);
  }

  /**
   * Seals a packet behind its header.
   *
   * @param number Its full number; never one twice.
   * @param header What stands in front, authenticated.
   * @param frames What is encrypted.
   * @returns The whole datagram.
   */
  packet(number: number, header: Uint8Array, frames: Uint8Array): Uint8Array {
    return sealPacket(this.#current.send, nonceOf(number), header, frames);
  }

  /**
   * Opens a packet, with the keys that its phase may mean.
   *
   * @param phase The key-phase bit.
   * @param number Its full number.
   * @param header What is authenticated beside.
   * @param sealed Ciphertext and tag.
   * @param now Time in ms.
   * @param keep How long the old keys live once the new ones are used, in ms.
   * @returns The frames, or undefined where it is not authentic.
   */
  open(
    phase: 0 | 1,
    number: number,
    header: Uint8Array,
    sealed: Uint8Array,
    now: number,
    keep: number,
  ): Uint8Array | undefined {
    const nonce = nonceOf(number);
    if ((this.#current.number & 1) === phase) {
      const plain = open(this.#current.receive, nonce, header, sealed);
      if (plain !== undefined && !this.#proved) this.#prove(now, keep);
      return plain;
    }
    const next = this.#next && open(this.#next.receive, nonce, header, sealed);
    if (next !== undefined) {
      this.#advance();
      this.#prove(now, keep);
      return next;
    }
    if (this.#previous === undefined) return undefined;
    if (this.#proved && now >= this.#previousUntil) return undefined;
    return open(this.#previous.receive, nonce, header, sealed);
  }

  /**
   * The initiator begins a new generation.
   *
   * @param pair A fresh ephemeral key pair.
   * @returns What REKEY says; undefined while one is under way.
   */
  begin(pair: KeyPair): { generation: number; ephemeral: Uint8Array } | undefined {
    if (this.#own !== undefined || !this.#initiator) return undefined;
    this.#own = pair;
    return { generation: this.#current.number + 1, ephemeral: pair.publicKey };
  }

  /**
   * The responder got REKEY.
   *
   * @param generation The generation it asks for.
   * @param ephemeral The other side's key.
   * @param fresh Makes an ephemeral key pair; called only where one is needed.
   * @returns What REKEY_ANSWER says; undefined where it is out of turn.
   */
  answer(
    generation: number,
    ephemeral: Uint8Array,
    fresh: () => KeyPair,
  ): { generation: number; ephemeral: Uint8Array } | undefined {
    if (this.#initiator || generation !== this.#current.number + 1) return undefined;
    if (this.#next === undefined) {
      const pair = fresh(), shared = dh(pair, ephemeral);
      if (shared === undefined) return undefined;
      this.#own = pair;
      this.#next = this.#derive(shared);
    }
    return this.#own && { generation, ephemeral: this.#own.publicKey };
  }

  /**
   * The initiator got REKEY_ANSWER: from now on it seals with the new keys. The other side uses the old
   * ones until it has opened a new one; so their time begins when its first packet under the new ones
   * comes.
   *
   * @param generation The generation it is for.
   * @param ephemeral The other side's key.
   * @returns Whether the keys have changed: something should be sent with them.
   */
  finish(generation: number, ephemeral: Uint8Array): boolean {
    if (!this.#initiator || this.#own === undefined || generation !== this.#current.number + 1) {
      return false;
    }
    const shared = dh(this.#own, ephemeral);
    if (shared === undefined) return false;
    this.#next = this.#derive(shared);
    this.#advance();
    return true;
  }

  /** When the old keys are to be forgotten, in ms. */
  get expiresAt(): number | undefined {
    return this.#previous && this.#proved ? this.#previousUntil : undefined;
  }

  /** Forgets keys whose time is over. */
  expire(now: number): void {
    if (this.#proved && now >= this.#previousUntil) this.#previous = undefined;
  }

  #derive(shared: Uint8Array): Generation {
    const [root, first, second] = hkdf(this.#current.root, shared, 3) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const [send, receive] = this.#initiator ? [first, second] : [second, first];
    return { number: this.#current.number + 1, send, receive, root };
  }

  #prove(now: number, keep: number): void {
    this.#proved = true;
    this.#previousUntil = now + keep;
  }

  #advance(): void {
    if (this.#next === undefined) return;
    this.#previous = this.#current;
    this.#proved = false;
    this.#current = this.#next;
    this.#next = this.#own = undefined;
  }
}
