/**
 * The conversation that the tests have with the real program, and what it prints of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Program } from "../support/program.ts";
import { identityOf } from "./certificate.ts";
import { beCalled, call } from "./call.ts";
import { type Choices, freshPerson, type Person } from "./handshake.ts";
import type { RoomStore } from "./rooms_store.ts";
import { Talker } from "./talker.ts";
import { keyText } from "./text.ts";
import type { Wire } from "./wire.ts";

/** How the program talks in these tests. */
export const TALK: readonly string[] = ["--ephemeral", "--name", "real", "--json"];
/** How it waits for a call. */
export const LISTEN: readonly string[] = ["talk", "--host", "127.0.0.1", "--port", "0", ...TALK];

/** A line of the program's JSON, as far as it matters here. */
export interface Line {
  readonly event: string;
  readonly id?: string;
  readonly text?: string;
  readonly self?: boolean;
  readonly state?: string;
  readonly by?: string | null;
}

/** All lines that it has printed so far. */
export function lines(program: Program): Line[] {
  return program.out.all.map((line) => JSON.parse(line) as Line);
}

/** The messages of the other side that it has printed so far. */
export function printed(program: Program): string[] {
  return lines(program).flatMap((line) =>
    line.event === "message" && line.self === false ? [line.text ?? ""] : []
  );
}

/** Choices of a call, and the store of an older talk if there is one. */
export interface TalkChoices extends Choices {
  readonly store?: RoomStore;
}

/** Calls somebody, to talk with a store of before if there is one. */
export async function talkTo(
  wire: Wire,
  to: Deno.NetAddr,
  person: Person = freshPerson(),
  choices: TalkChoices = {},
): Promise<Talker> {
  return new Talker(await call(wire, to, choices, person), person, choices.store);
}

/** Waits for a call, to talk with a store of before if there is one. */
export async function beTalkedTo(
  wire: Wire,
  person: Person = freshPerson(),
  choices: TalkChoices = {},
): Promise<Talker> {
  return new Talker(await beCalled(wire, choices, person), person, choices.store);
}

/** The talk that all tests have: both say something, both hear it, both know that it was heard. */
export async function converse(program: Program, talker: Talker, person: Person): Promise<void> {
  const { session } = talker;
  await talker.introduce(person);
  talker.text("grüße");
  talker.text("second");
  assertEquals(talker.name, "real");
  await talker.kept();
  await program.type("typed on the pipe");
  await session.until("sent its message", () => talker.texts.length > 0);
  assertEquals(talker.texts, ["typed on the pipe"]);
  await session.settled();
  const status: Line = JSON.parse(await program.out.next('"state":"delivered"'));
  assertEquals(status.by, keyText(identityOf(person.seed)));
  const mine = lines(program).find((line) => line.event === "message" && line.self === true);
  assertEquals([mine?.id, mine?.text], [status.id, "typed on the pipe"]);
  assertEquals(printed(program), ["grüße", "second"]);
  for (const type of ["member", "delivered", "privates"] as const) {
    assertEquals(talker.of(type), [], `${type} is not said in talk`);
  }
}

/** My side goes, and the program sees it. */
export async function leave(program: Program, { session }: Talker): Promise<void> {
  await session.close(0, "bye");
  await program.out.next('"state":"gone"');
}
