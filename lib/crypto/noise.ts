/**
 * A Noise handshake (revision 34) with 25519, ChaChaPoly and SHA256, for each pattern of
 * `pattern.ts`: two sides send each other a few messages; after them both hold the same fresh keys.
 *
 * Sends nothing, repeats nothing, makes no randomness. Whether the other's static key is the one
 * that is wanted, and what a payload means, is for the caller to decide. Call `writeMessage` and
 * `readMessage` in turn, the initiator writing first, until `finished`; then `split` and forget it.
 *
 * @module
 */

import { checked, type NoiseOptions } from "./noise_options.ts";
import type { Pattern, Token } from "./pattern.ts";
import { SymmetricState } from "./symmetric.ts";
import { dh, DH_BYTES, isUsable, type KeyPair } from "./x25519.ts";

export type { NoiseOptions } from "./noise_options.ts";
export type { PatternName } from "./pattern.ts";

/** Longest handshake message in bytes (Noise rev 34 §3). */
export const MAX_MESSAGE = 65_535;

/** The keys of a finished handshake, as this side uses them. */
export interface SessionKeys {
  /** For what this side seals, 32 bytes. */
  readonly send: Uint8Array;
  /** For what this side opens, 32 bytes. Of no use to the sender of a one-way pattern. */
  readonly receive: Uint8Array;
}

/** All that changes: replaced as a whole once a message is found good, never in part. */
interface Progress {
  readonly symmetric: SymmetricState;
  /** How many messages are done. */
  readonly turn: number;
  remoteStatic: Uint8Array | undefined;
  remoteEphemeral: Uint8Array | undefined;
}

/**
 * One side of a handshake.
 *
 * @example
 * ```ts
 * import { NoiseHandshake } from "./noise.ts";
 * import { keyPair } from "./x25519.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pair = () => keyPair(crypto.getRandomValues(new Uint8Array(32)));
 * const make = (initiator: boolean) =>
 *   new NoiseHandshake({
 *     pattern: "XX",
 *     initiator,
 *     prologue: new TextEncoder().encode("example"),
 *     ephemeral: pair(),
 *     static: pair(),
 *   });
 * const ann = make(true), bob = make(false), none = new Uint8Array(0);
 * bob.readMessage(ann.writeMessage(none));
 * ann.readMessage(bob.writeMessage(none));
 * bob.readMessage(ann.writeMessage(none));
 * assertEquals(ann.split().send, bob.split().receive);
 * assertEquals(ann.handshakeHash, bob.handshakeHash);
 * ```
 */
export class NoiseHandshake {
  readonly #pattern: Pattern;
  readonly #initiator: boolean;
  readonly #ephemeral: KeyPair | undefined;
  readonly #static: KeyPair | undefined;
  readonly #psk: Uint8Array | undefined;
  #progress: Progress;

  /**
   * Begins a handshake: Initialize, Noise rev 34 §5.3.
   *
   * @param options The pattern, the side and its keys.
   * @throws {TypeError} If the pattern is unknown, needs a key that is missing, or has no use for
   *   one that is given.
   * @throws {RangeError} If a pre-shared key is not 32 bytes, or no secret can be agreed on with
   *   the other's static key.
   */
  constructor(options: NoiseOptions) {
    const { pattern, initiator, prologue, remoteStatic, psks = [] } = options;
    this.#pattern = checked(options);
    this.#initiator = initiator;
    this.#ephemeral = options.ephemeral;
    this.#static = options.static;
    this.#psk = psks[0];
    const symmetric = new SymmetricState(`Noise_${pattern}_25519_ChaChaPoly_SHA256`);
    symmetric.mixHash(prologue);
    const own = this.#static?.publicKey;
    const [initiatorKey, responderKey] = initiator ? [own, remoteStatic] : [remoteStatic, own];
    if (this.#pattern.knownInitiator && initiatorKey) symmetric.mixHash(initiatorKey);
    if (this.#pattern.knownResponder && responderKey) symmetric.mixHash(responderKey);
    this.#progress = {
      symmetric,
      turn: 0,
      remoteStatic: remoteStatic && new Uint8Array(remoteStatic),
      remoteEphemeral: undefined,
    };
  }

  /** Whether all messages are done, so that there are keys. */
  get finished(): boolean {
    return this.#progress.turn === this.#pattern.messages.length;
  }

  /**
   * The hash of the whole handshake, 32 bytes: the same on both sides, and of no other session
   * (Noise rev 34 §11.2).
   *
   * @throws {TypeError} If the handshake is not finished.
   */
  get handshakeHash(): Uint8Array {
    this.#needFinished("take the handshake hash");
    return new Uint8Array(this.#progress.symmetric.hash);
  }

  /** The other's static public key; undefined until it is known. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#progress.remoteStatic;
  }

  /** The other's ephemeral public key; undefined until it has come. */
  get remoteEphemeral(): Uint8Array | undefined {
    return this.#progress.remoteEphemeral;
  }

  /**
   * Makes the next message: WriteMessage, Noise rev 34 §5.3.
   *
   * @param payload What goes along. How well it is hidden depends on pattern and message: §7.7.
   * @returns The message.
   * @throws {TypeError} If it is the other's turn or the handshake is over.
   * @throws {RangeError} If the message would be longer than 65,535 bytes; nothing has changed.
   */
  writeMessage(payload: Uint8Array): Uint8Array {
    const tokens = this.#turn(true), next = this.#next();
    const parts: Uint8Array[] = [];
    for (const token of tokens) {
      if (token === "e") parts.push(this.#mixEphemeral(next, this.#ephemeral?.publicKey));
      else if (token === "s") {
        parts.push(next.symmetric.encryptAndHash(need(this.#static?.publicKey)));
      } else if (!this.#mix(token, next)) {
        throw new RangeError("Cannot agree on a secret with the other's key: it has a low order");
      }
    }
    parts.push(next.symmetric.encryptAndHash(payload));
    const message = join(parts);
    if (message.length > MAX_MESSAGE) {
      throw new RangeError(
        `Cannot send ${message.length} bytes in a handshake message: wanted <= ${MAX_MESSAGE}`,
      );
    }
    this.#progress = next;
    return message;
  }

  /**
   * Takes the next message: ReadMessage, Noise rev 34 §5.3.
   *
   * @param message What came from the network; any bytes. They are copied where they are kept.
   * @returns The payload, or undefined where the message is malformed or not authentic. Then
   *   nothing has changed, and the true message can still be read.
   * @throws {TypeError} If it is one's own turn or the handshake is over.
   */
  readMessage(message: Uint8Array): Uint8Array | undefined {
    const tokens = this.#turn(false), next = this.#next();
    if (message.length > MAX_MESSAGE) return undefined;
    let rest = message;
    const take = (length: number): Uint8Array => {
      const taken = rest.subarray(0, length);
      rest = rest.subarray(length);
      return taken;
    };
    for (const token of tokens) {
      if (token === "e") {
        next.remoteEphemeral = new Uint8Array(take(DH_BYTES));
        if (!isUsable(next.remoteEphemeral)) return undefined;
        this.#mixEphemeral(next, next.remoteEphemeral);
      } else if (token === "s") {
        const opened = next.symmetric.decryptAndHash(take(DH_BYTES + next.symmetric.overhead));
        if (opened === undefined || !isUsable(opened)) return undefined;
        next.remoteStatic = new Uint8Array(opened);
      } else if (!this.#mix(token, next)) return undefined;
    }
    const payload = next.symmetric.decryptAndHash(rest);
    if (payload !== undefined) this.#progress = next;
    return payload && new Uint8Array(payload);
  }

  /**
   * The keys for what follows: Split, Noise rev 34 §5.2.
   *
   * @returns The keys, as this side uses them.
   * @throws {TypeError} If the handshake is not finished.
   */
  split(): SessionKeys {
    this.#needFinished("take the session keys");
    const [first, second] = this.#progress.symmetric.split();
    return this.#initiator ? { send: first, receive: second } : { send: second, receive: first };
  }

  /** The tokens of the message whose turn it is, if that is ours to write or read. */
  #turn(writing: boolean): readonly Token[] {
    const tokens = this.#pattern.messages[this.#progress.turn];
    const initiatorWrites = this.#progress.turn % 2 === 0;
    if (tokens !== undefined && writing === (initiatorWrites === this.#initiator)) return tokens;
    throw new TypeError(
      `Cannot ${writing ? "write" : "read"} a handshake message: ` +
        (tokens === undefined ? "the handshake is over" : "it is the other's turn"),
    );
  }

  #next(): Progress {
    const { symmetric, turn } = this.#progress;
    return { ...this.#progress, symmetric: symmetric.copy(), turn: turn + 1 };
  }

  /** The token `e`; where there is a pre-shared key it goes into the keys too (§9.2). */
  #mixEphemeral({ symmetric }: Progress, key: Uint8Array | undefined): Uint8Array {
    const publicKey = need(key);
    symmetric.mixHash(publicKey);
    if (this.#pattern.psk) symmetric.mixKey(publicKey);
    return publicKey;
  }

  /** The tokens that send nothing. False where no secret can be agreed on. */
  #mix(token: Exclude<Token, "e" | "s">, { symmetric, ...remote }: Progress): boolean {
    if (token === "psk") {
      symmetric.mixKeyAndHash(need(this.#psk));
      return true;
    }
    // The initiator's key comes first in a token.
    const [mine, other] = this.#initiator ? token : [token[1], token[0]];
    const pair = mine === "e" ? this.#ephemeral : this.#static;
    const secret = dh(
      need(pair),
      need(other === "e" ? remote.remoteEphemeral : remote.remoteStatic),
    );
    if (secret !== undefined) symmetric.mixKey(secret);
    return secret !== undefined;
  }

  #needFinished(what: string): void {
    if (!this.finished) throw new TypeError(`Cannot ${what}: the handshake is not finished`);
  }
}

/** What the constructor has made sure of, or the pattern's order of tokens. */
function need<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("Cannot follow the pattern: a key is missing");
  return value;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
