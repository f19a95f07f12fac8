/**
 * What was said before one came, from several people at once: shown as one block, in order. Pure.
 *
 * @module
 */

import { NEWEST } from "../chat/sync.ts";
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
  #messages: Message[] = [];
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
   */
  constructor(tell: (event: MemberEvent) => void) {
    this.#tell = tell;
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
    if (!isMessage || !event.history || event.self) return this.#tell(event);
    // Before anybody was met it is from one's own store, and was shown when it came.
    if (this.#notBefore === undefined) return this.#tell(event);
    if (event.time < this.#hiddenBefore) return this.#tell({ ...event, type: "past" });
    if (this.#messages.length === 0) this.#since = this.now;
    this.#messages.push({ ...event, type: "message" });
    const quiet = Math.max(this.now + QUIET_MS, this.#notBefore ?? 0);
    this.#dueAt = Math.min(quiet, this.#since + LONGEST_MS);
  }

  /** Shows the block, if it is time. */
  tick(now: number): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.#dueAt = undefined;
    const all = this.#messages.sort((a, b) => a.time - b.time);
    this.#messages = [];
    const shown = all.slice(-NEWEST), hidden = all.slice(0, -NEWEST);
    for (const message of hidden) this.#tell({ ...message, type: "past" });
    const count = Math.max(this.#missed, all.length), isCut = count > NEWEST;
    this.#missed = 0;
    if (isCut) this.#tell({ type: "missed", count });
    if (isCut) this.#hiddenBefore = Math.max(this.#hiddenBefore, shown[0]?.time ?? 0);
    for (const message of shown) this.#tell(message);
  }
}
