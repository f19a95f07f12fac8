/**
 * A program that does harm in a room: it ends with 0 when the relay did what it must do about it.
 *
 *     hostile.ts PORT ATTACK SEED TIMES
 *
 * @module
 */

import { seededRandom } from "../../lib/net/random.ts";
import { loopback } from "../conformance/wire.ts";
import { ATTACKS } from "./hostile_attacks.ts";

const [port, name = "", seed, times] = Deno.args;
const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`no attack is called ${name}`);
const random = seededRandom(Number(seed));
await attack({ relay: loopback(Number(port)), random, times: Number(times) });
