import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import {
  AMPLIFICATION,
  BASE_MTU,
  MTU_IPV4,
  MTU_IPV6,
  MTU_LOOPBACK,
  Path,
} from "../../lib/session/path.ts";
import { randomBytes } from "../crypto/bytes.ts";
import { type Flying, joined, SessionPair, testRandom } from "../support/session_pair.ts";

const OLD = { host: "192.0.2.1", port: 1 };
const NEW = { host: "192.0.2.1", port: 2 };
const OTHER = { host: "198.51.100.1", port: 1 };

/** A path whose other side was heard at `OLD`, and then at `NEW`. */
function opened(): { path: Path; old: Uint8Array; fresh: Uint8Array } {
  const path = new Path(OLD), random = testRandom(seededRandom(1));
  assertEquals(path.heard(OLD, 0, 100, 50, random), false);
  assertEquals(path.heard(NEW, 1, 100, 60, random), true);
  const old = path.oldChallenge, fresh = path.candidate?.challenge;
  assert(old && fresh && path.candidate);
  assertEquals([path.candidate.address, path.decidesAt, path.candidate.received], [NEW, 60, 100]);
  return { path, old, fresh };
}

Deno.test("Path decides by who answers: the old one stays, only the new one moves, nobody stays", () => {
  const cases = [
    { answers: [], address: OLD },
    { answers: ["old"], address: OLD },
    { answers: ["fresh"], address: NEW },
    { answers: ["fresh", "fresh"], address: NEW },
    { answers: ["fresh", "old"], address: OLD },
    { answers: ["old", "fresh"], address: OLD },
    { answers: ["wrong"], address: OLD },
  ] as const;
  for (const { answers, address } of cases) {
    const challenges = opened(), { path } = challenges;
    for (const each of answers) {
      path.answered(each === "wrong" ? new Uint8Array(8) : challenges[each]);
      if (each !== "old") {
        assertEquals(path.address, OLD, "nothing moves before the time to decide");
      }
    }
    path.decide();
    assertEquals(path.address, address, answers.join(", "));
    assertEquals([path.candidate, path.decidesAt, path.oldChallenge], [
      undefined,
      undefined,
      undefined,
    ]);
  }
});

Deno.test("Path opens a candidate only for a newer packet from elsewhere", () => {
  const path = new Path(OLD), random = testRandom(seededRandom(1));
  path.heard(OLD, 10, 100, 0, random);
  assertEquals(path.heard(NEW, 9, 100, 0, random), false, "an old packet: held back by somebody");
  assertEquals(path.candidate, undefined);
  assertEquals(path.heard({ ...OLD }, 11, 100, 0, random), false);
  assertEquals(path.heard(NEW, 12, 70, 0, random), true);
  assertEquals(path.heard({ ...NEW }, 13, 30, 0, random), false, "known already");
  assertEquals(path.candidate?.received, 100);
  assertEquals(path.heard(OTHER, 14, 50, 0, random), true, "the newest counts");
  assertEquals(path.candidate?.address, OTHER);
});

Deno.test("Path knows the largest datagram worth trying at an address", () => {
  const sizes = { "127.0.0.1": MTU_LOOPBACK, "::1": MTU_LOOPBACK, "192.0.2.1": MTU_IPV4 };
  for (
    const [host, size] of Object.entries({
      ...sizes,
      "fe80::1%eth0": MTU_IPV6,
      "2001:db8::1": MTU_IPV6,
    })
  ) {
    assertEquals(new Path({ host, port: 1 }).probeSize(0), size, host);
  }
  assertEquals(new Path(OLD, 1_300).probeSize(0), 1_300);
  assertEquals(new Path(OLD, BASE_MTU).probeSize(0), undefined);
});

Deno.test("Path probes one size at a time, and gives up after three losses", () => {
  const path = new Path(OLD);
  for (let probe = 0; probe < 3; probe++) {
    assertEquals(path.probeSize(0), MTU_IPV4);
    path.probed(MTU_IPV4);
    assertEquals(path.probeSize(0), undefined, "one is on its way");
    path.probeResult(false, 0);
  }
  assertEquals([path.probeSize(0), path.mtu], [undefined, BASE_MTU]);
  const good = new Path(OLD);
  good.probed(MTU_IPV4);
  good.probeResult(true, 0);
  assertEquals([good.probeSize(0), good.mtu], [undefined, MTU_IPV4]);
});

Deno.test("Path forgets a probe of the address that it has left", () => {
  const { path, fresh } = opened();
  path.probed(MTU_IPV4);
  path.answered(fresh);
  assertEquals(path.decide(), "moved");
  path.probeResult(true, 0);
  assertEquals(path.mtu, BASE_MTU);
  path.probeResult(false, 0);
  assertEquals(path.probeSize(0), MTU_IPV4);
});

Deno.test("Path takes six large losses in a row for a black hole, five for chance, and tries again", () => {
  const path = new Path(OLD);
  path.probed(MTU_IPV4);
  path.probeResult(true, 0);
  for (const lost of [true, true, true, true, true, false, true, true, true, true, true]) {
    assertEquals([path.full(lost, 500), path.mtu], [false, MTU_IPV4]);
  }
  assertEquals([path.full(true, 1_000), path.mtu], [true, BASE_MTU]);
  assertEquals([path.probeSize(60_999), path.probeSize(61_000)], [undefined, MTU_IPV4]);
  for (let probe = 0; probe < 3; probe++) {
    assertEquals(path.probeSize(61_000), MTU_IPV4);
    path.probed(MTU_IPV4);
    path.probeResult(false, 61_000);
  }
  assertEquals([path.probeSize(120_999), path.probeSize(121_000)], [undefined, MTU_IPV4]);
});

/** Sends 300,000 bytes of bulk, and gives the sizes of its datagrams. */
function bulk(filter: (flying: Flying, now: number) => boolean, mtu?: number): number[] {
  const sizes: number[] = [], limit = mtu === undefined ? {} : { mtu };
  const pair = new SessionPair({
    ...limit,
    spec: { delay: 20 },
    filter: (flying, now) => {
      sizes.push(flying.bytes.length);
      return filter(flying, now);
    },
  });
  const bytes = randomBytes(seededRandom(1), 300_000);
  pair.ann.session.write(1, bytes);
  pair.flush();
  assert(pair.runUntil(() => pair.ann.session.held === 0, 60_000));
  assertEquals(joined(pair.bob, 1), bytes);
  assertLess(pair.wire, 450_000);
  return sizes;
}

Deno.test("Session finds that datagrams of 1,472 bytes arrive, and uses them", () => {
  const sizes = bulk(() => true);
  assert(Math.max(...sizes) <= 1_472);
  assert(sizes.filter((size) => size > 1_400).length > 150);
});

Deno.test("Session stays at 1,200 bytes where larger datagrams are swallowed, and probes three times", () => {
  const sizes = bulk(({ bytes }) => bytes.length <= 1_200);
  assertEquals(sizes.filter((size) => size > 1_200), [1_472, 1_472, 1_472]);
});

Deno.test("Session falls back to 1,200 bytes when a path begins to swallow larger datagrams", () => {
  const sizes = bulk(({ bytes }, now) => bytes.length <= (now < 150 ? 1_472 : 1_200));
  assert(sizes.filter((size) => size > 1_400).length > 10);
  assert(sizes.slice(-60).every((size) => size <= 1_200));
});

Deno.test("Session never exceeds the largest size that it was given", () => {
  assert(bulk(() => true, 1_300).every((size) => size <= 1_300));
  assertEquals(AMPLIFICATION, 3);
});
