/**
 * `udpchat history`: what this machine has seen.
 *
 * @module
 */

import { printable, printableJson } from "../chat/printable.ts";
import { keyText, parseKeyText } from "../crypto/identity.ts";
import { NetError } from "../net/endpoint.ts";
import { History, type Message } from "../store/history.ts";
import type { Invocation } from "./command.ts";
import { sentTime } from "./event.ts";
import { homeOf } from "./front.ts";
import { historyLines } from "./history_lines.ts";
import { timeOf } from "./option_values.ts";
import { printOut } from "./print.ts";
import { homeError } from "./profile.ts";

/** Messages that are shown where nothing else is asked for (our choice: a screen). */
const SHOWN = 20;
/** Messages taken or printed together (our choice). */
const BATCH = 500;

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { host, options } = invocation, home = homeOf(host, options);
  if (home === undefined) {
    throw new NetError("HOME", "Cannot search what is not kept: leave out --ephemeral");
  }
  const history = open(home);
  try {
    if (options.import !== undefined) return await takeIn(invocation, history, options.import);
    if (options.export) return await giveOut(invocation, history);
    return await search(invocation, history);
  } finally {
    history.close();
  }
}

/**
 * Where what was read is kept, by all programs of a home.
 *
 * @param home The directory.
 * @returns The file.
 */
export function historyFile(home: string): string {
  return `${home}/history.db`;
}

function open(home: string): History {
  try {
    Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
    return new History(historyFile(home));
  } catch (error) {
    throw homeError(home, error);
  }
}

async function search({ host, options, words }: Invocation, history: History): Promise<number> {
  const wall = host.clock.wall(), limit = options.count ?? SHOWN;
  const query = {
    words: words.join(" "),
    limit,
    ...(options.room === undefined ? {} : { room: options.room }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.since === undefined ? {} : { since: timeOf(options.since, wall) }),
    ...(options.until === undefined ? {} : { until: timeOf(options.until, wall) }),
  };
  const found = history.search(query);
  if (options.json) return await printOut(host, found.map(json).join(""));
  const lines = found.flatMap((message) =>
    historyLines([{ ...message, name: `${message.room}/${message.name}` }])
  );
  return await printOut(host, lines.map((line) => `${printable(line)}\n`).join(""));
}

async function giveOut({ host }: Invocation, history: History): Promise<number> {
  let batch = "", count = 0;
  for (const message of history.export()) {
    batch += json(message);
    if (++count % BATCH !== 0) continue;
    await printOut(host, batch);
    batch = "";
  }
  return await printOut(host, batch);
}

async function takeIn({ host }: Invocation, history: History, file: string): Promise<number> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    throw new NetError("IMPORT", `Cannot read ${file}: ${(error as Error).message}`);
  }
  const messages = text.split("\n").flatMap((line, at) => line === "" ? [] : [read(line, at + 1)]);
  let added = 0;
  for (let from = 0; from < messages.length; from += BATCH) {
    added += history.add(messages.slice(from, from + BATCH));
  }
  const count = messages.length === 1 ? "1 message" : `${messages.length} messages`;
  return await printOut(host, `${count} read from ${file}, ${added} of them new\n`);
}

/** The fields of a `message` event, where they are known. */
function json(
  { id, room, author, name, text, sent, self, private: isPrivate }: Message,
): string {
  const from = { name, key: keyText(author) };
  const event = {
    event: "message",
    id,
    room,
    from,
    text,
    sent: sentTime(sent),
    self,
    private: isPrivate,
    history: true,
  };
  return `${printableJson(event)}\n`;
}

function read(line: string, number: number): Message {
  const wrong = (what: string): NetError =>
    new NetError("IMPORT", `Cannot take line ${number}: wanted ${what}, as --export writes it`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong("a JSON object");
  }
  const { id, room, from, text, sent, self, private: isPrivate } = value as Record<string, unknown>;
  const { name, key } = (from ?? {}) as Record<string, unknown>;
  const author = typeof key === "string" ? parseKeyText(key) : undefined;
  const at = typeof sent === "string" ? Date.parse(sent) : NaN;
  const texts = [id, room, name, text].every((each) => typeof each === "string");
  if (!texts || author === undefined || Number.isNaN(at)) throw wrong("the fields of a message");
  return {
    id: String(id),
    room: String(room),
    author,
    name: String(name),
    text: String(text),
    sent: at,
    self: self === true,
    private: isPrivate === true,
  };
}
