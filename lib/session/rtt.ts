/**
 * The round-trip time (RFC 9002 §5), and how much is lost. Pure.
 *
 * @module
 */

/** The round trip before any was measured, in ms (ours: our handshake's first retransmission). */
const INITIAL_RTT_MS = 200;
/** Timers are not finer than this, in ms (RFC 9002 §6.1.2). */
const GRANULARITY_MS = 1;
/** Weight of one packet in the share of lost ones: it remembers some hundred (our choice). */
const LOSS_WEIGHT = 1 / 96;

/** What is known about a path. */
export class PathStatistics {
  /** The latest sample in ms; undefined before the first. */
  latest: number | undefined;
  /** The smoothed round trip in ms. */
  smoothed: number = INITIAL_RTT_MS;
  /** Its mean deviation in ms. */
  variation: number = INITIAL_RTT_MS / 2;
  /** The least there was, in ms. */
  least: number = Infinity;
  /** Share of our packets that are lost, 0-1. */
  loss = 0;

  /**
   * Begins with what the handshake took: one sample, and its deviation taken for a quarter of it.
   *
   * @param rtt The round trip in ms.
   */
  begin(rtt: number): void {
    this.latest = this.smoothed = this.least = rtt;
    this.variation = rtt / 4;
  }

  /**
   * Takes a sample (RFC 9002 §5.3).
   *
   * @param sample From sending to acknowledgement, in ms.
   * @param delay How long the other side says it waited, in ms.
   */
  sample(sample: number, delay: number): void {
    const first = this.latest === undefined;
    this.latest = sample;
    this.least = Math.min(this.least, sample);
    if (first) {
      this.smoothed = sample;
      this.variation = sample / 2;
      return;
    }
    const adjusted = sample >= this.least + delay ? sample - delay : sample;
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - adjusted);
    this.smoothed = 0.875 * this.smoothed + 0.125 * adjusted;
  }

  /** A packet's fate is known. */
  count(lost: boolean): void {
    this.loss += ((lost ? 1 : 0) - this.loss) * LOSS_WEIGHT;
  }

  /** A packet that was counted as lost came after all. */
  recount(): void {
    this.loss = Math.max(0, this.loss - LOSS_WEIGHT);
  }

  /** The probe timeout without the other side's delay, in ms (RFC 9002 §6.2.1). */
  get probe(): number {
    return this.smoothed + Math.max(4 * this.variation, GRANULARITY_MS);
  }

  /**
   * So many round trips, in ms (RFC 9002 §6.1.2).
   *
   * @param count How many; need not be whole.
   */
  roundTrips(count: number): number {
    return Math.max(count * Math.max(this.smoothed, this.latest ?? 0), GRANULARITY_MS);
  }
}
