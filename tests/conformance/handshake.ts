/**
 * Both sides of a handshake, from INIT to the first keys (PROTOCOL.md §4).
 *
 * @module
 */

import { fixed, isZero, join, Malformed, same, utf8 } from "./bytes.ts";
import { certify, identityOf } from "./certificate.ts";
import { firstKeys, type Keys } from "./keys.ts";
import { answerMac, initMac, macKey } from "./mac.ts";
import { Noise } from "./noise.ts";
import { type Answer, answerHead, type Init, initHead, NONE } from "./packets.ts";
import { encodePayload, type Payload, readPayload } from "./payload.ts";
import { type DhPair, freshDhPair } from "./x25519.ts";

/** Who one side is, with what only it knows. */
export interface Person {
  readonly seed: Uint8Array;
  readonly static: DhPair;
  readonly instance: Uint8Array;
}

/** What a handshake has given. */
export interface Outcome {
  readonly initiator: boolean;
  /** My session index. */
  readonly mine: number;
  /** The other side's session index. */
  readonly theirs: number;
  readonly keys: Keys;
  readonly hash: Uint8Array;
  readonly peer: Payload;
  /** Message 3. */
  readonly third: Uint8Array;
}

/** Choices of one side; all are random if they are left out. */
export interface Choices {
  readonly psk?: Uint8Array | undefined;
  readonly index?: number;
  readonly ephemeral?: DhPair;
  readonly replaces?: boolean;
}

/** A new person. */
export function freshPerson(): Person {
  return {
    seed: crypto.getRandomValues(new Uint8Array(32)),
    static: freshDhPair(),
    instance: crypto.getRandomValues(new Uint8Array(8)),
  };
}

function freshIndex(): number {
  return 1 + Math.floor(Math.random() * (2 ** 32 - 1));
}

function whoIAm(person: Person, replaces: boolean, index?: number): Uint8Array {
  return encodePayload({
    ...(index === undefined ? {} : { index }),
    instance: person.instance,
    replaces,
    identity: identityOf(person.seed),
    certificate: certify(person.seed, person.static.public),
  });
}

/** "udpchat/1", then the first 8 bytes of the INIT. */
export function prologueOf(mode: number, features: number, sender: number): Uint8Array {
  return join(utf8("udpchat/1"), Uint8Array.of(0xf8, 1, mode, features), fixed(sender, 4));
}

/** The initiator. */
export class Caller {
  readonly init: Init;
  readonly #person: Person;
  readonly #noise: Noise;
  readonly #psk: Uint8Array | undefined;
  readonly #replaces: boolean;

  constructor(person: Person, choices: Choices = {}) {
    this.#person = person;
    this.#psk = choices.psk;
    this.#replaces = choices.replaces ?? false;
    const sender = choices.index ?? freshIndex();
    const mode = this.#psk ? 1 : 0;
    const ephemeral = choices.ephemeral ?? freshDhPair();
    const prologue = prologueOf(mode, 0, sender);
    const { psk } = choices;
    this.#noise = new Noise({ initiator: true, prologue, ephemeral, static: person.static, psk });
    const first = this.#noise.write(new Uint8Array());
    const tag = psk ? first.slice(32) : NONE;
    const init: Init = {
      ...{ type: "init", mode, features: 0, sender },
      ...{ ephemeral: first.slice(0, 32), tag, mac: NONE, cookie: NONE },
    };
    this.init = psk ? { ...init, mac: initMac(macKey(psk), initHead(init)) } : init;
  }

  /** Reads the ANSWER; throws if it is not good. After that the handshake is over. */
  finish(answer: Answer): Outcome {
    const mac = this.#psk
      ? answerMac(macKey(this.#psk), initHead(this.init), answerHead(answer))
      : NONE;
    if (answer.receiver !== this.init.sender) throw new Malformed("not for me");
    if (!same(answer.mac, mac)) throw new Malformed("wrong mac");
    const payload = this.#noise.read(answer.noise);
    const peer = readPayload(payload, 2, this.#noise.theirStatic);
    const third = this.#noise.write(whoIAm(this.#person, this.#replaces));
    const [mine, theirs] = [this.init.sender, peer.index ?? 0];
    const keys = firstKeys(this.#noise.split());
    return { initiator: true, mine, theirs, keys, hash: this.#noise.hash, peer, third };
  }
}

/** The responder. */
export class Answerer {
  readonly answer: Answer;
  readonly index: number;
  readonly #noise: Noise;
  readonly #sender: number;

  constructor(person: Person, init: Init, choices: Choices = {}) {
    const { psk } = choices;
    if (init.mode !== (psk ? 1 : 0) || init.features !== 0) throw new Malformed("other mode");
    const mac = psk ? initMac(macKey(psk), initHead(init)) : NONE;
    if (!same(init.mac, mac)) throw new Malformed("wrong mac");
    if (!psk && !isZero(init.tag)) throw new Malformed("tag that is not zero");
    this.index = choices.index ?? freshIndex();
    this.#sender = init.sender;
    const prologue = prologueOf(init.mode, init.features, init.sender);
    const ephemeral = choices.ephemeral ?? freshDhPair();
    this.#noise = new Noise({ initiator: false, prologue, ephemeral, static: person.static, psk });
    const first = this.#noise.read(psk ? join(init.ephemeral, init.tag) : init.ephemeral);
    if (first.length > 0) throw new Malformed("payload in message 1");
    const noise = this.#noise.write(whoIAm(person, false, this.index));
    const bare: Answer = { type: "answer", receiver: init.sender, noise, mac: NONE };
    this.answer = psk
      ? { ...bare, mac: answerMac(macKey(psk), initHead(init), answerHead(bare)) }
      : bare;
  }

  /** Whether a later INIT is a copy of the one answered. */
  isCopy(init: Init): boolean {
    return this.#noise.isOf(init.ephemeral);
  }

  /** Reads message 3; throws if it is not good. After that the handshake is over. */
  finish(third: Uint8Array): Outcome {
    const payload = this.#noise.read(third);
    const peer = readPayload(payload, 3, this.#noise.theirStatic);
    const [mine, theirs] = [this.index, this.#sender];
    const keys = firstKeys(this.#noise.split());
    return { initiator: false, mine, theirs, keys, hash: this.#noise.hash, peer, third };
  }
}
