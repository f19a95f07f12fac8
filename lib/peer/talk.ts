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

import { keyTag } from "../crypto/identity.ts";
import { Hub, type HubEvent } from "../session/hub.ts";
import { CLOSE, type Session, type SessionEvent } from "../session/session.ts";
import type { Remote } from "../session/credentials.ts";
import type { Address } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import {
  decodeEcho,
  ECHO,
  encodeEcho,
  encodeRecord,
  RecordReader,
  type TalkRecord,
} from "../wire/talk.ts";
import { Outbox } from "./outbox.ts";
import type { Partner, TalkDone, TalkEvent, TalkOptions } from "./talk_event.ts";

/** The stream of chat. */
const CHAT = 0;
/** Pieces kept while a changed key waits for the person (our choice; each is a datagram's worth). */
const MAX_WAITING = 256;
/** Logs of others whose progress is remembered (our choice). */
const MAX_LOGS = 1_024;

interface Line {
  readonly remote: Remote;
  name: string;
  session: Session;
  reader: RecordReader;
}

/** One line for two. */
export class Talk {
  readonly #options: TalkOptions;
  readonly #hub: Hub;
  readonly #outbox: Outbox;
  readonly #held = new Map<string, number>();
  #events: TalkEvent[] = [];
  #name: string;
  #to: readonly Address[];
  #line: Line | undefined;
  readonly #calls = new Set<number>();
  #everUp = false;
  #waitsForAccept: { session: Session; remote: Remote; bytes: Uint8Array[] } | undefined;
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
    this.#outbox = new Outbox(options.hub.random(8));
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
    return this.#line && this.#partnerOf(this.#line);
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
    if (this.#line) this.#write(this.#line, { type: "hello", name });
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
    if (this.#line && !this.#line.session.closed) this.#send(this.#line, message.number);
    else this.#callAgain(now, false);
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
    this.#leaveIfReady();
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
    if (missing.length > 0) {
      const texts = missing.slice(0, 1_000).map(({ text }) => text.slice(0, 200)).join("\n");
      this.#notice("warning", "undelivered", `${missing.length} not delivered:\n${texts}`);
    }
    this.#stopCalling();
    for (const session of this.#hub.sessions) this.#close(session, CLOSE.done, reason);
    const lost = missing.length > 0 || this.#outbox.lost > 0;
    this.#done = status === 0 && lost
      ? this.#everUp ? { status: 4, reason: "not delivered" } : { status: 3, reason: "no answer" }
      : { status, reason };
  }

  /**
   * The person says yes to a changed key.
   *
   * @param now Time in ms.
   */
  accept(now: number): void {
    const waiting = this.#waitsForAccept;
    this.#waitsForAccept = undefined;
    if (!waiting || waiting.session.closed) return;
    this.#take(waiting.session, waiting.remote, now);
    for (const bytes of waiting.bytes) if (this.#line) this.#records(this.#line, bytes, now);
  }

  /**
   * The name stands for other addresses now.
   *
   * @param to The addresses.
   * @param now Time in ms.
   */
  move(to: readonly Address[], now: number): void {
    const known = to.length === this.#to.length &&
      to.every(({ host, port }, at) => this.#to[at]?.host === host && this.#to[at]?.port === port);
    if (known || to.length === 0) return;
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
    if (this.#deadline === undefined || now < this.#deadline || this.#done) return;
    if (this.#everUp) this.leave(0, "time is over");
    else {
      this.#notice("error", "no-answer", "nobody answered: is udpchat talk running there?");
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
    const hub = this.#hub.nextTimeout();
    if (this.#deadline === undefined) return hub;
    return hub === undefined ? this.#deadline : Math.min(hub, this.#deadline);
  }

  #hear(now: number): void {
    for (const event of this.#hub.events()) this.#hubEvent(event, now);
  }

  #hubEvent(event: HubEvent, now: number): void {
    switch (event.type) {
      case "up":
        return this.#up(event.session, event.remote, event.call, now);
      case "session":
        return this.#sessionEvent(event.session, event.event, now);
      case "failed":
        this.#calls.delete(event.call);
        return this.#callAgain(now, this.#line !== undefined);
      case "version":
        return this.#notice(
          "error",
          "version",
          `the other speaks only version ${
            event.versions.join(", ")
          } of the protocol: update one of you`,
        );
    }
  }

  #up(session: Session, remote: Remote, call: number | undefined, now: number): void {
    if (this.#done) return this.#close(session, CLOSE.done, "gone");
    const known = this.#line && same(this.#line.remote.identity, remote.identity);
    const expected = call !== undefined || this.#isCalled(session, remote);
    if ((this.#line && !known) || (!this.#line && this.#to.length > 0 && !expected)) {
      this.#close(session, CLOSE.busy, "the line is busy");
      return this.#notice(
        "info",
        "busy",
        `${keyTag(remote.identity)} called: told that the line is busy`,
      );
    }
    if (call !== undefined) this.#calls.delete(call);
    const { pinned } = this.#options;
    const changed = call !== undefined && pinned && !same(pinned, remote.identity);
    if (changed && !this.#options.acceptNewKey && !known) {
      this.#waitsForAccept = { session, remote, bytes: [] };
      this.#events.push({ type: "changedKey", key: remote.identity, pinned });
      return;
    }
    this.#take(session, remote, now);
  }

  /** Both may call at once: the one we call may have been quicker. */
  #isCalled(session: Session, remote: Remote): boolean {
    const { pinned } = this.#options;
    return this.#to.some(({ host }) => host === session.address.host) ||
      (pinned !== undefined && same(pinned, remote.identity));
  }

  #take(session: Session, remote: Remote, _now: number): void {
    const before = this.#line;
    if (before && before.session !== session && !before.session.closed) {
      this.#close(before.session, CLOSE.replaced, "another session stays");
    }
    this.#stopCalling();
    const name = before?.name ?? keyTag(remote.identity);
    this.#line = { remote, name, session, reader: new RecordReader() };
    this.#everUp = true;
    this.#events.push({
      type: "up",
      partner: this.#partnerOf(this.#line),
      again: before !== undefined,
    });
    this.#write(this.#line, { type: "hello", name: this.#name });
    for (const { number } of this.#outbox.missing) this.#send(this.#line, number);
    this.#leaveIfReady();
  }

  #sessionEvent(session: Session, event: SessionEvent, now: number): void {
    if (event.type === "datagram") return this.#echo(session, event.bytes);
    const line = this.#line;
    if (line?.session !== session) {
      const waiting = this.#waitsForAccept;
      if (waiting?.session !== session || event.type !== "data") {
        if (event.type === "closed" && event.code === CLOSE.busy && !this.#everUp) this.#busy();
        return;
      }
      if (waiting.bytes.length < MAX_WAITING) waiting.bytes.push(event.bytes);
      else this.#close(session, CLOSE.done, "not accepted");
      return;
    }
    switch (event.type) {
      case "data":
        if (event.stream === CHAT) this.#records(line, event.bytes, now);
        return;
      case "silent":
      case "back":
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
    if (event.by === "us" || event.code === CLOSE.replaced) return;
    if (event.code === CLOSE.busy) return this.#busy();
    this.#presence(line, "gone");
    if (this.#outbox.missing.length > 0) this.#callAgain(now, false);
    if (this.#to.length === 0) this.#line = undefined;
  }

  #busy(): void {
    this.#notice("error", "busy", "the line is busy: try again later");
    this.#everUp = false;
    this.leave(3, "busy");
  }

  #records(line: Line, bytes: Uint8Array, now: number): void {
    for (const record of line.reader.push(bytes)) this.#record(line, record, now);
    if (line.reader.broken) this.#close(line.session, CLOSE.protocol, "no records");
  }

  #record(line: Line, record: TalkRecord, _now: number): void {
    switch (record.type) {
      case "hello": {
        if (record.name === line.name) return;
        const old = line.name;
        line.name = record.name;
        const first = old === keyTag(line.remote.identity);
        const partner = this.#partnerOf(line);
        this.#events.push(
          first
            ? { type: "presence", partner, state: "here" }
            : { type: "presence", partner, state: "renamed", old },
        );
        return;
      }
      case "message":
        return this.#message(line, record);
      case "have":
        for (const { id } of this.#outbox.held(record.log, record.number)) {
          this.#events.push({ type: "status", id, state: "delivered", by: line.remote.identity });
        }
        return this.#leaveIfReady();
    }
  }

  #message(line: Line, record: Extract<TalkRecord, { type: "message" }>): void {
    const { log, number, time, text } = record;
    const key = `${line.remote.identity.join()}/${log.join()}`;
    const held = this.#held.get(key) ?? 0;
    if (number > held) {
      this.#held.delete(key);
      this.#held.set(key, number);
      if (this.#held.size > MAX_LOGS) this.#held.delete(this.#held.keys().next().value ?? "");
      const id = `${keyTag(log)}-${number}`;
      this.#events.push({ type: "message", id, partner: this.#partnerOf(line), text, time });
    }
    this.#write(line, { type: "have", log, number: Math.max(held, number) });
  }

  #echo(session: Session, bytes: Uint8Array): void {
    const echo = decodeEcho(bytes);
    if (echo?.type !== ECHO.ask) return;
    session.datagram(encodeEcho(ECHO.answer, echo.number));
    this.#hub.touch(session);
  }

  #send(line: Line, number: number): void {
    const message = this.#outbox.get(number);
    if (message === undefined) return;
    const { log } = this.#outbox;
    this.#write(line, { type: "message", log, number, time: message.time, text: message.text });
    if (message.sent) return;
    message.sent = true;
    this.#events.push({ type: "status", id: message.id, state: "sent" });
  }

  #write(line: Line, record: TalkRecord): void {
    if (line.session.closed) return;
    line.session.write(CHAT, encodeRecord(record));
    this.#hub.touch(line.session);
  }

  #close(session: Session, code: number, reason: string): void {
    session.close(code, reason);
    this.#hub.touch(session);
  }

  #callAgain(now: number, replaces: boolean): void {
    if (this.#calls.size > 0 || this.#done) return;
    const known = this.#line?.session.address;
    const to = this.#to.length > 0 || known === undefined ? this.#to : [known];
    for (const address of to) this.#calls.add(this.#hub.call(address, replaces, now));
  }

  #stopCalling(): void {
    for (const call of this.#calls) this.#hub.cancel(call);
    this.#calls.clear();
  }

  #presence(line: Line, state: "here" | "away" | "gone"): void {
    this.#events.push({ type: "presence", partner: this.#partnerOf(line), state });
  }

  #partnerOf(line: Line): Partner {
    return { key: line.remote.identity, name: line.name, address: line.session.address };
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(): void {
    if (!this.#ended || this.#done || this.#outbox.missing.length > 0) return;
    if (this.#to.length > 0 && !this.#everUp) return;
    this.leave(0, "end of input");
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
