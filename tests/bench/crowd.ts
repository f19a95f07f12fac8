/**
 * Members of a room that check nothing, many in one program: what a relay has to serve.
 *
 * @module
 */

import { encodeBody } from "../../lib/chat/body.ts";
import { NO_ENTRY, signEntry } from "../../lib/chat/entry.ts";
import { makeIdentity } from "../../lib/crypto/identity.ts";
import { openRoomNumber } from "../../lib/crypto/room_key.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { bindUdp } from "../../lib/net/bind.ts";
import { systemClock } from "../../lib/net/system_clock.ts";
import { RECEIPT_MS } from "../../lib/peer/receipts.ts";
import { type Machine, Shell } from "../../lib/peer/shell.ts";
import { Hub } from "../../lib/session/hub.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Address } from "../../lib/wire/address.ts";
import type { Transmit } from "../../lib/wire/datagram.ts";
import { CLOCK_STEPS } from "../../lib/wire/entry.ts";
import { encodeRoom, roomReader } from "../../lib/wire/room.ts";
import { random } from "./hub_end.ts";

const ROOM = openRoomNumber("lobby");
/** A line of 80 bytes. */
export const TEXT = "x".repeat(80);

/** A member that checks nothing: it counts, and says HAVE. */
class Counter implements Machine<never> {
  readonly identity = makeIdentity(random(32));
  readonly hub = new Hub({
    credentials: { identity: this.identity, staticKey: keyPair(random(32)), instance: random(8) },
    random,
  });
  done: object | undefined;
  /** The relay has let it in. */
  onJoined: () => void = () => {};
  /** A datagram came, of so many bytes. */
  onDatagram: (size: number) => void = () => {};
  /** Entries came: so many, from that number on. */
  onEntries: (author: Uint8Array, first: number, count: number) => void = () => {};
  #to: Address | undefined;
  #session: Session | undefined;
  readonly #readers = [roomReader(), roomReader()];
  readonly #records: [number, number] = [0, 0];
  readonly #unsaid: [boolean, boolean] = [false, false];
  #saidAt = -Infinity;
  readonly #log = random(8);
  #number = 0;
  #previous: Uint8Array = NO_ENTRY;

  /** An entry, signed and encoded: made before the clock runs. */
  entry(text: string): Uint8Array {
    const number = ++this.#number, time = Date.now(), log = this.#log;
    const body = encodeBody({ kind: "text", text }), clock = time * CLOCK_STEPS + number;
    const fields = { room: ROOM, log, number, previous: this.#previous, clock, time, body };
    const { entry, id } = signEntry(this.identity, fields), { author } = entry;
    const run = { history: false, author, log, first: number, previous: this.#previous };
    this.#previous = id;
    return encodeRoom({ type: "entries", ...run, parts: [entry] });
  }

  write(records: readonly Uint8Array[]): void {
    if (!this.#session || this.#session.closing) return;
    for (const record of records) this.#session.write(0, record);
    this.hub.touch(this.#session);
  }

  receive(bytes: Uint8Array, from: Address, now: number): void {
    this.onDatagram(bytes.length);
    this.hub.receive(bytes, from, now);
    this.#listen(now);
    this.#sayHave(now);
  }
  tick(now: number): void {
    this.hub.tick(now);
    this.#listen(now);
    this.#sayHave(now);
  }
  poll(now: number): Transmit | undefined {
    return this.hub.poll(now);
  }
  sent(): void {}
  events(): readonly never[] {
    return [];
  }
  nextTimeout(): number | undefined {
    const next = this.hub.nextTimeout();
    if (!this.#unsaid[0] && !this.#unsaid[1]) return next;
    return Math.min(next ?? Infinity, this.#saidAt + RECEIPT_MS);
  }

  /** Calls a relay, and goes on until there is a session. */
  call(to: Address, now: number): void {
    this.#to = to;
    this.hub.call(to, false, now);
  }

  #listen(now: number): void {
    for (const event of this.hub.events()) {
      const over = event.type === "failed" ||
        (event.type === "session" && event.event.type === "closed" && !this.done);
      if (over && this.#to) this.hub.call(this.#to, false, now);
      if (event.type === "up") {
        this.#session = event.session;
        this.write([
          encodeRoom({ type: "room", room: ROOM }),
          encodeRoom({ type: "join", name: "lobby" }),
          encodeRoom({ type: "hold", last: true, logs: [] }),
        ]);
      } else if (event.type === "session" && event.event.type === "data") {
        this.#read(event.event.stream === 0 ? 0 : 1, event.event.bytes);
      }
    }
  }

  #read(stream: 0 | 1, bytes: Uint8Array): void {
    let came = 0;
    for (const record of this.#readers[stream]?.push(bytes) ?? []) {
      if (record.type === "hold") this.onJoined();
      if (record.type !== "entries") continue;
      came++;
      this.onEntries(record.author, record.first, record.parts.length);
    }
    if (came === 0) return;
    this.#records[stream] += came;
    this.#unsaid[stream] = true;
  }

  /** As members do: at once, and then no sooner than after some ms. */
  #sayHave(now: number): void {
    if (now < this.#saidAt + RECEIPT_MS) return;
    for (const stream of [0, 1] as const) {
      if (!this.#unsaid[stream]) continue;
      this.write([encodeRoom({ type: "have", stream, count: this.#records[stream] })]);
      this.#unsaid[stream] = false;
      this.#saidAt = now;
    }
  }
}

/** A member and what drives it. */
export interface Driven {
  readonly machine: Counter;
  readonly shell: Shell<never>;
}

/** Members of the lobby. */
export class Crowd implements AsyncDisposable {
  readonly members: Driven[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #to: Address;

  /** Nobody yet. */
  constructor(to: Address) {
    this.#to = to;
  }

  /**
   * Lets more come in, all at once.
   *
   * @param count How many.
   * @returns Resolves when the relay has let all of them in.
   */
  async join(count: number): Promise<void> {
    const joined: Promise<void>[] = [];
    for (let each = 0; each < count; each++) {
      const machine = new Counter(), at = this.members.length;
      // Each at an address of its own: handshakes are counted by address.
      const host = `127.${1 + (at >> 16)}.${at >> 8 & 255}.${at & 255}`;
      const endpoint = await bindUdp(systemClock, { host, port: 0 });
      const shell = new Shell<never>(machine, endpoint, systemClock, () => {});
      joined.push(new Promise((resolve) => machine.onJoined = resolve));
      this.#running.push(shell.run());
      this.members.push({ machine, shell });
    }
    for (const { machine, shell } of this.members.slice(-count)) {
      shell.act((now) => machine.call(this.#to, now));
    }
    await Promise.all(joined);
  }

  /**
   * Some say some lines each at once.
   *
   * @param authors How many of the members.
   * @param lines How many lines of each.
   * @returns The deliveries, once all members have heard all.
   */
  async burst(authors: number, lines: number): Promise<number> {
    const said = this.members.slice(0, authors)
      .map(({ machine }) => Array.from({ length: lines }, () => machine.entry(TEXT)));
    const wanted = authors * lines * (this.members.length - 1);
    let heard = 0;
    const all = new Promise<void>((resolve) => {
      for (const { machine } of this.members) {
        machine.onEntries = (_author, _first, count) => {
          heard += count;
          if (heard === wanted) resolve();
        };
      }
    });
    for (const [at, records] of said.entries()) {
      const { machine, shell } = this.members[at] ?? {};
      shell?.act(() => machine?.write(records));
    }
    await all;
    return wanted;
  }

  /** All leave. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { machine, shell } of this.members) {
      machine.done = {};
      shell.act(() => {});
    }
    await Promise.all(this.#running);
  }
}

/** So many members of the lobby. */
export async function crowd(size: number, to: Address): Promise<Crowd> {
  const all = new Crowd(to);
  // A few at a time: all at once is measured for itself.
  for (let left = size; left > 0; left -= 64) await all.join(Math.min(left, 64));
  return all;
}
