/**
 * What a session sends next, and how a packet is built and sealed. Pure.
 *
 * ```text
 *   challenges ▸ second copies, probes ▸ control ▸ chat ▸ bulk, as far as it may ▸ PING, ACK alone
 * ```
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import { Writer } from "../wire/bytes.ts";
import type { Transmit } from "../wire/datagram.ts";
import { encodeFrame, type Frame } from "../wire/frame.ts";
import {
  DATA_OVERHEAD_BYTES,
  encodeDataHeader,
  encodeFinalHeader,
  numberBits,
  TAG_BYTES,
} from "../wire/packet.ts";
import { AMPLIFICATION, BASE_MTU, MTU_LOOPBACK, same } from "./path.ts";
import { isBulk } from "./send_stream.ts";
import { ELICITING, type SessionState } from "./state.ts";

interface Sending {
  /** Where to, if not to where the other side is. */
  readonly to?: Address;
  /** The packet that it repeats. */
  readonly copyOf?: number;
  /** It waits for congestion control, and counts there. */
  readonly bulk?: boolean;
  /** Pad the datagram to this size, to see whether it arrives. */
  readonly probe?: number;
}

/** Frames are gathered here before they are sealed, one packet at a time. */
const scratch = new Uint8Array(MTU_LOOPBACK);

const PING: Frame = { type: "ping" };

/** Room that a frame other than STREAM takes at most: REKEY is the longest. */
const CONTROL_BYTES = 48;
/** Frames of the session itself in one packet (our choice: they fit). */
const CONTROL_FRAMES = 8;

/** Frames that are sent again when their packet is lost. */
const REPEATED: ReadonlySet<Frame["type"]> = new Set([
  "stream",
  "maxData",
  "maxStreamData",
  "reset",
  "rekey",
  "rekeyAnswer",
  "rekeyRequest",
]);

/** The giving half of a session. */
export class Sender {
  readonly #state: SessionState;

  /**
   * Gives out what a session has to say.
   *
   * @param state The session's memory.
   */
  constructor(state: SessionState) {
    this.#state = state;
  }

  /**
   * What to send next while the session is open.
   *
   * @param now Time in ms.
   */
  poll(now: number): Transmit | undefined {
    return this.#pollDirected(now) ?? this.#pollRepeats(now) ?? this.#pollFresh(now) ??
      this.#pollIdle(now);
  }

  /**
   * What of chat was written and not sent, before the session is closed.
   *
   * @param now Time in ms.
   */
  last(now: number): Transmit | undefined {
    if (!this.#state.streams.ready(false)) return undefined;
    return this.#send((room) => this.#state.streams.take(room, false), now, {});
  }

  /**
   * Sends one frame now.
   *
   * @param frame The frame.
   * @param now Time in ms.
   */
  send(frame: Frame, now: number): Transmit | undefined {
    return this.#send(() => [frame], now, {});
  }

  #pollDirected(now: number): Transmit | undefined {
    for (let next = this.#state.directed.shift(); next; next = this.#state.directed.shift()) {
      const { to, frame } = next;
      const sent = this.#send(() => [frame], now, { to });
      if (sent !== undefined) return sent;
    }
    return undefined;
  }

  /** Second copies and probes. */
  #pollRepeats(now: number): Transmit | undefined {
    const { recovery } = this.#state;
    for (let copy = recovery.takeCopy(now); copy; copy = recovery.takeCopy(now)) {
      const { frames, of } = copy, isPing = frames.length === 0;
      const wanted = isPing ? recovery.sent.awaited > 0 : this.#wanted(frames, BASE_MTU).length > 0;
      if (!wanted) continue;
      const fill = (room: number) => isPing ? [PING] : this.#wanted(frames, room);
      return this.#send(fill, now, { copyOf: of });
    }
    if (recovery.probesToSend === 0) return undefined;
    const frames = this.#probeFrames(), copyOf = recovery.sent.oldest?.number ?? 0;
    recovery.probing(frames, copyOf, now);
    const fill = (room: number): Frame[] => {
      const wanted = this.#wanted(frames, room);
      return wanted.length > 0 ? wanted : [PING];
    };
    return this.#send(fill, now, { copyOf });
  }

  /** The oldest frames that are not acknowledged, chat first, as many as fit. */
  #probeFrames(): readonly Frame[] {
    const all: Frame[] = [];
    for (const packet of this.#state.recovery.sent.packets) {
      if (packet.probe) continue;
      all.push(...packet.frames);
      if (all.length >= 16) break;
    }
    const chat = all.filter((frame) => frame.type !== "stream" || !isBulk(frame.id));
    return this.#wanted(
      chat.length > 0 ? chat : all,
      this.#state.path.mtu - DATA_OVERHEAD_BYTES - 32,
    );
  }

  #wanted(frames: readonly Frame[], room: number): Frame[] {
    const wanted: Frame[] = [], seen = new Set<string>();
    let left = room;
    for (const frame of frames) {
      const again = this.#state.streams.again(frame, left);
      if (again === undefined) continue;
      const key = again.type === "stream" ? `${again.id}:${again.offset}` : again.type;
      if (seen.has(key)) continue;
      seen.add(key);
      wanted.push(again);
      left -= again.type === "stream" ? again.data.length + 14 : CONTROL_BYTES;
      if (left < CONTROL_BYTES) break;
    }
    return wanted;
  }

  /** Control, chat and bulk that were not sent yet, or are to be sent again after a loss. */
  #pollFresh(now: number): Transmit | undefined {
    this.#state.paceAt = undefined;
    const datagram = this.#state.datagrams.shift();
    if (datagram !== undefined) {
      return this.#send(() => [{ type: "datagram", data: datagram }], now, {});
    }
    const bulkAt = this.#bulkAt(now), bulk = bulkAt !== undefined && bulkAt <= now;
    if (this.#state.control.length > 0 || this.#state.streams.ready(false)) {
      return this.#send(
        (room) => {
          const control = this.#state.control.splice(0, CONTROL_FRAMES);
          return [
            ...control,
            ...this.#state.streams.take(room - control.length * CONTROL_BYTES, false),
          ];
        },
        now,
        {},
      );
    }
    const ready = this.#state.streams.ready(true);
    if (!ready && !this.#state.measure) return undefined;
    const size = this.#state.path.probeSize(now);
    if (size !== undefined && this.#state.final === undefined) {
      this.#state.path.probed(size);
      return this.#send(() => [PING], now, { probe: size });
    }
    if (!ready) return undefined;
    if (!bulk) {
      this.#state.paceAt = bulkAt;
      return undefined;
    }
    return this.#send((room) => this.#state.streams.take(room, true), now, { bulk: true });
  }

  #bulkAt(now: number): number | undefined {
    if (!this.#state.streams.ready(true)) return undefined;
    const { congestion, path } = this.#state.recovery;
    return congestion.readyAt(this.#state.path.mtu, path.smoothed, now);
  }

  /** Acknowledgements alone, and heartbeats. */
  #pollIdle(now: number): Transmit | undefined {
    if (this.#state.ping) return this.#send(() => [PING], now, {});
    const due = this.#state.received.dueAt;
    return due !== undefined && due <= now ? this.#send(() => [], now, {}) : undefined;
  }

  /** Builds and seals one packet. */
  #send(fill: (room: number) => Frame[], now: number, how: Sending): Transmit | undefined {
    // What is repeated may be what is too large for the path.
    const mtu = how.probe ??
      (how.copyOf === undefined ? this.#state.path.mtu : Math.min(this.#state.path.mtu, BASE_MTU));
    const number = this.#state.number;
    const header = this.#state.final === undefined
      ? encodeDataHeader(
        this.#state.remote,
        this.#state.keys.generation,
        number,
        numberBits(number, this.#state.recovery.sent.largestAcknowledged),
      )
      : encodeFinalHeader(this.#state.remote, this.#state.final, number);
    const writer = new Writer(scratch.subarray(0, mtu - header.length - TAG_BYTES));
    const acknowledges = this.#state.received.dueAt !== undefined;
    const frames = this.#fill(writer, acknowledges, fill, now, how);
    if (writer.length === 0) return undefined;
    const bytes = this.#state.keys.packet(number, header, writer.finish());
    const to = how.to ?? this.#state.path.address;
    if (!this.#mayGo(to, bytes.length)) return undefined;
    this.#state.number++;
    this.#left(frames, bytes, now, how);
    if (acknowledges) this.#state.received.sent();
    if (how.to === undefined) this.#alsoToCandidate(bytes);
    return { bytes, to };
  }

  #fill(
    writer: Writer,
    acknowledges: boolean,
    fill: (room: number) => Frame[],
    now: number,
    how: Sending,
  ): Frame[] {
    const ack = acknowledges ? this.#state.received.frame(now) : undefined;
    if (ack) encodeFrame(writer, ack, false);
    // One byte of room is kept: a frame's length may be written where none was counted.
    const frames = fill(writer.left - 4);
    const padding = how.probe !== undefined;
    for (const [at, frame] of frames.entries()) {
      encodeFrame(writer, frame, at === frames.length - 1 && !padding);
    }
    if (padding) writer.bytes(new Uint8Array(writer.left));
    return frames;
  }

  #left(frames: readonly Frame[], bytes: Uint8Array, now: number, how: Sending): void {
    const elicits = frames.some((frame) => ELICITING.has(frame.type));
    const kept = frames.filter((frame) => REPEATED.has(frame.type));
    const chat = kept.some((frame) => frame.type === "stream" && !isBulk(frame.id));
    this.#state.bytes.sent += bytes.length;
    if (elicits) this.#state.ping = false;
    if (kept.some((frame) => frame.type === "stream")) this.#state.used = true;
    this.#state.recovery.left(
      {
        number: this.#state.number - 1,
        at: now,
        size: bytes.length,
        elicits,
        bulk: how.bulk ?? false,
        probe: how.probe !== undefined,
        frames: kept,
        copyOf: how.copyOf,
      },
      chat,
    );
  }

  /** Before an address has proved itself it gets three times what came from it at most. */
  #mayGo(to: Address, size: number): boolean {
    const candidate = this.#state.path.candidate;
    if (!candidate || !same(to, candidate.address) || candidate.proved) return true;
    if (candidate.sent + size > AMPLIFICATION * candidate.received) return false;
    candidate.sent += size;
    return true;
  }

  #alsoToCandidate(bytes: Uint8Array): void {
    const candidate = this.#state.path.candidate;
    if (candidate && this.#mayGo(candidate.address, bytes.length)) {
      this.#state.outbox.push({ bytes, to: candidate.address });
    }
  }
}
