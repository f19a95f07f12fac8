/**
 * The test vectors of the document, as data (PROTOCOL.md §19).
 *
 * @module
 */

import { fromHex } from "./bytes.ts";
import type { Person } from "./handshake.ts";
import { dhPair } from "./x25519.ts";

/** Bytes with a name. */
export interface Named {
  readonly name: string;
  readonly bytes: string;
}

/** A person with all that is derived. */
export interface PersonVector {
  readonly name: string;
  readonly identity_seed: string;
  readonly identity: string;
  readonly static_private: string;
  readonly static_public: string;
  readonly certificate: string;
  readonly instance: string;
  readonly key_text: string;
  readonly key_tag: string;
}

/** The keys of one generation. */
export interface KeysVector {
  readonly generation: number;
  readonly root: string;
  readonly initiator_key: string;
  readonly responder_key: string;
}

/** A packet with sealed frames. */
export interface PacketVector {
  readonly from: string;
  readonly type: "final" | "data";
  readonly number: number;
  readonly generation: number;
  readonly nonce: string;
  readonly header: string;
  readonly frames: string;
  readonly packet: string;
}

/** A session from INIT to CLOSE. */
export interface SessionVector {
  readonly noise_protocol: string;
  readonly mode: number;
  readonly initiator: string;
  readonly responder: string;
  readonly initiator_index: number;
  readonly responder_index: number;
  readonly initiator_ephemeral_private: string;
  readonly responder_ephemeral_private: string;
  readonly psk: string | null;
  readonly mac_key: string | null;
  readonly prologue: string;
  readonly payload_2: string;
  readonly payload_3: string;
  readonly init: string;
  readonly answer: string;
  readonly handshake_hash: string;
  readonly rekey: {
    readonly initiator_ephemeral_private: string;
    readonly responder_ephemeral_private: string;
    readonly shared: string;
  };
  readonly keys: readonly KeysVector[];
  readonly packets: readonly PacketVector[];
}

/** The whole file. */
export interface Vectors {
  readonly people: readonly PersonVector[];
  readonly safety_number: string;
  readonly secret: {
    readonly random: string;
    readonly text: string;
    readonly psk: string;
    readonly mac_key: string;
    readonly same: readonly string[];
    readonly refused: readonly string[];
  };
  readonly varints: readonly { readonly value: number; readonly bytes: string }[];
  readonly frames: readonly Named[];
  readonly malformed_frames: readonly Named[];
  readonly packet_numbers: {
    readonly length: readonly {
      readonly number: number;
      readonly acknowledged: number | null;
      readonly bits: 16 | 32;
      readonly header: string;
    }[];
    readonly expand: readonly {
      readonly largest: number;
      readonly value: number;
      readonly bits: 16 | 32;
      readonly number: number;
    }[];
  };
  readonly echo: readonly Named[];
  readonly sessions: { readonly xx: SessionVector; readonly xxpsk3: SessionVector };
  readonly cookie_refusal: {
    readonly cookie_secret: string;
    readonly address: string;
    readonly init: string;
    readonly refusal: string;
    readonly init_with_cookie: string;
    readonly answer_bytes: number;
  };
  readonly version_refusal: readonly { readonly init: string; readonly refusal: string }[];
}

/** The vectors of tests/vectors/wire.json. */
export const VECTORS: Vectors = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/wire.json", import.meta.url)),
);

/** A person of the vectors. */
export function personVector(name: string): PersonVector {
  const person = VECTORS.people.find((each) => each.name === name);
  if (!person) throw new Error(`no ${name} in the vectors`);
  return person;
}

/** The same with keys to use. */
export function personOf(name: string): Person {
  const person = personVector(name);
  return {
    seed: fromHex(person.identity_seed),
    static: dhPair(fromHex(person.static_private)),
    instance: fromHex(person.instance),
  };
}
