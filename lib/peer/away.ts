/**
 * Being away, and being back: said in datagrams that may get lost, so they are repeated; never stored.
 * Pure.
 *
 * @module
 */

import type { RoomSeal } from "../chat/people.ts";
import { type Identity, verify } from "../crypto/identity.ts";
import { sameBytes } from "../wire/bytes.ts";
import { LOG_BYTES } from "../wire/entry.ts";
import {
  decodePresence,
  decodePresenceBody,
  encodePresence,
  encodePresenceBody,
  PRESENT,
} from "../wire/presence.ts";

/** It is said at once, and again so long after the time before, in ms (our choice). */
const REPEATS_MS = [500, 1_500, 4_000];
/** And then, while one is away, this often in ms (our choice). */
const REMIND_MS = 60_000;
/** So often after one is back (our choice). */
const BACK_REMINDERS = 3;

const LABEL = new TextEncoder().encode("udpchat/1 presence");
/** Presence is sealed like an entry of this log, which nobody has. */
const NO_LOG = new Uint8Array(LOG_BYTES);

/** What presence is made of. */
export interface AwayOptions {
  /** Who we are. */
  readonly identity: Identity;
  /** The number of the room. */
  readonly room: Uint8Array;
  /** How bodies are sealed there; in the clear where it is left out. */
  readonly seal?: RoomSeal | undefined;
  /** Makes random bytes. */
  readonly random: (size: number) => Uint8Array;
  /** Wall time in ms since 1970, for a time of the program. */
  readonly wall: (now: number) => number;
}

/** Where somebody else is. */
export interface Whereabouts {
  /** Their Ed25519 key. */
  readonly author: Uint8Array;
  readonly away: boolean;
  /** Why. */
  readonly text: string;
  /** When they said it, in ms since 1970. */
  readonly time: number;
}

/** One's own presence in one room, and how that of others is read. */
export class Away {
  readonly #options: AwayOptions;
  /** Why one is away; undefined while one is not. */
  #text: string | undefined;
  #said: Uint8Array | undefined;
  #repeats = 0;
  #dueAt: number | undefined;

  /**
   * One is here.
   *
   * @param options What it is made of.
   */
  constructor(options: AwayOptions) {
    this.#options = options;
  }

  /** Why one is away; undefined while one is not. */
  get text(): string | undefined {
    return this.#text;
  }

  /** Whether it is said in this room. */
  isFor(room: Uint8Array): boolean {
    return sameBytes(room, this.#options.room);
  }

  /** When {@linkcode Away.due} has something to send, in ms. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /**
   * One goes away, or comes back.
   *
   * @param text Why; undefined to come back.
   * @param now Time in ms.
   */
  set(text: string | undefined, now: number): void {
    if (text === undefined && this.#text === undefined) return;
    const { identity, room, seal, random, wall } = this.#options, author = identity.publicKey;
    const state = text === undefined ? PRESENT.here : PRESENT.away;
    const plain = encodePresenceBody({ state, time: wall(now), text: text ?? "" });
    const body = seal?.seal(author, NO_LOG, random, plain) ?? plain;
    const signature = identity.sign(signed(room, author, body));
    this.#text = text;
    this.#said = encodePresence({ room, author, signature, body });
    this.again(now);
  }

  /** Says it again from the beginning: others have come, or may have missed it. */
  again(now: number): void {
    if (this.#said === undefined) return;
    this.#repeats = 0;
    this.#dueAt = now;
  }

  /**
   * What to send now.
   *
   * @param now Time in ms.
   * @returns The payload of a datagram, if it is time for one.
   */
  due(now: number): Uint8Array | undefined {
    if (this.#dueAt === undefined || now < this.#dueAt) return undefined;
    const wait = REPEATS_MS[this.#repeats++] ?? REMIND_MS;
    const enough = this.#repeats > REPEATS_MS.length + BACK_REMINDERS;
    this.#dueAt = this.#text === undefined && enough ? undefined : now + wait;
    return this.#said;
  }

  /**
   * Reads what somebody else said.
   *
   * @param bytes The payload of a datagram: anything.
   * @returns Where they are; undefined where it is something else, or not theirs.
   */
  read(bytes: Uint8Array): Whereabouts | undefined {
    const presence = decodePresence(bytes), { seal } = this.#options;
    if (presence === undefined) return undefined;
    const { room, author, signature, body } = presence;
    if (!this.isFor(room)) return undefined;
    if (!verify(author, signed(room, author, body), signature)) return undefined;
    const plain = seal ? seal.open(author, NO_LOG, body) : body;
    const said = plain && decodePresenceBody(plain);
    if (said === undefined) return undefined;
    if (said.state !== PRESENT.here && said.state !== PRESENT.away) return undefined;
    return { author, away: said.state === PRESENT.away, text: said.text, time: said.time };
  }
}

function signed(room: Uint8Array, author: Uint8Array, body: Uint8Array): Uint8Array {
  const data = new Uint8Array(LABEL.length + room.length + author.length + body.length);
  let at = 0;
  for (const part of [LABEL, room, author, body]) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}
