/**
 * Noise X against vectors of others (PROTOCOL.md §20.7).
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromHex, Malformed, toHex } from "./bytes.ts";
import { openX, sealX } from "./noise_x.ts";
import { dhPair } from "./x25519.ts";

const NAME = "Noise_X_25519_ChaChaPoly_SHA256";

interface NoiseVector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly init_remote_static: string;
  readonly resp_static: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const FILE: { readonly vectors: readonly NoiseVector[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/noise.json", import.meta.url)),
);

Deno.test("rooms: Noise X is that of others", () => {
  const vector = FILE.vectors.find((each) => each.protocol_name === NAME);
  const [message] = vector?.messages ?? [];
  assert(vector && message);
  const prologue = fromHex(vector.init_prologue);
  const [mine, theirs] = [vector.init_static, vector.resp_static].map((key) =>
    dhPair(fromHex(key))
  );
  assert(mine && theirs);
  assertEquals(toHex(theirs.public), vector.init_remote_static);
  const [clear, ephemeral] = [fromHex(message.payload), dhPair(fromHex(vector.init_ephemeral))];
  const sealed = sealX(mine, theirs.public, prologue, clear, ephemeral);
  assertEquals(toHex(sealed), message.ciphertext);
  assertEquals(openX(theirs, prologue, sealed), { sender: mine.public, clear });
  assertThrows(() => openX(mine, prologue, sealed), Malformed);
  assertThrows(() => openX(theirs, prologue.with(0, 0), sealed), Malformed);
  for (const at of [0, 40, sealed.length - 1]) {
    const turned = sealed.with(at, (sealed[at] ?? 0) ^ 1);
    assertThrows(() => openX(theirs, prologue, turned), Malformed);
  }
});
