/**
 * Who was heard and when, for people.
 *
 * @module
 */

import { format } from "@std/fmt/duration";
import type { Heard } from "../plain/event.ts";
import { formatAddress } from "../wire/address.ts";

/**
 * One line for each address.
 *
 * @param heard Who was heard, the latest last.
 * @param now Time in ms.
 * @returns Lines, the latest first.
 */
export function describeWho(heard: readonly Heard[], now: number): string[] {
  if (heard.length === 0) return ["nobody was heard yet"];
  return [...heard].reverse().map(({ address, at }) => {
    const seconds = Math.floor((now - at) / 1000);
    const ago = seconds < 1 ? "just now" : `${format(seconds * 1000, { ignoreZero: true })} ago`;
    return `${formatAddress(address)}  heard ${ago}`;
  });
}
