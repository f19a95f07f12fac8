/**
 * Two people on a line: the first small policy over the hub. It calls or waits, keeps what was typed
 * until the other side holds it, and goes on by itself when the other comes back. A pure machine, driven
 * by {@linkcode Shell}.
 *
 * ```text
 *   say ─▶ outbox ─▶ session, again on each new session ─▶ HAVE ─▶ delivered
 * ```
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { keyTag } from "../crypto/identity.ts";
import { Hub, type HubEvent } from "../session/hub.ts";
import { CLOSE, type SessionEvent } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import type { Remote } from "../session/credentials.ts";
import { type Address, sameAddresses } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { VERSION } from "../wire/packet.ts";
import { talkReader } from "../wire/talk.ts";
import { CHAT, Exchange } from "./exchange.ts";
import { type Guest, type Line, partnerOf } from "./line.ts";
import type { Outbox } from "./outbox.ts";
import type { Partner, TalkDone, TalkEvent, TalkOptions } from "./talk_event.ts";

/** At the end so long is waited for what the other is owed to arrive, in ms (our choice). */
const OWED_MS = 2_000;
/** After a call that was answered and led to nothing, in ms (our choice). */
const RETRY_MS = 1_000;
/** After a call that was told to be busy, in ms (our choice). */
const BUSY_RETRY_MS = 15_000;
/** Pieces kept until it is clear who a session belongs to (our choice; each a datagram's worth). */
const MAX_WAITING = 256;

/** One line for two. */
export class Talk {
  readonly #options: TalkOptions;
  readonly #hub: Hub;
  readonly #exchange: Exchange;
  readonly #outbox: Outbox;
  #events: TalkEvent[] = [];
  #name: string;
  #to: readonly Address[];
  #line: Line | undefined;
  readonly #calls = new Set<number>();
  #everUp = false;
  readonly #guests = new Map<Session, Guest>();
  /** The key that the person was asked about last, and the one that they said yes to. */
  #changed: Uint8Array | undefined;
  #accepted: Uint8Array | undefined;
  /** When to call again after a call that led to nothing, in ms. */
  #retryAt: number | undefined;
  #toldVersion = false;
  /** All of ours is held; until when to wait for what the other is owed, in ms. */
  #owesUntil: number | undefined;
  #ended = false;
  #deadline: number | undefined;
  #done: TalkDone | undefined;

  /**
   * Starts calling, or waiting.
   *
   * @param options How the line is used.
   * @param now Time in ms.
   */
  constructor(options: TalkOptions, now: number) {
    this.#options = options;
    this.#name = options.name;
    this.#to = options.to;
    this.#hub = new Hub(options.hub);
    this.#exchange = new Exchange(
      options.hub.random(8),
      (event) => this.#events.push(event),
      (session) => this.#hub.touch(session),
    );
    this.#outbox = this.#exchange.outbox;
    this.#callAgain(now, false);
  }

  /** Why it is over, once it is. */
  get done(): TalkDone | undefined {
    return this.#done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#outbox.full;
  }

  /** The person at the other end, while known. */
  get partner(): Partner | undefined {
    return this.#line && partnerOf(this.#line);
  }

  /** The line, for `/link`. */
  get session(): Session | undefined {
    return this.#line?.session;
  }

  /** What the other sees. */
  get name(): string {
    return this.#name;
  }

  /** Changes what the other sees. */
  rename(name: string): void {
    this.#name = name;
    if (this.#line) this.#exchange.hello(this.#line.session, name);
  }

  /**
   * Says a line; it is kept until the other holds it.
   *
   * @param text The message.
   * @param time Wall time in ms since 1970.
   * @param now Time in ms.
   * @throws {RangeError} If it is longer than 65,536 bytes.
   */
  say(text: string, time: number, now: number): void {
    if (this.#done || this.#ended) return;
    const message = this.#outbox.add(text, time);
    this.#events.push({ type: "own", id: message.id, text, time });
    if (this.#line && this.#alive) this.#exchange.send(this.#line.session, message.number);
    else this.#callAgain(now, this.#line !== undefined);
  }

  /** A line was refused before it came here: it counts as not delivered. */
  lose(): void {
    this.#outbox.lost++;
  }

  /**
   * No more lines will come: leave when all is delivered, or the time is over.
   *
   * @param now Time in ms.
   */
  endInput(now: number): void {
    if (this.#ended || this.#options.stay) return;
    this.#ended = true;
    this.#deadline = now + this.#options.timeout;
    this.#leaveIfReady(now);
  }

  /** The person leaves now. */
  quit(): void {
    this.leave(0, "quit");
  }

  /**
   * Leaves now; the other is told. What was not delivered is named.
   *
   * @param status The exit status where all is delivered.
   * @param reason A word or two.
   */
  leave(status: number, reason: string): void {
    if (this.#done) return;
    const missing = this.#outbox.missing;
    for (const { id } of missing) {
      this.#events.push({ type: "status", id, state: "failed", reason: "not delivered" });
    }
    if (missing.length > 0) this.#notice("warning", "undelivered", this.#outbox.describe());
    this.#stopCalling();
    for (const session of this.#hub.sessions) this.#exchange.close(session, CLOSE.done, reason);
    const lost = missing.length > 0 || this.#outbox.lost > 0;
    this.#done = status === 0 && lost
      ? this.#everUp ? { status: 4, reason: "not delivered" } : { status: 3, reason: "no answer" }
      : { status, reason };
  }

  /**
   * The person says yes to a changed key.
   *
   * @param now Time in ms.
   * @returns False where there is none to say yes to.
   */
  accept(now: number): boolean {
    if (!this.#changed || (this.#accepted && equal(this.#accepted, this.#changed))) return false;
    this.#accepted = this.#changed;
    for (const [session, guest] of this.#guests) {
      if (!guest.waits || session.closed) continue;
      this.#take(session, guest);
      return true;
    }
    this.#callAgain(now, false);
    return true;
  }

  /**
   * The name stands for other addresses now.
   *
   * @param to The addresses.
   * @param now Time in ms.
   */
  move(to: readonly Address[], now: number): void {
    if (to.length === 0 || sameAddresses(to, this.#to)) return;
    this.#to = to;
    if (this.#calls.size === 0) return;
    this.#stopCalling();
    this.#callAgain(now, this.#line !== undefined);
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#hub.receive(bytes, from, now);
    this.#hear(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#hub.tick(now);
    this.#hear(now);
    if (this.#retryAt !== undefined && now >= this.#retryAt) {
      this.#retryAt = undefined;
      const well = this.#alive && !this.#line?.session.silent && this.#outbox.missing.length === 0;
      if (!well) this.#callAgain(now, this.#line !== undefined);
    }
    if (this.#deadline === undefined || now < this.#deadline || this.#done) return;
    if (this.#everUp) this.leave(0, "time is over");
    else {
      const waits = [...this.#guests.values()].some((guest) => guest.waits);
      const text = waits
        ? "the changed key was not accepted"
        : "nobody answered: is udpchat talk running there?";
      this.#notice("error", "no-answer", text);
      this.leave(3, "no answer");
    }
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    const transmit = this.#hub.poll(now);
    this.#hear(now);
    return transmit;
  }

  /** A refused send is a lost datagram: it is repeated like any other. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): TalkEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#done) return undefined;
    const times = [this.#hub.nextTimeout(), this.#deadline, this.#retryAt, this.#owesUntil];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  #hear(now: number): void {
    for (const event of this.#hub.events()) this.#hubEvent(event, now);
    this.#leaveIfReady(now);
  }

  #hubEvent(event: HubEvent, now: number): void {
    switch (event.type) {
      case "up":
        return this.#up(event.session, event.remote, event.call);
      case "session":
        return this.#sessionEvent(event.session, event.event, now);
      case "failed":
        this.#calls.delete(event.call);
        for (const session of this.#guests.keys()) {
          if (session.closed) this.#guests.delete(session);
        }
        this.#retryAt ??= now + RETRY_MS;
        return;
      case "version":
        if (this.#toldVersion || event.versions.includes(VERSION)) return;
        this.#toldVersion = true;
        return this.#notice(
          "error",
          "version",
          `the other speaks only version ${
            event.versions.join(", ")
          } of the protocol: update one of you`,
        );
    }
  }

  /** Whom we called is on the line at once; who calls us when they say something: it may be a ping. */
  #up(session: Session, remote: Remote, call: number | undefined): void {
    if (this.#done) return this.#exchange.close(session, CLOSE.done, "gone");
    const called = call !== undefined, reader = talkReader();
    const guest: Guest = { remote, reader, called, friend: false, bytes: [], waits: false };
    this.#guests.set(session, guest);
    if (call !== undefined) this.#calls.delete(call);
    if (called || this.#isSameRun(remote)) this.#decide(session, guest);
  }

  /** Something can be said on the line. */
  get #alive(): boolean {
    return this.#line !== undefined && !this.#line.session.closing;
  }

  /** The program on the line, by another session: the hub decides which of the two stays. */
  #isSameRun(remote: Remote): boolean {
    const on = this.#line?.remote;
    return on !== undefined && equal(on.identity, remote.identity) &&
      equal(on.instance, remote.instance);
  }

  /** The line, or busy, or first a question to the person. */
  #decide(session: Session, guest: Guest): void {
    const { remote, called } = guest, { pinned, acceptNewKey } = this.#options;
    this.#freeLine();
    const known = this.#line !== undefined && equal(this.#line.remote.identity, remote.identity);
    const accepted = acceptNewKey || (this.#accepted && equal(this.#accepted, remote.identity));
    const expected = called || this.#to.length === 0 || this.#isCalled(session, remote);
    if (this.#line ? !known && !called : !expected) {
      this.#guests.delete(session);
      this.#exchange.close(session, CLOSE.busy, "the line is busy");
      const text = `${keyTag(remote.identity)} called: told that the line is busy`;
      return this.#notice("info", "busy", text);
    }
    // Whoever was on the line, or answered at the address before: nobody else gets what is for them.
    const wanted = this.#line?.remote.identity ?? pinned;
    if (wanted && !equal(wanted, remote.identity) && !accepted) {
      guest.waits = true;
      this.#changed = remote.identity;
      this.#events.push({ type: "changedKey", key: remote.identity, pinned: wanted });
      if (this.#options.asks === false) this.leave(3, "changed key");
      return;
    }
    // Our call beside a line that may live: not before it is confirmed.
    if (called && this.#alive && !session.confirmed) return;
    this.#take(session, guest);
  }

  /** Both may call at once: the one we call may have been quicker. */
  #isCalled(session: Session, remote: Remote): boolean {
    const { pinned } = this.#options;
    const { host, port } = session.address;
    return this.#to.some((each) => each.host === host && each.port === port) ||
      (pinned !== undefined && equal(pinned, remote.identity));
  }

  #take(session: Session, guest: Guest): void {
    const before = this.#line, { remote, reader, called } = guest;
    this.#guests.delete(session);
    const sameRun = this.#isSameRun(remote);
    if (before && before.session !== session && !before.session.closing) {
      if (sameRun) {
        this.#guests.set(before.session, { ...before, friend: true, bytes: [], waits: false });
      } else this.#exchange.close(before.session, CLOSE.replaced, "another session stays");
    }
    this.#stopCalling();
    const known = before && equal(before.remote.identity, remote.identity);
    const name = known ? before.name : keyTag(remote.identity);
    const line = { remote, name, session, reader, called, away: false };
    this.#line = line;
    this.#everUp = true;
    if (!sameRun || before?.away) {
      this.#events.push({ type: "up", partner: partnerOf(line), again: known === true });
    }
    this.#exchange.hello(session, this.#name);
    for (const { number } of this.#outbox.missing) this.#exchange.send(session, number);
    for (const bytes of guest.bytes) this.#read(line, bytes);
  }

  #guestEvent(session: Session, guest: Guest, event: SessionEvent, now: number): void {
    const busy = event.type === "closed" && event.by === "them" && event.code === CLOSE.busy;
    if (event.type === "closed") {
      this.#guests.delete(session);
      if (busy && !this.#everUp) this.#busy();
    }
    const over = event.type === "closed" || event.type === "silent";
    if (over && guest.called) this.#retryAt ??= now + (busy ? BUSY_RETRY_MS : RETRY_MS);
    const open = !guest.waits && !session.closing;
    if (event.type === "confirmed" && guest.called && open) this.#decide(session, guest);
    if (event.type !== "data" || event.stream !== CHAT) return;
    if (guest.friend) return this.#read({ session, reader: guest.reader }, event.bytes);
    guest.bytes.push(event.bytes);
    if (guest.bytes.length > MAX_WAITING) {
      return this.#exchange.close(session, CLOSE.done, "not accepted");
    }
    if (!guest.waits) this.#decide(session, guest);
  }

  #sessionEvent(session: Session, event: SessionEvent, now: number): void {
    if (event.type === "datagram") return this.#exchange.echo(session, event.bytes);
    const guest = this.#guests.get(session);
    if (guest) return this.#guestEvent(session, guest, event, now);
    const line = this.#line;
    if (line?.session !== session) return;
    switch (event.type) {
      case "data":
        if (event.stream === CHAT) this.#read(line, event.bytes);
        return;
      case "silent":
      case "back":
        line.away = event.type === "silent";
        return this.#presence(line, event.type === "back" ? "here" : "away");
      case "stalled":
        this.#events.push({ type: "resolve" });
        return this.#callAgain(now, true);
      case "closed":
        return this.#closed(line, event, now);
      default:
    }
  }

  #closed(line: Line, event: Extract<SessionEvent, { type: "closed" }>, now: number): void {
    if (this.#done) return;
    if (event.code === CLOSE.replaced) return this.#moveOver(now);
    if (event.by === "us" && event.code === CLOSE.busy) return;
    if (event.code === CLOSE.busy) return this.#busy();
    line.away = true;
    this.#presence(line, "gone");
    if (this.#outbox.missing.length > 0) this.#callAgain(now, false);
    this.#freeLine();
  }

  /** Another session stays: it is here, or its last message is still on the way. */
  #moveOver(now: number): void {
    for (const [session, guest] of this.#guests) {
      const good = !guest.waits && !session.closing && this.#isSameRun(guest.remote);
      if (good) return this.#take(session, guest);
    }
    this.#retryAt ??= now + RETRY_MS;
  }

  /**
   * Who waits is free for others once the last one has left, or is not heard any more, and holds all that was
   * said to them.
   */
  #freeLine(): void {
    const session = this.#line?.session;
    const over = (session?.closed || session?.silent) && this.#outbox.missing.length === 0;
    if (!session || !over || this.#to.length > 0) return;
    if (!session.closing) this.#exchange.close(session, CLOSE.done, "not reachable");
    this.#line = undefined;
  }

  #busy(): void {
    this.#notice("error", "busy", "the line is busy: try again later");
    this.#everUp = false;
    this.leave(3, "busy");
  }

  /** What is said on the line, or by the same person on a session beside it. */
  #read({ session, reader }: Pick<Line, "session" | "reader">, bytes: Uint8Array): void {
    if (this.#line) this.#exchange.read(this.#line, session, reader, bytes);
  }

  #callAgain(now: number, replaces: boolean): void {
    const asking = [...this.#guests].some(([session, { waits }]) =>
      waits && !session.closed && !session.silent
    );
    if (this.#calls.size > 0 || asking || this.#done) return;
    const known = this.#line?.session.address;
    const to = this.#to.length > 0 || known === undefined ? this.#to : [known];
    for (const address of to) this.#calls.add(this.#hub.call(address, replaces, now));
  }

  #stopCalling(): void {
    for (const call of this.#calls) this.#hub.cancel(call);
    this.#calls.clear();
  }

  #presence(line: Line, state: "here" | "away" | "gone"): void {
    this.#events.push({ type: "presence", partner: partnerOf(line), state });
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(now: number): void {
    if (!this.#ended || this.#done || this.#outbox.missing.length > 0) return;
    if (this.#to.length > 0 && !this.#everUp) return;
    // Our own words are held; theirs may wait for a HAVE of ours that is still on its way.
    this.#owesUntil ??= now + OWED_MS;
    const session = this.#line?.session;
    if (session && !session.closing && session.held > 0 && now < this.#owesUntil) return;
    this.leave(0, "end of input");
  }
}
