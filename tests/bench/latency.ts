/**
 * Latency of chat under loss, in the conditions of the table that is compared with: one way 50±10 ms,
 * independent loss each way, 80-byte messages on one ordered stream, 5 seeds, 50 clean messages first. Runs
 * in virtual time, so the figures do not depend on the machine.
 *
 * @module
 */

import type { ImpairmentSpec } from "../../lib/net/impairment.ts";
import { seededRandom } from "../../lib/net/random.ts";
import { HubNet } from "../support/hub_net.ts";
import { SessionPair } from "../support/session_pair.ts";
import { say } from "./report.ts";

const MESSAGES = 2_000, SEEDS = 5, WARM_UP = 50, SIZE = 80;

interface Cell {
  readonly times: number[];
  bytes: number;
  dropped: number;
}

/** One cell of the table: a loss, a rhythm, independent or in bursts. */
function measure(loss: number, every: number, bursts: boolean): Cell {
  const cell: Cell = { times: [], bytes: 0, dropped: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const spec: { -readonly [K in keyof ImpairmentSpec]: ImpairmentSpec[K] } = {
      delay: 50,
      jitter: 10,
      loss: 0,
    };
    const burst = makeBursts(loss, seed);
    let on = false;
    const pair = new SessionPair({
      spec,
      seed,
      filter: () => !(bursts && on && burst()),
    });
    const sentAt: number[] = [];
    let got = 0, delivered = 0, before = 0;
    Object.assign(pair.bob, {
      onData: (_: number, bytes: Uint8Array, now: number) => {
        got += bytes.length;
        for (; (delivered + 1) * SIZE <= got; delivered++) {
          if (delivered >= WARM_UP) cell.times.push(now - (sentAt[delivered] ?? 0));
        }
      },
    });
    for (let message = 0; message < MESSAGES + WARM_UP; message++) {
      if (message === WARM_UP) {
        on = true;
        if (!bursts) spec.loss = loss;
        before = pair.wire;
      }
      sentAt.push(pair.now);
      pair.ann.session.write(0, new Uint8Array(SIZE));
      pair.flush();
      pair.run(pair.now + every);
    }
    cell.bytes += pair.wire - before;
    pair.run(pair.now + 60_000);
    if (delivered < MESSAGES + WARM_UP || pair.ann.session.closed) cell.dropped++;
  }
  return cell;
}

/** Losses in bursts of mean length 3 with the same average (Gilbert's model). */
function makeBursts(loss: number, seed: number): () => boolean {
  const random = seededRandom(seed + 1_000), leave = 1 / 3;
  const enter = loss >= 100 ? 1 : leave * (loss / 100) / (1 - loss / 100);
  let bad = false;
  return () => {
    bad = bad ? random() >= leave : random() < enter;
    return bad;
  };
}

function quantile(times: readonly number[], share: number): string {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(0);
}

/** The whole table. */
export function latencyUnderLoss(): void {
  for (
    const [title, every, bursts] of [
      ["one message a second, independent loss", 1_000, false],
      ["one message every 50 ms, independent loss", 50, false],
      ["one message a second, loss in bursts of mean length 3", 1_000, true],
    ] as const
  ) {
    say(`\n${title}:\n`);
    say("| loss | p50 | p95 | p99 | max ms | bytes a message | sessions dropped |");
    say("| --- | --- | --- | --- | --- | --- | --- |");
    for (const loss of [0, 5, 10, 20, 30, 40]) {
      const { times, bytes, dropped } = measure(loss, every, bursts);
      const cells = [0.5, 0.95, 0.99, 1].map((share) => quantile(times, share));
      const perMessage = (bytes / (MESSAGES * SEEDS)).toFixed(0);
      say(`| ${loss} % | ${cells.join(" | ")} | ${perMessage} | ${dropped} of ${SEEDS} |`);
    }
  }
}

/** From the call to the first line, 100 ms round trip. */
export function firstLine(): void {
  say("\nFrom the call to the first line delivered, 100 ms round trip, 500 seeds:\n");
  say("| loss | p50 | p95 | p99 | max ms |");
  say("| --- | --- | --- | --- | --- |");
  for (const loss of [0, 10, 20]) {
    const times: number[] = [];
    for (let seed = 1; seed <= 500; seed++) {
      const net = new HubNet({ delay: 50, jitter: 10, loss }, seed);
      const ann = net.add("192.0.2.1"), bob = net.add("192.0.2.2");
      ann.hub.call(bob.address, false, 0);
      let said = false;
      net.runUntil(() => {
        const [session] = ann.hub.sessions;
        if (session && !said) {
          said = true;
          net.say(ann, session, "hello");
        }
        return bob.heard.length > 0;
      }, 60_000);
      times.push(bob.heard[0]?.at ?? Infinity);
    }
    say(
      `| ${loss} % | ${[0.5, 0.95, 0.99, 1].map((share) => quantile(times, share)).join(" | ")} |`,
    );
  }
}
