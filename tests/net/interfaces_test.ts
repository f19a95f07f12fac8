import { assertEquals, assertThrows } from "@std/assert";
import {
  callableHosts,
  checkInterface,
  interfaceNames,
  listOnly,
  localAddresses,
  localInterfaces,
} from "../../lib/net/interfaces.ts";
import { NetError } from "../../lib/net/endpoint.ts";

function info(
  name: string,
  address: string,
  netmask: string,
  scopeid = 0,
): Deno.NetworkInterfaceInfo {
  const family = address.includes(":") ? "IPv6" : "IPv4";
  const v6 = family === "IPv6";
  return { family, name, address, netmask, scopeid: v6 ? scopeid : null, cidr: "", mac: "" };
}

const LIST = () => [
  info("lo", "127.0.0.1", "255.0.0.0"),
  info("eth0", "192.168.1.20", "255.255.255.0"),
  info("lo", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  info("eth0", "fe80::1", "ffff:ffff:ffff:ffff::", 2),
  info("eth0", "2001:db8::1", "ffff:ffff:ffff:ffff::"),
  info("tun-none", "10.8.0.2", "255.255.255.255"),
];
const BROKEN = () => {
  throw new Deno.errors.NotCapable("no");
};

Deno.test("interfaceNames() tells each name once, loopback last", () => {
  assertEquals(interfaceNames(LIST), ["eth0", "tun-none", "lo"]);
  assertEquals(interfaceNames(BROKEN), []);
});

Deno.test("callableHosts() tells by what others can call, the best first", () => {
  const list = () => [...LIST(), info("wlan0", "169.254.3.4", "255.255.0.0"), ...LIST()];
  const loop = ["127.0.0.1", "::1"];
  assertEquals(callableHosts(undefined, list), [
    ...["192.168.1.20", "10.8.0.2", "2001:db8::1", "169.254.3.4"],
    ...loop,
  ]);
  assertEquals(callableHosts("eth0", list), ["192.168.1.20", "2001:db8::1"]);
  assertEquals([callableHosts("lo", list), callableHosts("none", list)], [loop, []]);
  assertEquals(callableHosts(undefined, BROKEN), []);
});

Deno.test("checkInterface() refuses an interface that there is not, and names the others", () => {
  checkInterface("eth0", LIST);
  const unknown = assertThrows(() => checkInterface("eth9", LIST), NetError);
  assertEquals(unknown.code, "INTERFACE");
  assertEquals(
    unknown.message,
    "Cannot find the interface eth9: there are eth0, tun-none, lo",
  );
  const none = assertThrows(() => checkInterface("eth9", BROKEN), NetError);
  assertEquals(
    none.message,
    "Cannot find the interface eth9: there is none with an address",
  );
});

Deno.test("localAddresses() takes IPv4 and link-local IPv6, of one interface if wanted", () => {
  assertEquals(localAddresses("eth0", LIST).map((each) => each.host), [
    "192.168.1.20",
    "fe80::1%eth0",
  ]);
  assertEquals(localAddresses(undefined, LIST).length, 4);
  assertEquals(localAddresses(undefined, BROKEN), []);
});

Deno.test("listOnly() lists one address, and of IPv6 the others of its interface", () => {
  const only = (host: string) => listOnly(host, LIST)().map((each) => each.address);
  assertEquals(only("192.168.1.20"), ["192.168.1.20"]);
  assertEquals(only("2001:db8::1"), ["fe80::1", "2001:db8::1"]);
  assertEquals(only("fe80::1%eth0"), ["fe80::1", "2001:db8::1"]);
  assertEquals(only("10.0.0.1"), []);
});

Deno.test("localInterfaces() tells all addresses, and who is a neighbour", async () => {
  const all = await localInterfaces(undefined, LIST);
  assertEquals(all.map((each) => each.name), ["eth0", "tun-none", "lo"]);
  const [eth, tun, lo] = all;
  assertEquals(eth?.hosts, ["192.168.1.20", "fe80::1", "2001:db8::1"]);
  assertEquals([eth?.loopback, tun?.loopback, lo?.loopback], [false, false, true]);
  const near: readonly (readonly [host: string, names: string[]])[] = [
    ["192.168.1.77", ["eth0"]],
    ["192.168.2.77", []],
    ["fe80::2%eth0", ["eth0"]],
    ["fe80::2%eth1", []],
    ["fe80::2", []],
    ["10.8.0.2", ["tun-none"]],
    ["10.8.0.3", []],
    ["127.9.9.9", ["lo"]],
  ];
  for (const [host, names] of near) {
    assertEquals(all.filter((each) => each.near(host)).map((each) => each.name), names, host);
  }
  assertEquals(tun?.mtu, undefined);
  assertEquals((await localInterfaces("lo", LIST)).map((each) => each.name), ["lo"]);
});
