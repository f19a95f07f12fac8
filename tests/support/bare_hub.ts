/**
 * A hub in a test's hands, without a network: each datagram is passed on, changed or kept.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { seededRandom } from "../../lib/net/random.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import { Hub, type HubEvent } from "../../lib/session/hub.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import { encodeInit, encodeInitHead } from "../../lib/wire/packet.ts";
import { ANN, BOB, testRandom } from "./session_pair.ts";

/** Credentials from a seed. */
export function credentialsOf(seed: number): Credentials {
  const bytes = testRandom(seededRandom(seed));
  return {
    identity: makeIdentity(bytes(32)),
    staticKey: keyPair(bytes(32)),
    instance: bytes(8),
  };
}

/** One hub. */
export class BareHub {
  readonly hub: Hub;
  readonly events: HubEvent[] = [];

  constructor(credentials: Credentials, secret?: Uint8Array, seed = 1) {
    this.hub = new Hub({ credentials, secret, random: testRandom(seededRandom(seed)) });
  }

  /** Sessions that came up. */
  get up(): Session[] {
    return this.events.filter((event) => event.type === "up").map(({ session }) => session);
  }

  /** What was heard on streams, joined. */
  get heard(): string {
    return this.events.map((event) =>
      event.type === "session" && event.event.type === "data"
        ? new TextDecoder().decode(event.event.bytes)
        : ""
    ).join("");
  }

  /** All that it wants to send. */
  send(now: number): Uint8Array[] {
    const sent: Uint8Array[] = [];
    for (let next = this.hub.poll(now); next; next = this.hub.poll(now)) sent.push(next.bytes);
    this.events.push(...this.hub.events());
    return sent;
  }

  /** Hears a datagram; gives what it answers at once. */
  hear(bytes: Uint8Array, from: Address, now: number): Uint8Array[] {
    this.hub.receive(bytes, from, now);
    return this.send(now);
  }

  /** Calls; gives the first message. */
  call(to: Address, now: number): Uint8Array {
    this.hub.call(to, false, now);
    return only(this.send(now));
  }
}

/** The one datagram of several copies. */
export function only(sent: readonly Uint8Array[]): Uint8Array {
  const [first] = sent;
  if (first === undefined) throw new Error("Nothing was sent");
  return first;
}

/** Two that say everything to each other at once, until both are quiet. */
export function shuttle(
  ann: BareHub,
  bob: BareHub,
  first: readonly Uint8Array[],
  now: number,
): void {
  let [toBob, toAnn] = [first, [] as readonly Uint8Array[]];
  for (let round = 0; round < 20 && toBob.length + toAnn.length > 0; round++) {
    const answers = toBob.flatMap((bytes) => bob.hear(bytes, ANN, now));
    toBob = toAnn.flatMap((bytes) => ann.hear(bytes, BOB, now));
    toAnn = answers;
  }
}

/** A first message of no real caller: any 32 bytes are an X25519 key. */
export function spoofedInit(
  ephemeral: Uint8Array,
  sender = 7,
  cookie: Uint8Array = new Uint8Array(16),
): Uint8Array {
  const head = encodeInitHead({
    mode: 0,
    features: 0,
    sender,
    ephemeral,
    tag: new Uint8Array(16),
  });
  return encodeInit(head, new Uint8Array(16), cookie);
}
