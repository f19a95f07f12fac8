/**
 * Congestion control and pacing for bulk (RFC 9002 §7, NewReno; §7.7). A sparse line of chat never
 * waits for it. Pure.
 *
 * @module
 */

/** Datagrams in the first window (RFC 9002 §7.2: ten, at most 14,720 bytes). */
const INITIAL_DATAGRAMS = 10;
/** Datagrams in the smallest window (RFC 9002 §7.2). */
const LEAST_DATAGRAMS = 2;
/** Halved after a loss (RFC 9002 §7.3.2). */
const REDUCTION = 0.5;
/** A little faster than the window alone, so that it can fill (RFC 9002 §7.7). */
const PACING_GAIN = 1.25;
/** Datagrams that may leave at once (RFC 9002 §7.7: as many as the initial window). */
const BURST_DATAGRAMS = 10;

/** A round trip below this, in ms, is one machine or one cable: all that is on its way is in a buffer. */
const LOCAL_RTT_MS = 3;
/** And that buffer is a socket's: 208 KiB by default on Linux, half of it for book-keeping, in bytes. */
const LOCAL_WINDOW = 98_304;
/** Timers are no finer, in ms: what could go within one goes at once, on credit. */
const TIMER_MS = 1;

/** A window for the bytes on their way, and a rate for letting them go. */
export class Congestion {
  #window: number;
  #threshold = Infinity;
  #recoveryFrom = -1;
  /** What the last reduction was, as long as it may have been a mistake. */
  #reduced: { readonly window: number; readonly threshold: number; losses: number } | undefined;
  #inFlight = 0;
  #credit: number;
  #creditAt = 0;
  #size: number;

  /**
   * Starts with an open window.
   *
   * @param size Bytes in a full datagram.
   */
  constructor(size: number) {
    this.#size = size;
    this.#window = INITIAL_DATAGRAMS * size;
    this.#credit = BURST_DATAGRAMS * size;
  }

  /** Bytes of bulk on their way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes that may be on their way. */
  get window(): number {
    return this.#window;
  }

  /** The size of a full datagram has changed. */
  resize(size: number): void {
    this.#window = Math.max(this.#window, LEAST_DATAGRAMS * size);
    this.#size = size;
  }

  /**
   * When the next datagram of bulk may leave.
   *
   * @param size Its bytes.
   * @param rtt The smoothed round trip in ms.
   * @param now Time in ms.
   * @returns Now or later; undefined where an acknowledgement must come first.
   */
  readyAt(size: number, rtt: number, now: number): number | undefined {
    const most = rtt < LOCAL_RTT_MS ? Math.min(this.#window, LOCAL_WINDOW) : this.#window;
    if (this.#inFlight + size > most) return undefined;
    this.#refill(rtt, now);
    const wait = (size - this.#credit) / this.#rate(rtt);
    return wait < TIMER_MS ? now : now + wait;
  }

  /** A datagram of bulk has left. */
  sent(size: number): void {
    this.#inFlight += size;
    this.#credit -= size;
  }

  /**
   * It has arrived.
   *
   * @param size Its bytes.
   * @param sentAt When it had left, in ms.
   */
  acknowledged(size: number, sentAt: number): void {
    const limited = this.#inFlight >= this.#window / 2;
    this.#inFlight = Math.max(0, this.#inFlight - size);
    if (sentAt <= this.#recoveryFrom || !limited) return;
    if (this.#window < this.#threshold) this.#window += size;
    else this.#window += this.#size * size / this.#window;
  }

  /**
   * It is lost.
   *
   * @param size Its bytes.
   * @param sentAt When it had left, in ms.
   * @param now Time in ms.
   */
  lost(size: number, sentAt: number, now: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - size);
    if (sentAt <= this.#recoveryFrom) {
      if (this.#reduced) this.#reduced.losses++;
      return;
    }
    this.#reduced = { window: this.#window, threshold: this.#threshold, losses: 1 };
    this.#recoveryFrom = now;
    this.#window = Math.max(this.#window * REDUCTION, LEAST_DATAGRAMS * this.#size);
    this.#threshold = this.#window;
  }

  /**
   * It was taken for lost and came after all. Once that is so for each loss of a reduction, this was a
   * mistake and is taken back (RFC 9438 §4.9.1 does it for CUBIC).
   *
   * @param sentAt When it had left, in ms.
   */
  spurious(sentAt: number): void {
    if (this.#reduced === undefined || sentAt > this.#recoveryFrom) return;
    if (--this.#reduced.losses > 0) return;
    this.#window = Math.max(this.#window, this.#reduced.window);
    this.#threshold = this.#reduced.threshold;
    this.#reduced = undefined;
  }

  /** It is of no more interest: forgotten without a judgement. */
  forget(size: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - size);
  }

  #refill(rtt: number, now: number): void {
    const earned = (now - this.#creditAt) * this.#rate(rtt);
    this.#credit = Math.min(BURST_DATAGRAMS * this.#size, this.#credit + earned);
    this.#creditAt = now;
  }

  /** Bytes a ms. */
  #rate(rtt: number): number {
    return PACING_GAIN * this.#window / Math.max(rtt, 0.01);
  }
}
