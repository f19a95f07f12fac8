/**
 * Messages of Noise X, each sealed for one person by another (Noise §7.4, PROTOCOL.md §20.7).
 *
 * @module
 */

import { join, Reader } from "./bytes.ts";
import { Symmetric } from "./noise.ts";
import { dh, type DhPair, freshDhPair } from "./x25519.ts";

const NAME = "Noise_X_25519_ChaChaPoly_SHA256";

/** Both sides know the responder's static key before. */
function begin(responder: Uint8Array, prologue: Uint8Array): Symmetric {
  const state = new Symmetric(NAME, prologue);
  state.mixHash(responder);
  return state;
}

/** A message that only the holder of a static key opens. */
export function sealX(
  mine: DhPair,
  theirs: Uint8Array,
  prologue: Uint8Array,
  clear: Uint8Array,
  ephemeral: DhPair = freshDhPair(),
): Uint8Array {
  const state = begin(theirs, prologue);
  state.mixHash(ephemeral.public);
  state.mixKey(dh(ephemeral, theirs));
  const sender = state.seal(mine.public);
  state.mixKey(dh(mine, theirs));
  return join(ephemeral.public, sender, state.seal(clear));
}

/** What was sealed, and the sender's static key; throws if it is not authentic. */
export function openX(
  mine: DhPair,
  prologue: Uint8Array,
  message: Uint8Array,
): { readonly sender: Uint8Array; readonly clear: Uint8Array } {
  const reader = new Reader(message);
  const state = begin(mine.public, prologue);
  const ephemeral = reader.take(32);
  state.mixHash(ephemeral);
  state.mixKey(dh(mine, ephemeral));
  const sender = state.open(reader.take(48));
  state.mixKey(dh(mine, sender));
  return { sender, clear: state.open(reader.rest()) };
}
