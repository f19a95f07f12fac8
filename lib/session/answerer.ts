/**
 * The responder's side of handshakes: answers first messages, keeps little, and under load nothing
 * before the asker has shown that it is where it says. Pure.
 *
 * ```text
 *   length, type, version ▸ mode ▸ mac (who knows the secret) ▸ cookie (under load) ▸ X25519
 * ```
 *
 * @module
 */

import { equal, hmac } from "../crypto/hash.ts";
import { NoiseHandshake } from "../crypto/noise.ts";
import { keyPair } from "../crypto/x25519.ts";
import { type Address, formatAddress, isLoopback, subscriber } from "../wire/address.ts";
import {
  encodeAnswer,
  encodeAnswerHead,
  encodeCookieRefusal,
  KEY_BYTES,
  MAC_BYTES,
  MODE,
  type Packet,
} from "../wire/packet.ts";
import { Budget, Budgets } from "./budget.ts";
import { type Established, macKey, prologue } from "./caller.ts";
import {
  type Credentials,
  decodeCredentials,
  encodeCredentials,
  handshakeMac,
} from "./credentials.ts";
import { SessionKeys } from "./keys.ts";
import { Session } from "./session.ts";
import type { RandomBytes } from "./state.ts";

/** More unfinished handshakes than this are load: whoever asks must show a cookie (our choice). */
export const LOAD = 8;
/** Unfinished handshakes at once; the oldest goes (our choice: of so many a second as are answered each has
 * more than 2 s for its third message; some 3 kB each). */
export const MAX_UNFINISHED = 1_024;
/** How long one is kept, in ms (our choice: many repetitions of message 3). */
const UNFINISHED_MS = 30_000;
/** The secret of the cookies is changed so often, in ms (the design; WireGuard §5.4.7). */
const COOKIE_MS = 120_000;

/** Handshakes of one address (ours: a class or an office that comes at once; some 0.5 ms each). */
const HANDSHAKES_EACH = { burst: 256, perSecond: 32 };
/** Addresses whose handshakes are counted (our choice: 100 bytes each). */
const MAX_ASKERS = 4_096;
/** Handshakes in all (our choice: after the burst a fifth of a processor). */
const HANDSHAKES = { burst: 1_024, perSecond: 400 };
/** Cookies made or looked at (our choice: at 12 µs each less than a quarter of a processor). */
const COOKIES = { burst: 2_048, perSecond: 20_000 };

/** An answered first message whose third has not come. */
interface Unfinished {
  readonly noise: NoiseHandshake;
  readonly answer: Uint8Array;
  readonly asker: string;
  readonly remote: number;
  readonly at: number;
  answers: number;
}

/** What an answerer needs. */
export interface AnswerOptions {
  /** Who we are. */
  readonly credentials: Credentials;
  /** The secret that callers must know, as a 32-byte key. */
  readonly secret?: Uint8Array | undefined;
  /** Randomness. */
  readonly random: RandomBytes;
  /** Gives a free session index. */
  readonly index: () => number;
  /** The largest datagram to try, in bytes; where it is left out, what the address suggests. */
  readonly mtu?: number | undefined;
}

/** All handshakes that others began. */
export class Answerer {
  readonly #options: AnswerOptions;
  readonly #macKey: Uint8Array | undefined;
  readonly #unfinished = new Map<number, Unfinished>();
  readonly #byAsker = new Map<string, number>();
  #cookieSecrets: readonly Uint8Array[] = [];
  #cookieSlot = -Infinity;
  readonly #handshakes = new Budget(HANDSHAKES, 0);
  readonly #handshakesOf = new Budgets(HANDSHAKES_EACH, MAX_ASKERS);
  readonly #cookies = new Budget(COOKIES, 0);
  /** X25519 computations for strangers, to see that a flood causes none. */
  computed = 0;

  /**
   * Starts without handshakes.
   *
   * @param options What it needs.
   */
  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#macKey = macKey(options.secret);
  }

  /** Unfinished handshakes. */
  get unfinished(): number {
    return this.#unfinished.size;
  }

  /** Whether an index is taken. */
  has(index: number): boolean {
    return this.#unfinished.has(index);
  }

  /**
   * A first message came.
   *
   * @param packet The message.
   * @param from Who sent it.
   * @param now Time in ms.
   * @returns What to send back, never larger than the message; undefined for silence.
   */
  asked(
    packet: Extract<Packet, { type: "init" }>,
    from: Address,
    now: number,
  ): Uint8Array | undefined {
    const { secret } = this.#options;
    if (packet.mode !== (secret ? MODE.secret : MODE.open) || packet.features !== 0) {
      return undefined;
    }
    if (!equal(handshakeMac(this.#macKey, packet.head), packet.mac)) return undefined;
    if (secret === undefined && !packet.tag.every((byte) => byte === 0)) return undefined;
    this.#expire(now);
    this.#turnCookieSecrets(now);
    const asker = `${formatAddress(from)} ${packet.ephemeral.join()}`;
    const known = this.#unfinished.get(this.#byAsker.get(asker) ?? -1);
    const loaded = this.#unfinished.size >= LOAD, shown = packet.cookie.some((byte) => byte !== 0);
    if ((shown || (loaded && known === undefined)) && !this.#cookies.take(now)) return undefined;
    if (shown && !this.#cookieIsGood(packet, from)) return undefined;
    if (known !== undefined) {
      known.answers++;
      return known.answer;
    }
    if (loaded && !shown) {
      const [current = new Uint8Array(0)] = this.#cookieSecrets;
      return encodeCookieRefusal(packet.sender, makeCookie(current, packet, from));
    }
    // Who is on this machine needs no handshakes to keep it busy.
    const free = isLoopback(from.host);
    if (!free && !this.#handshakesOf.take(subscriber(from.host), now)) return undefined;
    if (!free && !this.#handshakes.take(now)) return undefined;
    return this.#answer(packet, asker, now);
  }

  /**
   * A third message came.
   *
   * @param packet The message, with the first data.
   * @param from Who sent it.
   * @param now Time in ms.
   * @returns The session; undefined where it is not authentic, and then nothing has changed.
   */
  finished(
    packet: Extract<Packet, { type: "final" }>,
    from: Address,
    now: number,
  ): Established | undefined {
    const waiting = this.#unfinished.get(packet.receiver);
    if (waiting === undefined || !waiting.asker.startsWith(`${formatAddress(from)} `)) {
      return undefined;
    }
    const payload = waiting.noise.readMessage(packet.noise);
    if (payload === undefined) return undefined;
    this.#forget(packet.receiver, waiting);
    const told = decodeCredentials(payload, waiting.noise.remoteStatic, false);
    if (told === undefined) return undefined;
    const session = new Session({
      initiator: false,
      local: packet.receiver,
      remote: waiting.remote,
      keys: new SessionKeys(waiting.noise.split(), false),
      address: from,
      random: this.#options.random,
      now,
      rtt: waiting.answers === 1 ? now - waiting.at : undefined,
      mtu: this.#options.mtu,
    });
    return { session, remote: told.remote, hash: waiting.noise.handshakeHash };
  }

  #answer(
    packet: Extract<Packet, { type: "init" }>,
    asker: string,
    now: number,
  ): Uint8Array | undefined {
    const { credentials, secret, random } = this.#options;
    this.computed++;
    const noise = new NoiseHandshake({
      pattern: secret ? "XXpsk3" : "XX",
      initiator: false,
      prologue: prologue(packet.head),
      ephemeral: keyPair(random(KEY_BYTES)),
      static: credentials.staticKey,
      ...(secret ? { psks: [secret] } : {}),
    });
    const end = secret ? packet.head.length : 8 + KEY_BYTES;
    if (noise.readMessage(packet.head.subarray(8, end)) === undefined) return undefined;
    const index = this.#options.index();
    const message = noise.writeMessage(encodeCredentials(credentials, false, index));
    const head = encodeAnswerHead(packet.sender, message);
    const answer = encodeAnswer(head, handshakeMac(this.#macKey, packet.head, head));
    this.#keep(index, { noise, answer, asker, remote: packet.sender, at: now, answers: 1 });
    return answer;
  }

  #keep(index: number, unfinished: Unfinished): void {
    if (this.#unfinished.size >= MAX_UNFINISHED) {
      for (const [oldest, each] of this.#unfinished) {
        this.#forget(oldest, each);
        break;
      }
    }
    this.#unfinished.set(index, unfinished);
    this.#byAsker.set(unfinished.asker, index);
  }

  #forget(index: number, unfinished: Unfinished): void {
    this.#unfinished.delete(index);
    if (this.#byAsker.get(unfinished.asker) === index) this.#byAsker.delete(unfinished.asker);
  }

  #expire(now: number): void {
    for (const [index, each] of this.#unfinished) {
      if (now - each.at < UNFINISHED_MS) return;
      this.#forget(index, each);
    }
  }

  #cookieIsGood(packet: Extract<Packet, { type: "init" }>, from: Address): boolean {
    return this.#cookieSecrets.some((secret) =>
      equal(makeCookie(secret, packet, from), packet.cookie)
    );
  }

  #turnCookieSecrets(now: number): void {
    const slot = Math.floor(now / COOKIE_MS);
    if (slot === this.#cookieSlot) return;
    const before = slot === this.#cookieSlot + 1 ? this.#cookieSecrets.slice(0, 1) : [];
    this.#cookieSecrets = [this.#options.random(32), ...before];
    this.#cookieSlot = slot;
  }
}

/** Bound to address and ephemeral key: worth nothing anywhere else. */
function makeCookie(
  secret: Uint8Array,
  packet: Extract<Packet, { type: "init" }>,
  from: Address,
): Uint8Array {
  const address = new TextEncoder().encode(formatAddress(from));
  return hmac(secret, packet.ephemeral, address).slice(0, MAC_BYTES);
}
