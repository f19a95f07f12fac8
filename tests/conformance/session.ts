/**
 * A minimal session: packets out and in, acknowledgement, repetition by timer, echoes
 * (PROTOCOL.md §6-§15.2). Whoever uses it listens to the streams and says how long to wait.
 *
 * @module
 */

import { Malformed } from "./bytes.ts";
import { decodeFrames, elicits, encodeFrames, type Frame, isRepeated } from "./frames.ts";
import type { Outcome } from "./handshake.ts";
import { Keyring } from "./keyring.ts";
import { expandNumber, numberBits, Received } from "./numbers.ts";
import { dataHeader, finalHeader, type Sealed } from "./packets.ts";
import { decodeEcho, encodeEcho } from "./records.ts";
import { Streams } from "./streams.ts";
import { type Arrived, PATIENCE_MS, type Wire } from "./wire.ts";

const PTO_MS = 150;
const IN_FLIGHT = 32;
const ROOM = 1200 - 176 - 16;

interface Sent {
  readonly frames: readonly Frame[];
  readonly at: number;
}

/** Takes bytes that came on a stream. */
export type Hear = (stream: number, bytes: Uint8Array) => void;

/** One session with the other side. */
export class Session {
  /** The other side's CLOSE. */
  closed: Extract<Frame, { type: "close" }> | undefined;
  /** The echo answers that came. */
  readonly echoes: number[] = [];
  /** How many challenges came. */
  challenges = 0;
  /** The answers to my challenges. */
  readonly responses: Uint8Array[] = [];
  /** The DATA and FINAL packets that came. */
  readonly came: { final: number; data: number } = { final: 0, data: 0 };
  /** Takes the datagrams that are no echoes. */
  hearDatagram: ((data: Uint8Array) => void) | undefined;
  /** Whether what comes makes room for more; else the other side may send no more in the end. */
  reads = true;
  /** The socket; another one is another address. */
  wire: Wire;
  readonly #address: Deno.NetAddr;
  readonly #outcome: Outcome;
  readonly #keys: Keyring;
  readonly #received: Received = new Received();
  readonly #flight: Map<number, Sent> = new Map();
  readonly #delivered: WeakSet<Frame> = new WeakSet();
  readonly #streams: Streams = new Streams();
  #queue: Frame[] = [];
  #acknowledge = false;
  #acknowledged: number | null = null;
  #number = 0;
  #hear: Hear | undefined;
  #unheard: Parameters<Hear>[] = [];

  constructor(wire: Wire, address: Deno.NetAddr, outcome: Outcome) {
    this.wire = wire;
    this.#address = address;
    this.#outcome = outcome;
    this.#keys = new Keyring(outcome.initiator, outcome.keys);
  }

  /** Who takes what comes on the streams, and what came before that. */
  set hear(hear: Hear) {
    this.#hear = hear;
    this.#unheard.splice(0).forEach((each) => hear(...each));
  }

  /** Whether my side has called. */
  get hasCalled(): boolean {
    return this.#outcome.initiator;
  }

  /** How many packets were sent. */
  get sent(): number {
    return this.#number;
  }

  /** The other side's identity. */
  get identity(): Uint8Array {
    return this.#outcome.peer.identity;
  }

  /** The handshake hash. */
  get hash(): Uint8Array {
    return this.#outcome.hash;
  }

  /** The generation of keys that seals. */
  get generation(): number {
    return this.#keys.generation;
  }

  #seal(frames: readonly Frame[], clear: Uint8Array = encodeFrames(frames)): Uint8Array {
    const [number, theirs] = [this.#number++, this.#outcome.theirs];
    const phase = this.#keys.generation % 2;
    const header = this.#outcome.initiator && this.#received.largest < 0
      ? finalHeader(theirs, this.#outcome.third, number)
      : dataHeader(theirs, number, numberBits(number, this.#acknowledged), phase);
    if (frames.some(elicits)) this.#flight.set(number, { frames, at: Date.now() });
    return this.#keys.seal(number, header, clear);
  }

  #takeAcknowledgement(): Frame[] {
    const ranges = this.#received.ranges();
    if (!this.#acknowledge || ranges.length === 0) return [];
    this.#acknowledge = false;
    return [{ type: "ack", delay: 0, ranges: ranges.slice(0, 16) }];
  }

  #nextPacket(): Frame[] {
    const frames = this.#takeAcknowledgement();
    for (;;) {
      const next = this.#queue.shift() ??
        (this.#flight.size < IN_FLIGHT ? this.#streams.next() : undefined);
      if (!next) return frames;
      if (frames.length > 0 && encodeFrames([...frames, next]).length > ROOM) {
        this.#queue.unshift(next);
        return frames;
      }
      frames.push(next);
    }
  }

  /** Sends all that waits. */
  async flush(): Promise<void> {
    for (let frames = this.#nextPacket(); frames.length > 0; frames = this.#nextPacket()) {
      await this.wire.send(this.#seal(frames), this.#address);
    }
  }

  #repeat(numbers: readonly number[]): void {
    for (const number of numbers) {
      const frames = this.#flight.get(number)?.frames ?? [];
      this.#flight.delete(number);
      const wanted = frames.filter((frame) => isRepeated(frame) && !this.#delivered.has(frame));
      this.#queue.push(...wanted.filter((frame) => !this.#queue.includes(frame)));
    }
  }

  #onAck(frame: Extract<Frame, { type: "ack" }>): void {
    for (const { first, last } of frame.ranges) {
      if (last >= this.#number) throw new Malformed("acknowledges what was not sent");
      for (const [number, sent] of this.#flight) {
        if (number < first || number > last) continue;
        for (const each of sent.frames) this.#delivered.add(each);
        this.#flight.delete(number);
      }
      this.#acknowledged = Math.max(this.#acknowledged ?? -1, last);
    }
    const largest = this.#acknowledged ?? -1;
    this.#repeat([...this.#flight.keys()].filter((number) => number <= largest - 3));
  }

  #onEcho(data: Uint8Array): void {
    const echo = decodeEcho(data);
    if (!echo) this.hearDatagram?.(data);
    if (echo?.type === "answer") this.echoes.push(echo.number);
    if (echo?.type !== "ask") return;
    const answer = encodeEcho({ type: "answer", number: echo.number });
    this.#queue.push({ type: "datagram", data: answer });
  }

  #onStream(frame: Extract<Frame, { type: "stream" }>): void {
    const bytes = this.#streams.take(frame);
    if (this.reads) this.#queue.push(...this.#streams.limits());
    if (this.#hear) this.#hear(frame.id, bytes);
    else this.#unheard.push([frame.id, bytes]);
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "ack") this.#onAck(frame);
    if (frame.type === "stream") this.#onStream(frame);
    if (frame.type === "max data" || frame.type === "max stream data") {
      this.#streams.raise(frame);
    }
    if (frame.type === "challenge") {
      this.challenges++;
      this.#queue.push({ type: "response", data: frame.data });
    }
    if (frame.type === "response") this.responses.push(frame.data);
    if (frame.type === "rekey" || frame.type === "rekey answer") {
      this.#queue.push(...this.#keys.take(frame));
    }
    if (frame.type === "rekey request") this.#queue.push(...this.#keys.ask());
    if (frame.type === "datagram") this.#onEcho(frame.data);
    if (frame.type === "close") this.closed = frame;
  }

  /** Takes a packet of this session; what is not authentic or not new is dropped. */
  take(packet: Sealed & { readonly type: "final" | "data" }): void {
    if (packet.receiver !== this.#outcome.mine || this.closed) return;
    const number = expandNumber(this.#received.largest, packet.value, packet.bits);
    let clear: Uint8Array;
    try {
      clear = this.#keys.open(packet, number);
    } catch {
      return;
    }
    if (!this.#received.isNew(number)) return;
    this.#received.add(number);
    this.came[packet.type]++;
    const frames = decodeFrames(clear);
    if (frames.some(elicits)) this.#acknowledge = true;
    frames.forEach((frame) => this.#onFrame(frame));
  }

  #oldest(): number {
    return Math.min(...[...this.#flight.values()].map((sent) => sent.at));
  }

  /** Waits for one packet or for the timer, and sends what is due. */
  async step(until: number): Promise<void> {
    await this.flush();
    const arrived: Arrived | undefined = await this.wire.receive(
      Math.min(until, this.#oldest() + PTO_MS),
    );
    if (arrived?.packet.type === "data" || arrived?.packet.type === "final") {
      this.take(arrived.packet);
    }
    if (!arrived && this.#oldest() + PTO_MS <= Date.now()) {
      this.#repeat([...this.#flight.keys()]);
      if (this.#queue.length === 0) this.#queue.push({ type: "ping" });
    }
    await this.flush();
  }

  /** Goes on until something is so. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`never ${what}`);
      await this.step(end);
    }
  }

  /** Everything that was sent and elicits is acknowledged, or the other side has closed. */
  async settled(): Promise<void> {
    await this.flush();
    const isSo = () => this.#flight.size === 0 && this.#queue.length === 0;
    await this.until("acknowledged", () => this.closed !== undefined || isSo());
  }

  /** Asks for an echo. */
  ask(number: number): void {
    this.#queue.push({ type: "datagram", data: encodeEcho({ type: "ask", number }) });
  }

  /** Says a record that may be anything. */
  record(bytes: Uint8Array, stream: 0 | 1 = 0): void {
    this.#streams.push(stream, bytes);
  }

  /** Sends a packet whose frames may be anything. */
  async send(clear: Uint8Array): Promise<void> {
    await this.wire.send(this.#seal([], clear), this.#address);
  }

  /** Sends a frame of any kind. */
  push(frame: Frame): void {
    this.#queue.push(frame);
  }

  /** Begins a new generation of keys, or asks for it. */
  rekey(): void {
    this.#queue.push(
      ...this.#outcome.initiator ? this.#keys.ask() : [
        { type: "rekey request" } as const,
      ],
    );
  }

  /** Says CLOSE in two packets. */
  async close(code: number, reason: string): Promise<void> {
    await this.flush();
    const frame: Frame = { type: "close", code, reason };
    for (let copy = 0; copy < 2; copy++) {
      await this.wire.send(this.#seal([frame]), this.#address);
    }
  }
}
