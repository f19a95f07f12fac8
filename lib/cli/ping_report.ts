/**
 * The words of round trips: what `ping` and `doctor` say of a session that was measured. Pure.
 *
 * @module
 */

import { KIND } from "../session/credentials.ts";
import { equal } from "../crypto/hash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { PingEvent, PingSummary } from "../peer/ping.ts";
import { formatAddress } from "../wire/address.ts";
import type { ChatEvent } from "./event.ts";
import { round } from "./link_lines.ts";

/** Who answered. */
export type PingUp = Extract<PingEvent, { type: "up" }>;

/** The blocks of a sparkline, lowest first (Unicode Block Elements). */
const BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
/** Points in a sparkline (our choice: it fits beside its label at 80 columns). */
const POINTS = 60;

/**
 * That somebody answers.
 *
 * @param event Who, and how long it took.
 */
export function answersText({ session, key, kind, took }: PingUp): string {
  const what = KINDS[kind] === undefined ? "" : `: ${KINDS[kind]}`;
  return `${formatAddress(session.address)} answers with the key ${keyTag(key)} ` +
    `after ${ms(took)} (handshake)${what}`;
}

/** What somebody is for, in words. */
const KINDS: Readonly<Record<number, string>> = {
  [KIND.relay]: "a relay",
  [KIND.talk]: "somebody at talk",
  [KIND.lan]: "somebody at lan",
};

/**
 * A warning where somebody else answers than before.
 *
 * @param typed The address as it was typed.
 * @param pinned The key that answered there before; undefined where none is known.
 * @param key The key that answers now.
 * @returns The text, or undefined where all is well.
 */
export function otherKeyText(
  typed: string,
  pinned: Uint8Array | undefined,
  key: Uint8Array,
): string | undefined {
  if (pinned === undefined || equal(pinned, key)) return undefined;
  return `${typed} answered with the key ${keyTag(pinned)} before: somebody may be in between`;
}

/**
 * What is known about the way to who answered.
 *
 * @param up Who answered.
 * @param rtt The round trip to tell, in ms.
 * @param summary All round trips.
 */
export function linkEvent(
  { session, key }: PingUp,
  rtt: number,
  { sent, received, times }: PingSummary,
): ChatEvent {
  return {
    event: "link",
    peer: keyText(key),
    rtt_ms: round(rtt),
    jitter_ms: round(jitter(times)),
    loss: round(1 - received / sent),
    mtu: session.link.mtu,
    address: session.address,
  };
}

/**
 * What came of it in all.
 *
 * @param summary All round trips.
 * @param plot With a sparkline.
 * @returns Lines for the person.
 */
export function summarise({ sent, received, times }: PingSummary, plot: boolean): string[] {
  if (sent === 0) return ["nobody answered"];
  const lost = (1 - received / sent) * 100;
  const lines = [`${sent} asked, ${received} answered, ${round(lost)} % lost`];
  if (times.length === 0) return lines;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  lines.push(
    `min ${ms(at(0))}, median ${ms(median(sorted))}, p95 ${ms(at(0.95))}, max ${ms(at(1))}, ` +
      `jitter ${ms(jitter(times))}`,
  );
  if (plot) lines.push(sparkline(times.slice(-POINTS), at(0), at(1)));
  return lines;
}

/** The one in the middle; of an even number the mean of the two there. */
function median(sorted: readonly number[]): number {
  const half = sorted.length / 2, after = sorted[Math.floor(half)] ?? 0;
  return Number.isInteger(half) ? ((sorted[half - 1] ?? 0) + after) / 2 : after;
}

/**
 * A time for people.
 *
 * @param value In ms.
 */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
}

function sparkline(times: readonly number[], least: number, most: number): string {
  const step = (most - least) / (BLOCKS.length - 1) || 1;
  return times.map((time) => BLOCKS[Math.round((time - least) / step)] ?? "").join("");
}

/** The mean difference of neighbours, in ms (RFC 3550 §6.4.1 smooths the same). */
function jitter(times: readonly number[]): number {
  const steps = times.slice(1).map((time, at) => Math.abs(time - (times[at] ?? 0)));
  return steps.length === 0 ? 0 : steps.reduce((sum, each) => sum + each, 0) / steps.length;
}
