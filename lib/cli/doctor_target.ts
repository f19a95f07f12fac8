/**
 * Whom `doctor` calls, and what came of it.
 *
 * @module
 */

import { NetError } from "../net/endpoint.ts";
import type { SeenTarget } from "../peer/diagnosis.ts";
import { Pinger } from "../peer/ping.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import type { Finding } from "./doctor_words.ts";
import type { ChatEvent } from "./event.ts";
import { answersText, linkEvent, otherKeyText, type PingUp, summarise } from "./ping_report.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { pinnedKey, type Profile } from "./profile.ts";
import { resolveAll } from "./talk.ts";

/** Somebody who is called. */
export interface Called {
  /** As it was typed, with its port. */
  readonly place: string;
  /** The key that answered there before. */
  readonly pinned: Uint8Array | undefined;
  /** Undefined where there is no such host. */
  readonly pinger: Pinger | undefined;
  /** Why there is none. */
  readonly error: string | undefined;
}

/** So many questions, at such a distance in ms (our choice: they end while others are listened for). */
const PINGS = 8, INTERVAL_MS = 200;

/**
 * Begins to call somebody.
 *
 * @param invocation World and options.
 * @param profile Who calls.
 * @param place Whom, as it was typed.
 * @returns The call; one that failed where there is no such host.
 */
export async function callTarget(
  { host, options }: Pick<Invocation, "host" | "options">,
  profile: Profile,
  place: Address,
): Promise<Called> {
  const typed = formatAddress(place), pinned = pinnedKey(host, options, typed);
  try {
    const pinger = new Pinger({
      hub: { credentials: profile.credentials, random: (size) => host.randomBytes(size) },
      to: await resolveAll(place, options),
      count: PINGS,
      interval: INTERVAL_MS,
      measure: true,
      timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    }, host.clock.now());
    return { place: typed, pinned, pinger, error: undefined };
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    return { place: typed, pinned, pinger: undefined, error: error.message };
  }
}

/**
 * What came of a call.
 *
 * @param called The call.
 * @param up Who answered, if anybody did.
 */
export function targetSeen(called: Called, up: PingUp | undefined): SeenTarget {
  const { place, pinned, pinger } = called;
  if (pinger === undefined) return { place, outcome: "unknown" };
  if (up === undefined || pinger.summary.received === 0) return { place, outcome: "silent" };
  const other = otherKeyText(place, pinned, up.key) !== undefined;
  return { place, outcome: other ? "other key" : "answers", kind: up.kind };
}

/**
 * What to say of a call, in the words of `ping`.
 *
 * @param called The call.
 * @param up Who answered, if anybody did.
 */
export function targetFinding({ place, pinned, pinger, error }: Called, up?: PingUp): Finding {
  const code = "target";
  if (pinger === undefined) return { level: "error", code, text: error ?? place, details: [] };
  if (up === undefined) {
    return { level: "error", code, text: `${place} does not answer`, details: [] };
  }
  const { summary } = pinger, other = otherKeyText(place, pinned, up.key);
  const level = other !== undefined || summary.received === 0
    ? "error"
    : summary.received < summary.sent
    ? "warning"
    : "info";
  const details = [
    ...(other === undefined ? [] : [other]),
    ...summarise(summary, false),
    `largest datagram known to pass: ${up.session.link.mtu} bytes`,
  ];
  return { level, code, text: answersText(up), details };
}

/**
 * The way to who was called, for scripts.
 *
 * @param called The call.
 * @param up Who answered, if anybody did.
 * @returns The event; undefined where nothing was measured.
 */
export function targetLink({ pinger }: Called, up: PingUp | undefined): ChatEvent | undefined {
  const summary = pinger?.summary;
  if (up === undefined || summary === undefined || summary.sent === 0) return undefined;
  const { times } = summary;
  const mean = times.reduce((sum, each) => sum + each, 0) / Math.max(1, times.length);
  return linkEvent(up, mean, summary);
}
