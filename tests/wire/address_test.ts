import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  canonicalHost,
  family,
  formatAddress,
  isLoopback,
  parsePort,
  parseTarget,
  type Target,
} from "../../lib/wire/address.ts";
import { seededRandom } from "../../lib/net/random.ts";

/** One address, written in the ways that people and systems write it. */
const SPELLINGS: readonly [canonical: string, ...spellings: string[]][] = [
  ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:192.0.2.7", "::Ffff:192.0.2.7", "::ffff:c000:207"],
  ["192.0.2.7", "0:0:0:0:0:ffff:192.0.2.7", "0000:0000:0000:0000:0000:ffff:c000:0207"],
  ["0.0.0.0", "::ffff:0.0.0.0", "::ffff:0:0"],
  ["255.255.255.255", "::ffff:255.255.255.255", "::ffff:ffff:ffff"],
  ["::", "0:0:0:0:0:0:0:0", "0::0", "::0"],
  ["::1", "0:0:0:0:0:0:0:1", "0::1", "::0001"],
  ["2001:db8::1", "2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0::0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8::1:1:1:1:1"],
  ["2001:db8::1:0:0:1", "2001:db8:0:0:1:0:0:1"],
  ["fe80::1%br_lan", "FE80:0::1%br_lan"],
  ["fe80::1%eth0", "FE80::1%eth0", "fe80:0:0:0:0:0:0:1%eth0"],
  ["::102:304", "::1.2.3.4"],
];

Deno.test("canonicalHost() gives every spelling of an address the same text", () => {
  for (const [canonical, ...spellings] of SPELLINGS) {
    for (const spelling of [canonical, ...spellings]) {
      assertEquals(canonicalHost(spelling), canonical, spelling);
    }
  }
});

Deno.test("canonicalHost() is the same when applied twice, for any address", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 2_000; round++) {
    const groups = Array.from(
      { length: 8 },
      () => random() < 0.5 ? "0" : Math.floor(random() * 0x1_0000).toString(16),
    );
    const host = groups.join(":");
    const once = canonicalHost(host);
    assertEquals(canonicalHost(once), once, host);
    assertEquals(canonicalHost(host.toUpperCase()), once, host);
    assertEquals(canonicalHost(groups.map((each) => each.padStart(4, "0")).join(":")), once, host);
    assert(!once.startsWith("::ffff:") || !once.includes("."), host);
  }
});

Deno.test("canonicalHost() leaves alone what is no literal address", () => {
  for (
    const host of [
      "",
      "localhost",
      "Relay.Example",
      "192.0.2.7",
      "::ffff:300.0.2.7",
      "::ffff:1.2.3",
      "1:2:3",
      ":::",
      "2001:db8::1::2",
      "fe80::1%",
      "fe80::xyz",
      "a:b",
    ]
  ) {
    assertEquals(canonicalHost(host), host);
  }
});

Deno.test("family() tells 4, 6 and names apart", () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "255.255.255.255"]) assertEquals(family(host), 4);
  for (const host of ["::", "::1", "2001:db8::1", "fe80::1%eth0", "fe80::1%br_lan", "fe80::1%7"]) {
    assertEquals(family(host), 6);
  }
  for (
    const host of ["", "localhost", "1.2.3", "256.0.0.1", "01.2.3.4", "1:2", "a:b:c", "::g"]
      .concat(["fe80::1%", "1.2.3.4:5", "[::1]", "::1]/[::2", "::1/", "::1#", "00001::", "::1 "])
      .concat(["::256.0.0.1", "::1.2.3", "1:2:3:4:5:6:7:8:9", "1::2::3", "::@::1", "?::1"])
  ) {
    assertEquals(family(host), undefined, host);
  }
});

Deno.test("isLoopback() is true for all of 127.0.0.0/8 and ::1 only", () => {
  for (const host of ["127.0.0.1", "127.0.1.1", "127.255.255.254", "::1"]) assert(isLoopback(host));
  for (
    const host of ["126.255.255.255", "128.0.0.1", "0.0.0.0", "::", "::2", "127.example", "127."]
  ) {
    assert(!isLoopback(host), host);
  }
});

Deno.test("formatAddress() puts brackets around IPv6 alone", () => {
  assertEquals(formatAddress({ host: "192.0.2.7", port: 0 }), "192.0.2.7:0");
  assertEquals(formatAddress({ host: "::1", port: 65_535 }), "[::1]:65535");
  assertEquals(formatAddress({ host: "fe80::1%eth0", port: 7 }), "[fe80::1%eth0]:7");
});

Deno.test("formatAddress() is undone by parseTarget()", () => {
  for (const [host] of SPELLINGS) {
    const address = { host, port: 2410 };
    assertEquals(parseTarget(formatAddress(address)), address);
  }
});

Deno.test("parsePort() reads digits in range, and nothing else", () => {
  const good: readonly [string, number][] = [
    ["0", 0],
    ["1", 1],
    ["2410", 2410],
    ["65535", 65_535],
    ["00080", 80],
  ];
  for (const [text, port] of good) assertEquals(parsePort(text), port, text);
  for (
    const text of [
      "",
      "65536",
      "99999",
      "100000",
      "000080",
      "-1",
      "+1",
      "1.0",
      "1e3",
      "0x50",
      " 80",
      "80 ",
      "80\n",
      "8_0",
      "٨٠",
      "http",
    ]
  ) {
    assertEquals(parsePort(text), undefined, JSON.stringify(text));
  }
});

const GOOD_TARGETS: readonly [string, Target][] = [
  ["localhost", { host: "localhost" }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["relay.example:2410", { host: "relay.example", port: 2410 }],
  ["relay_1.example-2:65535", { host: "relay_1.example-2", port: 65_535 }],
  ["192.0.2.7", { host: "192.0.2.7" }],
  ["192.0.2.7:2410", { host: "192.0.2.7", port: 2410 }],
  ["[::1]", { host: "::1" }],
  ["[::1]:2410", { host: "::1", port: 2410 }],
  ["[2001:DB8:0::1]:1", { host: "2001:db8::1", port: 1 }],
  ["[fe80::1%eth0]:2410", { host: "fe80::1%eth0", port: 2410 }],
  ["[FE80::1%eth0]", { host: "fe80::1%eth0" }],
  ["[fe80::1%br_lan.7]:1", { host: "fe80::1%br_lan.7", port: 1 }],
  ["[::ffff:192.0.2.7]:2410", { host: "192.0.2.7", port: 2410 }],
  [`${"a".repeat(253)}:1`, { host: "a".repeat(253), port: 1 }],
];

Deno.test("parseTarget() reads a name or an address, with or without a port", () => {
  for (const [text, target] of GOOD_TARGETS) assertEquals(parseTarget(text), target, text);
});

const NO_ADDRESS = [
  "",
  ":",
  ":2410",
  " localhost",
  "local host",
  "localhost ",
  "host\n:1",
  "a:b:c",
  "host:1:2",
  "[",
  "[]",
  "[]:1",
  "[::1",
  "::1]",
  "[::1]2410",
  "[::1] :1",
  "x[::1]:1",
  "[[::1]]:1",
  "[192.0.2.7]:1",
  "[localhost]:1",
  "[::g]:1",
  "[%eth0]:1",
  "udpchat://relay.example",
  "relay.example/room",
  "relay.example:1/room#secret",
  "relay#1",
  "sam@relay.example",
  "192.0.2.7%eth0:1",
  `${"a".repeat(254)}:1`,
];

Deno.test("parseTarget() refuses what is neither a name nor an address", () => {
  for (const text of NO_ADDRESS) {
    assertThrows(() => parseTarget(text), SyntaxError, "Cannot ", JSON.stringify(text));
  }
});

Deno.test("parseTarget() says of a bad port which ones there are", () => {
  for (
    const text of ["h:", "h:-1", "h:+1", "h:65536", "h:x", "h: 1", "h:1 ", "[::1]:", "[::1]:x"]
  ) {
    const { message } = assertThrows(() => parseTarget(text), SyntaxError, "0-65535", text);
    assertStringIncludes(message, `"${text}"`);
  }
});

Deno.test("parseTarget() refuses an IPv6 address without brackets, and shows how to write it", () => {
  for (const text of ["::1", "2001:db8::1", "::ffff:192.0.2.7", "fe80::1%eth0", "::1:2410"]) {
    assertThrows(() => parseTarget(text), SyntaxError, `[${text}]:PORT`);
  }
  const ported: readonly (readonly [text: string, way: string])[] = [
    ["::1:2410", "write [::1]:2410, or [::1:2410]:PORT"],
    ["2001:db8:0:0:0:0:0:1:2410", "write [2001:db8:0:0:0:0:0:1]:2410"],
    ["fe80::1%eth0:2410", "write [fe80::1%eth0]:2410, or "],
  ];
  for (const [text, way] of ported) assertThrows(() => parseTarget(text), SyntaxError, way);
});

Deno.test("parseTarget() refuses an IPv6 address whose scope is empty or no name", () => {
  for (
    const text of ["[fe80::1%]:1", "[fe80::1%a b]:1", "[fe80::1%\n]:1", "[fe80::1%\x1b[2J]:1"]
  ) {
    assertThrows(() => parseTarget(text), SyntaxError, "Cannot ", JSON.stringify(text));
  }
});

Deno.test("parseTarget() throws nothing but a SyntaxError, whatever it is given", () => {
  const random = seededRandom(2);
  const pieces = ["[", "]", ":", "::", "%", ".", "1", "ffff", "h", " ", "/", "99999", "eth0", "\0"];
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    for (let length = random() * 8; length > 0; length--) {
      text += pieces[Math.floor(random() * pieces.length)] ?? "";
    }
    try {
      const { host, port } = parseTarget(text);
      assert(host !== "" && !/[\s/[\]]/.test(host), JSON.stringify(text));
      assert(port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535), text);
    } catch (error) {
      assert(error instanceof SyntaxError, `${JSON.stringify(text)}: ${error}`);
    }
  }
});
