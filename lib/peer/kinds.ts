/**
 * Programs that are for different things, though they listen on the same port: who calls the wrong one is
 * told which it is, and both leave each other alone. Pure.
 *
 * @module
 */

import { KIND, type Kind } from "../session/credentials.ts";
import { type Address, formatAddress } from "../wire/address.ts";

/** For whom each is. */
const FOR: Readonly<Record<Kind, Kind>> = {
  [KIND.relay]: KIND.member,
  [KIND.member]: KIND.relay,
  [KIND.talk]: KIND.talk,
  [KIND.lan]: KIND.lan,
};

/**
 * Whether two programs have anything to say to each other.
 *
 * @param ours What we are.
 * @param theirs What the other side is; `any` may be everything.
 */
export function belong(ours: Kind, theirs: Kind): boolean {
  return theirs === KIND.any || FOR[ours] === theirs;
}

/**
 * Who is at the other end instead of whom one wanted, and what to do.
 *
 * @param kind What they are.
 * @param address Where.
 */
export function whoIsThere(kind: Kind, address: Address): string {
  const where = formatAddress(address);
  switch (kind) {
    case KIND.relay:
      return `a relay is at ${where}: udpchat join ${where} enters its rooms`;
    case KIND.talk:
      return `somebody at ${where} waits for one person: udpchat talk ${where} calls them`;
    case KIND.lan:
      return `udpchat lan is at ${where}: udpchat lan --peer ${where} joins those who are there`;
    default:
      return `what is at ${where} takes no calls: look at the address and the port`;
  }
}
