/**
 * The part of a Noise handshake that hashes and seals: CipherState and SymmetricState of the
 * specification (rev 34 §5.1 and §5.2), for ChaCha20-Poly1305 and SHA-256. It knows no keys of
 * people, no messages and no turns; those are in `noise.ts`.
 *
 * @module
 */

import { nonceOf, open, seal, TAG_BYTES } from "./aead.ts";
import { HASH_BYTES, hkdf, sha256 } from "./hash.ts";

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/** What both sides of a handshake have in common so far. */
export class SymmetricState {
  // None of the arrays is ever written to, so that a copy of the references is a copy.
  #hash: Uint8Array;
  #chainingKey: Uint8Array;
  #key: Uint8Array | undefined;
  #counter = 0;

  /**
   * Begins with the protocol's name: InitializeSymmetric, Noise rev 34 §5.2.
   *
   * @param name For example `Noise_XX_25519_ChaChaPoly_SHA256`.
   */
  constructor(name: string) {
    const bytes = encoder.encode(name);
    if (bytes.length > HASH_BYTES) this.#hash = sha256(bytes);
    else {
      this.#hash = new Uint8Array(HASH_BYTES);
      this.#hash.set(bytes);
    }
    this.#chainingKey = this.#hash;
  }

  /** The hash of everything so far, 32 bytes. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /** How much longer what is sealed is than what was given: 16 bytes once there is a key. */
  get overhead(): number {
    return this.#key === undefined ? 0 : TAG_BYTES;
  }

  /**
   * A second state that goes its own way from here.
   *
   * @returns The copy.
   */
  copy(): SymmetricState {
    const copy = new SymmetricState("");
    copy.#hash = this.#hash;
    copy.#chainingKey = this.#chainingKey;
    copy.#key = this.#key;
    copy.#counter = this.#counter;
    return copy;
  }

  /**
   * Takes a secret into all keys to come: MixKey, Noise rev 34 §5.2.
   *
   * @param input The secret.
   */
  mixKey(input: Uint8Array): void {
    const [chainingKey = EMPTY, key = EMPTY] = hkdf(this.#chainingKey, input, 2);
    this.#chainingKey = chainingKey;
    this.#setKey(key);
  }

  /**
   * Takes something that both sides must agree on into the hash: MixHash, Noise rev 34 §5.2.
   *
   * @param data Any bytes.
   */
  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  /**
   * Takes a pre-shared key into hash and keys: MixKeyAndHash, Noise rev 34 §5.2.
   *
   * @param psk 32 bytes.
   */
  mixKeyAndHash(psk: Uint8Array): void {
    const [chainingKey = EMPTY, hash = EMPTY, key = EMPTY] = hkdf(this.#chainingKey, psk, 3);
    this.#chainingKey = chainingKey;
    this.mixHash(hash);
    this.#setKey(key);
  }

  /**
   * Seals, once there is a key, and takes the result into the hash: EncryptAndHash, Noise rev 34
   * §5.2.
   *
   * @param plaintext Any bytes.
   * @returns What goes on the wire; the plaintext itself while there is no key.
   */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#key === undefined
      ? plaintext
      : seal(this.#key, nonceOf(this.#counter++), this.#hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  /**
   * The other side of {@linkcode SymmetricState.encryptAndHash}: DecryptAndHash, Noise rev 34 §5.2.
   *
   * @param sealed What came from the wire; any bytes.
   * @returns The plaintext, or undefined where it is not authentic; then nothing has changed.
   */
  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    let plaintext: Uint8Array | undefined = sealed;
    if (this.#key !== undefined) {
      plaintext = open(this.#key, nonceOf(this.#counter), this.#hash, sealed);
      if (plaintext === undefined) return undefined;
      this.#counter++;
    }
    this.mixHash(sealed);
    return plaintext;
  }

  /**
   * The keys for what follows the handshake: Split, Noise rev 34 §5.2.
   *
   * @returns Two keys of 32 bytes: for what the initiator sends, for what the responder sends.
   */
  split(): readonly [Uint8Array, Uint8Array] {
    const [first = EMPTY, second = EMPTY] = hkdf(this.#chainingKey, EMPTY, 2);
    return [first, second];
  }

  #setKey(key: Uint8Array): void {
    this.#key = key;
    this.#counter = 0;
  }
}
