/**
 * `udpchat ping HOST[:PORT]`: is it there?
 *
 * @module
 */

import { equal } from "../crypto/hash.ts";
import { keyTag, keyText } from "../crypto/identity.ts";
import { bindUdp } from "../net/bind.ts";
import { Pinger, type PingEvent, type PingSummary } from "../peer/ping.ts";
import { formatAddress } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { openFront } from "./front.ts";
import { bindingOf } from "./options.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { openProfile, pinnedKey } from "./profile.ts";
import { runMachine } from "./run_machine.ts";
import { destination, resolveAll, secretOf } from "./talk.ts";

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options, words }: Invocation): Promise<number> {
  const place = destination(words[0] ?? "");
  const secret = await secretOf(host, options);
  const to = await resolveAll(place, options);
  const profile = await openProfile(host, { ...options, ephemeral: true });
  const pinned = pinnedKey(host, options, formatAddress(place));
  const endpoint = await bindUdp(host.clock, { ...bindingOf(options), port: options.port ?? 0 });
  const { credentials } = profile;
  const machine = new Pinger({
    hub: { credentials, secret, random: (size) => host.randomBytes(size) },
    to,
    count: options.count,
    interval: (options.interval ?? 1) * 1000,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
  }, host.clock.now());
  const front = await openFront(host, options, false);
  const { reporter } = front;
  const say = (line: string): void => {
    if (!options.json) host.console.output.push(`${line}\n`);
  };
  let peer = { key: "", mtu: 0, address: { host: place.host, port: place.port } };
  const report = (event: PingEvent): void => {
    if (event.type === "up") {
      const { session } = event;
      peer = { key: keyText(event.key), mtu: session.link.mtu, address: session.address };
      const text = `${formatAddress(peer.address)} answers with the key ${keyTag(event.key)} ` +
        `after ${ms(event.took)} (handshake)`;
      reporter.report({ event: "notice", level: "info", code: "connected", text });
      if (pinned !== undefined && !equal(pinned, event.key)) {
        reporter.report({
          event: "notice",
          level: "warning",
          code: "changed-key",
          text: `${words[0]} answered with the key ${
            keyTag(pinned)
          } before: somebody may be in between`,
        });
      }
    } else if (event.type === "lost") {
      say(`${event.number}: no answer`);
    } else {
      const { sent, received, times } = machine.summary;
      say(`${event.number}: ${ms(event.rtt)} from ${formatAddress(peer.address)}`);
      reporter.report({
        event: "link",
        peer: peer.key,
        rtt_ms: round(event.rtt),
        jitter_ms: round(jitter(times)),
        loss: round(1 - received / sent),
        mtu: peer.mtu,
        address: peer.address,
      });
    }
  };
  const ready = { mode: "ping", key: keyText(credentials.identity.publicKey) };
  try {
    return await runMachine<PingEvent>({
      host,
      options,
      front,
      machine,
      endpoint,
      ready,
      report,
      last: () => summarise(machine.summary, host.console.output.isTerminal).forEach(say),
    });
  } finally {
    profile.close();
  }
}

/** The blocks of a sparkline, lowest first (Unicode Block Elements). */
const BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
/** Points in a sparkline (our choice: it fits beside its label at 80 columns). */
const POINTS = 60;

function summarise({ sent, received, times }: PingSummary, plot: boolean): string[] {
  if (sent === 0) return ["nobody answered"];
  const lost = (1 - received / sent) * 100;
  const lines = [`${sent} asked, ${received} answered, ${round(lost)} % lost`];
  if (times.length === 0) return lines;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  lines.push(
    `min ${ms(at(0))}, median ${ms(at(0.5))}, p95 ${ms(at(0.95))}, max ${ms(at(1))}, ` +
      `jitter ${ms(jitter(times))}`,
  );
  if (plot) lines.push(sparkline(times.slice(-POINTS), at(0), at(1)));
  return lines;
}

function sparkline(times: readonly number[], least: number, most: number): string {
  const step = (most - least) / (BLOCKS.length - 1) || 1;
  return times.map((time) => BLOCKS[Math.round((time - least) / step)] ?? "").join("");
}

/** The mean difference of neighbours, in ms (RFC 3550 §6.4.1 smooths the same). */
function jitter(times: readonly number[]): number {
  const steps = times.slice(1).map((time, at) => Math.abs(time - (times[at] ?? 0)));
  return steps.length === 0 ? 0 : steps.reduce((sum, each) => sum + each, 0) / steps.length;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
