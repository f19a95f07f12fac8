/**
 * Who is on a line for two: calls whoever is to be called, takes one of those who call, tells others that
 * it is busy, asks about changed keys, and moves to another session where one ends. It knows nothing of
 * what is said. Pure.
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { keyTag } from "../crypto/identity.ts";
import type { HubEvent } from "../session/hub.ts";
import { CLOSE, type SessionEvent } from "../session/event.ts";
import type { Remote } from "../session/credentials.ts";
import type { Address } from "../wire/address.ts";
import { Calls } from "./calls.ts";
import type { Link } from "./link.ts";
import type { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import { Pin, type PinOptions } from "./pin.ts";

/** After a call that was told to be busy, in ms (our choice). */
const BUSY_RETRY_MS = 15_000;

/** What is told of the line. */
export type LineEvent =
  /** Somebody is on the line, by a session that is not the one before. */
  | {
    readonly type: "taken";
    readonly link: Link;
    /** We called. */
    readonly called: boolean;
    /** It is not the run of the program that was on the line before. */
    readonly isNew: boolean;
    /** It is the person that was on the line before. */
    readonly again: boolean;
  }
  | { readonly type: "here" | "away" | "gone"; readonly link: Link }
  | { readonly type: "datagram"; readonly link: Link; readonly bytes: Uint8Array }
  /** The line is free for others. */
  | { readonly type: "free" }
  | { readonly type: "changedKey"; readonly key: Uint8Array; readonly pinned: Uint8Array }
  /** Somebody called and was told that the line is busy. */
  | { readonly type: "turnedAway"; readonly key: Uint8Array }
  /** We were told so. */
  | { readonly type: "busy" }
  /** The other is not heard: their name may stand for another address by now. */
  | { readonly type: "resolve" };

/** How the line is used. */
export interface ReceptionOptions extends PinOptions {
  /** Where sessions are. */
  readonly node: Node;
  /** Whom to call, at any of these addresses; none to wait. */
  readonly to: readonly Address[];
  /** Something waits for whoever is on the line. */
  readonly waits: () => boolean;
  /** Takes what happened. */
  readonly tell: (event: LineEvent, now: number) => void;
}

/** A session that is not the line, or not yet. */
interface Guest {
  readonly link: Link;
  /** It is one that we called. */
  readonly called: boolean;
  /** Its key is not the one that we expect: the person must say yes. */
  asks: boolean;
}

/** One line. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #node: Node;
  readonly #calls: Calls;
  readonly #pin: Pin;
  readonly #guests = new Map<Link["session"], Guest>();
  #line: { readonly link: Link; away: boolean } | undefined;
  #everUp = false;
  #over = false;

  /**
   * A line with nobody on it.
   *
   * @param options How it is used.
   */
  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#node = options.node;
    this.#calls = new Calls(options.node.hub, options.to);
    this.#pin = new Pin(options);
  }

  /** The session with whoever is on the line. */
  get link(): Link | undefined {
    return this.#line?.link;
  }

  /** Something can be said on the line. */
  get alive(): boolean {
    return this.#line !== undefined && !this.#line.link.session.closing;
  }

  /** Somebody was on the line, and it was not only to say that they are busy. */
  get everUp(): boolean {
    return this.#everUp;
  }

  /** Somebody waits for the person to say yes to their key. */
  get asks(): boolean {
    return [...this.#guests.values()].some(({ asks }) => asks);
  }

  /** When `tick` wants to be called, in ms. */
  get nextTimeout(): number | undefined {
    return this.#calls.retryAt;
  }

  /** The person on the line, by any session. */
  isTheirs({ identity }: Remote): boolean {
    return this.#line !== undefined && equal(this.#line.link.remote.identity, identity);
  }

  /**
   * Calls whom there is to call, unless a call is under way or the person is asked about a key.
   *
   * @param now Time in ms.
   * @param replaces The session is to take the place of one that seems dead.
   */
  call(now: number, replaces: boolean = this.#line !== undefined): void {
    const asking = [...this.#guests.values()].some(({ asks, link: { session } }) =>
      asks && !session.closed && !session.silent
    );
    if (asking || this.#over) return;
    const known = this.#line?.link.session.address;
    this.#calls.begin(replaces, now, known);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    const { retryAt } = this.#calls;
    if (retryAt === undefined || now < retryAt) return;
    this.#calls.rest();
    const well = this.alive && !this.#line?.link.session.silent && !this.#options.waits();
    if (!well) this.call(now);
  }

  /** The name stands for other addresses now. */
  move(to: readonly Address[], now: number): void {
    this.#calls.move(to, now);
  }

  /** The person says yes to a changed key; false where there is none. */
  accept(now: number): boolean {
    if (!this.#pin.accept()) return false;
    for (const guest of this.#guests.values()) {
      if (!guest.asks || guest.link.session.closed) continue;
      this.#take(guest, now);
      return true;
    }
    this.call(now, false);
    return true;
  }

  /** Nobody is called or taken any more. */
  end(): void {
    this.#over = true;
    this.#calls.stop();
  }

  /**
   * Hears what sessions do.
   *
   * @param event What happened.
   * @param now Time in ms.
   */
  hear(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "up":
        return this.#up(event, now);
      case "waits": {
        const guest = this.#guests.get(event.link.session);
        return guest && !guest.asks ? this.#decide(guest, now) : undefined;
      }
      case "session":
        return this.#session(event.link, event.event, now);
      case "failed":
        for (const session of this.#guests.keys()) {
          if (session.closed) this.#guests.delete(session);
        }
        return this.#calls.failed(event.call, now);
      default:
    }
  }

  /** Whom we called is on the line at once; who calls us when they say something: it may be a ping. */
  #up({ session, call }: Extract<HubEvent, { type: "up" }>, now: number): void {
    const link = this.#node.linkOf(session);
    if (link === undefined) return;
    if (this.#over) return this.#node.close(session, CLOSE.done, "gone");
    const guest: Guest = { link, called: call !== undefined, asks: false };
    this.#guests.set(session, guest);
    if (call !== undefined) this.#calls.ended(call);
    if (guest.called || this.#isSameRun(link.remote)) this.#decide(guest, now);
  }

  /** The program on the line, by another session: the hub decides which of the two stays. */
  #isSameRun(remote: Remote): boolean {
    const on = this.#line?.link.remote;
    return on !== undefined && this.isTheirs(remote) && equal(on.instance, remote.instance);
  }

  /** The line, or busy, or first a question to the person. */
  #decide(guest: Guest, now: number): void {
    const { called, link: { session, remote } } = guest, { tell, to } = this.#options;
    this.#free(now);
    const expected = called || to.length === 0 || this.#isCalled(guest.link);
    if (this.#line ? !this.isTheirs(remote) && !called : !expected) {
      this.#guests.delete(session);
      this.#node.close(session, CLOSE.busy, "the line is busy");
      return tell({ type: "turnedAway", key: remote.identity }, now);
    }
    // Whoever was on the line, or answered at the address before: nobody else gets what is for them.
    const pinned = this.#line?.link.remote.identity ?? this.#pin.key;
    if (!this.#pin.admits(remote.identity, pinned)) {
      guest.asks = true;
      return tell(
        { type: "changedKey", key: remote.identity, pinned: pinned ?? remote.identity },
        now,
      );
    }
    // Our call beside a line that may live: not before it is confirmed.
    if (called && this.alive && !session.confirmed) return;
    this.#take(guest, now);
  }

  /** Both may call at once: the one we call may have been quicker. */
  #isCalled({ session: { address: { host, port } }, remote }: Link): boolean {
    const { key } = this.#pin;
    return this.#calls.to.some((each) => each.host === host && each.port === port) ||
      (key !== undefined && equal(key, remote.identity));
  }

  #take({ link, called }: Guest, now: number): void {
    const before = this.#line, { session, remote } = link, sameRun = this.#isSameRun(remote);
    this.#guests.delete(session);
    if (before && before.link.session !== session && !before.link.session.closing) {
      // The same run may still say something there; the hub decides which of both sessions stays.
      const guest = { link: before.link, called: false, asks: false };
      if (sameRun) this.#guests.set(before.link.session, guest);
      else this.#node.close(before.link.session, CLOSE.replaced, "another session stays");
    }
    this.#calls.answered();
    const again = this.isTheirs(remote), isNew = !sameRun || before?.away === true;
    this.#line = { link, away: false };
    this.#everUp = true;
    this.#options.tell({ type: "taken", link, called, isNew, again }, now);
  }

  #session(link: Link, event: SessionEvent, now: number): void {
    const guest = this.#guests.get(link.session), line = this.#line, { tell } = this.#options;
    if (guest) return this.#guest(guest, event, now);
    if (line?.link !== link) return;
    switch (event.type) {
      case "datagram":
        return tell({ type: "datagram", link, bytes: event.bytes }, now);
      case "silent":
      case "back":
        line.away = event.type === "silent";
        return tell({ type: line.away ? "away" : "here", link }, now);
      case "stalled":
        tell({ type: "resolve" }, now);
        return this.call(now, true);
      case "closed":
        return this.#closed(event, now);
      default:
    }
  }

  #guest(guest: Guest, event: SessionEvent, now: number): void {
    const { session } = guest.link;
    const busy = event.type === "closed" && event.by === "them" && event.code === CLOSE.busy;
    if (event.type === "closed") {
      this.#guests.delete(session);
      if (busy && !this.#everUp) this.#options.tell({ type: "busy" }, now);
    }
    const over = event.type === "closed" || event.type === "silent";
    if (over && guest.called) this.#calls.failed(undefined, now, busy ? BUSY_RETRY_MS : undefined);
    const open = !guest.asks && !session.closing;
    if (event.type === "confirmed" && guest.called && open) this.#decide(guest, now);
  }

  #closed(event: Extract<SessionEvent, { type: "closed" }>, now: number): void {
    const line = this.#line, { tell, waits } = this.#options;
    if (this.#over || line === undefined) return;
    if (event.code === CLOSE.replaced) return this.#moveOver(now);
    if (event.by === "us" && event.code === CLOSE.busy) return;
    if (event.code === CLOSE.busy) {
      this.#everUp = false;
      return tell({ type: "busy" }, now);
    }
    line.away = true;
    tell({ type: "gone", link: line.link }, now);
    if (waits()) this.call(now, false);
    this.#free(now);
  }

  /** Another session stays: it is here, or its last message is still on the way. */
  #moveOver(now: number): void {
    for (const guest of this.#guests.values()) {
      const { session, remote } = guest.link;
      if (!guest.asks && !session.closing && this.#isSameRun(remote)) return this.#take(guest, now);
    }
    this.#calls.failed(undefined, now);
  }

  /**
   * Who waits is free for others once the last one has left, or is not heard any more, and holds all that was
   * said to them.
   */
  #free(now: number): void {
    const { node, to, waits, tell } = this.#options, session = this.#line?.link.session;
    const over = session?.closed || session?.silent;
    if (!session || !over || waits() || to.length > 0) return;
    if (!session.closing) node.close(session, CLOSE.done, "not reachable");
    this.#line = undefined;
    tell({ type: "free" }, now);
  }
}

/**
 * What somebody is told who called while the line was busy.
 *
 * @param key Their key.
 */
export function turnedAway(key: Uint8Array): string {
  return `${keyTag(key)} called: told that the line is busy`;
}
