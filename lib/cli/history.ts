/**
 * `udpchat history`: what this machine has seen.
 *
 * @module
 */

import { printable } from "../chat/printable.ts";
import { NetError } from "../net/endpoint.ts";
import { History, type Message } from "../store/history.ts";
import type { Invocation } from "./command.ts";
import { homeOf } from "./front.ts";
import { messageLine, readMessages } from "./history_file.ts";
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
  if (options.json) {
    return await printOut(host, found.map((each) => messageLine(each, wall)).join(""));
  }
  const lines = found.flatMap((message) =>
    historyLines([{ ...message, name: `${message.room}/${message.name}` }])
  );
  return await printOut(host, lines.map((line) => `${printable(line)}\n`).join(""));
}

async function giveOut({ host }: Invocation, history: History): Promise<number> {
  const now = host.clock.wall();
  let batch = "", count = 0;
  for (const message of history.export()) {
    batch += messageLine(message, now);
    if (++count % BATCH !== 0) continue;
    await printOut(host, batch);
    batch = "";
  }
  return await printOut(host, batch);
}

/**
 * Takes all, or nothing where a line is wrong: a file is read to its end before anything of it is kept. A
 * pipe can be read once only; what stands before a line that is wrong is kept then.
 */
async function takeIn({ host }: Invocation, history: History, path: string): Promise<number> {
  const isFile = await Deno.stat(path).then((info) => info.isFile, () => true);
  if (isFile) { for await (const _ of readMessages(path)) { /* It is a message. */ } }
  let batch: Message[] = [], count = 0, added = 0;
  const keep = (): void => {
    added += history.add(batch);
    batch = [];
  };
  for await (const message of readMessages(path)) {
    count++;
    if (batch.push(message) === BATCH) keep();
  }
  keep();
  const all = count === 1 ? "1 message" : `${count} messages`;
  return await printOut(host, `${all} read from ${path}, ${added} of them new\n`);
}
