/**
 * What one says to one other person in a room, where others and the relay hold it too: a room of its
 * own for the two, whose bodies are sealed one way to the other's static key (Noise rev 34 §7.4, X).
 *
 * There is no forward secrecy: who gets hold of the addressee's static key reads everything that was
 * ever said to them. The author cannot open it again: what one said oneself is in one's own history.
 *
 * @module
 */

import { sameBytes } from "../wire/bytes.ts";
import { TAG_BYTES } from "./aead.ts";
import { MAX_MESSAGE, NoiseHandshake } from "./noise.ts";
import { type KeyPair, keyPair } from "./x25519.ts";

const BODY = new TextEncoder().encode("udpchat/1 private body");

/** What sealing adds to a body: an ephemeral key, the author's sealed static key, and a tag. */
export const PRIVATE_SEAL_BYTES = 32 + 32 + 2 * TAG_BYTES;
/** The longest body before it is sealed. */
export const MAX_PRIVATE_BYTES = MAX_MESSAGE - PRIVATE_SEAL_BYTES;

/** What one of the two needs. */
export interface PrivateOptions {
  /** The number of their room. */
  readonly room: Uint8Array;
  /** One's own Ed25519 key. */
  readonly own: Uint8Array;
  /** One's own X25519 key. */
  readonly ownStatic: KeyPair;
  /** The other's X25519 key; undefined while it is not known. */
  readonly otherStatic: () => Uint8Array | undefined;
}

/** Bodies between two people, as one of them sees it. */
export class PrivateKey {
  readonly #options: PrivateOptions;

  /**
   * Nothing is derived: each body has a handshake of its own.
   *
   * @param options What is needed.
   */
  constructor(options: PrivateOptions) {
    this.#options = options;
  }

  /**
   * Seals a body of one's own.
   *
   * @param author One's own key.
   * @param log One's own log, 8 bytes.
   * @param random Makes random bytes, for an ephemeral key.
   * @param body What is said.
   * @returns A message of Noise.
   * @throws {RangeError} If the body is longer than `MAX_PRIVATE_BYTES`, or the other's key is not known
   *   or of no use.
   */
  seal(
    author: Uint8Array,
    log: Uint8Array,
    random: (size: number) => Uint8Array,
    body: Uint8Array,
  ): Uint8Array {
    const { ownStatic, otherStatic } = this.#options, remoteStatic = otherStatic();
    if (remoteStatic === undefined) {
      throw new RangeError("Cannot seal it: the other's key is not known");
    }
    if (body.length > MAX_PRIVATE_BYTES) {
      throw new RangeError(
        `Cannot seal ${body.length} bytes for one person: wanted at most ${MAX_PRIVATE_BYTES}`,
      );
    }
    return new NoiseHandshake({
      pattern: "X",
      initiator: true,
      prologue: this.#prologue(author, log),
      ephemeral: keyPair(random(32)),
      static: ownStatic,
      remoteStatic,
    }).writeMessage(body);
  }

  /**
   * Opens a body of the other's.
   *
   * @param author Whose entry it is: part of what is sealed, so nobody else can have made it.
   * @param log In which log.
   * @param sealed What `seal` gave, or anything that claims to be that.
   * @returns What was said, or undefined; also for what one said oneself.
   */
  open(author: Uint8Array, log: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { own, ownStatic } = this.#options;
    if (sameBytes(author, own) || sealed.length > MAX_MESSAGE) return undefined;
    return new NoiseHandshake({
      pattern: "X",
      initiator: false,
      prologue: this.#prologue(author, log),
      static: ownStatic,
    }).readMessage(sealed);
  }

  #prologue(author: Uint8Array, log: Uint8Array): Uint8Array {
    const { room } = this.#options;
    const prologue = new Uint8Array(BODY.length + room.length + author.length + log.length);
    prologue.set(BODY);
    prologue.set(room, BODY.length);
    prologue.set(author, BODY.length + room.length);
    prologue.set(log, BODY.length + room.length + author.length);
    return prologue;
  }
}
