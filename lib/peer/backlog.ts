/**
 * What was said before one came, from several people at once: shown as one block, in order. Pure.
 *
 * @module
 */

import { roomKey } from "../chat/room.ts";
import type { MemberEvent } from "./member_event.ts";

/** The block is shown once nothing more came for so long, in ms (our choice). */
const QUIET_MS = 300;
/** Not before so long after somebody was met first: others are being met, in ms (our choice). */
const MEETING_MS = 1_000;
/** Or after so long (our choice). */
const LONGEST_MS = 2_000;

type Message = Extract<MemberEvent, { type: "message" }>;

/** One block at a time. */
export class Backlog {
  /** The time, in ms; set before messages are told. */
  now = 0;
  readonly #tell: (event: MemberEvent) => void;
  readonly #most: number;
  readonly #cameAt: number;
  #messages: Message[] = [];
  /** Those who said something that waits: what they say now waits behind it. */
  readonly #authors = new Set<string>();
  #since = 0;
  #dueAt: number | undefined;
  #notBefore: number | undefined;
  /** How many entries somebody said that we had missed. */
  #missed = 0;
  /** What is older than this was hidden, in ms since 1970. */
  #hiddenBefore = -Infinity;

  /**
   * Nothing waits.
   *
   * @param tell Takes what is to be told.
   * @param most So many messages of before we came are shown at once; of more the newest.
   * @param cameAt When we came, in ms since 1970: what was said since is all shown, whoever brings it.
   */
  constructor(tell: (event: MemberEvent) => void, most: number, cameAt: number) {
    this.#tell = tell;
    this.#most = most;
    this.#cameAt = cameAt;
  }

  /** When `tick` wants to be called, in ms. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Somebody was met. */
  meet(now: number): void {
    this.#notBefore ??= now + MEETING_MS;
  }

  /**
   * Something happened: what is no news waits. On which stream it came says nothing here: a digest that
   * differed brings what was said a moment ago as history.
   */
  tell(event: MemberEvent): void {
    if (event.type === "missed") {
      this.#missed = Math.max(this.#missed, event.count);
      return;
    }
    const isMessage = event.type === "message" || event.type === "past";
    if (!isMessage || event.self) return this.#tell(event);
    const author = roomKey(event.author.key);
    if (!event.history && !this.#authors.has(author)) return this.#tell(event);
    // Before anybody was met it is from one's own store, and was shown when it came.
    if (this.#notBefore === undefined) return this.#tell(event);
    if (event.time < this.#hiddenBefore) return this.#tell({ ...event, type: "past" });
    if (this.#messages.length === 0) this.#since = this.now;
    this.#messages.push({ ...event, type: "message" });
    this.#authors.add(author);
    const quiet = Math.max(this.now + QUIET_MS, this.#notBefore ?? 0);
    this.#dueAt = Math.min(quiet, this.#since + LONGEST_MS);
  }

  /** Shows the block, if it is time. */
  tick(now: number): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.#dueAt = undefined;
    const all = this.#messages.sort((a, b) => (a.clock ?? 0) - (b.clock ?? 0));
    this.#messages = [];
    this.#authors.clear();
    const isOld = ({ history, time }: Message): boolean => history && time < this.#cameAt;
    const old = all.filter(isOld).length;
    let hide = Math.max(0, old - this.#most);
    const isCut = old > this.#most, count = Math.max(this.#missed, old);
    this.#missed = 0;
    const shown: Message[] = [];
    for (const message of all) {
      if (isOld(message) && hide-- > 0) this.#tell({ ...message, type: "past" });
      else shown.push(message);
    }
    if (isCut) this.#tell({ type: "missed", count });
    const first = Math.min(shown[0]?.time ?? 0, this.#cameAt);
    if (isCut) this.#hiddenBefore = Math.max(this.#hiddenBefore, first);
    for (const message of shown) this.#tell(message);
  }
}
