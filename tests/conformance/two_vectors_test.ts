/**
 * The vectors of rooms of two, of being away and of beacons (PROTOCOL.md §15.3, §20.7, §20.8, §21.1).
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromHex, join, toHex, utf8 } from "./bytes.ts";
import { hmac } from "./hash.ts";
import { openX, sealX } from "./noise_x.ts";
import { decodePresence } from "./presence.ts";
import { placeOf, secretRoom, talkPlace } from "./rooms.ts";
import { privateRoom } from "./rooms_private.ts";
import { NAME, ROOMS } from "./rooms_vectors.ts";
import { VECTORS } from "./vectors.ts";
import { dhPair } from "./x25519.ts";

const { two } = ROOMS, LOBBY = fromHex(ROOMS.open_room.room), BOB = fromHex(two.other.identity);

Deno.test("two: the numbers of a talk and of a room of two on a relay", () => {
  assertEquals(toHex(talkPlace(NAME.author, BOB).room), two.talk_room);
  assertEquals(toHex(talkPlace(BOB, NAME.author).room), two.talk_room);
  assertEquals(toHex(privateRoom(LOBBY, BOB, NAME.author)), two.private_room);
});

Deno.test("two: a private body is sealed and opened as in the vector", () => {
  const ann = VECTORS.people.find(({ identity }) => identity === ROOMS.author.identity);
  const mine = dhPair(fromHex(ann?.static_private ?? ""));
  const theirs = dhPair(fromHex(two.other.static_private));
  const room = fromHex(two.private_room);
  const prologue = join(utf8("udpchat/1 private body"), room, NAME.author, NAME.log);
  const ephemeral = dhPair(fromHex(two.ephemeral_private));
  const body = sealX(mine, theirs.public, prologue, fromHex(two.plain), ephemeral);
  assertEquals(toHex(body), two.body);
  assertEquals(toHex(openX(theirs, prologue, body).clear), two.plain);
});

Deno.test("two: being away, in the clear and sealed", () => {
  const said = { author: NAME.author, away: true, time: 1_767_225_600_000, text: "lunch" };
  assertEquals(decodePresence(placeOf(LOBBY), fromHex(two.away_open)), said);
  const sealed = placeOf(secretRoom(fromHex(ROOMS.secret_room.secret)));
  assertEquals(decodePresence(sealed, fromHex(two.away_sealed)), said);
});

Deno.test("two: a beacon is what the page says", () => {
  const tag = fromHex(two.beacon.tag), sum = fromHex(two.beacon.sum);
  const room = hmac(LOBBY, utf8("udpchat/1 beacon room"), tag).slice(0, 16);
  const digest = hmac(LOBBY, utf8("udpchat/1 beacon digest"), tag, sum).slice(0, 8);
  const port = Uint8Array.of(2410 >> 8, 2410 & 255), head = fromHex("ff7564620100");
  assertEquals(toHex(join(head, tag, port, room, digest)), two.beacon.bytes);
});
