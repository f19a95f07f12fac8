/**
 * `udpchat` with nothing on a terminal: asks what is needed, then chats.
 *
 * @module
 */

import { toName } from "../chat/name.ts";
import { NetError } from "../net/endpoint.ts";
import { saveName } from "../store/profile.ts";
import type { PlainChat } from "../plain/chat.ts";
import { complete } from "../chat/slash.ts";
import { formatAddress, parseTarget } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { EXIT, UsageError } from "./exit.ts";
import { type Front, homeOf, nameOf, openFront } from "./front.ts";
import type { Options } from "./options.ts";
import { chatPlainly, PLAIN_PORT } from "./plain.ts";

/**
 * Asks for a name and an address, and chats in plain text.
 *
 * @param invocation World and options.
 * @returns The exit status.
 */
export async function start({ host, options }: Invocation): Promise<number> {
  let chat: PlainChat | undefined;
  const front = await openFront(host, options, true, (line) => {
    return complete(line, (chat?.heard ?? []).map((each) => formatAddress(each.address)));
  });
  try {
    const name = await askName(front, { host, options });
    if (name === undefined) return EXIT.done;
    const chosen: Options = { format: "{name}: {text}", ...options, name };
    for (;;) {
      const target = await askTarget(front);
      if (target === null) return EXIT.done;
      try {
        return await chatPlainly({ host, options: chosen }, target, (get) => {
          chat = get();
          return front;
        });
      } catch (error) {
        if (!(error instanceof NetError || error instanceof UsageError)) throw error;
        const taken = error instanceof NetError && error.code === "IN_USE" && target === undefined;
        say(
          front,
          taken
            ? `Port ${chosen.port ?? PLAIN_PORT} is taken, probably by another udpchat here: ` +
              "type 127.0.0.1 to call it"
            : error.message,
        );
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

/** `HOST:PORT`, undefined to wait, null at the end of input. */
async function askTarget(front: Front): Promise<string | undefined | null> {
  for (;;) {
    const answer = await ask(front, "Address of the other (Enter to wait for them): ");
    if (answer === undefined) return null;
    if (answer === "") return undefined;
    try {
      const { host, port = PLAIN_PORT } = parseTarget(answer);
      return formatAddress({ host, port });
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
