/**
 * Calling and being called (PROTOCOL.md §4.5, §4.6).
 *
 * @module
 */

import { Malformed, same } from "./bytes.ts";
import { Answerer, Caller, type Choices, freshPerson, type Person } from "./handshake.ts";
import { encodeAnswer, encodeInit, type Init } from "./packets.ts";
import { Session } from "./session.ts";
import { type Arrived, PATIENCE_MS, type Wire } from "./wire.ts";

const REPEAT_MS = 200;

/** Calls an address until it answers. */
export async function call(
  wire: Wire,
  to: Deno.NetAddr,
  choices: Choices = {},
  person: Person = freshPerson(),
): Promise<Session> {
  const caller = new Caller(person, choices);
  let init: Init = caller.init;
  const end = Date.now() + PATIENCE_MS;
  let repeatAt = 0;
  while (Date.now() < end) {
    if (Date.now() >= repeatAt) {
      await wire.send(encodeInit(init), to);
      repeatAt = Date.now() + REPEAT_MS;
    }
    const arrived = await wire.receive(repeatAt);
    if (arrived?.packet.type === "cookie" && arrived.packet.receiver === init.sender) {
      if (same(init.cookie, arrived.packet.cookie)) continue;
      init = { ...init, cookie: arrived.packet.cookie };
      repeatAt = 0;
    }
    if (arrived?.packet.type !== "answer") continue;
    try {
      return new Session(wire, arrived.from, caller.finish(arrived.packet));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  throw new Error("nobody answered");
}

/** A handshake that waits for its FINAL. */
interface Waiting {
  readonly answerer: Answerer;
  readonly from: Deno.NetAddr;
}

function isFrom(one: Deno.NetAddr, other: Deno.NetAddr): boolean {
  return one.hostname === other.hostname && one.port === other.port;
}

async function onInit(
  wire: Wire,
  waiting: Waiting[],
  init: Init,
  from: Deno.NetAddr,
  person: Person,
  choices: Choices,
): Promise<void> {
  let known = waiting.find((each) => isFrom(each.from, from) && each.answerer.isCopy(init));
  if (!known) {
    known = { answerer: new Answerer(person, init, choices), from };
    waiting.push(known);
  }
  await wire.send(encodeAnswer(known.answerer.answer), from);
}

function onFinal(wire: Wire, waiting: readonly Waiting[], arrived: Arrived): Session | undefined {
  const { packet, from } = arrived;
  if (packet.type !== "final") return undefined;
  const known = waiting.find((each) =>
    each.answerer.index === packet.receiver && isFrom(each.from, from)
  );
  if (!known) return undefined;
  const session = new Session(wire, from, known.answerer.finish(packet.noise));
  session.take(packet);
  return session;
}

/** Waits for a call. */
export async function beCalled(
  wire: Wire,
  choices: Choices = {},
  person: Person = freshPerson(),
): Promise<Session> {
  const waiting: Waiting[] = [];
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const arrived = await wire.receive(end);
    if (!arrived) break;
    const { packet, from } = arrived;
    try {
      if (packet.type === "init") await onInit(wire, waiting, packet, from, person, choices);
      const session = onFinal(wire, waiting, arrived);
      if (session) return session;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  throw new Error("nobody called");
}
