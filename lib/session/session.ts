/**
 * A session: a pipe that cannot lose, reorder, repeat, leak or be forged. A pure machine; it takes no
 * time from the system and does no networking.
 *
 * ```text
 *   handle:  receive(packet, from, now)   tick(now)      write / datagram / close (the application)
 *   poll:    poll(now): what to send      events()       nextTimeout(): ms | undefined
 * ```
 *
 * After each handle call `poll` until it gives nothing, take `events`, and arm one timer.
 *
 * @module
 */

import type { Address } from "../wire/address.ts";
import type { Transmit } from "../wire/datagram.ts";
import { CHALLENGE_BYTES, decodeFrames, type Frame } from "../wire/frame.ts";
import { expandNumber, FINAL_OVERHEAD_BYTES } from "../wire/packet.ts";
import { CLOSE, type Link, type SessionEvent, type SessionPacket } from "./event.ts";
import { keyPair } from "../crypto/x25519.ts";
import { BASE_MTU } from "./path.ts";
import { Sender } from "./sender.ts";
import type { SentPacket } from "./sent.ts";
import { ELICITING, type SessionOptions, SessionState } from "./state.ts";

/** An idle session says a word so often, in ms: home routers forget a UDP flow after 30 s. */
export const HEARTBEAT_MS = 15_000;
/** Nothing heard for so long: the other side is not reachable, in ms (three heartbeats). */
export const SILENCE_MS = 3 * HEARTBEAT_MS;
/** Keys are used for so long at most, in ms (the design: 10 minutes). */
export const REKEY_MS = 600_000;
/** Packets under one key at most (the design: 2^32; at 100,000 a second that is 12 hours). */
const REKEY_PACKETS = 2 ** 32;
/** Unreliable datagrams that wait to leave; the oldest is dropped (our choice). */
const MAX_DATAGRAMS = 64;
/** Answers to path challenges that wait to leave (our choice). */
const MAX_DIRECTED = 8;
/** The probe timeout of a path of which nothing is known, in ms (RFC 9002 §6.2.2: 600 by our numbers). */
const NEW_PATH_PROBE_MS = 600;
/** A challenge is repeated after a probe timeout, but not sooner than this, in ms (our choice). */
const CHALLENGE_MS = 50;
/** A CLOSE leaves so often: nobody repeats it (our choice). */
const CLOSE_COPIES = 2;
/** One end of one session. */
export class Session {
  readonly local: number;
  readonly initiator: boolean;
  readonly #state: SessionState;
  readonly #sender: Sender;
  #events: SessionEvent[] = [];
  #closing: Extract<Frame, { type: "close" }> | undefined;
  #closesLeft = CLOSE_COPIES;
  #closed = false;
  #confirmed: boolean;
  #heardAt: number;
  #vouchedAt = -Infinity;
  #silent = false;
  #stalled = false;
  #rekeyAt: number;
  #keyedAt: number;
  #challengeAt: number | undefined;
  #wakeAt: number | undefined;

  /**
   * Starts a session after its handshake.
   *
   * @param options What it is made of.
   */
  constructor(options: SessionOptions) {
    this.local = options.local;
    this.initiator = options.initiator;
    this.#state = new SessionState(options);
    this.#sender = new Sender(this.#state);
    this.#confirmed = !options.initiator;
    this.#heardAt = options.now;
    this.#rekeyAt = options.now + REKEY_MS;
    this.#keyedAt = options.now;
  }

  /** Bytes of datagrams sent and received. */
  get bytes(): { readonly sent: number; readonly received: number } {
    return this.#state.bytes;
  }

  /** Whether the other side is known to have all keys. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** Whether it is over, or about to be. */
  get closing(): boolean {
    return this.#closed || this.#closing !== undefined;
  }

  /** Whether it is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Where the other side is. */
  get address(): Address {
    return this.#state.path.address;
  }

  /** Bytes of streams that are not acknowledged. */
  get held(): number {
    return this.#state.streams.held;
  }

  /** When something was heard last, in ms. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /**
   * The other side was heard elsewhere (a beacon): no heartbeat is needed to know that it is there.
   *
   * @param now Time in ms.
   */
  vouch(now: number): void {
    this.#vouchedAt = now;
  }

  get #aliveAt(): number {
    return Math.max(this.#heardAt, this.#vouchedAt);
  }

  /** Nothing was heard for three heartbeats. */
  get silent(): boolean {
    return this.#silent;
  }

  /** What was sent is unanswered for so long that the other side may have forgotten us. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** What is known about the line: times in ms, losses as shares of 1. */
  get link(): Link {
    const { smoothed, variation, loss } = this.#state.recovery.path;
    return {
      rtt: smoothed,
      jitter: variation,
      loss,
      lossBack: this.#state.received.loss,
      mtu: this.#state.path.mtu,
      generation: this.#state.keys.generation,
      keyedAt: this.#keyedAt,
    };
  }

  /**
   * Sends bytes on a stream: in order, and none is lost while the session lives.
   *
   * @param stream Its number; even for chat, odd for bulk.
   * @param bytes What to send; not copied, and not to be changed afterwards: what goes to many is in
   *   memory once.
   * @param fin Whether the stream ends with them.
   * @throws {TypeError} If the session is closed or the stream has ended.
   * @throws {RangeError} If there are too many streams.
   */
  write(stream: number, bytes: Uint8Array, fin = false): void {
    if (this.#closed) throw new TypeError("Cannot write as the session is closed");
    this.#state.streams.write(stream, bytes, fin);
  }

  /**
   * Sends bytes once, unreliably. The oldest that wait are dropped.
   *
   * @param bytes What to send; copied.
   * @throws {RangeError} If they do not fit into a datagram of 1,200 bytes.
   */
  datagram(bytes: Uint8Array): void {
    const most = BASE_MTU - FINAL_OVERHEAD_BYTES - 16;
    if (bytes.length > most) {
      throw new RangeError(
        `Cannot send a datagram of ${bytes.length} bytes: wanted at most ${most}`,
      );
    }
    this.#state.datagrams.push(bytes.slice());
    if (this.#state.datagrams.length > MAX_DATAGRAMS) this.#state.datagrams.shift();
  }

  /** Finds out how large a datagram the path carries, also when nothing large is to be sent. */
  measure(): void {
    this.#state.measure = true;
  }

  /**
   * Gives a stream up: what of it has not arrived need not.
   *
   * @param stream Its number.
   * @param code Why; the application's own.
   */
  reset(stream: number, code: number): void {
    this.#state.streams.reset(stream, code);
  }

  /**
   * Tells once (`drained`) when enough of what was written is acknowledged.
   *
   * @param bytes So much may still be unacknowledged.
   */
  wake(bytes: number): void {
    this.#wakeAt = bytes;
  }

  /** Wants an answer: a round trip is measured. */
  ping(): void {
    this.#state.ping = true;
  }

  /** Wants new keys now. */
  rekey(): void {
    if (this.initiator) this.#beginRekey();
    else this.#state.control.push({ type: "rekeyRequest" });
  }

  /**
   * Ends the session. The other side is told, unreliably.
   *
   * @param code One of `CLOSE`.
   * @param reason A few words.
   */
  close(code: number, reason: string): void {
    if (this.#closed || this.#closing) return;
    this.#closing = { type: "close", code, reason };
  }

  /** Ends the session without a word: the other side does not know it. */
  drop(): void {
    this.#closed = true;
  }

  /**
   * A packet for this session came.
   *
   * @param packet The packet, not yet authenticated.
   * @param size Bytes of the datagram.
   * @param from Who sent it.
   * @param now Time in ms.
   * @returns Whether it is authentic and new; otherwise nothing has changed.
   */
  receive(packet: SessionPacket, size: number, from: Address, now: number): boolean {
    if (this.#closed) return false;
    const number = expandNumber(this.#state.replay.newest, packet.number);
    if (number < 0) return false;
    const keep = 3 * this.#state.recovery.path.probe, { generation } = this.#state.keys;
    const plain = this.#state.keys.open(
      packet.phase,
      number,
      packet.header,
      packet.sealed,
      now,
      keep,
    );
    if (plain === undefined) return false;
    if (this.#state.keys.generation !== generation) this.#keyedAt = now;
    if (!this.#state.replay.accept(number)) return false;
    this.#state.bytes.received += size;
    this.#heard(from, number, size, now);
    const frames = decodeFrames(plain);
    if (frames === undefined) {
      this.close(CLOSE.protocol, "malformed frames");
      return true;
    }
    let elicits = false;
    for (const frame of frames) {
      elicits ||= ELICITING.has(frame.type);
      this.#frame(frame, from, now);
      if (this.#closed || this.#closing) return true;
    }
    this.#state.received.add(number, elicits, now);
    return true;
  }

  /**
   * A time that `nextTimeout` named has come.
   *
   * @param now Time in ms.
   */
  tick(now: number): void {
    if (this.#closed) return;
    this.#lose(this.#state.recovery.tick(now), now);
    this.#state.keys.expire(now);
    const decides = this.#state.path.decidesAt;
    if (decides !== undefined && now >= decides && this.#state.path.decide() === "moved") {
      this.#events.push({ type: "moved", address: this.#state.path.address });
    }
    if (this.#challengeAt !== undefined && now >= this.#challengeAt) {
      this.#challenge(now);
    }
    if (now >= this.#heartbeatAt) this.#state.ping = true;
    if (!this.#silent && now >= this.#aliveAt + SILENCE_MS) {
      this.#silent = true;
      this.#events.push({ type: "silent" });
    }
    const stalled = this.#stalledAt;
    if (stalled !== undefined && now >= stalled) {
      this.#stalled = true;
      this.#events.push({ type: "stalled" });
    }
    if (this.initiator && now >= this.#rekeyAt) {
      this.#rekeyAt = now + REKEY_MS;
      const many = this.#state.number - this.#state.keyedAt >= REKEY_PACKETS;
      if (this.#state.used || many) this.#beginRekey();
      this.#state.used = false;
    }
  }

  /**
   * What to send next.
   *
   * @param now Time in ms.
   * @returns A datagram, or undefined where nothing is to be sent for now.
   */
  poll(now: number): Transmit | undefined {
    const queued = this.#state.outbox.shift();
    if (queued !== undefined) return queued;
    if (this.#closed) return undefined;
    // What was written before goes first: an answer that is owed would else be lost with us.
    if (this.#closing !== undefined) {
      return this.#sender.last(now) ?? this.#sendClose(this.#closing, now);
    }
    return this.#sender.poll(now);
  }

  /** What happened since the last call. */
  events(): SessionEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** When `tick` wants to be called, in ms; undefined for never. */
  nextTimeout(): number | undefined {
    if (this.#closed) return undefined;
    let next = Math.min(this.#heartbeatAt, this.initiator ? this.#rekeyAt : Infinity);
    if (!this.#silent) next = Math.min(next, this.#aliveAt + SILENCE_MS);
    const times = [
      this.#state.recovery.timeout,
      this.#state.received.dueAt,
      this.#state.path.decidesAt,
      this.#challengeAt,
      this.#state.keys.expiresAt,
      this.#stalledAt,
      this.#state.paceAt,
    ];
    for (const time of times) if (time !== undefined && time < next) next = time;
    return next;
  }

  get #heartbeatAt(): number {
    if (this.#state.ping || this.#state.recovery.sent.awaited > 0) return Infinity;
    return this.#aliveAt + HEARTBEAT_MS;
  }

  get #stalledAt(): number | undefined {
    if (this.#stalled) return undefined;
    const oldest = this.#state.recovery.sent.oldest;
    return oldest && Math.max(oldest.at, this.#heardAt) + this.#state.recovery.patience;
  }

  #heard(from: Address, number: number, size: number, now: number): void {
    this.#heardAt = now;
    this.#stalled = false;
    this.#state.recovery.woken();
    if (this.#silent) {
      this.#silent = false;
      this.#events.push({ type: "back" });
    }
    if (!this.#confirmed) {
      this.#confirmed = true;
      this.#state.final = undefined;
      this.#state.recovery.eager = false;
      this.#events.push({ type: "confirmed" });
    }
    // RFC 9000 §8.2.4: the new path may be slower than the old one.
    const patience = 3 * Math.max(this.#state.recovery.path.probe, NEW_PATH_PROBE_MS);
    if (!this.#state.path.heard(from, number, size, now + patience, this.#state.random)) return;
    this.#challenge(now);
  }

  /** Asks both addresses who is there; again while neither has answered. */
  #challenge(now: number): void {
    const { candidate, oldChallenge } = this.#state.path;
    this.#challengeAt = candidate && now + Math.max(this.#state.recovery.path.probe, CHALLENGE_MS);
    if (candidate && !candidate.proved) {
      this.#direct(candidate.address, "pathChallenge", candidate.challenge);
    }
    if (oldChallenge) this.#direct(this.#state.path.address, "pathChallenge", oldChallenge);
  }

  #frame(frame: Frame, from: Address, now: number): void {
    switch (frame.type) {
      case "ack":
        return this.#acknowledged(frame, now);
      case "pathChallenge":
        if (frame.data.length === CHALLENGE_BYTES) this.#direct(from, "pathResponse", frame.data);
        return;
      case "pathResponse":
        this.#state.path.answered(frame.data);
        return;
      case "rekey": {
        const fresh = () => keyPair(this.#state.random(32));
        const answer = this.#state.keys.answer(frame.generation, frame.ephemeral, fresh);
        if (answer) this.#state.control.push({ type: "rekeyAnswer", ...answer });
        return;
      }
      case "rekeyAnswer":
        if (this.#state.keys.finish(frame.generation, frame.ephemeral)) {
          this.#state.ping = true;
          this.#keyedAt = now;
        }
        return;
      case "rekeyRequest":
        if (this.initiator) this.#beginRekey();
        return;
      case "close":
        this.#end("them", frame.code, frame.reason);
        return;
      case "datagram":
        this.#events.push({ type: "datagram", bytes: frame.data.slice() });
        return;
      default: {
        if (frame.type === "reset") {
          this.#events.push({ type: "reset", stream: frame.id, code: frame.code });
        }
        const kept = this.#state.streams.receive(frame, (data) => {
          this.#state.used = true;
          this.#events.push({ type: "data", ...data });
        });
        if (!kept) this.close(CLOSE.protocol, "limits not kept");
      }
    }
  }

  #acknowledged(frame: Extract<Frame, { type: "ack" }>, now: number): void {
    const outcome = this.#state.recovery.acknowledged(frame.ranges, frame.delay, now);
    if (outcome === undefined) return this.close(CLOSE.protocol, "acknowledged what was not sent");
    for (const packet of outcome.arrived) {
      if (packet.probe) {
        this.#state.path.probeResult(true, now);
        this.#state.recovery.congestion.resize(this.#state.path.mtu);
      } else if (packet.size > BASE_MTU) this.#state.path.full(false, now);
      for (const each of packet.frames) this.#state.streams.acknowledged(each);
    }
    this.#lose(outcome.lost, now);
    if (this.#wakeAt === undefined || this.held > this.#wakeAt) return;
    this.#wakeAt = undefined;
    this.#events.push({ type: "drained" });
  }

  #lose(lost: readonly SentPacket[], now: number): void {
    for (const packet of lost) {
      if (packet.probe) this.#state.path.probeResult(false, now);
      else if (packet.size > BASE_MTU && this.#state.path.full(true, now)) {
        this.#state.recovery.congestion.resize(BASE_MTU);
      }
      for (const frame of packet.frames) {
        if (frame.type === "rekey" || frame.type === "rekeyAnswer") this.#repeatRekey(frame);
        else if (frame.type === "rekeyRequest") this.#state.control.push(frame);
        else this.#state.streams.lost(frame);
      }
    }
  }

  #repeatRekey(frame: Extract<Frame, { type: "rekey" | "rekeyAnswer" }>): void {
    if (frame.generation > this.#state.keys.generation) this.#state.control.push(frame);
  }

  #beginRekey(): void {
    const begun = this.#state.keys.begin(keyPair(this.#state.random(32)));
    if (begun === undefined) return;
    this.#state.keyedAt = this.#state.number;
    this.#state.control.push({ type: "rekey", ...begun });
  }

  #end(by: "us" | "them", code: number, reason: string): void {
    this.#closed = true;
    this.#events.push({ type: "closed", by, code, reason });
  }

  #sendClose(frame: Extract<Frame, { type: "close" }>, now: number): Transmit | undefined {
    const sent = this.#sender.send(frame, now);
    if (--this.#closesLeft === 0) this.#end("us", frame.code, frame.reason);
    return sent;
  }

  #direct(to: Address, type: "pathChallenge" | "pathResponse", data: Uint8Array): void {
    if (this.#state.directed.length >= MAX_DIRECTED) return;
    this.#state.directed.push({ to, frame: { type, data: data.slice() } });
  }
}
