/**
 * All sessions of one program: takes datagrams apart, finds the session or the handshake that they
 * belong to, and decides which of two sessions between the same two stays. A pure machine, called as
 * {@linkcode Session}.
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import type { Address } from "../wire/address.ts";
import type { Transmit } from "../wire/datagram.ts";
import { decodePacket, encodeVersionRefusal, type Packet, VERSION } from "../wire/packet.ts";
import { Answerer } from "./answerer.ts";
import { Caller, type Established } from "./caller.ts";
import type { Credentials, Remote } from "./credentials.ts";
import { CLOSE, type SessionEvent, type SessionPacket } from "./event.ts";
import type { Session } from "./session.ts";
import type { RandomBytes } from "./state.ts";
import { Timers } from "./timers.ts";

/** Sessions at once (our choice: a large relay). */
const MAX_SESSIONS = 16_384;
/** Answers that wait to leave; more questions get none (our choice). */
const MAX_ANSWERS = 256;
/** Datagrams of one session in a row (our choice: a receiver that finds several answers them with one
 * ACK, and keys and counters are at hand; others wait for a fraction of a ms). */
const TRAIN = 8;
/** A session that is silent for so long is given up, in ms (our choice: a day). */
const FORGET_MS = 86_400_000;

/** What a hub needs. */
export interface HubOptions {
  /** Who we are. */
  readonly credentials: Credentials;
  /** The secret that both sides must know, as a 32-byte key. */
  readonly secret?: Uint8Array | undefined;
  /** Randomness. */
  readonly random: RandomBytes;
  /** The largest datagram to try, in bytes; where it is left out, what the address suggests. */
  readonly mtu?: number | undefined;
}

/** What happened. */
export type HubEvent =
  | {
    /**
     * A session can be used; `call` tells which of our calls led to it. Such a one is not confirmed yet:
     * what is written now leaves with message 3.
     */
    readonly type: "up";
    readonly session: Session;
    readonly remote: Remote;
    readonly call: number | undefined;
  }
  | { readonly type: "session"; readonly session: Session; readonly event: SessionEvent }
  /** A call led to nothing, though it was answered: call again. */
  | { readonly type: "failed"; readonly call: number }
  | { readonly type: "version"; readonly call: number; readonly versions: readonly number[] };

/** What is known of a session. */
interface Known {
  readonly remote: Remote;
  readonly hash: Uint8Array;
  readonly call: number | undefined;
  /** When it was made, in ms. */
  readonly since: number;
}

/** Why datagrams were dropped: counted, never answered. */
export interface HubCounters {
  malformed: number;
  unknown: number;
  forged: number;
}

/** All sessions of one program. */
export class Hub {
  readonly counters: HubCounters = { malformed: 0, unknown: 0, forged: 0 };
  readonly #options: HubOptions;
  readonly #answerer: Answerer;
  readonly #callers = new Map<number, Caller>();
  readonly #sessions = new Map<number, Session>();
  readonly #known = new Map<Session, Known>();
  /** Sessions by the run of the other side: more than one only while both call at once. */
  readonly #byRun = new Map<string, Set<Session>>();
  readonly #answers: Transmit[] = [];
  /** Sessions that may have something to send; each in turn. */
  readonly #busy = new Set<Session>();
  /** When the others want to be called: only a session that was busy sets its timer anew. */
  readonly #timers = new Timers<Session>();
  /** So many datagrams of the first of them have left in a row. */
  #train = 0;
  #events: HubEvent[] = [];

  /**
   * Starts without sessions.
   *
   * @param options What it needs.
   */
  constructor(options: HubOptions) {
    this.#options = options;
    const index = () => this.#freeIndex();
    this.#answerer = new Answerer({ ...options, index });
  }

  /** How many handshakes, of others and ours, are unfinished. */
  get unfinished(): number {
    return this.#answerer.unfinished + this.#callers.size;
  }

  /** All sessions. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** X25519 computations for strangers. */
  get computed(): number {
    return this.#answerer.computed;
  }

  /**
   * Calls somebody, and goes on calling until there is a session or `cancel`.
   *
   * @param to Whom.
   * @param replaces The session is to take the place of one that seems dead.
   * @param now Time in ms.
   * @returns The number of the call.
   */
  call(to: Address, replaces: boolean, now: number): number {
    const index = this.#freeIndex();
    const caller = new Caller({ ...this.#options, to, index, replaces, now });
    this.#callers.set(index, caller);
    return index;
  }

  /** Stops calling. */
  cancel(call: number): void {
    this.#callers.delete(call);
  }

  /**
   * A session was written to, or closed: it is polled next.
   *
   * @param session The session.
   */
  touch(session: Session): void {
    this.#busy.add(session);
  }

  /**
   * A datagram came.
   *
   * @param datagram Any bytes.
   * @param from Who sent it.
   * @param now Time in ms.
   */
  receive(datagram: Uint8Array, from: Address, now: number): void {
    const packet = decodePacket(datagram);
    if (packet === undefined) {
      this.counters.malformed++;
      return;
    }
    switch (packet.type) {
      case "data":
        return this.#data(packet, datagram.length, from, now);
      case "final":
        return this.#final(packet, datagram.length, from, now);
      case "init":
        return this.#init(packet, datagram.length, from, now);
      case "answer":
        return this.#answer(packet, from, now);
      case "refusal":
        return this.#refusal(packet, now);
    }
  }

  /**
   * A time that `nextTimeout` named has come.
   *
   * @param now Time in ms.
   */
  tick(now: number): void {
    for (const session of this.#busy) this.#timers.set(session, session.nextTimeout());
    for (let due = this.#timers.take(now); due !== undefined; due = this.#timers.take(now)) {
      const session = due;
      session.tick(now);
      this.#busy.add(session);
      if (now - session.heardAt > FORGET_MS) session.close(CLOSE.done, "silent for a day");
      this.#take(session);
    }
  }

  /**
   * What to send next.
   *
   * @param now Time in ms.
   */
  poll(now: number): Transmit | undefined {
    const answer = this.#answers.shift();
    if (answer !== undefined) return answer;
    for (const caller of this.#callers.values()) {
      const bytes = caller.poll(now);
      if (bytes !== undefined) return { bytes, to: caller.to };
    }
    for (const session of this.#busy) {
      const transmit = session.poll(now);
      this.#take(session);
      if (transmit !== undefined) {
        if (++this.#train < TRAIN) return transmit;
        // Behind the others: a long message to one delays no line to another.
        this.#train = 0;
        this.#busy.delete(session);
        this.#busy.add(session);
        return transmit;
      }
      this.#train = 0;
      this.#busy.delete(session);
      this.#timers.set(session, session.nextTimeout());
    }
    return undefined;
  }

  /** What happened since the last call. */
  events(): HubEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` or `poll` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    let next = this.#timers.first ?? Infinity;
    for (const caller of this.#callers.values()) next = Math.min(next, caller.sendAt);
    for (const session of this.#busy) {
      next = Math.min(next, session.nextTimeout() ?? Infinity);
    }
    return next === Infinity ? undefined : next;
  }

  #data(packet: SessionPacket, size: number, from: Address, now: number): void {
    const session = this.#sessions.get(packet.receiver);
    if (session === undefined) {
      this.counters.unknown++;
      return;
    }
    const confirmed = session.confirmed;
    if (!session.receive(packet, size, from, now)) {
      this.counters.forged++;
      return;
    }
    this.#busy.add(session);
    if (!confirmed && session.confirmed && !session.closed) this.#confirmed(session);
    this.#take(session);
  }

  #final(
    packet: Extract<Packet, { type: "final" }>,
    size: number,
    from: Address,
    now: number,
  ): void {
    if (!this.#sessions.has(packet.receiver)) {
      const established = this.#answerer.finished(packet, from, now);
      if (established === undefined) {
        this.counters.forged++;
        return;
      }
      const { session, remote } = established;
      if (!this.#keep(established, undefined, now)) return;
      if (this.#confirmed(session)) {
        this.#events.push({ type: "up", session, remote, call: undefined });
      }
    }
    this.#data(packet, size, from, now);
  }

  #init(
    packet: Extract<Packet, { type: "init" }>,
    size: number,
    from: Address,
    now: number,
  ): void {
    if (this.#answers.length >= MAX_ANSWERS) return;
    const answer = packet.version !== VERSION
      ? encodeVersionRefusal(packet.sender)
      : this.#answerer.asked(packet, from, now);
    if (answer === undefined) this.counters.unknown++;
    else if (answer.length <= size) this.#answers.push({ bytes: answer, to: from });
  }

  #answer(packet: Extract<Packet, { type: "answer" }>, from: Address, now: number): void {
    const caller = this.#callers.get(packet.receiver);
    const established = caller?.answered(packet, from, now);
    if (caller?.spent) this.#callers.delete(packet.receiver);
    if (caller === undefined || established === undefined) {
      this.counters.forged++;
      // Whoever answered proved a key, but not who it belongs to: begin anew.
      if (caller?.spent) this.#events.push({ type: "failed", call: packet.receiver });
      return;
    }
    const { session, remote } = established, call = packet.receiver;
    const kept = this.#keep(established, call, now);
    this.#events.push(kept ? { type: "up", session, remote, call } : { type: "failed", call });
  }

  #refusal(packet: Extract<Packet, { type: "refusal" }>, now: number): void {
    const caller = this.#callers.get(packet.receiver);
    if (caller === undefined) this.counters.unknown++;
    else if (packet.kind === "cookie") caller.cookie(packet.cookie, now);
    else {
      this.#events.push({ type: "version", call: packet.receiver, versions: packet.versions });
    }
  }

  #keep(established: Established, call: number | undefined, now: number): boolean {
    const { session, remote, hash } = established;
    // Ourselves: a message of ours that somebody sent back.
    if (equal(remote.instance, this.#options.credentials.instance)) return false;
    if (this.#sessions.size >= MAX_SESSIONS) return false;
    this.#sessions.set(session.local, session);
    this.#known.set(session, { remote, hash, call, since: now });
    const run = runOf(remote);
    this.#byRun.set(run, (this.#byRun.get(run) ?? new Set()).add(session));
    this.#busy.add(session);
    return true;
  }

  /** A session is confirmed: of several between the same two runs one stays. */
  #confirmed(session: Session): boolean {
    const known = this.#known.get(session);
    if (known === undefined) return false;
    for (const other of this.#byRun.get(runOf(known.remote)) ?? []) {
      const its = this.#known.get(other);
      if (other === session || other.closed || !other.confirmed || !its) continue;
      const loser = stays(known, its) ? other : session;
      loser.close(CLOSE.replaced, "another session stays");
      this.#busy.add(loser);
      if (loser === session) return false;
    }
    return true;
  }

  #take(session: Session): void {
    for (const event of session.events()) {
      if (event.type === "stalled" && !session.confirmed) this.#fail(session);
      else this.#events.push({ type: "session", session, event });
    }
    if (!session.closed) return;
    this.#sessions.delete(session.local);
    const known = this.#known.get(session), run = known && runOf(known.remote);
    this.#known.delete(session);
    if (run === undefined) return;
    this.#byRun.get(run)?.delete(session);
    if (this.#byRun.get(run)?.size === 0) this.#byRun.delete(run);
  }

  /** Message 3 was never answered: by now the other side has forgotten the handshake. */
  #fail(session: Session): void {
    session.drop();
    const reason = "never answered";
    const event = { type: "closed", by: "us", code: CLOSE.replaced, reason } as const;
    this.#events.push({ type: "session", session, event });
    const call = this.#known.get(session)?.call;
    if (call !== undefined) this.#events.push({ type: "failed", call });
  }

  #freeIndex(): number {
    for (;;) {
      const [a = 0, b = 0, c = 0, d = 0] = this.#options.random(4);
      const index = ((a * 256 + b) * 256 + c) * 256 + d;
      const taken = this.#sessions.has(index) || this.#callers.has(index) ||
        this.#answerer.has(index);
      if (!taken && index !== 0) return index;
    }
  }
}

/** Two sessions that begin within this time are one call from both sides, in ms (our choice). */
const SAME_CALL_MS = 10_000;

/**
 * Whether the first of two sessions stays: the one that replaces, and of two that do the later; the one
 * with the lower hash where both sides called at once.
 */
function stays(a: Known, b: Known): boolean {
  if (a.remote.replaces !== b.remote.replaces) return a.remote.replaces;
  if (a.remote.replaces && Math.abs(a.since - b.since) > SAME_CALL_MS) return a.since > b.since;
  const at = a.hash.findIndex((byte, index) => byte !== b.hash[index]);
  return (a.hash[at] ?? 0) < (b.hash[at] ?? 0);
}

/** A run of a program, as a key. */
function runOf(remote: Remote): string {
  return `${remote.identity.join()}/${remote.instance.join()}`;
}
