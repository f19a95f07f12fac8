/**
 * A room's secret from a passphrase that people can remember: Argon2id (RFC 9106), so that trying
 * passphrases costs 64 MiB and a fifth of a second each.
 *
 * @module
 */

import { sha256 } from "./hash.ts";
import { ROOM_SECRET_BYTES } from "./room_key.ts";

/** Memory in KiB and passes (RFC 9106 §4: the second recommended option; one lane). */
const MEMORY_KIB = 65_536, PASSES = 3, LANES = 1;

/** What the platform has beside the types that come with it. */
interface Argon2 {
  importKey(
    format: "raw-secret",
    data: Uint8Array,
    name: "Argon2id",
    extractable: false,
    usages: ["deriveBits"],
  ): Promise<CryptoKey>;
  deriveBits(
    algorithm: {
      name: "Argon2id";
      nonce: Uint8Array;
      memory: number;
      passes: number;
      parallelism: number;
    },
    key: CryptoKey,
    bits: number,
  ): Promise<ArrayBuffer>;
}

/**
 * Derives the secret of a room.
 *
 * @param passphrase What people remember; compared in Unicode's NFC, without white space around it.
 * @param relay The relay's Ed25519 key: the same passphrase elsewhere is another room.
 * @param room The name of the room.
 * @returns 32 bytes. Takes 0.2 s, off the event loop.
 */
export async function secretOfPassphrase(
  passphrase: string,
  relay: Uint8Array,
  room: string,
): Promise<Uint8Array> {
  const encoder = new TextEncoder(), subtle = crypto.subtle as unknown as Argon2;
  const label = encoder.encode("udpchat/1 passphrase"), name = encoder.encode(room.normalize());
  const nonce = sha256(label, relay, name);
  const text = encoder.encode(passphrase.normalize().trim());
  const key = await subtle.importKey("raw-secret", text, "Argon2id", false, ["deriveBits"]);
  const argon2 = {
    name: "Argon2id",
    nonce,
    memory: MEMORY_KIB,
    passes: PASSES,
    parallelism: LANES,
  };
  return new Uint8Array(
    await subtle.deriveBits({ ...argon2, name: "Argon2id" }, key, 8 * ROOM_SECRET_BYTES),
  );
}
