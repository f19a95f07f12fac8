import { assert, assertEquals, assertNotMatch, assertRejects } from "@std/assert";
import { NetError } from "../../lib/net/endpoint.ts";
import { type Lookup, resolve } from "../../lib/net/resolve.ts";
import { isLoopback } from "../../lib/wire/address.ts";

/** A name service that knows these addresses for every name. */
function knows(...addresses: string[]): Lookup {
  return () => Promise.resolve(addresses.map((address) => ({ address })));
}

/** A name service that fails. */
function fails(error: unknown): Lookup {
  return () => Promise.reject(error);
}

/** A name service that nobody may ask. */
const unasked: Lookup = (name) => {
  throw new Error(`asked for ${name}`);
};

Deno.test("resolve() asks nobody for a literal address", async () => {
  assertEquals(await resolve("127.0.0.1", {}, unasked), ["127.0.0.1"]);
  assertEquals(await resolve("2001:DB8:0::1", {}, unasked), ["2001:db8::1"]);
  assertEquals(await resolve("fe80::1%eth0", { family: 6 }, unasked), ["fe80::1%eth0"]);
  assertEquals(await resolve("::ffff:192.0.2.7", { family: 4 }, unasked), ["192.0.2.7"]);
});

Deno.test("resolve() asks once for a name, and gives all that it has in the order given", async () => {
  const asked: string[] = [];
  const ask: Lookup = (name) => {
    asked.push(name);
    return knows("2001:db8::1", "192.0.2.7", "2001:db8::2", "192.0.2.8")(name);
  };
  assertEquals(await resolve("relay.example", {}, ask), [
    "2001:db8::1",
    "192.0.2.7",
    "2001:db8::2",
    "192.0.2.8",
  ]);
  assertEquals(asked, ["relay.example"]);
});

Deno.test("resolve() puts the preferred family first and keeps the order otherwise", async () => {
  const ask = knows("2001:db8::1", "192.0.2.7", "2001:db8::2", "192.0.2.8");
  assertEquals(await resolve("relay.example", { prefer: 4 }, ask), [
    "192.0.2.7",
    "192.0.2.8",
    "2001:db8::1",
    "2001:db8::2",
  ]);
  assertEquals(await resolve("relay.example", { prefer: 6 }, ask), [
    "2001:db8::1",
    "2001:db8::2",
    "192.0.2.7",
    "192.0.2.8",
  ]);
  assertEquals(await resolve("relay.example", { prefer: 4 }, knows("::1")), ["::1"]);
});

Deno.test("resolve() leaves out the other family", async () => {
  const ask = knows("2001:db8::1", "192.0.2.7", "::ffff:192.0.2.8");
  assertEquals(await resolve("relay.example", { family: 4 }, ask), ["192.0.2.7", "192.0.2.8"]);
  assertEquals(await resolve("relay.example", { family: 6, prefer: 4 }, ask), ["2001:db8::1"]);
});

Deno.test("resolve() gives each address once, in canonical form", async () => {
  const ask = knows("192.0.2.7", "::FFFF:192.0.2.7", "::1", "0:0:0:0:0:0:0:1", "192.0.2.7");
  assertEquals(await resolve("relay.example", {}, ask), ["192.0.2.7", "::1"]);
});

Deno.test("resolve() names a host that nobody knows", async () => {
  const cause = Object.assign(new Error("getaddrinfo ENOTFOUND relay.exmaple"), {
    code: "ENOTFOUND",
  });
  const error = await assertRejects(
    () => resolve("relay.exmaple", {}, fails(cause)),
    NetError,
    'Cannot find the host "relay.exmaple"',
  );
  assertEquals(error.code, "UNKNOWN_HOST");
  assertEquals(error.cause, cause);
  assert(error.message.includes("check the spelling"));
});

Deno.test("resolve() tells a name service that fails from an unknown name", async () => {
  const odd = [
    Object.assign(new Error("x"), { code: "EAI_AGAIN" }),
    new Deno.errors.TimedOut("x"),
    new TypeError("x"),
    "text",
    undefined,
    null,
  ];
  for (const cause of odd) {
    const error = await assertRejects(
      () => resolve("relay.example", {}, fails(cause)),
      NetError,
      "the name service does not answer",
    );
    assertEquals(error.code, "UNKNOWN_HOST");
    assertEquals(error.cause, cause);
  }
});

Deno.test("resolve() says of a literal address that it is of the other family", async () => {
  const rows = [["127.0.0.1", 6, 4], ["::1", 4, 6], ["::ffff:192.0.2.7", 6, 4]] as const;
  for (const [host, wanted, other] of rows) {
    const error = await assertRejects(
      () => resolve(host, { family: wanted }, unasked),
      NetError,
      `Cannot use ${host} over IPv${wanted} as it is an IPv${other} address`,
    );
    assertEquals(error.code, "FAMILY");
  }
});

Deno.test("resolve() says of a name that it has only the other family", async () => {
  const rows = [["192.0.2.7", 6, 4], ["2001:db8::1", 4, 6]] as const;
  for (const [address, wanted, other] of rows) {
    const error = await assertRejects(
      () => resolve("relay.example", { family: wanted }, knows(address)),
      NetError,
      `Cannot use relay.example over IPv${wanted} as it has only IPv${other} addresses`,
    );
    assertEquals(error.code, "FAMILY");
  }
});

Deno.test("resolve() has a sensible message for a name without any address", async () => {
  for (const family of [undefined, 4, 6] as const) {
    const error = await assertRejects(
      () => resolve("relay.example", { family }, knows()),
      NetError,
      "relay.example",
    );
    assertNotMatch(error.message, /undefined|only IPv/);
  }
});

Deno.test("resolve() knows localhost from the system, as a loopback address", async () => {
  const found = await resolve("localhost", { prefer: 4 });
  assert(found.length > 0);
  assertEquals(found.filter((host) => !isLoopback(host)), []);
  assertEquals(new Set(found).size, found.length);
  if (found.includes("127.0.0.1")) assertEquals(found[0], "127.0.0.1");
});
