/**
 * The initiator's side of a handshake: repeats its first message until it is answered. Pure.
 *
 * ```text
 *   message 1, two copies ──▶
 *     again after 200 ms, 300 ms … 15 s        ◀── message 2, the same for each copy
 *   message 3 with the first data: the session sends it
 * ```
 *
 * @module
 */

import { equal, expand } from "../crypto/hash.ts";
import { NoiseHandshake } from "../crypto/noise.ts";
import { type KeyPair, keyPair } from "../crypto/x25519.ts";
import type { Address } from "../wire/address.ts";
import {
  encodeInit,
  encodeInitHead,
  KEY_BYTES,
  MAC_BYTES,
  MODE,
  type Packet,
  TAG_BYTES,
} from "../wire/packet.ts";
import {
  type Credentials,
  decodeCredentials,
  encodeCredentials,
  handshakeMac,
  type Remote,
} from "./credentials.ts";
import { SessionKeys } from "./keys.ts";
import { Session } from "./session.ts";
import type { RandomBytes } from "./state.ts";

/** First time between two repetitions, in ms (the design). */
const FIRST_MS = 200;
/** Each is so many times longer than the one before (our choice). */
const GROWTH = 1.5;
/** The longest, in ms (the design). */
const LONGEST_MS = 15_000;
/** The second copy of a message leaves so much later, in ms: losses come in bursts. */
const COPY_MS = 8;
/** Where a message was repeated, the round trip is taken for no less than this, in ms (our choice). */
const DOUBTFUL_RTT_MS = 100;
/** A cookie comes unauthenticated: another one counts only after so long, in ms (our choice). */
const COOKIE_PAUSE_MS = 100;
/** A cookie that led to nothing after so many repetitions is forgotten (our choice). */
const COOKIE_TRIES = 4;

/** What a handshake is about. */
export interface CallOptions {
  /** Who we are. */
  readonly credentials: Credentials;
  /** The secret that both know, as a 32-byte key. */
  readonly secret?: Uint8Array | undefined;
  /** Whom to call. */
  readonly to: Address;
  /** Our session index. */
  readonly index: number;
  /** The session is to take another one's place. */
  readonly replaces: boolean;
  /** Randomness. */
  readonly random: RandomBytes;
  /** The largest datagram to try, in bytes; where it is left out, what the address suggests. */
  readonly mtu?: number | undefined;
  /** Time in ms. */
  readonly now: number;
}

/** What a handshake led to. */
export interface Established {
  readonly session: Session;
  readonly remote: Remote;
  /** The same on both sides: which of two sessions stays. */
  readonly hash: Uint8Array;
}

/**
 * The prologue of a handshake: a changed byte there means no session.
 *
 * @param head The head of the first message.
 * @returns Protocol name and the first eight bytes: version, mode, features, session index.
 */
export function prologue(head: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode("udpchat/1");
  const all = new Uint8Array(name.length + 8);
  all.set(name);
  all.set(head.subarray(0, 8), name.length);
  return all;
}

/**
 * The key of the macs in messages 1 and 2.
 *
 * @param secret The shared secret, or undefined.
 * @returns 32 bytes, or undefined.
 */
export function macKey(secret: Uint8Array | undefined): Uint8Array | undefined {
  return secret && expand(secret, "udpchat/1 mac1", 32);
}

/** One call. */
export class Caller {
  readonly to: Address;
  readonly index: number;
  readonly #options: CallOptions;
  readonly #noise: NoiseHandshake;
  readonly #head: Uint8Array;
  readonly #mac: Uint8Array;
  readonly #macKey: Uint8Array | undefined;
  #cookie = new Uint8Array(MAC_BYTES);
  #cookieAge = 0;
  #cookieUntil = -Infinity;
  #interval = FIRST_MS;
  #copies = 2;
  #sendAt: number;
  #sentAt: number | undefined;
  #repeated = false;
  #spent = false;
  #rounds = 0;

  /**
   * Prepares the first message.
   *
   * @param options What the call is about.
   */
  constructor(options: CallOptions) {
    this.#options = options;
    this.to = options.to;
    this.index = options.index;
    this.#sendAt = options.now;
    const { secret, credentials, random, index } = options;
    const ephemeral: KeyPair = keyPair(random(KEY_BYTES));
    const parts = {
      mode: secret ? MODE.secret : MODE.open,
      features: 0,
      sender: index,
      ephemeral: ephemeral.publicKey,
      tag: new Uint8Array(TAG_BYTES),
    };
    this.#noise = new NoiseHandshake({
      pattern: secret ? "XXpsk3" : "XX",
      initiator: true,
      prologue: prologue(encodeInitHead(parts)),
      ephemeral,
      static: credentials.staticKey,
      ...(secret ? { psks: [secret] } : {}),
    });
    const message = this.#noise.writeMessage(new Uint8Array(0));
    if (secret) parts.tag = message.slice(KEY_BYTES);
    this.#head = encodeInitHead(parts);
    this.#macKey = macKey(secret);
    this.#mac = handshakeMac(this.#macKey, this.#head);
  }

  /** An authentic answer came, good or not: this handshake cannot lead to another one. */
  get spent(): boolean {
    return this.#spent;
  }

  /** When to send next, in ms. */
  get sendAt(): number {
    return this.#sendAt;
  }

  /**
   * The first message, if it is time for it.
   *
   * @param now Time in ms.
   */
  poll(now: number): Uint8Array | undefined {
    if (now < this.#sendAt) return undefined;
    this.#repeated ||= this.#sentAt !== undefined && this.#copies === 2;
    if (this.#copies === 2) this.#sentAt = now;
    if (--this.#copies > 0) this.#sendAt = now + COPY_MS;
    else {
      this.#copies = 2;
      this.#sendAt = now + this.#interval;
      // 200, 200, 300, 450 ms: the second round is as likely to be lost as the first.
      if (this.#rounds++ > 0) this.#interval = Math.min(this.#interval * GROWTH, LONGEST_MS);
      if (++this.#cookieAge > COOKIE_TRIES) this.#cookie = new Uint8Array(MAC_BYTES);
    }
    return encodeInit(this.#head, this.#mac, this.#cookie);
  }

  /**
   * The other side is under load and wants a cookie.
   *
   * @param cookie What to show.
   * @param now Time in ms.
   */
  cookie(cookie: Uint8Array, now: number): void {
    if (equal(cookie, this.#cookie) || now < this.#cookieUntil) return;
    this.#cookieUntil = now + COOKIE_PAUSE_MS;
    this.#cookie = cookie.slice();
    this.#cookieAge = 0;
    this.#copies = 2;
    this.#sendAt = now;
  }

  /**
   * An answer came.
   *
   * @param packet The answer.
   * @param from Who sent it.
   * @param now Time in ms.
   * @returns The session; undefined where it is not authentic, and then nothing has changed.
   */
  answered(
    packet: Extract<Packet, { type: "answer" }>,
    from: Address,
    now: number,
  ): Established | undefined {
    if (this.#spent) return undefined;
    const mac = handshakeMac(this.#macKey, this.#head, packet.head);
    if (!equal(mac, packet.mac)) return undefined;
    const payload = this.#noise.readMessage(packet.noise);
    if (payload === undefined) return undefined;
    this.#spent = true;
    const told = decodeCredentials(payload, this.#noise.remoteStatic, true);
    if (told === undefined) return undefined;
    const { credentials, replaces, random } = this.#options;
    const final = this.#noise.writeMessage(encodeCredentials(credentials, replaces));
    const keys = new SessionKeys(this.#noise.split(), true);
    // Which of several copies was answered nobody knows: the last one, unless that is too quick to be true.
    const took = now - (this.#sentAt ?? now);
    const rtt = this.#repeated ? Math.max(took, DOUBTFUL_RTT_MS) : took;
    const session = new Session({
      initiator: true,
      local: this.index,
      remote: told.index,
      keys,
      address: from,
      final,
      random,
      now,
      rtt,
      mtu: this.#options.mtu,
    });
    return {
      session,
      remote: { ...told.remote, replaces },
      hash: this.#noise.handshakeHash,
    };
  }
}
