/**
 * The real clock. Only `main.ts` and bots take it; everything else is given a clock.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

/** Longest delay of the platform's timers in ms: 2^31 - 1; a longer one would end at once. */
const MAX_DELAY = 2_147_483_647;

/** Real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  wake: (at, then) => {
    const delay = Math.min(Math.max(0, Math.ceil(at - performance.now())), MAX_DELAY);
    const timer = setTimeout(then, delay);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
