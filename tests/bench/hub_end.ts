/**
 * A hub on a real socket, for benchmarks.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { bindUdp } from "../../lib/net/bind.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { type Machine, Shell } from "../../lib/peer/shell.ts";
import { Hub } from "../../lib/session/hub.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";

/** Random bytes. */
export const random = (length: number): Uint8Array =>
  crypto.getRandomValues(new Uint8Array(length));

/** As much may wait in a stream: more than is ever on its way. */
const ROOM_BYTES = 500_000;

/** A hub as a machine, for real sockets. */
export class HubMachine implements Machine<never> {
  readonly hub: Hub = new Hub({
    credentials: {
      identity: makeIdentity(random(32)),
      staticKey: keyPair(random(32)),
      instance: random(8),
    },
    random,
  });
  done: object | undefined;
  session: Session | undefined;
  onData: (bytes: Uint8Array) => void = () => {};
  onUp: () => void = () => {};
  /** Writes more where there is room, before each packet that is built. */
  onRoom: (() => void) | undefined;

  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.hub.receive(bytes, from, now);
    this.#events();
  }
  tick(now: number): void {
    this.hub.tick(now);
    this.#events();
  }
  poll(now: number): Transmit | undefined {
    if (this.onRoom && (this.session?.held ?? 0) < ROOM_BYTES) this.onRoom();
    return this.hub.poll(now);
  }
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): number | undefined {
    return this.hub.nextTimeout();
  }
  write(stream: number, bytes: Uint8Array): void {
    if (!this.session) return;
    this.session.write(stream, bytes);
    this.hub.touch(this.session);
  }
  #events(): void {
    for (const event of this.hub.events()) {
      if (event.type === "up") {
        this.session = event.session;
        this.onUp();
      } else if (event.type === "session" && event.event.type === "data") {
        this.onData(event.event.bytes);
      }
    }
  }
}

/** A machine with its shell. */
export interface End {
  readonly machine: HubMachine;
  readonly shell: Shell<never>;
  readonly address: Address;
  readonly running: Promise<void>;
}

/** Starts one on loopback. */
export async function end(): Promise<End> {
  const machine = new HubMachine();
  const endpoint = await bindUdp(systemClock, { host: "127.0.0.1", port: 0 });
  const shell = new Shell<never>(machine, endpoint, systemClock, () => {});
  const address = endpoint.addresses[0] ?? { host: "", port: 0 };
  return { machine, shell, address, running: shell.run() };
}
