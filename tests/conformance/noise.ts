/**
 * Noise XX and XXpsk3 with X25519, ChaCha20-Poly1305 and SHA-256, both roles (PROTOCOL.md §4.1,
 * §4.2).
 *
 * @module
 */

import { open, seal } from "./aead.ts";
import { join, Malformed, Reader, same, utf8 } from "./bytes.ts";
import { hkdf, sha256 } from "./hash.ts";
import { dh, type DhPair } from "./x25519.ts";

const EMPTY = new Uint8Array();

/** Hash and keys of a handshake under way (Noise §5.2). */
export class Symmetric {
  #chain: Uint8Array;
  #hash: Uint8Array;
  #key: Uint8Array | undefined;
  #counter = 0;

  constructor(name: string, prologue: Uint8Array) {
    const bytes = utf8(name);
    this.#hash = bytes.length > 32 ? sha256(bytes) : join(bytes, new Uint8Array(32 - bytes.length));
    this.#chain = this.#hash;
    this.mixHash(prologue);
  }

  /** The same once more, so that a bad message changes nothing. */
  copy(): Symmetric {
    const copy = new Symmetric("", EMPTY);
    copy.#chain = this.#chain;
    copy.#hash = this.#hash;
    copy.#key = this.#key;
    copy.#counter = this.#counter;
    return copy;
  }

  /** The handshake hash so far. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /** Whether something is sealed already. */
  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** MixHash. */
  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  /** MixKey. */
  mixKey(input: Uint8Array): void {
    const [chain, key] = hkdf(this.#chain, input);
    this.#chain = chain;
    this.#key = key;
    this.#counter = 0;
  }

  /** MixKeyAndHash. */
  mixKeyAndHash(input: Uint8Array): void {
    const [chain, hash, key] = hkdf(this.#chain, input);
    this.#chain = chain;
    this.mixHash(hash);
    this.#key = key;
    this.#counter = 0;
  }

  /** EncryptAndHash. */
  seal(clear: Uint8Array): Uint8Array {
    const sealed = this.#key ? seal(this.#key, this.#counter++, this.#hash, clear) : clear;
    this.mixHash(sealed);
    return sealed;
  }

  /** DecryptAndHash. */
  open(sealed: Uint8Array): Uint8Array {
    const clear = this.#key ? open(this.#key, this.#counter++, this.#hash, sealed) : sealed;
    this.mixHash(sealed);
    return clear;
  }

  /** Split: the keys of the initiator and of the responder. */
  split(): readonly [Uint8Array, Uint8Array] {
    const [initiator, responder] = hkdf(this.#chain, EMPTY);
    return [initiator, responder];
  }
}

/** What a side brings to a handshake. */
export interface NoiseOptions {
  readonly initiator: boolean;
  readonly prologue: Uint8Array;
  readonly ephemeral: DhPair;
  readonly static: DhPair;
  readonly psk?: Uint8Array | undefined;
}

type Token = "e" | "s" | "ee" | "es" | "se" | "psk";

const MESSAGES: readonly (readonly Token[])[] = [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]];

/** One side of one handshake. */
export class Noise {
  readonly #mine: NoiseOptions;
  #state: Symmetric;
  #next = 0;
  #theirEphemeral: Uint8Array | undefined;
  #theirStatic: Uint8Array | undefined;

  constructor(mine: NoiseOptions) {
    this.#mine = mine;
    const name = mine.psk ? "XXpsk3" : "XX";
    this.#state = new Symmetric(`Noise_${name}_25519_ChaChaPoly_SHA256`, mine.prologue);
  }

  /** The handshake hash. */
  get hash(): Uint8Array {
    return this.#state.hash;
  }

  /** The other side's static key, once it is known. */
  get theirStatic(): Uint8Array {
    if (!this.#theirStatic) throw new Malformed("no static key yet");
    return this.#theirStatic;
  }

  #mixDh(mine: "e" | "s", theirs: "e" | "s"): void {
    const key = theirs === "e" ? this.#theirEphemeral : this.#theirStatic;
    if (!key) throw new Malformed("no such key yet");
    this.#state.mixKey(dh(mine === "e" ? this.#mine.ephemeral : this.#mine.static, key));
  }

  #mix(token: Token): void {
    const { initiator, psk } = this.#mine;
    if (token === "ee") this.#mixDh("e", "e");
    if (token === "es") this.#mixDh(initiator ? "e" : "s", initiator ? "s" : "e");
    if (token === "se") this.#mixDh(initiator ? "s" : "e", initiator ? "e" : "s");
    if (token === "psk" && psk) this.#state.mixKeyAndHash(psk);
  }

  #mixEphemeral(key: Uint8Array): void {
    this.#state.mixHash(key);
    if (this.#mine.psk) this.#state.mixKey(key);
  }

  /** Writes the next message. */
  write(payload: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const token of MESSAGES[this.#next++] ?? []) {
      if (token === "e") {
        parts.push(this.#mine.ephemeral.public);
        this.#mixEphemeral(this.#mine.ephemeral.public);
      } else if (token === "s") parts.push(this.#state.seal(this.#mine.static.public));
      else this.#mix(token);
    }
    return join(...parts, this.#state.seal(payload));
  }

  /** Reads the next message; one that is not good changes nothing. */
  read(message: Uint8Array): Uint8Array {
    const before = [
      this.#state.copy(),
      this.#next,
      this.#theirEphemeral,
      this.#theirStatic,
    ] as const;
    try {
      return this.#read(message);
    } catch (error) {
      [this.#state, this.#next, this.#theirEphemeral, this.#theirStatic] = before;
      throw error;
    }
  }

  #read(message: Uint8Array): Uint8Array {
    const reader = new Reader(message);
    for (const token of MESSAGES[this.#next++] ?? []) {
      if (token === "e") {
        this.#theirEphemeral = reader.take(32);
        this.#mixEphemeral(this.#theirEphemeral);
      } else if (token === "s") {
        this.#theirStatic = this.#state.open(reader.take(this.#state.hasKey ? 48 : 32));
      } else this.#mix(token);
    }
    return this.#state.open(reader.rest());
  }

  /** The keys of the initiator and of the responder. */
  split(): readonly [Uint8Array, Uint8Array] {
    return this.#state.split();
  }

  /** Whether this is the handshake of that ephemeral key. */
  isOf(ephemeral: Uint8Array): boolean {
    return this.#theirEphemeral !== undefined && same(this.#theirEphemeral, ephemeral);
  }
}
