/**
 * The plain group server: records what is said and passes it on to everyone. Pure; call it as
 * {@linkcode PlainChat}.
 *
 * ```text
 *   receive ──▶ message event
 *           └─▶ [ posts ] ──poll──▶ one datagram for each address in turn, or one broadcast
 * ```
 *
 * @module
 */

import { type Address, formatAddress } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { Echoes } from "./echoes.ts";
import type { Done, Heard, PlainEvent } from "./event.ts";
import { Inbox } from "./inbox.ts";
import { decodeText } from "./text.ts";

/** How a group server passes on. */
export interface PlainGroupOptions {
  /** Pass on by broadcast: the address to send to, and those to try when there is no route. */
  readonly broadcast?: readonly Address[];
  /** Our own hosts and port, to know our own broadcasts when we hear them. */
  readonly self?: { readonly hosts: readonly string[]; readonly port: number };
  /** Over TCP: members are connections. */
  readonly stream?: boolean;
}

/** An address that was silent for so long gets no more, in ms (the contract: 10 minutes). */
export const MEMBER_MS = 600_000;
/** Addresses at once; more are heard but get nothing (our choice: bounded, the old ones stay). */
export const MAX_MEMBERS = 4_096;
/** Messages that wait to be passed on; more are recorded only (our choice). */
export const MAX_POSTS = 1_024;
/** How long our own broadcast may take to reach our own socket, in ms (our choice). */
const OWN_ECHO_MS = 2_000;
/** A notice about something that happens again and again: at most one in this time, in ms. */
const NOTICE_EVERY_MS = 60_000;

interface Post {
  readonly bytes: Uint8Array;
  readonly to: readonly Address[];
  next: number;
}

/** One group server. */
export class PlainGroup {
  readonly #options: PlainGroupOptions;
  readonly #inbox: Inbox;
  readonly #echoes = new Echoes(OWN_ECHO_MS);
  /** By address, the longest silent first. */
  readonly #members = new Map<string, { address: Address; at: number }>();
  /** The members' addresses, shared by all posts until somebody comes or goes. */
  #roster: readonly Address[] | undefined;
  readonly #posts: Post[] = [];
  #broadcast: readonly Address[];
  readonly #noticed = new Map<string, number>();
  #done: Done | undefined;

  /**
   * Starts a group without members.
   *
   * @param options How to pass on.
   */
  constructor(options: PlainGroupOptions = {}) {
    this.#options = options;
    this.#inbox = new Inbox(options.stream ?? false);
    this.#broadcast = options.broadcast ?? [];
  }

  /** The exit status and why, once it is over. */
  get done(): Done | undefined {
    return this.#done;
  }

  /** Everyone who gets what is said, the longest silent first. */
  get heard(): readonly Heard[] {
    return [...this.#members.values()];
  }

  /** Leaves now. */
  leave(status: number, reason: string): void {
    this.#done ??= { status, reason };
  }

  /** Over TCP: a connection opened. */
  opened(from: Address, now: number): void {
    this.#hear(from, now);
  }

  /** Over TCP: a connection closed. */
  closed(from: Address): void {
    this.#inbox.closed(from, false);
    this.#forget(from);
  }

  /** A datagram came: it is recorded and passed on unchanged. An empty one only says "here". */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    const whole = this.#inbox.whole(bytes, from);
    if (this.#isOwnBroadcast(whole, from, now)) return;
    this.#hear(from, now);
    if (whole.length === 0) return;
    this.#inbox.message(decodeText(whole), from, false);
    const to = this.#broadcast.length > 0 ? this.#broadcast.slice(0, 1) : this.#audience(now);
    if (to.length === 0) return;
    if (this.#posts.length >= MAX_POSTS) {
      this.#noticeOnce("busy", "more comes in than can be passed on: some is only recorded", now);
      return;
    }
    this.#posts.push({ bytes: whole.slice(), to, next: 0 });
  }

  /** Nothing here waits for a time. */
  tick(_now: number): void {}

  /** Nothing here waits for a time. */
  nextTimeout(): undefined {
    return undefined;
  }

  /** The next datagram to pass on. */
  poll(now: number): Transmit | undefined {
    const post = this.#posts[0];
    if (post === undefined || this.#done) return undefined;
    const to = post.to[post.next++];
    if (post.next >= post.to.length) this.#posts.shift();
    if (to === undefined) return undefined;
    if (this.#options.broadcast) this.#echoes.expect(decodeText(post.bytes), now);
    return { bytes: post.bytes, to };
  }

  /** How a send went. One member being gone is nobody else's trouble. */
  sent(transmit: Transmit, failure: SendFailure | undefined, now: number): void {
    if (failure === undefined) return;
    const where = formatAddress(transmit.to);
    if (this.#options.broadcast) this.#broadcastFailed(transmit, failure, now);
    else {
      this.#forget(transmit.to);
      this.#noticeOnce("not-sent", `cannot pass on to ${where}: ${failure.reason}`, now);
    }
  }

  /** What happened since the last call. */
  events(): PlainEvent[] {
    return this.#inbox.take();
  }

  #hear(from: Address, now: number): void {
    if (from.port === 0) return; // Nothing can be sent to port 0.
    const key = formatAddress(from);
    const member = this.#members.get(key);
    if (member !== undefined) {
      // Back to the end, so that the first is always the longest silent.
      this.#members.delete(key);
      member.at = now;
      this.#members.set(key, member);
      return;
    }
    this.#expire(now);
    if (this.#members.size >= MAX_MEMBERS) {
      this.#noticeOnce("full", `${MAX_MEMBERS} addresses already: new ones hear nothing`, now);
      return;
    }
    this.#members.set(key, { address: from, at: now });
    this.#roster = undefined;
    this.#inbox.add({ type: "presence", who: from, state: "here" });
  }

  #audience(now: number): readonly Address[] {
    this.#expire(now);
    this.#roster ??= [...this.#members.values()].map((member) => member.address);
    return this.#roster;
  }

  #expire(now: number): void {
    if (this.#options.stream) return; // A connection says itself when it goes.
    for (const { address, at } of this.#members.values()) {
      if (now - at <= MEMBER_MS) return;
      this.#forget(address);
    }
  }

  #forget(address: Address): void {
    if (!this.#members.delete(formatAddress(address))) return;
    this.#roster = undefined;
    this.#inbox.add({ type: "presence", who: address, state: "gone" });
  }

  #isOwnBroadcast(bytes: Uint8Array, from: Address, now: number): boolean {
    const { broadcast, self } = this.#options;
    if (!self || from.port !== self.port || !self.hosts.includes(from.host)) return false;
    // Without broadcast nobody can have our own address: it is forged, to make us talk to ourselves.
    return !broadcast || this.#echoes.take(decodeText(bytes), now);
  }

  #broadcastFailed(transmit: Transmit, failure: SendFailure, now: number): void {
    const where = formatAddress(transmit.to);
    const [current, next] = this.#broadcast;
    if (next === undefined || current !== transmit.to) {
      this.#noticeOnce("not-sent", `cannot broadcast to ${where}: ${failure.reason}`, now);
      return;
    }
    this.#broadcast = this.#broadcast.slice(1);
    this.#posts.unshift({ bytes: transmit.bytes, to: [next], next: 0 });
    const why = `cannot broadcast to ${where}: ${failure.reason}; using ${formatAddress(next)}`;
    this.#inbox.notice("warning", "broadcast", why);
  }

  #noticeOnce(code: string, text: string, now: number): void {
    if (now - (this.#noticed.get(code) ?? -Infinity) < NOTICE_EVERY_MS) return;
    this.#noticed.set(code, now);
    this.#inbox.notice("warning", code, text);
  }
}
