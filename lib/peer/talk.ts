/**
 * Two people on a line: a room of two, without a relay. It goes on by itself when the other comes back. A
 * pure machine, driven by {@linkcode Shell}.
 *
 * ```text
 *   say ─▶ own log, on disk ─▶ each session with the other ─▶ HAVE ─▶ delivered
 * ```
 *
 * @module
 */

import { roomKey } from "../chat/room.ts";
import { equal } from "../crypto/hash.ts";
import { KIND } from "../session/credentials.ts";
import { CLOSE } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import type { LogHeld } from "../wire/room.ts";
import { Away, type Whereabouts } from "./away.ts";
import { type Done, Ending } from "./ending.ts";
import { Exchange } from "./exchange.ts";
import { whoIsThere } from "./kinds.ts";
import type { Link } from "./link.ts";
import { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import { type LineEvent, Reception, turnedAway } from "./reception.ts";
import type { Partner, TalkEvent, TalkOptions } from "./talk_event.ts";
import { diskNotice, talkNotice } from "./talk_notice.ts";
import { undelivered } from "./undelivered.ts";

/** At the end so long is waited for what the other is owed to arrive, in ms (our choice). */
const OWED_MS = 2_000;
/** Who has not kept what they got after so long is asked whether they are there, in ms (our choice). */
const NUDGE_MS = 2_000;

/** What is said of messages that are on disk. */
const KEPT = " yet, kept for when you two meet again";

/** One line for two. */
export class Talk {
  readonly #options: TalkOptions;
  readonly #node: Node;
  readonly #line: Reception;
  readonly #exchange: Exchange;
  #events: TalkEvent[] = [];
  #toldVersion = false;
  /** Why one is away, whoever is on the line; undefined while one is not. */
  #awayText: string | undefined;
  /** How it is said in the room with whoever is on the line. */
  #away: Away | undefined;
  /** What they said about it last. */
  #theirs: Whereabouts | undefined;
  /** When to see whether somebody who keeps nothing is still there, in ms. */
  #nudgeAt: number | undefined;
  /** All of ours is held; until when to wait for what the other is owed, in ms. */
  #owesUntil: number | undefined;
  readonly #ending: Ending;

  /**
   * Starts calling, or waiting.
   *
   * @param options How the line is used.
   * @param now Time in ms.
   */
  constructor(options: TalkOptions, now: number) {
    this.#options = options;
    this.#ending = new Ending(options);
    const { hub, store, wall, name, pinned } = options;
    const own = hub.credentials.identity.publicKey;
    this.#node = new Node({
      kind: KIND.talk,
      hub,
      store,
      wall,
      guarded: true,
      pushes: ({ entry }) => equal(entry.author, own),
      stays: () => true,
      asked: (link, room, record) => {
        if (record.type !== "join" || !this.#line.isTheirs(link.remote)) return;
        this.#exchange.asked(link, room);
      },
    }, now);
    const tell = (event: TalkEvent): void => void this.#events.push(event);
    this.#exchange = new Exchange({ node: this.#node, hub, store, wall, name, tell });
    this.#line = new Reception({
      ...options,
      node: this.#node,
      waits: () => this.#exchange.size > 0,
      tell: (event, at) => this.#lineEvent(event, at),
    });
    if (pinned) this.#exchange.open(pinned, now);
    this.#line.call(now);
  }

  /** Why it is over, once it is. */
  get done(): Done | undefined {
    return this.#ending.done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#exchange.full;
  }

  /** The person at the other end, while known. */
  get partner(): Partner | undefined {
    const { link } = this.#line;
    return link && this.#partnerOf(link);
  }

  /** The line, for `/link`. */
  get session(): Session | undefined {
    return this.#line.link?.session;
  }

  /** What the other sees. */
  get name(): string {
    return this.#exchange.name;
  }

  /**
   * Changes what the other sees.
   *
   * @param name The name.
   * @param now Time in ms.
   */
  rename(name: string, now: number): void {
    this.#exchange.rename(name, now);
  }

  /**
   * Says a line; it is kept until the other holds it.
   *
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is longer than 65,536 bytes.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  say(text: string, now: number): void {
    this.sayAll([text], now);
  }

  /**
   * Says lines, all or none, as {@linkcode say}.
   *
   * @param texts The messages.
   * @param now Time in ms.
   */
  sayAll(texts: readonly string[], now: number): void {
    if (this.#ending.closed) return;
    this.#exchange.say(texts, now);
    this.#nudgeAt ??= now + NUDGE_MS;
    if (this.full) this.#ending.fill(now);
    if (this.#line.alive) this.#exchange.sent();
    else this.#line.call(now);
  }

  /** Why we are away; undefined while we are not. */
  get away(): string | undefined {
    return this.#awayText;
  }

  /** Why the other is away; undefined while they are not. */
  get partnerAway(): string | undefined {
    return this.#theirs?.away ? this.#theirs.text : undefined;
  }

  /**
   * Goes away, or comes back; the other is told.
   *
   * @param text Why; undefined to come back.
   * @param now Time in ms.
   */
  setAway(text: string | undefined, now: number): void {
    this.#awayText = text;
    this.#away?.set(text, now);
    this.#tellAway(now);
  }

  /** A line was refused before it came here: it counts as not delivered. */
  lose(): void {
    this.#ending.lost++;
  }

  /**
   * No more lines will come: leave when all is delivered, or the time is over.
   *
   * @param now Time in ms.
   */
  endInput(now: number): void {
    this.#ending.end(now);
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
    if (this.#ending.done) return;
    const { missing } = this.#exchange, kept = !this.#ending.ended && this.#exchange.isKept;
    this.#events.push(...undelivered(missing, "not delivered", kept ? KEPT : ""));
    this.#line.end();
    for (const { session } of this.#node.links) this.#node.close(session, CLOSE.done, reason);
    if (this.#ending.ended) this.#takeBack();
    this.#ending.finish({ status, reason }, missing.length > 0, this.#line.everUp);
  }

  /**
   * The person says yes to a changed key.
   *
   * @param now Time in ms.
   * @returns False where there is none to say yes to.
   */
  accept(now: number): boolean {
    return this.#line.accept(now);
  }

  /**
   * The name stands for other addresses now.
   *
   * @param to The addresses.
   * @param now Time in ms.
   */
  move(to: readonly Address[], now: number): void {
    this.#line.move(to, now);
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#node.hub.receive(bytes, from, now);
    this.#hear(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#node.hub.tick(now);
    this.#hear(now);
    this.#line.tick(now);
    this.#tellAway(now);
    if (this.#nudgeAt !== undefined && now >= this.#nudgeAt) this.#nudge(now);
    if (!this.#ending.isOver(now)) return;
    if (this.#line.everUp) this.leave(0, "time is over");
    else {
      const text = this.#line.asks
        ? "the changed key was not accepted"
        : this.#options.to.length === 0
        ? "nobody called"
        : `nobody answered at ${this.#options.to.map(formatAddress).join(" or ")}: ` +
          "is udpchat talk running there?";
      this.#notice("error", "no-answer", text);
      this.leave(3, "no answer");
    }
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    return this.#node.poll(now);
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
    if (this.#ending.done) return undefined;
    const node = this.#node.nextTimeout(), line = this.#line.nextTimeout;
    const away = this.#line.alive ? this.#away?.dueAt : undefined;
    const times = [node, line, away, this.#ending.deadline, this.#owesUntil, this.#nudgeAt];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  #hear(now: number): void {
    const before = this.#exchange.size;
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
    if (this.#exchange.size < before) this.#ending.progress(now);
    this.#leaveIfReady(now);
  }

  #event(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "record":
        if (event.record.type === "hold") {
          this.#holds(event.link, event.room, event.record.logs, now);
        }
        return;
      case "kept":
        return this.#kept(event);
      case "held":
        return this.#exchange.held(event, event.link.remote.identity);
      case "misplaced":
        if (event.call === undefined) return;
        this.#notice("error", "misplaced", whoIsThere(event.kind, event.address));
        return this.leave(1, "nobody to talk to");
      case "up":
      case "waits":
      case "session":
      case "failed":
        return this.#line.hear(event, now);
      default: {
        if (event.type === "version" && this.#toldVersion) return;
        const notice = talkNotice(event);
        if (notice === undefined) return;
        this.#toldVersion ||= event.type === "version";
        this.#events.push(notice);
      }
    }
  }

  #lineEvent(event: LineEvent, now: number): void {
    switch (event.type) {
      case "taken":
        return this.#taken(event, now);
      case "here":
      case "away":
      case "gone":
        return this.#presence(event.link, event.type);
      case "free":
        return this.#exchange.close();
      case "busy":
        this.#notice("error", "busy", "the line is busy: try again later");
        return this.leave(3, "busy");
      case "turnedAway":
        return this.#notice("info", "busy", turnedAway(event.key));
      case "changedKey":
        this.#events.push(event);
        if (this.#options.asks === false) this.leave(3, "changed key");
        return;
      case "resolve":
        this.#events.push(event);
        return;
      case "datagram":
        return this.#whereabouts(event.link, event.bytes);
    }
  }

  /** Somebody is on the line: what is for them goes out. */
  #taken(
    { link, called, isNew, again }: Extract<LineEvent, { type: "taken" }>,
    now: number,
  ): void {
    const { identity } = link.remote;
    try {
      this.#exchange.open(identity, now);
    } catch (error) {
      this.#events.push(diskNotice(error as Error));
      return this.leave(1, "disk");
    }
    if (isNew) {
      this.#theirs = undefined;
      this.#events.push({ type: "up", partner: this.#partnerOf(link), again });
      if (this.#exchange.knows(identity)) this.#presence(link, "here");
    }
    if (called) this.#exchange.begin(link);
    this.#exchange.sent();
    this.#node.listen(link, now);
    this.#tellAgain(now);
  }

  /** On a new session it is said again that one is away. */
  #tellAgain(now: number): void {
    const { hub, wall } = this.#options, { room } = this.#exchange;
    if (room && !this.#away?.isFor(room)) {
      const { identity } = hub.credentials;
      this.#away = new Away({ identity, room, random: hub.random, wall });
      this.#away.set(this.#awayText, now);
      this.#theirs = undefined;
    } else if (this.#awayText !== undefined) this.#away?.again(now);
    this.#tellAway(now);
  }

  #tellAway(now: number): void {
    const { session } = this, bytes = this.#line.alive ? this.#away?.due(now) : undefined;
    if (!session || !bytes) return;
    session.datagram(bytes);
    this.#node.hub.touch(session);
  }

  #whereabouts(link: Link, bytes: Uint8Array): void {
    const said = this.#away?.read(bytes), before = this.#theirs;
    if (!said || !equal(said.author, link.remote.identity)) return;
    if (before && before.time >= said.time) return;
    this.#theirs = said;
    if (!said.away && !before?.away) return;
    const { text } = said, partner = this.#partnerOf(link);
    this.#events.push(
      said.away
        ? { type: "presence", partner, state: "away", text }
        : { type: "presence", partner, state: "here" },
    );
  }

  /** It may have been killed between getting something and keeping it: then nothing is on its way. */
  #nudge(now: number): void {
    this.#nudgeAt = this.#exchange.size > 0 ? now + NUDGE_MS : undefined;
    const { session } = this;
    if (this.#nudgeAt === undefined || !session || !this.#line.alive) return;
    session.ping();
    this.#node.hub.touch(session);
  }

  /** The other has not got all that is for them, be it only that we hold something. */
  get #owes(): boolean {
    if (this.#node.owes) return true;
    return [...this.#node.links].some(({ session }) => !session.closing && session.held > 0);
  }

  /** The other said what they hold. */
  #holds(link: Link, room: Uint8Array, logs: readonly LogHeld[], now: number): void {
    try {
      this.#exchange.holds(roomKey(room), logs, link.remote.identity, now);
    } catch (error) {
      this.#events.push(diskNotice(error as Error));
    }
  }

  /** The other said something. */
  #kept(event: Extract<NodeEvent, { type: "kept" }>): void {
    this.#exchange.kept(event, (said) => {
      if (event.link === undefined) return;
      const partner = this.#partnerOf(event.link);
      if ("text" in said) this.#events.push({ type: "message", partner, ...said });
      else if (said.old === undefined) {
        this.#events.push({ type: "presence", partner, state: "here" });
      } else this.#events.push({ type: "presence", partner, state: "renamed", old: said.old });
    });
  }

  #presence(link: Link, state: "here" | "away" | "gone"): void {
    this.#events.push({ type: "presence", partner: this.#partnerOf(link), state });
  }

  #partnerOf({ remote: { identity }, session: { address } }: Link): Partner {
    return { key: identity, name: this.#exchange.nameOf(identity), address };
  }

  #takeBack(): void {
    try {
      this.#exchange.takeBack();
    } catch (error) {
      this.#notice("error", "disk", `cannot take it back: ${(error as Error).message}`);
    }
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(now: number): void {
    if (!this.#ending.ended || this.#ending.done || this.#exchange.size > 0) return;
    if (this.#options.to.length > 0 && !this.#line.everUp) return;
    // Our own words are held; theirs may wait for a HAVE of ours that is still on its way.
    this.#owesUntil ??= now + OWED_MS;
    if (this.#owes && now < this.#owesUntil) return;
    this.leave(0, "end of input");
  }
}
