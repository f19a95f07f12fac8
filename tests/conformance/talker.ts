/**
 * One of two people who talk without a relay, in their room (PROTOCOL.md §15.3).
 *
 * @module
 */

import { same } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import type { Person } from "./handshake.ts";
import { talkPlace } from "./rooms.ts";
import { runsOf, type SignedEntry } from "./rooms_entries.ts";
import { RoomLink } from "./rooms_link.ts";
import { Member } from "./rooms_member.ts";
import { RoomStore } from "./rooms_store.ts";
import type { Session } from "./session.ts";

/** How much of what was missed comes first. */
const NEWEST = 50;

function sayMissed(talker: Member, missed: readonly SignedEntry[]): void {
  talker.say({ type: "missed", count: missed.length });
  const byClock = missed.toSorted((one, other) => other.clock - one.clock);
  const newest = new Set(byClock.slice(0, NEWEST));
  const isEarly = (entry: SignedEntry): boolean => newest.has(entry) || entry.number === 1;
  for (const run of runsOf(missed.filter(isEarly), true)) talker.say(run);
  const rest = missed.filter((entry) => !isEarly(entry));
  for (const run of runsOf(rest, true)) talker.say(run, 1);
}

/** What who is called says before it goes on: what it holds, lacks, and knows to be missed. */
function answer(talker: Member): void {
  const { session: { identity }, store, stored } = talker;
  const logs = store.holds().filter(({ author }) => same(author, identity));
  talker.say({ type: "hold", last: true, logs });
  for (const there of stored.filter(({ author }) => !same(author, identity))) {
    for (const { first, last } of store.lackingOf(there)) talker.want(there, first, last);
  }
  const missed = store.lackedBy(stored).filter(({ author }) => !same(author, store.mine.author));
  if (missed.length > 0) sayMissed(talker, missed);
}

/** My side of the talk on a session. */
export class Talker extends Member {
  /** Takes up an older talk if there is a store of it. */
  constructor(session: Session, person: Person, store?: RoomStore) {
    const place = talkPlace(identityOf(person.seed), session.identity);
    super(new RoomLink(session), store ?? new RoomStore(place, person.seed));
    if (session.hasCalled) this.join("");
  }

  /** Says a PROFILE and a first text, and goes on until the other's PROFILE came. */
  async introduce(person: Person, name = "konrad"): Promise<void> {
    this.profile(name, person);
    await this.session.until("said its name", () => this.name !== undefined);
  }

  /** Who is called answers with what it holds, lacks, and knows to be missing there. */
  protected override onHeld(): void {
    if (!this.session.hasCalled) answer(this);
    this.goOn();
  }
}
