/**
 * `udpchat id`: who am I, and is the other who I think?
 *
 * @module
 */

import { nearest } from "../chat/nearest.ts";
import { printable } from "../chat/printable.ts";
import { keyTag, keyText, makeIdentity } from "../crypto/identity.ts";
import { safetyHalf, safetyNumber } from "../crypto/safety.ts";
import { NetError } from "../net/endpoint.ts";
import { Contacts } from "../store/contacts.ts";
import { loadSeeds, takeSlot } from "../store/home.ts";
import type { Invocation } from "./command.ts";
import { homeOf, nameOf } from "./front.ts";
import { homeError } from "./profile.ts";
import { printOut } from "./print.ts";

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options }: Invocation): Promise<number> {
  const home = homeOf(host, options);
  if (home === undefined) {
    throw new NetError("HOME", "Cannot show a key that is not kept: leave out --ephemeral");
  }
  const own = await ownKey(home, (length) => host.randomBytes(length));
  const name = await nameOf(host, options);
  if (options.with === undefined) {
    const json = {
      name,
      key: keyText(own),
      tag: keyTag(own),
      safety_number: safetyHalf(own),
    };
    if (options.json) return await printOut(host, `${JSON.stringify(json)}\n`);
    const lines = [
      `name           ${name}`,
      `key            ${json.key}`,
      `tag            ${json.tag}`,
      `safety number  ${json.safety_number}`,
      "               (your half of it; id --with NAME shows the whole, to compare with NAME)",
    ];
    return await printOut(host, `${lines.join("\n")}\n`);
  }
  const contacts = new Contacts(home);
  try {
    const found = contacts.byName(options.with);
    if (found.length === 0) {
      const near = nearest(options.with, contacts.names());
      throw new NetError(
        "CONTACT",
        `Cannot find a contact "${options.with}": ` +
          (near ? `did you mean ${near}?` : "whoever has said something to you is one"),
      );
    }
    if (options.json) {
      const rows = found.map(({ key, name, verified }) =>
        JSON.stringify({
          name,
          key: keyText(key),
          tag: keyTag(key),
          verified,
          safety_number: safetyNumber(own, key),
        })
      );
      return await printOut(host, `${rows.join("\n")}\n`);
    }
    const lines = found.flatMap((contact) => {
      const number = safetyNumber(own, contact.key).split(" ");
      return [
        `${printable(contact.name)} (${keyTag(contact.key)}, ` +
        `${contact.verified ? "verified" : "unverified"})`,
        ...[0, 4, 8].map((at) => `  ${number.slice(at, at + 4).join(" ")}`),
      ];
    });
    return await printOut(host, `${lines.join("\n")}\n`);
  } finally {
    contacts.close();
  }
}

/** The key of the first slot; takes no lock unless it must be made. */
async function ownKey(home: string, random: (length: number) => Uint8Array): Promise<Uint8Array> {
  try {
    const seeds = await loadSeeds(home, 1);
    if (seeds) return makeIdentity(seeds.identity).publicKey;
    const slot = await takeSlot(home, random);
    slot.release();
    return makeIdentity(slot.seeds.identity).publicKey;
  } catch (error) {
    throw homeError(home, error);
  }
}
