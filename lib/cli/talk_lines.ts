/**
 * What is typed on a line for two: messages, and the slash commands that work there.
 *
 * @module
 */

import { TALK_COMMANDS } from "../chat/slash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { Shell } from "../peer/shell.ts";
import type { Talk } from "../peer/talk.ts";
import type { TalkEvent } from "../peer/talk_event.ts";
import { type ChatFeed, feedChat, type Handler, verifyKey } from "./chat_lines.ts";
import { linkLines, round } from "./link_lines.ts";

/** What is needed to take lines of a talk. */
export type TalkFeed = ChatFeed<Talk>;

/**
 * Reads lines until there are no more.
 *
 * @param feed What is needed for it.
 * @param shell Drives the machine.
 */
export async function feedTalk(feed: TalkFeed, shell: Shell<TalkEvent>): Promise<void> {
  await feedChat(feed, shell, TALK_COMMANDS, COMMANDS);
}

const NOBODY = ["nobody is on the line yet"];

/** What the slash commands do here. */
const COMMANDS: Readonly<Record<string, Handler<TalkFeed>>> = {
  who: ({ front, machine, profile }) => {
    const { partner, session, partnerAway: why } = machine;
    if (!partner) return front.reporter.print(NOBODY);
    const verified = profile.contacts.byKey(partner.key)?.verified ? "verified" : "unverified";
    const away = why === undefined ? "here" : `away${why ? ` (${why})` : ""}`;
    const state = session === undefined || session.silent || session.closing
      ? "not reachable"
      : away;
    front.reporter.print([
      `${partner.name}  ${state}, key ${keyTag(partner.key)}, ${verified}`,
    ]);
  },
  msg: ({ front, machine }, argument, now) => {
    const [, name = "", text = ""] = /^(\S+)\s+(.+)$/s.exec(argument) ?? [];
    if (text === "") return front.reporter.print(["/msg wants NAME TEXT"]);
    if (machine.partner?.name.toLowerCase() === name.toLowerCase()) return machine.say(text, now);
    front.reporter.print([`nobody here is called ${name}`]);
  },
  reply: ({ machine }, text, now) => machine.say(text, now),
  verify: (feed, argument) => {
    const { partner } = feed.machine;
    if (!partner) return feed.front.reporter.print(NOBODY);
    verifyKey(feed, partner, argument, "/verify");
  },
  link: ({ front, machine, host }) => {
    const { session, partner } = machine;
    if (!session || !partner) return front.reporter.print(NOBODY);
    const { rtt, jitter, loss, mtu } = session.link;
    front.reporter.report({
      event: "link",
      peer: keyText(partner.key),
      rtt_ms: round(rtt),
      jitter_ms: round(jitter),
      loss: round(loss),
      mtu,
      address: session.address,
    });
    front.reporter.print(linkLines(session, host));
  },
};
