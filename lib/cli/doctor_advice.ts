/**
 * What to do about what `doctor` found: plain words, and commands to copy. Only said, never run.
 * Pure.
 *
 * @module
 */

import { KIND } from "../session/credentials.ts";
import type { Cause, Diagnosis, Seen, SeenPort, SeenTarget } from "../peer/diagnosis.ts";
import { isLoopback, parseTarget } from "../wire/address.ts";

/** One thing to do. */
export interface Advice {
  readonly text: string;
  /** Commands, a line each. */
  readonly commands: readonly string[];
}

/** What tells who holds a port. */
const HOLDERS: Readonly<Partial<Record<typeof Deno.build.os, (port: number) => string>>> = {
  linux: (port) => `sudo ss -ulpn sport = :${port}`,
  darwin: (port) => `sudo lsof -nP -iUDP:${port}`,
  windows: () => "netstat -abno -p UDP",
};

/** What shows the rules of a firewall on Linux. */
const RULES = "sudo nft list ruleset";

/**
 * What to do.
 *
 * @param seen What was seen.
 * @param diagnosis What it comes to.
 * @param os The system.
 * @returns The most pressing first; one at least.
 */
export function adviceFor(
  seen: Seen,
  diagnosis: Diagnosis,
  os: typeof Deno.build.os,
): Advice[] {
  const advice = diagnosis.causes.flatMap((cause) => adviceOn(cause, os));
  if (diagnosis.works) advice.push(goAhead(seen));
  return advice;
}

function adviceOn(cause: Cause, os: typeof Deno.build.os): Advice[] {
  switch (cause.kind) {
    case "target":
      return [targetAdvice(cause.target)];
    case "no network":
      return [{
        text: "Connect this machine to a network, by cable or Wi-Fi, and look again:",
        commands: ["udpchat doctor"],
      }];
    case "beacon port":
      return [beaconAdvice(cause.port, os)];
    case "firewall":
      return firewallAdvice(cause.way, cause.names, os);
    case "no route":
      return [routeAdvice(cause.names, os)];
    case "chat port":
      return [chatAdvice(cause.port)];
    case "alone":
      return [{
        text: "Should others be here? If neither of two machines hears the other, the network " +
          "itself keeps them apart, as guest Wi-Fi does: try lan --peer ADDRESS, else use a " +
          "relay. To see that, run this on both at the same time:",
        commands: ["udpchat doctor"],
      }];
  }
}

function targetAdvice({ place, outcome }: SeenTarget): Advice {
  const port = /:(\d+)$/.exec(place)?.[1] ?? "2410";
  switch (outcome) {
    case "other key":
      return {
        text: `Ask whoever runs ${place} whether their key is new. If so:`,
        commands: [`udpchat talk ${quoted(place)} --accept-new-key`],
      };
    case "unknown":
      return {
        text: "Check how the name is written, or use the address. On the other machine " +
          "this shows it, above the line of its interface:",
        commands: ["udpchat doctor"],
      };
    default:
      if (isLoopback(parseTarget(place).host)) {
        return {
          text: "See that udpchat runs there:",
          commands: [`udpchat serve --port ${port}`],
        };
      }
      return {
        text: `On the other machine, see that udpchat runs, and that its firewall and router ` +
          `let UDP port ${port} in:`,
        commands: [`udpchat serve --port ${port}`, `sudo ufw allow ${port}/udp`],
      };
  }
}

/** Some shells take brackets for patterns. */
function quoted(place: string): string {
  return /^[\w.:-]+$/.test(place) ? place : `'${place.replaceAll("'", "")}'`;
}

function beaconAdvice({ port, state }: SeenPort, os: typeof Deno.build.os): Advice {
  const holder = HOLDERS[os]?.(port);
  if (state === "refused" || holder === undefined) {
    return { text: `See what keeps UDP port ${port} from being opened.`, commands: [] };
  }
  return {
    text: `End the program that holds UDP port ${port}. This shows which it is:`,
    commands: [holder],
  };
}

function firewallAdvice(
  way: "in" | "out",
  names: readonly string[],
  os: typeof Deno.build.os,
): Advice[] {
  const stops = "The firewall of this machine seems to stop what is sent to everybody by " +
    `${names.join(" and ")}${way === "in" ? ": it does not come in" : ": it does not go out"}.`;
  if (os === "windows") {
    return [{
      text: `${stops} Make the network a private one (Settings, Network & internet, its ` +
        "properties), or run as administrator:",
      commands: [
        `netsh advfirewall firewall add rule name=udpchat dir=${way} action=allow protocol=UDP ` +
        `${way === "in" ? "localport" : "remoteport"}=2410-2411`,
      ],
    }];
  }
  if (os === "darwin") {
    return [{
      text: `${stops} In System Settings: Network, Firewall, Options: allow incoming ` +
        "connections; Privacy & Security, Local Network: turn on your terminal.",
      commands: [],
    }];
  }
  const ufw = `sudo ufw allow ${way === "in" ? "" : "out "}2410:2411/udp`;
  if (way === "out") {
    return [{ text: `${stops} With ufw, or else look for the rule:`, commands: [ufw, RULES] }];
  }
  return [{ text: `${stops} With ufw:`, commands: [ufw] }, {
    text: "With firewalld:",
    commands: [
      "sudo firewall-cmd --permanent --add-port=2410-2411/udp",
      "sudo firewall-cmd --reload",
    ],
  }];
}

function routeAdvice(names: readonly string[], os: typeof Deno.build.os): Advice {
  const where = names.join(", ");
  if (os === "darwin") {
    return {
      text: `The system says that nobody can be reached by ${where}. In System Settings, ` +
        "Privacy & Security, Local Network: turn on your terminal.",
      commands: [],
    };
  }
  const commands = os === "linux" ? ["ip address", "ip route"] : [];
  const end = commands.length > 0 ? ":" : ".";
  return {
    text: `The system knows no way to others by ${where}. See that it is up, and has a route${end}`,
    commands,
  };
}

function chatAdvice({ port }: SeenPort): Advice {
  return {
    text:
      `UDP port ${port} is in use, perhaps by udpchat itself; talk and lan take another one then. ` +
      "To be called all the same, or to run a relay, choose a port and tell it to the others:",
    commands: ["udpchat talk --port 4000", "udpchat serve --port 4000"],
  };
}

/** Where it is not known who answers. */
const ANYTHING: Advice = {
  text: "To chat with a person, or in a room if it is a relay:",
  commands: ["talk", "join"],
};

/** What to do with whoever answers, by what they are for. */
const THERE: Readonly<Record<number, Advice>> = {
  [KIND.relay]: { text: "A relay is there. To chat in a room of it:", commands: ["join"] },
  [KIND.talk]: { text: "A person is there. To chat with them:", commands: ["talk"] },
  [KIND.lan]: {
    text: "Somebody on a network is there. To chat with them and all others:",
    commands: ["lan --peer"],
  },
};

function goAhead({ target }: Seen): Advice {
  if (target) {
    const { text, commands } = THERE[target.kind ?? KIND.any] ?? ANYTHING;
    return {
      text,
      commands: commands.map((command) => `udpchat ${command} ${quoted(target.place)}`),
    };
  }
  return {
    text: "To chat with everybody on this network, run this on each machine:",
    commands: ["udpchat lan"],
  };
}
