/**
 * A member of a room on a relay: it calls, catches up, says what is typed and hears how far it got. A
 * pure machine, driven by {@linkcode Shell}.
 *
 * ```text
 *   say ─▶ own log, on disk ─▶ relay: stored ─▶ members: delivered to 3 of 4
 * ```
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { KIND } from "../session/credentials.ts";
import type { HubEvent } from "../session/hub.ts";
import { CLOSE, type SessionEvent } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import type { SendFailure, Transmit } from "../wire/datagram.ts";
import { REFUSAL, type RoomRecord } from "../wire/room.ts";
import { Away } from "./away.ts";
import { Calls } from "./calls.ts";
import { type Done, Ending } from "./ending.ts";
import { whoIsThere } from "./kinds.ts";
import type { Link } from "./link.ts";
import type { MemberEvent, MemberOptions } from "./member_event.ts";
import { MemberRooms } from "./member_rooms.ts";
import { Node } from "./node.ts";
import type { NodeEvent } from "./node_event.ts";
import { Pin } from "./pin.ts";
import type { Roster } from "./roster.ts";
import { undelivered } from "./undelivered.ts";

/** Messages that wait before reading of more stops (our choice). */
const FULL = 1_000;
/** What is said of messages that are on disk. */
const KEPT = " yet, kept for the next time";
/** A relay that one joined too often is called again after so long, in ms (our choice). */
const REJOIN_MS = 5_000;
/** A relay that has not stored what it got after so long is asked whether it is there, in ms (ours). */
const NUDGE_MS = 2_000;

/** One member of one room. */
export class Member {
  readonly #options: MemberOptions;
  readonly #node: Node;
  readonly #rooms: MemberRooms;
  readonly #calls: Calls;
  readonly #own: Uint8Array;
  readonly #away: Away;
  #events: MemberEvent[] = [];
  #link: Link | undefined;
  #everUp = false;
  readonly #pin: Pin;
  /** When to see whether a relay that stores nothing is still there, in ms. */
  #nudgeAt: number | undefined;
  readonly #ending: Ending;

  /**
   * Starts calling.
   *
   * @param options How the room is joined.
   * @param now Time in ms.
   * @throws {Error} If one's own first entry cannot be kept.
   */
  constructor(options: MemberOptions, now: number) {
    this.#options = options;
    this.#ending = new Ending(options);
    this.#own = options.hub.credentials.identity.publicKey;
    this.#node = new Node({
      kind: KIND.member,
      hub: options.hub,
      store: options.store,
      wall: options.wall,
      pushes: ({ entry }) => equal(entry.author, this.#own),
      stays: () => true,
    }, now);
    const { hub, store, wall, name } = options, { number, key: seal } = options.room;
    const tell = (event: MemberEvent): void => void this.#events.push(event);
    const room = this.#node.room(number);
    this.#rooms = new MemberRooms(
      {
        ...{ node: this.#node, hub, store, wall, room, seal, name, tell },
        where: "relay",
        via: () => this.#link,
      },
      now,
    );
    const { identity } = hub.credentials;
    this.#away = new Away({ identity, room: number, seal, random: hub.random, wall });
    this.#pin = new Pin(options);
    this.#calls = new Calls(this.#node.hub, options.to);
    this.#calls.begin(false, now);
  }

  /** Why it is over, once it is. */
  get done(): Done | undefined {
    return this.#ending.done;
  }

  /** So much waits that no more lines should be read for now. */
  get full(): boolean {
    return this.#rooms.unstored >= FULL;
  }

  /** What others see. */
  get name(): string {
    return this.#rooms.name;
  }

  /** Who is who, and who is here. */
  get roster(): Roster {
    return this.#rooms.roster;
  }

  /** Why we are away; undefined while we are not. */
  get away(): string | undefined {
    return this.#away.text;
  }

  /** Who is answered by `/reply`. */
  get lastPartner(): Uint8Array | undefined {
    return this.#rooms.lastPartner;
  }

  /** Our own key. */
  get key(): Uint8Array {
    return this.#own;
  }

  /** The session with the relay. */
  get session(): Session | undefined {
    return this.#link?.session;
  }

  /** The same: everybody is reached by it. */
  sessionWith(): Session | undefined {
    return this.session;
  }

  /**
   * Says a line. It is kept before this returns.
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
    this.#rooms.say(texts, now);
    this.#nudgeAt ??= now + NUDGE_MS;
    if (this.full) this.#ending.fill(now);
  }

  /**
   * Says a line to one person alone. It is kept before this returns.
   *
   * @param partner Their key.
   * @param text The message.
   * @param now Time in ms.
   * @throws {RangeError} If it is too long, or nothing can be sealed for them.
   * @throws {Error} If it cannot be kept; it was not said then.
   */
  sayTo(partner: Uint8Array, text: string, now: number): void {
    if (this.#ending.closed) return;
    this.#rooms.sayTo(partner, text, now);
    this.#nudgeAt ??= now + NUDGE_MS;
  }

  /**
   * Goes away, or comes back; the others are told.
   *
   * @param text Why; undefined to come back.
   * @param now Time in ms.
   */
  setAway(text: string | undefined, now: number): void {
    this.#away.set(text, now);
    this.#tellPresence(now);
  }

  /**
   * Changes what others see.
   *
   * @param name The name.
   * @param now Time in ms.
   */
  rename(name: string, now: number): void {
    this.#rooms.rename(name, now);
  }

  /** A line was refused before it came here: it counts as not delivered. */
  lose(): void {
    this.#ending.lost++;
  }

  /**
   * No more lines will come: leave when all is stored, or nothing more was for too long.
   *
   * @param now Time in ms.
   */
  endInput(now: number): void {
    this.#ending.end(now);
    this.#leaveIfReady();
  }

  /** The person leaves now. What is not stored yet goes out when they are back. */
  quit(): void {
    this.leave(0, "quit");
  }

  /**
   * Leaves now; the relay is told.
   *
   * @param status The exit status where all is stored.
   * @param reason A word or two.
   */
  leave(status: number, reason: string): void {
    if (this.#ending.done) return;
    const { missing } = this.#rooms, kept = this.#ending.ended ? "" : KEPT;
    this.#events.push(...undelivered(missing, "not stored by the relay", kept));
    this.#calls.stop();
    for (const { session } of this.#node.links) this.#node.close(session, CLOSE.done, reason);
    this.#takeBack();
    this.#ending.finish({ status, reason }, missing.length > 0, this.#everUp);
  }

  /**
   * The person says yes to a changed key of the relay.
   *
   * @param now Time in ms.
   * @returns False where there is none to say yes to.
   */
  accept(now: number): boolean {
    if (!this.#pin.accept()) return false;
    this.#calls.begin(false, now);
    return true;
  }

  /** The relay's name stands for other addresses now. */
  move(to: readonly Address[], now: number): void {
    this.#calls.move(to, now);
  }

  /** A datagram came. */
  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#node.hub.receive(bytes, from, now);
    this.#work(now);
  }

  /** A time that `nextTimeout` named has come. */
  tick(now: number): void {
    this.#node.hub.tick(now);
    this.#work(now);
    const { retryAt } = this.#calls;
    if (retryAt !== undefined && now >= retryAt && !this.#ending.done) {
      this.#calls.begin(this.#everUp, now);
    }
    if (this.#nudgeAt !== undefined && now >= this.#nudgeAt) this.#nudge(now);
    this.#rooms.tick(now);
    this.#tellPresence(now);
    if (!this.#ending.isOver(now)) return;
    if (this.#everUp) this.leave(0, "time is over");
    else {
      const at = this.#options.to.map(formatAddress).join(" or ");
      this.#notice(
        "error",
        "no-answer",
        `nobody answered at ${at}: is udpchat serve running there?`,
      );
      this.leave(3, "no answer");
    }
  }

  /** What to send next. */
  poll(now: number): Transmit | undefined {
    return this.#node.poll(now);
  }

  /** A refused send is a lost datagram. */
  sent(_transmit: Transmit, _failure: SendFailure | undefined, _now: number): void {}

  /** What happened since the last call. */
  events(): MemberEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms. */
  nextTimeout(): number | undefined {
    if (this.#ending.done) return undefined;
    const { retryAt } = this.#calls, presence = this.#link && this.#away.dueAt;
    const times = [
      this.#node.nextTimeout(),
      retryAt,
      this.#ending.deadline,
      this.#nudgeAt,
      this.#rooms.dueAt,
      presence,
    ];
    return times.reduce((a, b) => a === undefined ? b : b === undefined ? a : Math.min(a, b));
  }

  /** It may have been killed between getting something and storing it: then nothing is on its way. */
  #nudge(now: number): void {
    this.#nudgeAt = this.#rooms.unstored > 0 ? now + NUDGE_MS : undefined;
    if (this.#nudgeAt === undefined || this.#link === undefined) return;
    this.#link.session.ping();
    this.#node.hub.touch(this.#link.session);
  }

  #work(now: number): void {
    const before = this.#rooms.unstored;
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
    if (this.#rooms.unstored < before) this.#ending.progress(now);
    this.#leaveIfReady();
  }

  #event(event: NodeEvent, now: number): void {
    switch (event.type) {
      case "up":
        return this.#up(event, now);
      case "failed":
        return this.#calls.failed(event.call, now);
      case "misplaced":
        if (event.call === undefined) return;
        this.#notice("error", "no-relay", whoIsThere(event.kind, event.address));
        return this.leave(1, "no relay");
      case "session":
        return this.#session(event.link, event.event, now);
      case "record":
        return this.#record(event.link, event.room, event.record, now);
      case "kept":
        return this.#rooms.kept(event, now);
      case "held":
        return this.#stored(this.#rooms.held(event));
      default:
        return this.#rooms.happened(event, now);
    }
  }

  #up({ session, remote, call }: Extract<HubEvent, { type: "up" }>, now: number): void {
    if (this.#ending.done || call === undefined) {
      return this.#node.close(session, CLOSE.done, "no call");
    }
    const { pinned, expects, asks, room } = this.#options, key = remote.identity;
    if (expects && !expects(key)) {
      this.#notice("error", "relay", "another relay answers than the one that the link names");
      return this.leave(1, "other relay");
    }
    if (!this.#pin.admits(key)) {
      this.#calls.stop();
      this.#node.close(session, CLOSE.done, "not accepted");
      this.#events.push({ type: "changedKey", key, pinned: pinned ?? key });
      if (asks === false) this.leave(3, "changed key");
      return;
    }
    const link = this.#node.linkOf(session);
    if (link === undefined) return;
    const before = this.#link?.session;
    if (before && before !== session) this.#node.close(before, CLOSE.replaced, "another session");
    this.#calls.answered();
    this.#link = link;
    this.#events.push({ type: "up", key, address: session.address, again: this.#everUp });
    this.#everUp = true;
    const name = room.key ? "" : room.name;
    this.roster.clear();
    this.#node.tell(link, room.number, { type: "join", name });
    this.#node.join(link, this.#node.room(room.number)).begin();
    this.#node.pump(link);
    this.#rooms.joinPrivates(link);
    if (this.#away.text !== undefined) this.#away.again(now);
    this.#tellPresence(now);
  }

  #session(link: Link, event: SessionEvent, now: number): void {
    if (link !== this.#link) return;
    if (event.type === "datagram") {
      const whereabouts = this.#away.read(event.bytes);
      if (whereabouts) this.#events.push(...this.roster.whereabouts(whereabouts));
    } else if (event.type === "closed") {
      this.#link = undefined;
      if (this.#ending.done || event.code === CLOSE.replaced && event.by === "us") return;
      if (event.by === "them") {
        this.#notice("warning", "away", "the relay has gone; calling again");
      }
      this.#calls.failed(undefined, now);
      this.#events.push({ type: "resolve" });
    } else if (event.type === "stalled" || event.type === "silent") {
      if (event.type === "silent") {
        this.#notice("warning", "away", "the relay is not reachable; calling again");
      }
      this.#events.push({ type: "resolve" });
      this.#calls.begin(true, now);
    } else if (event.type === "back") {
      this.#calls.stop();
      this.#notice("info", "back", "the relay is reachable again");
    }
  }

  #record(link: Link, room: Uint8Array, record: RoomRecord, now: number): void {
    switch (record.type) {
      case "refused": {
        const isMain = this.#rooms.isMain(room), again = record.code === REFUSAL.limited;
        const text = `the relay refuses: ${record.text}`;
        this.#notice(again ? "warning" : "error", "refused", text);
        if (!isMain) return;
        if (!again) return this.leave(1, "refused");
        this.#calls.failed(undefined, now, REJOIN_MS);
        return this.#node.close(link.session, CLOSE.done, "refused for now");
      }
      case "notice":
        return this.#notice("warning", "relay", record.text);
      default:
        try {
          return this.#stored(this.#rooms.record(link, room, record, now));
        } catch (error) {
          return this.#notice("error", "disk", `cannot keep it: ${(error as Error).message}`);
        }
    }
  }

  /** The relay keeps messages of ours. */
  #stored(ids: readonly string[]): void {
    const by = this.#link?.remote.identity;
    for (const id of ids) {
      this.#events.push({ type: "status", id, state: "stored", ...(by ? { by } : {}) });
    }
  }

  /** What a pipe could not deliver leaves: run again, the script does not say it twice. */
  #takeBack(): void {
    if (!this.#ending.ended) return;
    try {
      this.#rooms.takeBack();
    } catch (error) {
      this.#notice("error", "disk", `cannot take it back: ${(error as Error).message}`);
    }
  }

  #tellPresence(now: number): void {
    const { session } = this, bytes = session && this.#away.due(now);
    if (!session || !bytes) return;
    session.datagram(bytes);
    this.#node.hub.touch(session);
  }

  #notice(level: "info" | "warning" | "error", code: string, text: string): void {
    this.#events.push({ type: "notice", level, code, text });
  }

  #leaveIfReady(): void {
    if (!this.#ending.ended || this.#ending.done || this.#rooms.unstored > 0 || !this.#everUp) {
      return;
    }
    this.leave(0, "end of input");
  }
}
