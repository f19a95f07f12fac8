/**
 * Making and checking entries. Pure.
 *
 * @module
 */

import { sha256 } from "../crypto/hash.ts";
import { type Identity, verify } from "../crypto/identity.ts";
import { encodeFields, type Entry, type EntryFields } from "../wire/entry.ts";

/** The hash before a log's first entry. */
export const NO_ENTRY: Uint8Array = new Uint8Array(32);

const LABEL = new TextEncoder().encode("udpchat/1 entry");

/**
 * The hash that names an entry. It does not cover the signature: who can sign can sign twice.
 *
 * @param entry The entry.
 * @returns SHA-256 of its fields, 32 bytes.
 */
export function entryId(entry: EntryFields): Uint8Array {
  return sha256(encodeFields(entry));
}

/**
 * Signs an entry.
 *
 * @param identity Its author.
 * @param fields What is said, without the author.
 * @returns The entry and its hash.
 */
export function signEntry(
  identity: Identity,
  fields: Omit<EntryFields, "author">,
): { entry: Entry; id: Uint8Array } {
  const unsigned = { ...fields, author: identity.publicKey }, id = entryId(unsigned);
  return { entry: { ...unsigned, signature: identity.sign(signed(id)) }, id };
}

/**
 * Checks an entry. Any may be given.
 *
 * @param entry What claims to be one.
 * @returns Its hash; undefined where its author did not sign it.
 */
export function checkEntry(entry: Entry): Uint8Array | undefined {
  const id = entryId(entry);
  return verify(entry.author, signed(id), entry.signature) ? id : undefined;
}

function signed(id: Uint8Array): Uint8Array {
  const data = new Uint8Array(LABEL.length + id.length);
  data.set(LABEL);
  data.set(id, LABEL.length);
  return data;
}
