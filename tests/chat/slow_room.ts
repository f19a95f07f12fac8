/**
 * What a room ought to take, slow and obvious: the twin of `lib/chat/room.ts`. It knows of each hash
 * whether its author ever signed it, and checks no signature.
 *
 * @module
 */

import type { CheckedEntry } from "../../lib/chat/entry_store.ts";
import { logKey } from "../../lib/chat/log.ts";
import { MAX_GAPS } from "../../lib/chat/room.ts";
import type { LogName } from "../../lib/wire/entry.ts";
import type { Run } from "../../lib/wire/room.ts";
import { idsOf } from "./authors.ts";

const NONE = new Uint8Array(32).join();

/** One entry that is kept, or about to be. */
interface Held {
  readonly id: string;
  readonly previous: string;
  kept: boolean;
}

/** What ought to become of a run. */
export interface Outcome {
  readonly fresh: number[];
  forged: boolean;
  fork: boolean;
  disputed: number | undefined;
}

/** A room of maps. */
export class SlowRoom {
  readonly logs = new Map<string, Map<number, Held>>();
  readonly frozen = new Set<string>();
  /** Hash and signature of all that was ever signed. */
  readonly #signed: ReadonlySet<string>;

  /** A room in which only these entries are true. */
  constructor(signed: Iterable<CheckedEntry>) {
    this.#signed = new Set([...signed].map(({ entry, id }) => `${id} ${entry.signature}`));
  }

  /** What of a log is held. */
  log(name: LogName): Map<number, Held> {
    const key = logKey(name), log = this.logs.get(key) ?? new Map<number, Held>();
    this.logs.set(key, log);
    return log;
  }

  /** Numbers of a log that are kept. */
  kept(name: LogName): number[] {
    const log = [...this.log(name)].filter(([, { kept }]) => kept);
    return log.map(([number]) => number).sort((a, b) => a - b);
  }

  /** See `Room.take`: what is not kept yet counts as if it were. */
  take(run: Run): Outcome {
    const outcome: Outcome = { fresh: [], forged: false, fork: false, disputed: undefined };
    if (this.frozen.has(logKey(run))) return outcome;
    const log = this.log(run), ids = idsOf(run).map(String);
    for (const [at, { signature }] of run.parts.entries()) {
      const number = run.first + at, id = ids[at] ?? "", held = log.get(number);
      const previous = at === 0 ? run.previous.join() : ids[at - 1] ?? "";
      const isSigned = this.#signed.has(`${id} ${signature}`);
      if (held !== undefined) {
        if (held.id === id) continue;
        outcome.fork = isSigned;
        outcome.forged = !isSigned;
        return outcome;
      }
      const before = log.get(number - 1), after = log.get(number + 1);
      if (!before && !after && pieces(this.kept(run)) >= MAX_GAPS) return outcome;
      if (!isSigned || (number === 1 && previous !== NONE)) {
        outcome.forged = true;
        return outcome;
      }
      if (before && before.id !== previous) outcome.disputed = number - 1;
      else if (after && after.previous !== id) outcome.disputed = number + 1;
      if (outcome.disputed !== undefined) return outcome;
      log.set(number, { id, previous, kept: false });
      outcome.fresh.push(number);
    }
    return outcome;
  }
}

/** How many rows of numbers without a gap there are. */
function pieces(numbers: readonly number[]): number {
  return numbers.filter((number) => !numbers.includes(number - 1)).length;
}
