/**
 * Names are only labels: whoever bears that of somebody verified, or one that looks like it, with another
 * key, is told to be somebody else. Nobody is kept out for it.
 *
 * @module
 */

import { skeleton } from "../chat/lookalike.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import type { Author } from "../peer/member_event.ts";
import type { Contacts } from "../store/contacts.ts";

/** People of whom it is remembered that they were looked at (our choice; more are looked at again). */
const MAX_SEEN = 4_096;

/** What one program thinks of the names in a room. */
export class Doubts {
  readonly #contacts: Pick<Contacts, "verified">;
  /** Keys and names that were looked at. */
  readonly #seen = new Set<string>();

  /**
   * Nobody was seen.
   *
   * @param contacts Whom one has verified.
   */
  constructor(contacts: Pick<Contacts, "verified">) {
    this.#contacts = contacts;
  }

  /**
   * Looks at somebody's name, once.
   *
   * @param author Who bears it.
   * @returns What to tell; undefined where there is nothing to doubt, or it was told.
   */
  about({ key, name }: Author): string | undefined {
    const text = `${keyText(key)} ${name}`;
    if (this.#seen.has(text)) return undefined;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(text);
    const look = skeleton(name), verified = this.#contacts.verified();
    if (verified.some((contact) => keyText(contact.key) === keyText(key))) return undefined;
    const known = verified.find((contact) => skeleton(contact.name) === look);
    return known &&
      `${name} is not the ${known.name} you know: the key is ${keyTag(key)}, and not ` +
        `${keyTag(known.key)}, which you have verified`;
  }
}
