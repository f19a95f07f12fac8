import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { adviceFor } from "../../lib/cli/doctor_advice.ts";
import { doctorLines } from "../../lib/cli/doctor_report.ts";
import { interfaceFinding, portFinding, verdictFinding } from "../../lib/cli/doctor_words.ts";
import {
  diagnose,
  type Seen,
  type SeenInterface,
  type SeenPort,
} from "../../lib/peer/diagnosis.ts";
import { makeTheme } from "../../lib/terminal/theme.ts";

const ETH: SeenInterface = {
  name: "eth0",
  loopback: false,
  mtu: 1500,
  addresses: [
    {
      host: "192.0.2.1",
      ways: [
        { kind: "multicast", back: false },
        { kind: "broadcast", back: true },
      ],
    },
    {
      host: "fe80::1%eth0",
      ways: [{ kind: "multicast", back: false, failure: { code: "EPERM", reason: "not allowed" } }],
    },
  ],
  others: [],
  beside: false,
};
const LO: SeenInterface = {
  name: "lo",
  loopback: true,
  mtu: undefined,
  addresses: [],
  others: [],
  beside: false,
};
const CHAT: SeenPort = { port: 2410, role: "chat", state: "free", users: [] };
const SEEN: Seen = {
  onlyLoopback: false,
  interfaces: [ETH, LO],
  ports: [CHAT],
  target: undefined,
  elsewhere: [],
};

Deno.test("interfaceFinding() says of each way what was really seen", () => {
  assertEquals(interfaceFinding(ETH), {
    level: "warning",
    code: "interface",
    text: "interface eth0, MTU 1500",
    details: [
      "multicast from 192.0.2.1: sent, not heard again",
      "broadcast from 192.0.2.1: sent, heard again",
      "multicast from fe80::1: not sent: not allowed",
      "others: none heard",
    ],
  });
  const lo = interfaceFinding(LO);
  assertEquals([lo.level, lo.text], ["info", "interface lo (this machine alone), MTU unknown"]);
  const many = Array.from({ length: 7 }, (_, at) => `192.0.2.${at + 10}`);
  assertEquals(
    interfaceFinding({ ...ETH, others: many, beside: true }).details.slice(-2),
    [
      "other programs of this machine: heard",
      "others: heard from 192.0.2.10, 192.0.2.11, 192.0.2.12, 192.0.2.13, 192.0.2.14 and 2 more",
    ],
  );
});

Deno.test("portFinding() says whether a port is free, and by whom it is used", () => {
  const table: readonly (readonly [Omit<SeenPort, "port">, level: string, text: string])[] = [
    [{ role: "chat", state: "free", users: [] }, "info", "(chat) is free"],
    [
      { role: "chat", state: "taken", users: [7] },
      "warning",
      "(chat) is in use by a program of yours, and not shared",
    ],
    [
      { role: "chat", state: "shared", users: [7, 33] },
      "warning",
      "(chat) is in use by a program of yours and a program of user id 33, and shared",
    ],
    [
      { role: "chat", state: "taken", users: undefined },
      "warning",
      "(chat) is in use, and not shared",
    ],
    [{ role: "beacons", state: "free", users: undefined }, "info", "(beacons) can be used"],
    [
      { role: "beacons", state: "shared", users: [0] },
      "info",
      "(beacons) is in use by a program of user id 0, and shared as it should be",
    ],
    [
      { role: "beacons", state: "taken", users: [] },
      "error",
      "(beacons) is in use, and not shared",
    ],
    [
      { role: "beacons", state: "refused", users: [] },
      "error",
      "(beacons) is refused by the system",
    ],
  ];
  for (const [seen, level, text] of table) {
    const finding = portFinding({ ...seen, port: 1 }, 7);
    assertEquals([finding.level, finding.text], [level, `UDP port 1 ${text}`]);
  }
});

const SYSTEMS = ["linux", "windows", "darwin", "freebsd"] as const;

/** Everything that can be wrong, one by one. */
const TROUBLES: readonly (readonly [string, Partial<Seen>, linux: RegExp])[] = [
  ["nothing", {}, /udpchat lan/],
  ["no interface", { interfaces: [LO] }, /Connect this machine to a network/],
  [
    "a firewall",
    { interfaces: [{ ...ETH, addresses: ETH.addresses.slice(0, 1) }] },
    /ufw allow 2410/,
  ],
  [
    "a firewall for what goes out",
    { interfaces: [{ ...ETH, addresses: ETH.addresses.slice(1) }] },
    /ufw allow out/,
  ],
  ["a held port of beacons", {
    ports: [{ port: 2411, role: "beacons", state: "taken", users: [] }],
  }, /ss -ulpn sport = :2411/],
  ["a refused port of beacons", {
    ports: [{ port: 2411, role: "beacons", state: "refused", users: [] }],
  }, /2411 from being opened/],
  ["a port of chat in use", {
    ports: [{ port: 2410, role: "chat", state: "taken", users: [] }],
  }, /talk --port 4000/],
  ["a silent relay", { target: { place: "relay:99", outcome: "silent" } }, /serve --port 99/],
  [
    "an unknown name",
    { target: { place: "relay:99", outcome: "unknown" } },
    /how the name is written/,
  ],
  [
    "another key",
    { target: { place: "relay:99", outcome: "other key" } },
    /relay:99 --accept-new-key/,
  ],
  [
    "a relay that answers",
    { target: { place: "[fe80::1%a]:9", outcome: "answers" } },
    /join '\[fe80::1%a\]:9'/,
  ],
  ["no route", {
    interfaces: [{
      ...ETH,
      addresses: [{
        host: "192.0.2.1",
        ways: [{ kind: "broadcast", back: false, failure: { code: "ENETUNREACH", reason: "" } }],
      }],
    }],
  }, /ip route/],
];

for (const [what, more, linux] of TROUBLES) {
  Deno.test(`adviceFor() says on every system what to do about ${what}`, () => {
    const seen = { ...SEEN, ...more }, diagnosis = diagnose(seen);
    for (const os of SYSTEMS) {
      const advice = adviceFor(seen, diagnosis, os);
      assert(advice.length > 0, os);
      for (const { text, commands } of advice) {
        assertMatch(text, /[.:]$/);
        assertEquals(text.endsWith(":"), commands.length > 0, text);
      }
      if (os !== "linux") continue;
      assertMatch(
        advice.map(({ text, commands }) => [text, ...commands].join("\n")).join("\n"),
        linux,
      );
    }
  });
}

Deno.test("doctorLines() fits the terminal, but for commands that are to be copied", () => {
  const diagnosis = diagnose(SEEN);
  const report = {
    findings: [interfaceFinding(ETH), portFinding(CHAT, 0)],
    verdict: verdictFinding(SEEN, diagnosis, 2),
    advice: adviceFor(SEEN, diagnosis, "linux"),
  };
  const theme = makeTheme(false);
  for (const width of [39, 79]) {
    const lines = doctorLines(report, { width, quiet: false, theme });
    const prose = lines.filter((line) => !line.startsWith("    sudo"));
    assertEquals(prose.filter((line) => line.length > width || line !== line.trimEnd()), []);
    assertStringIncludes(lines.join("\n"), "\n    sudo ufw allow 2410:2411/udp\n");
    assertEquals(lines.slice(0, 1), ["note  interface eth0, MTU 1500"]);
    assertStringIncludes(lines.join("\n"), "\nok    UDP port 2410 (chat) is free\n\n");
  }
  const quiet = doctorLines(report, { width: 79, quiet: true, theme }).join("\n");
  assert(!quiet.includes("2410 (chat)") && quiet.includes("note  interface eth0"));
  assertStringIncludes(quiet, "What to do:");
});

Deno.test("doctorLines() writes nothing that a name in the system could do to a terminal", () => {
  const evil = interfaceFinding({ ...ETH, name: "e\x1b[2J\u202eth" });
  const verdict = verdictFinding(SEEN, diagnose(SEEN), 2);
  const lines = doctorLines({ findings: [evil], verdict, advice: [] }, {
    width: 79,
    quiet: false,
    theme: makeTheme(false),
  });
  for (const bad of ["\x1b", "\u202e"]) assert(!lines.join("").includes(bad));
});
