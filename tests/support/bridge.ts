/**
 * A node that is in one room on several relays at once, and passes on to each what it hears on the
 * others: a policy over {@linkcode Node} that no command has, to see that the core carries it.
 *
 * @module
 */

import type { EntryStore } from "../../lib/chat/entry_store.ts";
import type { Room } from "../../lib/chat/room.ts";
import type { Link } from "../../lib/peer/link.ts";
import { Node } from "../../lib/peer/node.ts";
import type { NodeEvent } from "../../lib/peer/node_event.ts";
import { KIND } from "../../lib/session/credentials.ts";
import type { HubOptions } from "../../lib/session/hub.ts";
import { type Address, formatAddress } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import type { Driven } from "./machine_net.ts";

/** It calls again after so long, in ms. */
const RETRY_MS = 1_000;

/** One relay. */
interface Side {
  readonly to: Address;
  /** The last call, and whether it was answered. */
  call: number | undefined;
  answered: boolean;
  link: Link | undefined;
  /** The relay may have a session of before that we have given up: a new one takes its place. */
  everUp: boolean;
  retryAt: number | undefined;
}

/** What it needs. */
export interface BridgeOptions {
  readonly hub: HubOptions;
  readonly store: EntryStore;
  readonly wall: (now: number) => number;
  /** The number of the room. */
  readonly room: Uint8Array;
  /** The relays. */
  readonly to: readonly Address[];
}

/** One bridge. */
export class Bridge implements Driven {
  readonly done = undefined;
  readonly #node: Node;
  readonly #room: Room;
  readonly #sides: Side[];

  constructor({ room, to, ...options }: BridgeOptions, now: number) {
    this.#node = new Node(
      { ...options, kind: KIND.member, pushes: () => true, stays: () => true },
      now,
    );
    this.#room = this.#node.room(room);
    this.#sides = to.map((to) => ({
      to,
      call: undefined,
      answered: true,
      link: undefined,
      everUp: false,
      retryAt: now,
    }));
    this.#call(now);
  }

  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.#node.hub.receive(bytes, from, now);
    this.#work(now);
  }

  tick(now: number): void {
    this.#node.hub.tick(now);
    this.#work(now);
    this.#call(now);
  }

  poll(now: number): Transmit | undefined {
    return this.#node.hub.poll(now);
  }

  nextTimeout(): number | undefined {
    const times = [this.#node.nextTimeout(), ...this.#sides.map(({ retryAt }) => retryAt)];
    return Math.min(...times.map((time) => time ?? Infinity));
  }

  #call(now: number): void {
    for (const side of this.#sides) {
      if (side.retryAt === undefined || now < side.retryAt) continue;
      side.retryAt = undefined;
      if (!side.answered) continue;
      side.answered = false;
      side.call = this.#node.hub.call(side.to, side.everUp, now);
    }
  }

  #work(now: number): void {
    this.#node.work(now);
    for (const event of this.#node.events()) this.#event(event, now);
  }

  #event(event: NodeEvent, now: number): void {
    if (event.type === "failed") {
      for (const side of this.#sides) {
        if (side.call !== event.call) continue;
        // Also after it was answered: the third message may never have been.
        side.answered = true;
        side.link = undefined;
        side.retryAt = now + RETRY_MS;
      }
    } else if (event.type === "up") this.#up(event);
    else if (event.type === "session") {
      const side = this.#sides.find(({ link }) => link === event.link);
      if (side === undefined) return;
      if (event.event.type === "closed") side.link = undefined;
      if (["closed", "stalled", "silent"].includes(event.event.type)) {
        side.retryAt ??= now + RETRY_MS;
      }
    }
  }

  #up({ session, call }: Extract<NodeEvent, { type: "up" }>): void {
    const side = this.#sides.find((each) => each.call !== undefined && each.call === call);
    const link = [...this.#node.links].find((each) => each.session === session);
    if (side === undefined || link === undefined) {
      throw new Error(`nobody called ${formatAddress(session.address)}`);
    }
    if (side.link) this.#node.close(side.link.session, 1, "another session");
    side.link = link;
    side.everUp = true;
    side.answered = true;
    side.retryAt = undefined;
    this.#node.tell(link, this.#room.number, { type: "join", name: "" });
    this.#node.join(link, this.#room).begin();
    this.#node.pump(link);
  }
}
