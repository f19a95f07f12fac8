/**
 * Messages as `history` prints them and takes them again: JSON Lines, each a `message` event.
 *
 * @module
 */

import { printableJson } from "../chat/printable.ts";
import { keyText, parseKeyText } from "../crypto/identity.ts";
import { NetError } from "../net/endpoint.ts";
import type { Message } from "../store/history.ts";
import { sentTime } from "./event.ts";
import { fileError } from "./file_error.ts";

/** Longest line that is taken, in UTF-16 units (our choice: a message has 65,536, escaped six times that). */
const MAX_LINE = 1_000_000;

/**
 * One message as a line: where it came from is not kept, so that its address is null.
 *
 * @param message The message.
 * @param time When it is printed, in ms since 1970.
 * @returns The line with its end.
 */
export function messageLine(
  { id, room, author, name, text, sent, self, private: isPrivate }: Message,
  time: number,
): string {
  const event = {
    event: "message",
    time: sentTime(time),
    id,
    room,
    from: { name, key: keyText(author), address: null },
    text,
    sent: sentTime(sent),
    self,
    private: isPrivate,
    history: true,
  };
  return `${printableJson(event)}\n`;
}

/**
 * Reads such a line; fields that it may have beside those that are kept do not count.
 *
 * @param line The line.
 * @param number Which one it is, for the error.
 * @returns The message.
 * @throws {NetError} If it is none.
 */
export function readMessage(line: string, number: number): Message {
  const wrong = (what: string): NetError =>
    new NetError("IMPORT", `Cannot take line ${number}: wanted ${what}, as --export writes it`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong("a JSON object");
  }
  const { id, room, from, text, sent, self, private: isPrivate } = (value ?? {}) as Record<
    string,
    unknown
  >;
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

/**
 * The messages of a file, one after the other: only some of it is in memory.
 *
 * @param path The file.
 * @returns Messages.
 * @throws {NetError} If it cannot be read, or a line is no message.
 */
export async function* readMessages(path: string): AsyncGenerator<Message, void> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (line.trim() !== "") yield readMessage(line, number);
  }
}

async function* linesOf(path: string): AsyncGenerator<string, void> {
  let partial = "", number = 1;
  try {
    using file = await Deno.open(path);
    const decoder = new TextDecoder(), buffer = new Uint8Array(65_536);
    for (;;) {
      const count = await file.read(buffer);
      const bytes = buffer.subarray(0, count ?? 0);
      const pieces = (partial + decoder.decode(bytes, { stream: count !== null })).split("\n");
      partial = pieces.pop() ?? "";
      yield* pieces;
      number += pieces.length;
      if (partial.length > MAX_LINE) {
        throw new NetError("IMPORT", `Cannot take line ${number}: it is longer than any message`);
      }
      if (count === null) break;
    }
  } catch (error) {
    throw error instanceof NetError ? error : fileError("IMPORT", "", path, error);
  }
  yield partial;
}
