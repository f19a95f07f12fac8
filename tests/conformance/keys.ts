/**
 * The keys of a session, generation after generation (PROTOCOL.md §5).
 *
 * @module
 */

import { utf8 } from "./bytes.ts";
import { hkdf, sha256 } from "./hash.ts";

/** The keys of one generation. */
export interface Keys {
  readonly generation: number;
  readonly root: Uint8Array;
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

/** Generation 0, from Noise Split. */
export function firstKeys([initiator, responder]: readonly [Uint8Array, Uint8Array]): Keys {
  const root = sha256(utf8("udpchat/1 root"), initiator, responder);
  return { generation: 0, root, initiator, responder };
}

/** The next generation, from what REKEY and REKEY_ANSWER have in common. */
export function nextKeys(keys: Keys, shared: Uint8Array): Keys {
  const [root, initiator, responder] = hkdf(keys.root, shared);
  return { generation: keys.generation + 1, root, initiator, responder };
}
