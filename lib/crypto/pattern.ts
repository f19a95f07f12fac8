/**
 * The handshake patterns of Noise (rev 34 §7) as a table: who sends which key in which message.
 * The handshake itself is in `noise.ts`.
 *
 * @module
 */

/**
 * What a message does, in order: send a key (`e` ephemeral, `s` static), mix in an agreement of
 * two keys (the initiator's first), mix in a shared secret (Noise rev 34 §7.1 and §9.2).
 */
export type Token = "e" | "s" | "ee" | "es" | "se" | "ss" | "psk";

/**
 * Whose static key is known beforehand, as mixed in before the first message: `I` the initiator's,
 * `R` the responder's (Noise rev 34 §7.2).
 */
type Known = "" | "R" | "IR";

interface Row {
  readonly known: Known;
  /** The tokens of each message; the initiator sends the first, then they take turns. */
  readonly messages: readonly string[];
}

/** A pattern without a shared secret. */
export type BasePattern = "N" | "K" | "X" | "NN" | "NK" | "KK" | "XK" | "IK" | "XX" | "IX";

/**
 * The name of a pattern, with `pskN` where a shared secret is mixed in: 0 before the first message,
 * otherwise at the end of the N-th (Noise rev 34 §9.3).
 */
export type PatternName = BasePattern | `${BasePattern}psk${0 | 1 | 2 | 3}`;

/** A pattern, ready to be followed. */
export interface Pattern {
  /** Whether the initiator's static key is known to the responder beforehand. */
  readonly knownInitiator: boolean;
  /** Whether the responder's static key is known to the initiator beforehand. */
  readonly knownResponder: boolean;
  /** The tokens of each message; the initiator sends the first, then they take turns. */
  readonly messages: readonly (readonly Token[])[];
  /** Whether a shared secret takes part. */
  readonly psk: boolean;
}

/** Noise rev 34 §7.4 (one-way: N, K, X) and §7.5 (interactive). */
const TABLE: Readonly<Record<BasePattern, Row>> = {
  N: { known: "R", messages: ["e es"] },
  K: { known: "IR", messages: ["e es ss"] },
  X: { known: "R", messages: ["e es s ss"] },
  NN: { known: "", messages: ["e", "e ee"] },
  NK: { known: "R", messages: ["e es", "e ee"] },
  KK: { known: "IR", messages: ["e es ss", "e ee se"] },
  XK: { known: "R", messages: ["e es", "e ee", "s se"] },
  IK: { known: "R", messages: ["e es s ss", "e ee se"] },
  XX: { known: "", messages: ["e", "e ee s es", "s se"] },
  IX: { known: "", messages: ["e s", "e ee se s es"] },
};

/**
 * Looks up a pattern.
 *
 * @param name Its name.
 * @returns The pattern.
 * @throws {TypeError} If there is none of that name.
 *
 * @example
 * ```ts
 * import { patternOf } from "./pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { messages } = patternOf("XXpsk3");
 * assertEquals(messages, [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]]);
 * ```
 */
export function patternOf(name: PatternName): Pattern {
  const [base = "", modifier] = name.split("psk");
  const row: Row | undefined = Object.hasOwn(TABLE, base) ? TABLE[base as BasePattern] : undefined;
  const messages = row?.messages.map((tokens) => tokens.split(" ") as Token[]) ?? [];
  if (modifier === "0") messages[0]?.unshift("psk");
  else if (modifier !== undefined) messages[Number(modifier) - 1]?.push("psk");
  const psk = messages.some((tokens) => tokens.includes("psk"));
  if (row === undefined || psk !== (modifier !== undefined)) {
    throw new TypeError(
      `Cannot follow the handshake pattern "${name}": there is none of that name`,
    );
  }
  return {
    knownInitiator: row.known === "IR",
    knownResponder: row.known !== "",
    messages,
    psk,
  };
}
