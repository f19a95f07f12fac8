/**
 * People with a line each on a simulated network, in virtual time and without promises.
 *
 * @module
 */

import { makeIdentity } from "../../lib/crypto/identity.ts";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { Impairment, type ImpairmentSpec } from "../../lib/net/impairment.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { Talk } from "../../lib/peer/talk.ts";
import type { TalkEvent } from "../../lib/peer/talk_event.ts";
import type { Credentials } from "../../lib/session/credentials.ts";
import { type Address, formatAddress } from "../../lib/wire/address.ts";
import { MemoryStore } from "./memory_store.ts";
import { type Flying, testRandom } from "./session_pair.ts";

/** How a person uses the line. */
export interface PersonOptions {
  readonly to?: readonly Address[];
  readonly secret?: Uint8Array;
  readonly pinned?: Uint8Array;
  readonly acceptNewKey?: boolean;
  /** In ms. */
  readonly timeout?: number;
  readonly stay?: boolean;
  readonly port?: number;
  /** The keys of somebody, to be the same person. */
  readonly credentials?: Credentials;
}

/** An event with the time at which it was told. */
export type Told = TalkEvent & { readonly at: number };

/** One person. */
export interface Person {
  readonly name: string;
  talk: Talk;
  address: Address;
  /** Switched off or asleep: nothing comes in, nothing goes out, no time passes for it. */
  off: boolean;
  readonly options: PersonOptions;
  readonly credentials: Credentials;
  readonly store: MemoryStore;
  /** All that was told to this person, also before a restart. */
  readonly told: Told[];
}

/** Wall time at the beginning, in ms since 1970. */
const START = Date.UTC(2026, 0, 1);

/** A network of people. */
export class TalkNet {
  readonly random: Random;
  readonly people: Person[] = [];
  now = 0;
  /** Datagrams that were sent. */
  readonly log: (Flying & { at: number })[] = [];
  /** Decides about each datagram before the network does: false for lost. */
  filter: ((flying: Flying, now: number) => boolean) | undefined;
  readonly #way: Impairment<Flying>;

  /**
   * An empty network.
   *
   * @param spec How bad it is.
   * @param seed Of all randomness.
   */
  constructor(spec: ImpairmentSpec = {}, seed = 1) {
    this.random = seededRandom(seed);
    this.#way = new Impairment(spec, this.random);
  }

  /** Somebody comes. */
  add(name: string, host: string, options: PersonOptions = {}): Person {
    const bytes = testRandom(this.random);
    const credentials = options.credentials ?? {
      identity: makeIdentity(bytes(32)),
      staticKey: keyPair(bytes(32)),
      instance: bytes(8),
    };
    const address = { host, port: options.port ?? 2410 };
    const store = new MemoryStore(), talk = this.#start(name, credentials, store, options);
    const person = { name, talk, address, off: false, options, credentials, store, told: [] };
    this.people.push(person);
    return person;
  }

  /** The program of a person ends without a word and begins anew, with keys and store. */
  restart(person: Person): void {
    const credentials = { ...person.credentials, instance: testRandom(this.random)(8) };
    person.talk = this.#start(person.name, credentials, person.store, person.options);
    person.off = false;
  }

  /** Says a line. */
  say(person: Person, text: string): void {
    person.talk.say(text, this.now);
    this.flush();
  }

  /** Does something with the line of a person. */
  act(person: Person, action: (talk: Talk, now: number) => void): void {
    action(person.talk, this.now);
    this.flush();
  }

  /** Lets time pass. */
  run(until: number): void {
    this.runUntil(() => false, until);
    this.now = until;
  }

  /** Runs until something is true; false if the time is over before. */
  runUntil(test: () => boolean, limit: number): boolean {
    this.flush();
    while (!test()) {
      const times = [this.#way.nextTimeout(), ...this.#awake.map(({ talk }) => talk.nextTimeout())]
        .filter((time) => time !== undefined);
      const next = Math.min(...times);
      if (times.length === 0 || next > limit) return false;
      this.now = Math.max(this.now, next);
      this.#step();
    }
    return true;
  }

  /** Sends all that people want sent, and writes down what they are told. */
  flush(): void {
    for (const person of this.#awake) {
      const { talk } = person;
      for (let next = talk.poll(this.now); next; next = talk.poll(this.now)) {
        const flying = { bytes: next.bytes, from: { ...person.address }, to: { ...next.to } };
        talk.sent(next, undefined, this.now);
        this.log.push({ ...flying, at: this.now });
        if (this.filter?.(flying, this.now) !== false) this.#way.push(flying, this.now);
      }
      this.#listen(person);
      if (talk.done) person.off = true;
    }
  }

  /** Puts a datagram onto the network, from wherever it says. */
  inject(flying: Flying): void {
    this.#way.push(flying, this.now);
  }

  get #awake(): Person[] {
    return this.people.filter(({ off }) => !off);
  }

  #start(
    name: string,
    credentials: Credentials,
    store: MemoryStore,
    options: PersonOptions,
  ): Talk {
    const { secret, to = [], pinned, acceptNewKey = false, timeout = 10_000, stay = false } =
      options;
    return new Talk({
      hub: { credentials, secret, random: testRandom(this.random) },
      store,
      // The clocks of all are the same.
      wall: (now) => START + Math.floor(now),
      name,
      to,
      pinned,
      acceptNewKey,
      timeout,
      stay,
    }, this.now);
  }

  #step(): void {
    for (let next = this.#way.poll(this.now); next; next = this.#way.poll(this.now)) {
      const to = formatAddress(next.to);
      const person = this.#awake.find(({ address }) => formatAddress(address) === to);
      if (person === undefined) continue;
      person.talk.receive(next.bytes, next.from, this.now);
      this.#listen(person);
    }
    for (const { talk } of this.#awake) {
      const due = talk.nextTimeout();
      if (due !== undefined && due <= this.now) talk.tick(this.now);
    }
    this.flush();
  }

  #listen(person: Person): void {
    for (const event of person.talk.events()) person.told.push({ ...event, at: this.now });
  }
}

/** The events of one type. */
export function told<T extends TalkEvent["type"]>(
  person: Person,
  type: T,
): (Extract<TalkEvent, { type: T }> & { readonly at: number })[] {
  return person.told.filter((event): event is Extract<Told, { type: T }> => event.type === type);
}

/** What a person has read, in order. */
export function read(person: Person): string[] {
  return told(person, "message").map(({ text }) => text);
}

/** The codes of all notices. */
export function notices(person: Person): string[] {
  return told(person, "notice").map(({ code }) => code);
}

/** What was told about each of one's own lines: `own`, `sent`, `delivered`, `failed`. */
export function fates(person: Person): Record<string, string[]> {
  const fates: Record<string, string[]> = {}, texts = new Map<string, string>();
  for (const event of person.told) {
    if (event.type === "own") {
      texts.set(event.id, event.text);
      (fates[event.text] ??= []).push("own");
    } else if (event.type === "status") {
      (fates[texts.get(event.id) ?? event.id] ??= []).push(event.state);
    }
  }
  return fates;
}

/** How the other came and went. */
export function presence(person: Person): string[] {
  return told(person, "presence").map(({ state }) => state);
}
