/**
 * What endpoint tests listen with. Nothing here sleeps: whoever waits, waits for an arrival.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { Arrival, Endpoint } from "../../lib/net/endpoint.ts";
import type { Address } from "../../lib/wire/address.ts";

/** Longest wait in ms: generous, so that only what hangs fails. */
const PATIENCE_MS = 10_000;

/** Waits for something that happens at once, unless there is a bug. */
export function soon<T>(promise: Promise<T>): Promise<T> {
  return deadline(promise, PATIENCE_MS);
}

/** Text to bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The one address that an endpoint of one socket is bound to. */
export function addressOf(endpoint: Endpoint): Address {
  const [address] = endpoint.addresses;
  if (address === undefined) throw new Error("the endpoint has no address");
  return address;
}

/** Whether this machine has IPv6 at all. */
export function hasIPv6(): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** Hears everything that an endpoint hears, and keeps copies. */
export class Ear {
  readonly heard: Arrival[] = [];
  /** Resolves when the endpoint's `incoming()` ends. */
  readonly ended: Promise<void>;
  #over = false;
  #changed = Promise.withResolvers<void>();

  constructor(endpoint: Endpoint) {
    this.ended = this.#listen(endpoint);
  }

  /** All data as text, in order. */
  get texts(): string[] {
    return this.heard.flatMap((each) =>
      each.kind === "data" ? [new TextDecoder().decode(each.bytes)] : []
    );
  }

  /** The sizes of all data, in order. */
  get sizes(): number[] {
    return this.heard.flatMap((each) => each.kind === "data" ? [each.bytes.length] : []);
  }

  /** How many arrivals there were of a kind. */
  count(kind: Arrival["kind"]): number {
    return this.heard.filter((each) => each.kind === kind).length;
  }

  /** Waits until what was heard fits. */
  async until(fits: (ear: this) => boolean): Promise<void> {
    while (!fits(this)) {
      if (this.#over) throw new Error(`incoming() ended after ${this.heard.length} arrivals`);
      await soon(this.#changed.promise);
    }
  }

  /** Waits for the given number of arrivals of data. */
  data(count: number): Promise<void> {
    return this.until((ear) => ear.sizes.length >= count);
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    for await (const arrival of endpoint.incoming()) {
      this.heard.push(
        arrival.kind === "data" ? { ...arrival, bytes: arrival.bytes.slice() } : arrival,
      );
      this.#change();
    }
    this.#over = true;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
