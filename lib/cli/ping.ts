/**
 * `udpchat ping HOST[:PORT]`: is it there?
 *
 * @module
 */

import { keyText } from "../crypto/identity.ts";
import { bindUdp } from "../net/bind.ts";
import { Pinger, type PingEvent } from "../peer/ping.ts";
import { formatAddress } from "../wire/address.ts";
import type { Invocation } from "./command.ts";
import { openFront } from "./front.ts";
import { bindingOf } from "./options.ts";
import { answersText, linkEvent, ms, otherKeyText, type PingUp, summarise } from "./ping_report.ts";
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
  let up: PingUp | undefined;
  const report = (event: PingEvent): void => {
    if (event.type === "up") {
      up = event;
      reporter.report({
        event: "notice",
        level: "info",
        code: "connected",
        text: answersText(event),
      });
      const text = otherKeyText(words[0] ?? "", pinned, event.key);
      if (text) reporter.report({ event: "notice", level: "warning", code: "changed-key", text });
    } else if (event.type === "lost") {
      say(`${event.number}: no answer`);
    } else if (up) {
      say(`${event.number}: ${ms(event.rtt)} from ${formatAddress(up.session.address)}`);
      reporter.report(linkEvent(up, event.rtt, machine.summary));
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
