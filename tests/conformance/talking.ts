/**
 * The conversation that the tests have with the real program, and what it prints of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Program } from "../support/program.ts";
import { identityOf } from "./certificate.ts";
import { freshPerson, type Person } from "./handshake.ts";
import type { Session } from "./session.ts";
import { keyText } from "./text.ts";

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

/** The talk that all tests have: both say something, both hear it, both know that it was heard. */
export async function converse(program: Program, session: Session, key: string): Promise<void> {
  session.hello("konrad");
  session.say("grüße");
  session.say("second");
  await session.until("said its name", () => session.name !== undefined);
  assertEquals(session.name, "real");
  await session.until("has both messages", () => session.held === 2);
  await program.type("typed on the pipe");
  await session.until("sent its message", () => session.messages.length > 0);
  assertEquals(session.messages.map(({ number, text }) => [number, text]), [[
    1,
    "typed on the pipe",
  ]]);
  await session.settled();
  const status: Line = JSON.parse(await program.out.next('"state":"delivered"'));
  assertEquals(status.by, key);
  const mine = lines(program).find((line) => line.event === "message" && line.self === true);
  assertEquals([mine?.id, mine?.text], [status.id, "typed on the pipe"]);
  assertEquals(printed(program), ["grüße", "second"]);
}

/** My side goes, and the program sees it. */
export async function leave(program: Program, session: Session): Promise<void> {
  await session.close(0, "bye");
  await program.out.next('"state":"gone"');
}

/** A person and the text of its key. */
export function freshIdentity(): { readonly person: Person; readonly key: string } {
  const person = freshPerson();
  return { person, key: keyText(identityOf(person.seed)) };
}
