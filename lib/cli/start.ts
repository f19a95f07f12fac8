/**
 * `udpchat` with nothing on a terminal: asks what is needed, then chats.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { NetError } from "../net/endpoint.ts";
import { saveName } from "../store/profile.ts";
import type { Talk } from "../peer/talk.ts";
import { parseTarget } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { EXIT, UsageError } from "./exit.ts";
import { type Front, homeOf, nameOf, openFront } from "./front.ts";
import type { Options } from "./options.ts";
import { completeTalk, talkTo } from "./talk.ts";

/**
 * Asks for a name and an address, and calls or waits.
 *
 * @param invocation World and options.
 * @returns The exit status.
 */
export async function start({ host, options }: Invocation): Promise<number> {
  let machine: (() => Talk) | undefined;
  const front = await openFront(host, options, true, (line) => completeTalk(line, machine?.()));
  try {
    const name = await askName(front, { host, options });
    if (name === undefined) return EXIT.done;
    const chosen: Options = { ...options, name };
    for (;;) {
      const target = await askTarget(front);
      if (target === null) return EXIT.done;
      try {
        return await talkTo({ host, options: chosen }, target, (get) => {
          machine = get;
          return front;
        });
      } catch (error) {
        if (!(error instanceof NetError || error instanceof UsageError)) throw error;
        say(front, error.message);
      }
    }
  } finally {
    await front.reporter.close();
  }
}

async function askName(
  front: Front,
  { host, options }: Pick<Invocation, "host" | "options">,
): Promise<string | undefined> {
  const known = await nameOf(host, options);
  if (options.name !== undefined) return known;
  for (;;) {
    const answer = await ask(front, `Your name (Enter for ${known}): `);
    if (answer === undefined || answer === "") return answer === "" ? known : undefined;
    try {
      const name = toName(answer);
      const home = homeOf(host, options);
      if (home !== undefined) await remember(front, home, name);
      return name;
    } catch (error) {
      say(front, (error as Error).message);
    }
  }
}

async function remember(front: Front, home: string, name: string): Promise<void> {
  try {
    await saveName(home, name);
  } catch (error) {
    say(front, `Cannot save the name in ${home}: ${(error as Error).message}`);
  }
}

/** `HOST[:PORT]`, undefined to wait, null at the end of input. */
async function askTarget(front: Front): Promise<string | undefined | null> {
  for (;;) {
    const answer = await ask(front, "Address of the other (Enter to wait for them): ");
    if (answer === undefined) return null;
    if (answer === "") return undefined;
    try {
      parseTarget(answer);
      return answer;
    } catch (error) {
      say(front, (error as Error).message);
    }
  }
}

async function ask({ screen }: Front, question: string): Promise<string | undefined> {
  screen?.setPrompt(question);
  return (await screen?.next())?.trim();
}

function say({ reporter }: Front, text: string): void {
  reporter.report({ event: "notice", level: "warning", code: "start", text });
}
