/**
 * How the events of a room are reported, and what is remembered of them.
 *
 * @module
 */

import { keyTag, keyText } from "../crypto/identity.ts";
import type { Author, MemberEvent } from "../peer/member_event.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import type { Doubts } from "./doubts.ts";
import { type Person, sentTime } from "./event.ts";
import type { Front } from "./front.ts";
import type { Host } from "./host.ts";
import type { RoomMachine } from "./join_lines.ts";
import type { Memory } from "./memory.ts";
import type { Profile } from "./profile.ts";

/** What is needed to report. */
export interface MemberReport {
  /** The world. */
  readonly host: Host;
  /** What the person sees. */
  readonly front: Front;
  /** Who we are. */
  readonly profile: Profile;
  /** The address of a relay that was typed, to pin its key. */
  readonly typed?: string;
  /** Our own address, where there is no session. */
  readonly address?: Address | undefined;
  /** The name of the room. */
  readonly room: string;
  /** The machine, for where the relay is. */
  readonly machine: RoomMachine;
  /** Where messages are remembered for search. */
  readonly memory: Memory;
  /** Who bears the name of somebody else. */
  readonly doubts: Doubts;
}

/**
 * Reports one event.
 *
 * @param run What is needed for it.
 * @param event The event; `resolve` is not for people.
 */
export function reportMember(run: MemberReport, event: MemberEvent): void {
  const { reporter } = run.front;
  switch (event.type) {
    case "up":
      return reportUp(run, event);
    case "past":
      return run.memory.add(run.room, event);
    case "message": {
      const { id, author, text, time, self, history, partner } = event;
      run.memory.add(run.room, event);
      if (!self && run.profile.contacts.ignores(author.key, run.host.clock.wall())) return;
      if (!self) doubt(author);
      const address = (run.machine.sessionWith(author.key) ?? run.machine.sessionWith())
        ?.address ?? run.address ?? { host: "", port: 0 };
      return reporter.report({
        event: "message",
        id,
        room: run.room,
        from: { ...person(run, author), address },
        text,
        sent: sentTime(time),
        self,
        private: partner !== undefined,
        history,
      }, partner ? { to: self ? person(run, partner).name : "you" } : {});
    }
    case "status": {
      const { id, state, by, holders, members } = event;
      const reason = event.reason ??
        (holders === undefined ? null : `held by ${holders} of ${members ?? holders}`);
      return reporter.report({ event: "status", id, state, by: by ? keyText(by) : null, reason });
    }
    case "presence":
      if (run.profile.contacts.ignores(event.who.key, run.host.clock.wall())) return;
      if (event.state === "here" || event.state === "renamed") doubt(event.who);
      return reporter.report({
        event: "presence",
        who: person(run, event.who),
        state: event.state,
        old: event.old ?? null,
      }, event.text ? { why: event.text } : {});
    case "missed": {
      const text = `while you were away: ${event.count} entries; the newest are shown ` +
        "(/last 200, /search WORDS)";
      return notice("info", "missed", text);
    }
    case "changedKey":
      return notice(
        "error",
        "changed-key",
        `${run.typed} answers with the key ${keyTag(event.key)}, and not with ` +
          `${keyTag(event.pinned)} as before: another relay, or somebody in between. Nothing is ` +
          "sent until you accept it (/accept, or --accept-new-key)",
      );
    case "notice":
      return notice(event.level, event.code, event.text);
    case "resolve":
  }
  function doubt(author: Author): void {
    const text = run.doubts.about(author);
    if (text === undefined) return;
    run.machine.roster.doubt(author.key);
    notice("warning", "impostor", text);
  }
  function notice(level: "info" | "warning" | "error", code: string, text: string): void {
    reporter.report({ event: "notice", level, code, text });
  }
}

function reportUp(run: MemberReport, event: Extract<MemberEvent, { type: "up" }>): void {
  const { contacts } = run.profile, where = formatAddress(event.address);
  if (run.typed === undefined) return;
  const known = contacts.pinned(run.typed) !== undefined;
  contacts.pin(run.typed, event.key, run.host.clock.wall());
  const text = event.again
    ? `connected to the relay again, at ${where}`
    : known
    ? `connected to the relay at ${where}`
    : `connected to the relay at ${where} for the first time, its key is ${keyTag(event.key)}`;
  run.front.reporter.report({ event: "notice", level: "info", code: "connected", text });
}

/** On a screen with the tag of the key where another one looks alike. */
function person({ front, machine }: MemberReport, { name, key }: Author): Person {
  return { name: front.screen ? machine.roster.label(key) : name, key: keyText(key) };
}
