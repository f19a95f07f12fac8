/**
 * Rooms of two members of a room on a relay (PROTOCOL.md §20.7).
 *
 * @module
 */

import { join, utf8 } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import type { Person } from "./handshake.ts";
import { sha256 } from "./hash.ts";
import { openX, sealX } from "./noise_x.ts";
import { inOrder, type LogName, type Place } from "./rooms.ts";

/** The other one of the two. */
export interface Other {
  readonly author: Uint8Array;
  /** The static key of their latest good PROFILE. */
  readonly static: Uint8Array;
}

/** The number of the room of two members of a parent. */
export function privateRoom(parent: Uint8Array, one: Uint8Array, other: Uint8Array): Uint8Array {
  return sha256(utf8("udpchat/1 private"), parent, ...inOrder(one, other));
}

/** The room of me and another member, and how bodies are sealed for them and opened by me. */
export function privatePlace(parent: Uint8Array, me: Person, other: Other): Place {
  const two = [identityOf(me.seed), other.author] as const;
  const room = privateRoom(parent, ...two);
  const prologue = ({ author, log }: LogName): Uint8Array =>
    join(utf8("udpchat/1 private body"), room, author, log);
  return {
    room,
    two,
    seal: (name, plain) => sealX(me.static, other.static, prologue(name), plain),
    open: (name, body) => openX(me.static, prologue(name), body).clear,
  };
}
