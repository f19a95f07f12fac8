/**
 * `udpchat doctor [HOST[:PORT]]`: which paths work here, and what to do about those that do not.
 *
 * @module
 */

import { keyText } from "../crypto/identity.ts";
import { bindUdp } from "../net/bind.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { checkInterface } from "../net/interfaces.ts";
import { LanEndpoint } from "../net/lan.ts";
import { Checkup } from "../peer/checkup.ts";
import { diagnose, type SeenPort } from "../peer/diagnosis.ts";
import type { PingEvent } from "../peer/ping.ts";
import type { Invocation } from "./command.ts";
import { adviceFor } from "./doctor_advice.ts";
import { reportDoctor } from "./doctor_report.ts";
import { type Scope, scopeOf, seePorts, whatWasSeen } from "./doctor_seen.ts";
import { type Called, callTarget, targetFinding, targetLink, targetSeen } from "./doctor_target.ts";
import { interfaceFinding, portFinding, verdictFinding } from "./doctor_words.ts";
import { EXIT } from "./exit.ts";
import { type Front, openFront } from "./front.ts";
import { bindingOf } from "./options.ts";
import type { PingUp } from "./ping_report.ts";
import { openProfile, type Profile } from "./profile.ts";
import { runMachine } from "./run_machine.ts";
import { destination } from "./talk.ts";

/** How long others are listened for, in seconds (our choice: somebody sits there and waits). */
const LISTEN_S = 2;

/** One run. */
interface Visit extends Pick<Invocation, "host" | "options"> {
  readonly profile: Profile;
  readonly scope: Scope;
  readonly ports: readonly SeenPort[];
  readonly called: Called | undefined;
  readonly sessions: Endpoint;
}

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options, words }: Invocation): Promise<number> {
  const place = words[0] === undefined ? undefined : destination(words[0]);
  if (options.interface !== undefined) checkInterface(options.interface);
  const scope = await scopeOf(options), ports = await seePorts(host, options);
  const profile = await openProfile(host, { ...options, ephemeral: true });
  try {
    const sessions = await bindUdp(host.clock, { ...bindingOf(options), port: 0 });
    try {
      const called = place && await callTarget({ host, options }, profile, place);
      return await lookAround({ host, options, profile, scope, ports, called, sessions });
    } finally {
      sessions.close();
    }
  } finally {
    profile.close();
  }
}

async function lookAround(visit: Visit): Promise<number> {
  const { host, options, profile, scope, called, sessions } = visit, { clock } = host;
  const machine = new Checkup({
    random: (length) => host.randomBytes(length),
    listen: LISTEN_S * 1000,
    pinger: called?.pinger,
  }, clock.now());
  const endpoint = new LanEndpoint({
    clock,
    sessions,
    only: options.interface,
    family: bindingOf(options).family,
    list: scope.list,
    mark: (bytes, by, to) => machine.mark(bytes, by, to),
  });
  const front = await openFront(host, options, false);
  let up: PingUp | undefined;
  return await runMachine<PingEvent>({
    host,
    options,
    front,
    machine,
    endpoint,
    ready: { mode: "doctor", key: keyText(profile.credentials.identity.publicKey) },
    report: (event) => {
      if (event.type === "up") up = event;
    },
    feed: () => Promise.resolve(announce(visit, front)),
    last: () => {
      if (machine.ended) conclude(visit, front, machine, endpoint, up);
    },
  });
}

function announce({ called }: Visit, { reporter }: Front): void {
  const calls = called?.pinger ? `, and calling ${called.place}` : "";
  const text = `sending test datagrams, listening for ${LISTEN_S} seconds${calls}`;
  reporter.report({ event: "notice", level: "info", code: "looking", text });
}

/** Says what it comes to, and ends with it. */
function conclude(
  { host, options, scope, ports, called }: Visit,
  { reporter }: Front,
  machine: Checkup,
  endpoint: LanEndpoint,
  up: PingUp | undefined,
): void {
  const target = called && targetSeen(called, up);
  const seen = whatWasSeen({ scope, machine, endpoint, ports, target });
  const diagnosis = diagnose(seen), user = Deno.uid();
  const link = called && targetLink(called, up);
  if (link) reporter.report(link);
  reportDoctor(host, options, reporter, {
    findings: [
      ...seen.interfaces.map(interfaceFinding),
      ...seen.ports.map((port) => portFinding(port, user)),
      ...(called ? [targetFinding(called, up)] : []),
    ],
    verdict: verdictFinding(seen, diagnosis, LISTEN_S),
    advice: adviceFor(seen, diagnosis, Deno.build.os),
  });
  const reason = diagnosis.works ? "chat will work" : "chat will not work";
  machine.conclude(diagnosis.works ? EXIT.done : EXIT.failed, reason);
}
