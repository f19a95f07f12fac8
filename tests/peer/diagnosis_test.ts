import { assertEquals } from "@std/assert";
import {
  type Cause,
  diagnose,
  type Health,
  healthOf,
  type Seen,
  type SeenAddress,
  type SeenInterface,
  type SeenPort,
  type SeenTarget,
  type SeenWay,
} from "../../lib/peer/diagnosis.ts";

const failed = (code: string) => ({ failure: { code, reason: "no" }, back: false });
const GOOD = { back: true }, SILENT = { back: false }, FORBIDDEN = failed("EPERM");
const CUT = failed("ENETUNREACH");

type Outcome = Omit<SeenWay, "kind">;

/** An IPv4 address with what became of multicast and broadcast. */
function v4(multicast: Outcome, broadcast: Outcome): SeenAddress {
  const ways: SeenWay[] = [
    { kind: "multicast", ...multicast },
    { kind: "broadcast", ...broadcast },
  ];
  return { host: "192.0.2.1", ways };
}

function v6(multicast: Outcome): SeenAddress {
  return { host: "fe80::1%eth0", ways: [{ kind: "multicast", ...multicast }] };
}

const UNOPENED: SeenAddress = { host: "192.0.2.1", ways: [] };

function eth(addresses: readonly SeenAddress[], others: readonly string[] = []): SeenInterface {
  return { name: "eth0", loopback: false, mtu: 1500, addresses, others, beside: false };
}

const LO: SeenInterface = {
  name: "lo",
  loopback: true,
  mtu: 65_536,
  addresses: [{ host: "127.0.0.1", ways: [{ kind: "broadcast", ...GOOD }] }],
  others: [],
  beside: false,
};

const CHAT: SeenPort = { port: 2410, role: "chat", state: "free", users: [] };
const BEACONS: SeenPort = { port: 2411, role: "beacons", state: "free", users: [] };

Deno.test("healthOf() tells how well an interface serves to find others", () => {
  const table: readonly (readonly [SeenInterface, Health])[] = [
    [eth([]), "none"],
    [eth([v4(GOOD, GOOD)]), "works"],
    [eth([v4(GOOD, GOOD), v6(GOOD)]), "works"],
    [eth([v4(GOOD, GOOD), v6(SILENT)]), "partly"],
    [eth([v4(SILENT, GOOD)]), "partly"],
    [eth([v4(GOOD, FORBIDDEN)]), "partly"],
    [eth([v4(GOOD, GOOD), UNOPENED]), "partly"],
    [eth([v4(SILENT, SILENT)]), "fails"],
    [eth([v4(FORBIDDEN, CUT)]), "fails"],
    [eth([UNOPENED]), "fails"],
    [eth([v4(SILENT, SILENT)], ["192.0.2.9"]), "partly"],
    [eth([v4(FORBIDDEN, FORBIDDEN)], ["192.0.2.9"]), "fails"],
    [LO, "works"],
  ];
  for (const [seen, health] of table) assertEquals(healthOf(seen), health, JSON.stringify(seen));
});

interface Row {
  readonly what: string;
  readonly seen: Partial<Seen>;
  readonly works: boolean;
  readonly finds?: readonly string[];
  readonly others?: number;
  readonly causes: readonly Cause["kind"][];
}

const target = (outcome: SeenTarget["outcome"]): SeenTarget => ({ place: "relay:2410", outcome });

const FINE = eth([v4(GOOD, GOOD)], ["192.0.2.9"]), DEAD = eth([v4(SILENT, SILENT)]);

const ROWS: readonly Row[] = [
  { what: "all is well", seen: {}, works: true, finds: ["eth0"], others: 1, causes: [] },
  {
    what: "nobody else is heard",
    seen: { interfaces: [eth([v4(GOOD, GOOD)]), LO] },
    works: true,
    finds: ["eth0"],
    causes: ["alone"],
  },
  {
    what: "only broadcast works",
    seen: { interfaces: [eth([v4(SILENT, GOOD), v6(SILENT)], ["192.0.2.9"]), LO] },
    works: true,
    finds: ["eth0"],
    others: 1,
    causes: ["firewall"],
  },
  {
    what: "multicast is forbidden and broadcast does not come back",
    seen: { interfaces: [eth([v4(FORBIDDEN, SILENT)]), LO] },
    works: false,
    causes: ["firewall", "firewall"],
  },
  {
    what: "nothing comes back",
    seen: { interfaces: [DEAD, LO] },
    works: false,
    causes: ["firewall"],
  },
  {
    what: "there is no route",
    seen: { interfaces: [eth([v4(CUT, CUT)]), LO] },
    works: false,
    causes: ["no route"],
  },
  {
    what: "loopback is all there is",
    seen: { interfaces: [LO] },
    works: false,
    causes: ["no network"],
  },
  { what: "nothing is there", seen: { interfaces: [] }, works: false, causes: ["no network"] },
  {
    what: "an interface has no address to send from",
    seen: { interfaces: [eth([]), LO] },
    works: false,
    causes: ["no network"],
  },
  {
    what: "loopback is what was asked for",
    seen: { interfaces: [LO], onlyLoopback: true },
    works: true,
    finds: ["lo"],
    causes: [],
  },
  {
    what: "one interface of two works",
    seen: { interfaces: [{ ...DEAD, name: "eth1" }, FINE, LO] },
    works: true,
    finds: ["eth0"],
    others: 1,
    causes: ["firewall"],
  },
  {
    what: "the port of beacons is held, so nothing can be said of a firewall",
    seen: { interfaces: [DEAD, LO], ports: [CHAT, { ...BEACONS, state: "taken" }] },
    works: false,
    causes: ["beacon port"],
  },
  {
    what: "the port of beacons is shared",
    seen: { ports: [CHAT, { ...BEACONS, state: "shared" }] },
    works: true,
    finds: ["eth0"],
    others: 1,
    causes: [],
  },
  {
    what: "the port of chat is in use",
    seen: { ports: [{ ...CHAT, state: "taken" }, BEACONS] },
    works: true,
    finds: ["eth0"],
    others: 1,
    causes: ["chat port"],
  },
  {
    what: "others are heard on no known interface",
    seen: { interfaces: [eth([v4(GOOD, GOOD)])], elsewhere: ["198.51.100.1", "198.51.100.2"] },
    works: true,
    finds: ["eth0"],
    others: 2,
    causes: [],
  },
  {
    what: "who was named answers, though nobody can be found here",
    seen: { interfaces: [DEAD, LO], target: target("answers") },
    works: true,
    causes: ["firewall"],
  },
  {
    what: "who was named is silent, though others can be found here",
    seen: { target: target("silent") },
    works: false,
    finds: ["eth0"],
    others: 1,
    causes: ["target"],
  },
  {
    what: "nobody has the name, and nobody is heard",
    seen: { interfaces: [eth([v4(GOOD, GOOD)])], target: target("unknown") },
    works: false,
    finds: ["eth0"],
    causes: ["target"],
  },
  {
    what: "somebody else answers",
    seen: { target: target("other key") },
    works: false,
    finds: ["eth0"],
    others: 1,
    causes: ["target"],
  },
];

for (const { what, seen, works, finds = [], others = 0, causes } of ROWS) {
  Deno.test(`diagnose() when ${what}`, () => {
    const all: Seen = {
      onlyLoopback: false,
      interfaces: [FINE, LO],
      ports: [CHAT, BEACONS],
      target: undefined,
      elsewhere: [],
      ...seen,
    };
    const found = diagnose(all);
    assertEquals({ ...found, causes: found.causes.map(({ kind }) => kind) }, {
      works,
      finds,
      others,
      causes,
    });
  });
}
