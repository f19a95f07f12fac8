import { assertEquals, assertStringIncludes } from "@std/assert";
import { aloneText } from "../../lib/cli/lan_alone.ts";
import { reachOf } from "../../lib/cli/reach.ts";

const ANY = [{ host: "0.0.0.0", port: 2410 }, { host: "::", port: 2410 }];
const V4: string = "192.168.1.20", V6: string = "2001:db8::1", LOOP: string = "127.0.0.1";

function reach(addresses: typeof ANY, ...hosts: string[]): ReturnType<typeof reachOf> {
  return reachOf({ addresses }, 2410, undefined, () => hosts);
}

Deno.test("reachOf() names the address that is bound, else the best of this machine", () => {
  const at = (host: string, port = 2410) => [{ host, port }];
  const far = (where: string | undefined) => ({ where, local: false });
  assertEquals(reach(ANY, V4, V6, LOOP), far(V4));
  assertEquals(reach(ANY, V6, LOOP), far(`[${V6}]`), "no IPv4 here");
  assertEquals(reach(at("::"), V4, V6), far(`[${V6}]`), "no IPv4 bound");
  assertEquals(reach(at("0.0.0.0"), V6), far(undefined));
  assertEquals(reach(at("0.0.0.0", 5_000), V4), far(`${V4}:5000`));
  assertEquals(reach(at("::", 5_000), V6), far(`[${V6}]:5000`));
  assertEquals(reach(at("10.0.0.7"), V4), far("10.0.0.7"));
  assertEquals(reach(at("fe80::1%eth0"), V4), far(undefined));
  assertEquals(reach(at(LOOP, 5_000), V4), { where: `${LOOP}:5000`, local: true });
  assertEquals(reach(ANY, LOOP), { where: LOOP, local: true });
  assertEquals(reach(ANY), far(undefined));
});

Deno.test("reachOf() asks for the addresses of the interface that is used", () => {
  const list = (only?: string) => only === "eth0" ? [V4] : [];
  assertEquals(reachOf({ addresses: ANY }, 2410, "eth0", list).where, V4);
});

Deno.test("aloneText() says what others type, as a shell takes it, without the secret", () => {
  const far = { where: V4, local: false }, near = { where: LOOP, local: true };
  const table: readonly (readonly [reach: typeof far, Parameters<typeof aloneText>[1], string])[] =
    [
      [
        far,
        {},
        `udpchat lan\nor, where the network blocks multicast,\n  udpchat lan --peer ${V4}\n`,
      ],
      [far, { host: V4, interface: "eth0" }, `lan --peer ${V4}\n`],
      [far, { room: "it's" }, `lan --room 'it'\\''s' --peer`],
      [far, { room: "a$(x)&" }, "lan --room 'a$(x)&' --peer"],
      [far, { room: "-x" }, "lan --room=-x --peer"],
      [far, { room: "\u65e5\u672c" }, "lan --room '\u65e5\u672c'"],
      [far, { passphrase: true }, "lan --passphrase --peer"],
      [far, { passphraseFile: "words" }, "lan --passphrase --peer"],
      [far, { secretFile: "my secret" }, "lan --secret-file 'my secret' --peer"],
      [far, { secret: "5Y62" }, "lan --secret - --peer"],
      [{ ...far, where: `[${V6}]` }, {}, `lan --peer '[${V6}]'\n`],
      [
        near,
        { host: LOOP },
        `another terminal of this machine run\n  udpchat lan --host ${LOOP}\nWhat`,
      ],
      [near, { interface: "lo" }, "udpchat lan --interface lo\nWhat"],
    ];
  for (const [reach, options, wanted] of table) {
    assertStringIncludes(aloneText(reach, options), wanted);
  }
  const unknown = aloneText({ where: undefined, local: false }, {});
  assertStringIncludes(
    unknown,
    "another machine of this network run\n  udpchat lan\nWhat you type",
  );
});
