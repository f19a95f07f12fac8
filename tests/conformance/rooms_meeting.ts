/**
 * A member that was written from PROTOCOL.md alone and one of the real program, together in a room
 * of the real relay.
 *
 * @module
 */

import { freshPerson, type Person } from "./handshake.ts";
import { encodeLink, openRoom, relayHash, type RoomKeys, secretRoom } from "./rooms.ts";
import { Member } from "./rooms_member.ts";
import type { Other } from "./rooms_private.ts";
import { RealProgram, startRelay } from "./rooms_process.ts";
import type { RoomStore } from "./rooms_store.ts";

const REAL = ["--name", "real", "--json", "--stay", "--commands"];
const NAME = "tea";

/** A room, and who is in it. */
export class Meeting implements AsyncDisposable {
  readonly me: Person = freshPerson();
  readonly relay: RealProgram = startRelay();
  readonly #secret: Uint8Array | undefined;
  readonly #open: AsyncDisposable[] = [];

  /** The room has a secret or not. */
  constructor(hasSecret: boolean) {
    this.#secret = hasSecret ? crypto.getRandomValues(new Uint8Array(32)) : undefined;
  }

  /** Its number, or its keys. */
  get room(): Uint8Array | RoomKeys {
    return this.#secret ? secretRoom(this.#secret) : openRoom(NAME);
  }

  /** Another member from the document, with a store of before if there is one. */
  async member(person: Person, store?: RoomStore): Promise<Member> {
    const member = await Member.call(await this.relay.address(), this.room, person, store);
    this.#open.push(member);
    member.join(this.#secret ? "" : NAME);
    return member;
  }

  async #where(member: Member): Promise<string> {
    const { hostname: host, port } = await this.relay.address();
    if (!this.#secret) return `${host}:${port}/${NAME}`;
    const relay = relayHash(member.session.identity);
    return encodeLink({ host, port, name: NAME, secret: this.#secret, relay });
  }

  /** The program comes into the room of a member. */
  async program(member: Member, ...options: readonly string[]): Promise<RealProgram> {
    const program = new RealProgram("join", await this.#where(member), ...REAL, ...options);
    this.#open.push(program);
    return program;
  }

  /** Me as "konrad" and the program as "real", who know each other. */
  async both(
    ...options: readonly string[]
  ): Promise<{ readonly member: Member; readonly program: RealProgram; readonly other: Other }> {
    const member = await this.member(this.me);
    member.profile("konrad", this.me);
    const program = await this.program(member, ...options);
    const other = await nameOf(member, "real");
    await program.prints(/"name":"konrad"/);
    return { member, program, other };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.toReversed()) await each[Symbol.asyncDispose]();
    await this.relay[Symbol.asyncDispose]();
  }
}

/** Waits for the PROFILE of a name: who that is. */
export async function nameOf(member: Member, name: string): Promise<Other> {
  let found: Other | undefined;
  await member.session.until(`heard of ${name}`, () => {
    for (const { body, entry: { author } } of member.heard) {
      if (body.kind === "profile" && body.name === name) found = { author, static: body.static };
    }
    return found !== undefined;
  });
  if (!found) throw new Error(`nobody is called ${name}`);
  return found;
}
