/**
 * `lan` on hosts of their own, in network namespaces: what real networks do to beacons. Nothing leaves
 * the namespaces that a test made.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Segment, whyNoNamespaces } from "../support/namespaces.ts";
import { has, Program } from "../support/program.ts";

const why = await whyNoNamespaces(), nft = await has("nft");
/** Where there are minutes. */
const slow = Deno.env.get("UDPCHAT_SLOW") !== undefined;
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

function test(name: string, needs: boolean, body: () => Promise<void>): void {
  const reason = why ?? (needs ? undefined : "there is no nft here");
  const title = reason === undefined ? name : `${name} (skipped: ${reason})`;
  Deno.test(`lan network: ${title}`, { ignore: reason !== undefined }, body);
}

/** Programs on hosts. Use with `await using`. */
class People implements AsyncDisposable {
  readonly all: Program[] = [];
  readonly #segment: Segment;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** Somebody comes: h1 on host 1. */
  come(host: number, args: string[] = [], name = `h${host}`): Program {
    const command = [Deno.execPath(), "run", "--unstable-net", "-A", MAIN];
    const person = new Program(["lan", "--ephemeral", "--stay", "--name", name, ...args], {
      command: [...this.#segment.on(host), ...command],
      patience: 90_000,
    });
    this.all.push(person);
    return person;
  }

  /** All hosts from 1. */
  comeAll(count: number, args: string[] = []): void {
    for (let host = 1; host <= count; host++) this.come(host, args);
  }

  /** Everybody sees everybody else. */
  async meet(): Promise<void> {
    for (const [at, each] of this.all.entries()) {
      const others = new Set(this.all.keys().filter((other) => other !== at));
      for (const other of others) await saw(each, new RegExp(`^.*\\bh${other + 1} is here`));
    }
  }

  /** Everybody says something, and everybody hears all of it, once; then again, as a second copy is late. */
  async talk(word: string, who: readonly Program[] = this.all): Promise<void> {
    for (const last of ["", " end"]) {
      for (const each of who) await each.type(`${word}${last} of h${this.all.indexOf(each) + 1}`);
      for (const each of who) {
        for (const other of who) {
          const at = this.all.indexOf(other) + 1;
          if (other !== each) await heard(each, `h${at}: ${word}${last} of h${at}`);
        }
      }
    }
    this.once();
  }

  /** Nobody was shown anything twice. */
  once(): void {
    for (const { out } of this.all) {
      assertEquals(out.all.length, new Set(out.all).size, `${out.all}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.all) await each[Symbol.asyncDispose]();
  }
}

/** A line is there, or comes: those of many come in any order. */
async function saw({ err }: Program, what: RegExp): Promise<void> {
  for (let count = err.all.length; !err.all.some((line) => what.test(line));) {
    await err.atLeast(++count);
  }
}

async function heard({ out }: Program, what: string): Promise<void> {
  for (let count = out.all.length; !out.all.includes(what);) await out.atLeast(++count);
}

/** On a host, what comes in and matches is dropped: the sender does not hear of it. */
async function drop(segment: Segment, host: number, ...matches: string[]): Promise<void> {
  await segment.run(host, "nft add table inet bad");
  await segment.run(host, "nft add chain inet bad in { type filter hook input priority 0 ; }");
  for (const match of matches) await segment.run(host, `nft add rule inet bad in ${match} drop`);
}

const MULTICAST = ["ip daddr 224.0.0.0/4", "ip6 daddr ff00::/8 udp dport 2411"];
const BROADCAST = ["ip daddr 255.255.255.255", "ip daddr 10.77.0.255"];

for (const count of slow ? [2, 10, 30] : [2, 10]) {
  test(`${count} hosts on one bridge meet, and hear every line once`, true, async () => {
    await using segment = await Segment.make(count);
    await using people = new People(segment);
    people.comeAll(count);
    await people.meet();
    await people.talk("hello");
  });
}

test("hosts with two interfaces on two networks are one person each", true, async () => {
  await using segment = await Segment.make(2, 2);
  await using people = new People(segment);
  people.comeAll(2);
  await people.meet();
  await people.talk("twice");
  // One of the two networks fails: what is said arrives by the other.
  await segment.run(0, "ip link set br0 down");
  await people.talk("once more");
  for (const { err } of people.all) {
    assertEquals(err.all.filter((line) => line.includes("is here")).length, 1, `${err.all}`);
  }
});

test("hosts without IPv4 meet by link-local IPv6", true, async () => {
  await using segment = await Segment.make(2);
  for (const host of [1, 2]) await segment.run(host, "ip -4 addr flush dev eth0");
  await using people = new People(segment);
  people.comeAll(2);
  await people.meet();
  await people.talk("six");
});

test("where multicast is blocked broadcast is enough", nft, async () => {
  await using segment = await Segment.make(2);
  for (const host of [1, 2]) await drop(segment, host, ...MULTICAST);
  await using people = new People(segment);
  people.comeAll(2);
  await people.meet();
  await people.talk("broad");
});

test("where broadcast and IPv6 are blocked multicast is enough", nft, async () => {
  await using segment = await Segment.make(2);
  for (const host of [1, 2]) await drop(segment, host, ...BROADCAST, "ip6 daddr ff00::/8");
  await using people = new People(segment);
  people.comeAll(2);
  await people.meet();
  await people.talk("multi");
});

test("where both are blocked one --peer brings all together", nft, async () => {
  await using segment = await Segment.make(3);
  for (const host of [1, 2, 3]) await drop(segment, host, ...MULTICAST, ...BROADCAST);
  await using people = new People(segment);
  people.come(1);
  for (const host of [2, 3]) people.come(host, ["--peer", "10.77.0.1"]);
  await people.meet();
  await people.talk("by hand");
});

test("at 20 % loss each way all meet and hear all", nft, async () => {
  const count = slow ? 10 : 3;
  await using segment = await Segment.make(count);
  for (let host = 1; host <= count; host++) {
    await drop(segment, host, "udp dport 1-65535 numgen random mod 100 < 20");
  }
  await using people = new People(segment);
  people.comeAll(count);
  await people.meet();
  await people.talk("lossy");
});

test("a host that changes its address stays in the chat", true, async () => {
  await using segment = await Segment.make(2);
  for (const host of [1, 2]) await segment.run(host, "ip -6 addr flush dev eth0");
  await using people = new People(segment);
  people.comeAll(2);
  await people.meet();
  await people.talk("before");
  await segment.run(2, "ip -4 addr flush dev eth0");
  await segment.run(2, "ip addr add 10.77.0.99/24 brd + dev eth0");
  // Whoever stayed speaks first: nothing came from the new address but beacons.
  const [stayed, moved] = people.all;
  await stayed?.type("are you there?");
  if (moved) await heard(moved, "h1: are you there?");
  await people.talk("after");
});

test("a bridge that is cut in two and joined again: all get all, once", true, async () => {
  const count = slow ? 8 : 4, half = count / 2;
  await using segment = await Segment.make(count);
  await using people = new People(segment);
  people.comeAll(count);
  await people.meet();
  for (let host = half + 1; host <= count; host++) await segment.plug(host, "cut");
  const { all } = people;
  await people.talk("left", all.slice(0, half));
  await people.talk("right", all.slice(half));
  // In the long run they take each other for gone: so quickly only sessions go on.
  if (slow) { for (const each of all) await saw(each, / is gone/); }
  for (let host = half + 1; host <= count; host++) await segment.plug(host, "br0");
  for (const [at, each] of all.entries()) {
    const word = at < half ? "right" : "left", first = at < half ? half : 0;
    for (let other = first + 1; other <= first + half; other++) {
      await heard(each, `h${other}: ${word} of h${other}`);
    }
  }
  await people.talk("joined");
});

test("two programs on a host with nothing but its loopback interface chat", true, async () => {
  await using segment = await Segment.make(1);
  await segment.run(1, "ip link del eth0");
  await using people = new People(segment);
  people.come(1);
  people.come(1, [], "h2");
  await people.meet();
  await people.talk("alone");
});
