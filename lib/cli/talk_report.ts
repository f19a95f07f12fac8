/**
 * How the events of a line for two are reported, and what is remembered of them.
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { Partner, TalkEvent } from "../peer/talk_event.ts";
import { formatAddress } from "../wire/address.ts";
import { type ChatEvent, type Person, sentTime } from "./event.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";
import type { TalkMemory } from "./memory.ts";
import type { Profile } from "./profile.ts";

/** What is needed to report. */
export interface TalkReport {
  /** The world. */
  readonly host: Host;
  /** What the person sees. */
  readonly front: Front;
  /** Who we are. */
  readonly profile: Profile;
  /** The address that was typed, to pin the key that answers there. */
  readonly typed: string | undefined;
  /** Our own address is its first one. */
  readonly endpoint: Endpoint;
  /** Where messages are remembered for search. */
  readonly talked: TalkMemory;
  /** Our own name now. */
  readonly ownName: () => string;
}

/** What a line for two is called where events name a room. */
const ROOM = "talk";

/**
 * Reports one event.
 *
 * @param run What is needed for it.
 * @param event The event; `resolve` is not for people.
 */
export function reportTalk(run: TalkReport, event: TalkEvent): void {
  const { reporter } = run.front;
  switch (event.type) {
    case "up":
      if (!event.again) run.talked.without();
      return reportUp(run, event.partner, event.again);
    case "message": {
      const { id, partner, text, time, history } = event;
      run.talked.add({ id, author: partner, text, time, self: false });
      return reporter.report(message(id, partner, text, time, { self: false, history }));
    }
    case "past":
      return run.talked.add(event);
    case "own": {
      const key = run.profile.credentials.identity.publicKey;
      const address = run.endpoint.addresses[0] ?? { host: "", port: 0 };
      const self = { key, name: run.ownName(), address };
      run.talked.addOwn(event.id, self.name, event.text, event.time);
      const whose = { self: true, history: false };
      return reporter.report(message(event.id, self, event.text, event.time, whose));
    }
    case "status": {
      const { id, state, by, reason = null } = event;
      return reporter.report({
        event: "status",
        id,
        state,
        by: by ? keyText(by) : null,
        reason,
      });
    }
    case "presence": {
      const { partner, state, old = null, text } = event;
      if (state === "here" || state === "renamed") {
        run.talked.with(partner.name, partner.key);
        warnOfNamesake(run, partner);
        run.profile.contacts.meet(partner.key, partner.name, run.host.clock.wall());
      }
      return reporter.report(
        { event: "presence", who: person(partner), state, old },
        text ? { why: text } : {},
      );
    }
    case "changedKey":
      return reporter.report({
        event: "notice",
        level: "error",
        code: "changed-key",
        text: `${run.typed} answers with the key ${keyTag(event.key)}, and not with ` +
          `${keyTag(event.pinned)} as before: somebody may be in between. Nothing is sent until ` +
          "you accept it (/accept, or --accept-new-key)",
      });
    case "notice":
      return reporter.report({
        event: "notice",
        level: event.level,
        code: event.code,
        text: event.text,
      });
    case "resolve":
  }
}

function reportUp(run: TalkReport, partner: Partner, again: boolean): void {
  const { contacts } = run.profile, { reporter } = run.front;
  const now = run.host.clock.wall();
  if (run.typed !== undefined) contacts.pin(run.typed, partner.key, now);
  const known = contacts.byKey(partner.key);
  const tag = keyTag(partner.key), where = formatAddress(partner.address);
  const who = known ? `${known.name} (${tag}, ${known.verified ? "verified" : "unverified"})` : tag;
  const text = again
    ? `connected again to ${who} at ${where}`
    : known
    ? `connected to ${who} at ${where}, encrypted`
    : `connected to ${tag} at ${where}, encrypted; first contact, unverified (/verify)`;
  reporter.report({ event: "notice", level: "info", code: "connected", text });
}

/** A name is only a label: whoever uses that of somebody known is shown as not the same. */
function warnOfNamesake(run: TalkReport, partner: Partner): void {
  const { contacts } = run.profile;
  if (contacts.byKey(partner.key)?.name === partner.name) return;
  const namesake = contacts.byName(partner.name).find((each) => !equal(each.key, partner.key));
  if (namesake === undefined) return;
  const text = `this is not the ${partner.name} you know: the key is ${keyTag(partner.key)}, not ` +
    keyTag(namesake.key);
  run.front.reporter.report({ event: "notice", level: "warning", code: "namesake", text });
}

function message(
  id: string,
  from: Partner,
  text: string,
  time: number,
  whose: { readonly self: boolean; readonly history: boolean },
): ChatEvent {
  return {
    event: "message",
    id,
    room: ROOM,
    from: { ...person(from), address: from.address },
    text,
    sent: sentTime(time),
    private: false,
    ...whose,
  };
}

function person(partner: Partner): Person {
  return { name: partner.name, key: keyText(partner.key) };
}
