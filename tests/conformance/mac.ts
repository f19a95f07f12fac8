/**
 * The macs of messages 1 and 2, and the cookie (PROTOCOL.md §4.4, §4.5).
 *
 * @module
 */

import { expand, hmac16 } from "./hash.ts";

/** The mac key of a pre-shared key. */
export function macKey(psk: Uint8Array): Uint8Array {
  return expand(psk, "udpchat/1 mac1");
}

/** The mac of an INIT. */
export function initMac(key: Uint8Array, initHead: Uint8Array): Uint8Array {
  return hmac16(key, initHead);
}

/** The mac of an ANSWER. */
export function answerMac(
  key: Uint8Array,
  initHead: Uint8Array,
  answerHead: Uint8Array,
): Uint8Array {
  return hmac16(key, initHead, answerHead);
}

/** The cookie of an asker, as this program makes it. */
export function cookieOf(
  secret: Uint8Array,
  ephemeral: Uint8Array,
  address: Uint8Array,
): Uint8Array {
  return hmac16(secret, ephemeral, address);
}
