/**
 * What a Noise handshake needs to begin, and whether it has it. The handshake is in `noise.ts`.
 *
 * @module
 */

import { type Pattern, type PatternName, patternOf } from "./pattern.ts";
import { isUsable, type KeyPair } from "./x25519.ts";

/** Length of a pre-shared key in bytes (Noise rev 34 §9.1). */
export const PSK_BYTES = 32;

/** What a handshake begins with. Which keys it needs follows from pattern and side. */
export interface NoiseOptions {
  /** The pattern, for example `XX` or `XXpsk3`. */
  readonly pattern: PatternName;
  /** Whether this side sends the first message. */
  readonly initiator: boolean;
  /** What both sides must agree on without sending it; with a differing one there is no session. */
  readonly prologue: Uint8Array;
  /** One's own ephemeral key, for this handshake alone. Only one who never writes needs none. */
  readonly ephemeral?: KeyPair;
  /** One's own static key, where the pattern has one for this side. */
  readonly static?: KeyPair;
  /** The other's static public key, where the pattern has it known beforehand. */
  readonly remoteStatic?: Uint8Array;
  /** The pre-shared key of 32 bytes, where the pattern has one. */
  readonly psks?: readonly Uint8Array[];
}

/**
 * Checks that there is every key that the pattern needs, and none that it has no use for.
 *
 * @param options What was given.
 * @returns The pattern to follow.
 * @throws {TypeError} If the pattern is unknown, or a key is missing or of no use.
 * @throws {RangeError} If a pre-shared key is not 32 bytes, or no secret can be agreed on with
 *   the other's static key.
 */
export function checked(options: NoiseOptions): Pattern {
  const { pattern: name, initiator, remoteStatic, psks = [] } = options;
  const pattern = patternOf(name), { knownInitiator, knownResponder } = pattern;
  const mine = pattern.messages.filter((_, turn) => (turn % 2 === 0) === initiator).flat();
  const known = { own: knownResponder, other: knownInitiator };
  if (initiator) [known.own, known.other] = [known.other, known.own];
  const needed: readonly (readonly [string, boolean, boolean])[] = [
    ["one's own ephemeral key", mine.includes("e"), options.ephemeral !== undefined],
    ["one's own static key", mine.includes("s") || known.own, options.static !== undefined],
    ["the other's static key", known.other, remoteStatic !== undefined],
    ["one pre-shared key", pattern.psk, psks.length === 1],
  ];
  for (const [what, wanted, given] of needed) {
    if (wanted && !given) throw new TypeError(`Cannot begin ${name}: it needs ${what}`);
  }
  if (remoteStatic && !known.other) {
    throw new TypeError(`Cannot begin ${name}: it does not know the other's static key beforehand`);
  }
  if (!pattern.psk && psks.length > 0) {
    throw new TypeError(`Cannot begin ${name}: it takes no pre-shared key`);
  }
  if (remoteStatic && !isUsable(remoteStatic)) {
    throw new RangeError(`Cannot begin ${name}: the other's static key is not a usable one`);
  }
  for (const psk of psks) {
    if (psk.length === PSK_BYTES) continue;
    throw new RangeError(
      `Cannot begin ${name}: wanted a pre-shared key of ${PSK_BYTES} bytes, found ${psk.length}`,
    );
  }
  return pattern;
}
