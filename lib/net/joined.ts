/**
 * Several sockets as one endpoint: one for each family where the system keeps them apart
 * (Windows), or one for each local address.
 *
 * @module
 */

import { type Address, family } from "../wire/address.ts";
import type { SendFailure } from "../wire/datagram.ts";
import {
  type Arrival,
  CLOSED,
  type Endpoint,
  type EndpointCounters,
  newCounters,
  sendFailure,
} from "./endpoint.ts";

/** Sends through the first member of the right family, hears through all. */
export class JoinedEndpoint implements Endpoint {
  /** The addresses of all members, in their order. */
  readonly addresses: readonly Address[];
  readonly #members: Endpoint[];
  /** What those heard and sent who are no members any more. */
  readonly #gone: EndpointCounters = newCounters();
  /** Asks a member that comes later; undefined before anybody listens. */
  #ask: ((member: Endpoint) => void) | undefined;
  #closed = false;

  /**
   * Joins endpoints.
   *
   * @param members Endpoints, the preferred first; this one owns them from now on.
   */
  constructor(members: readonly Endpoint[]) {
    this.#members = [...members];
    this.addresses = members.flatMap((member) => member.addresses);
  }

  /** The sums of the members' counters at this moment. */
  get counters(): EndpointCounters {
    const sum = newCounters();
    for (const counters of [this.#gone, ...this.#members.map((member) => member.counters)]) {
      add(sum, counters);
    }
    return sum;
  }

  /**
   * Sends through the first member whose family fits.
   *
   * @param bytes The payload.
   * @param to A literal address.
   * @returns Undefined, or why it could not be sent.
   */
  send(bytes: Uint8Array, to: Address): Promise<SendFailure | undefined> {
    if (this.#closed) return Promise.resolve(CLOSED);
    const wanted = family(to.host);
    const member = this.#members.find((each) =>
      each.addresses.some((address) => family(address.host) === wanted)
    );
    return member === undefined
      ? Promise.resolve(sendFailure({ code: "EAFNOSUPPORT" }))
      : member.send(bytes, to);
  }

  /**
   * One more member. One that closes is no more asked.
   *
   * @param member An endpoint; this one owns it from now on.
   */
  add(member: Endpoint): void {
    if (this.#closed) return member.close();
    this.#members.push(member);
    this.#ask?.(member);
  }

  /**
   * One member less; it is closed.
   *
   * @param member The member.
   */
  remove(member: Endpoint): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    add(this.#gone, member.counters);
    member.close();
  }

  /** What any member hears, in turn. */
  async *incoming(): AsyncGenerator<Arrival> {
    // Not MuxAsyncIterator of @std/async: its list grows for as long as members stay busy. Here a
    // member is asked again only once its last arrival was taken, so at most one waits for each.
    const ready: [AsyncIterator<Arrival>, IteratorResult<Arrival>][] = [];
    let signal = Promise.withResolvers<void>(), open = 0;
    const ask = async (iterator: AsyncIterator<Arrival>): Promise<void> => {
      ready.push([iterator, await iterator.next()]);
      signal.resolve();
    };
    this.#ask = (member) => {
      open++;
      void ask(member.incoming()[Symbol.asyncIterator]());
    };
    for (const member of this.#members) this.#ask(member);
    while (open > 0) {
      const next = ready.shift();
      if (next === undefined) {
        await signal.promise;
        signal = Promise.withResolvers();
        continue;
      }
      const [iterator, { done, value }] = next;
      if (done) open--;
      else {
        yield value;
        void ask(iterator);
      }
    }
  }

  /** Closes every member. */
  close(): void {
    this.#closed = true;
    for (const member of this.#members) member.close();
  }
}

function add(sum: EndpointCounters, more: EndpointCounters): void {
  for (const key of Object.keys(sum) as (keyof EndpointCounters)[]) sum[key] += more[key];
}
