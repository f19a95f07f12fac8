/**
 * What is said in the end of messages that did not arrive: which they are. Pure.
 *
 * @module
 */

/** Messages that are named (our choice). */
const MAX_TOLD = 1_000;
/** How much of each is shown, in UTF-16 units (our choice). */
const MAX_TOLD_TEXT = 200;

/** A message that did not arrive. */
export interface Missing {
  readonly id: string;
  readonly text: string;
}

/** What is told of them. */
export type UndeliveredEvent =
  | {
    readonly type: "status";
    readonly id: string;
    readonly state: "failed";
    readonly reason: string;
  }
  | {
    readonly type: "notice";
    readonly level: "warning";
    readonly code: string;
    readonly text: string;
  };

/**
 * Names messages that did not arrive.
 *
 * @param missing The messages.
 * @param reason What became of each, in a word or two: `not delivered`.
 * @param why What becomes of them now, for people; nothing where they are lost.
 * @returns What is to be told; nothing where nothing is missing.
 */
export function undelivered(
  missing: readonly Missing[],
  reason: string,
  why = "",
): UndeliveredEvent[] {
  if (missing.length === 0) return [];
  const count = missing.length === 1 ? "1 message" : `${missing.length} messages`;
  const texts = missing.slice(0, MAX_TOLD).map(({ text }) => text.slice(0, MAX_TOLD_TEXT));
  const text = [`${count} ${reason}${why}:`, ...texts].join("\n");
  return [
    ...missing.map(({ id }) => ({ type: "status", id, state: "failed", reason } as const)),
    { type: "notice", level: "warning", code: "undelivered", text },
  ];
}
