/**
 * Who comes and goes without having said anything: told together, so that a class that arrives does not
 * push the talk off the screen.
 *
 * @module
 */

import type { Clock } from "../net/clock.ts";

/** After one was told, others wait so long to be told together, in ms (our choice). */
const GATHER_MS = 2_000;
/** Names in one line; of the others only how many (our choice). */
const NAMED = 5;

/** Somebody who came or went. */
interface Coming {
  readonly name: string;
  readonly isHere: boolean;
}

/** Comings and goings of one chat. */
export class Comings {
  readonly #clock: Clock;
  readonly #tell: (text: string) => void;
  /** The keys of those who have said something. */
  readonly #heard = new Set<string>();
  /** By key; the last word of each counts. */
  readonly #waiting = new Map<string, Coming>();
  #stop: (() => void) | undefined;

  /**
   * Nobody came yet.
   *
   * @param clock For waiting.
   * @param tell Shows one line.
   */
  constructor(clock: Clock, tell: (text: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Somebody said something: from now on they are told of at once. */
  heard(key: string): void {
    this.#heard.add(key);
  }

  /**
   * Somebody came or went.
   *
   * @param key Who.
   * @param name What they are called.
   * @param isHere Which of both.
   */
  add(key: string, name: string, isHere: boolean): void {
    if (this.#heard.has(key)) return this.#tell(lineOf([{ name, isHere }]));
    if (this.#stop === undefined) {
      this.#tell(lineOf([{ name, isHere }]));
      this.#stop = this.#clock.wake(this.#clock.now() + GATHER_MS, () => this.flush());
      return;
    }
    const before = this.#waiting.get(key);
    // Who came and went meanwhile, or the other way round, is where they were.
    if (before !== undefined && before.isHere !== isHere) this.#waiting.delete(key);
    else this.#waiting.set(key, { name, isHere });
  }

  /** Tells all that waits. */
  flush(): void {
    this.#stop?.();
    this.#stop = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    const lines = [true, false].map((here) => lineOf(all.filter(({ isHere }) => isHere === here)));
    const text = lines.filter((line) => line !== "").join("; ");
    if (text !== "") this.#tell(text);
  }
}

/** `ann is here`, `ann, bob and 3 more are gone`; nothing for nobody. */
function lineOf(all: readonly Coming[]): string {
  const [first] = all;
  if (first === undefined) return "";
  const what = first.isHere ? "here" : "gone";
  if (all.length === 1) return `${first.name} is ${what}`;
  const more = all.length - NAMED, names = all.slice(0, NAMED).map(({ name }) => name);
  const last = more > 0 ? `${more} more` : names.pop() ?? "";
  return `${names.join(", ")} and ${last} are ${what}`;
}
