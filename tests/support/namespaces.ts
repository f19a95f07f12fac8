/**
 * Several hosts on one machine: network namespaces on a bridge, made by the test and removed by
 * it. Needs root and iproute2 on Linux.
 *
 * @module
 */

/** Why there can be no namespaces here, or undefined where there can. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "not Linux";
  if (Deno.uid() !== 0) return "not root";
  const name = `udpchat-probe-${Deno.pid}`;
  if (!await tryIp("netns", "add", name)) return "ip netns add does not work here";
  await tryIp("netns", "del", name);
  return undefined;
}

/**
 * A segment with hosts 10.77.0.1 and fe80::77:1, 10.77.0.2 and fe80::77:2 …; a second one with
 * 10.78.0.1 and so on. Use with `await using`.
 */
export class Segment implements AsyncDisposable {
  readonly #names: string[] = [];

  /**
   * Makes the hosts. The bridges are in a namespace of their own, so that nothing can leave.
   *
   * @param count How many hosts.
   * @param links Interfaces of each: eth0, eth1, each on a bridge of its own, br0, br1.
   */
  static async make(count: number, links = 1): Promise<Segment> {
    const segment = new Segment(), tag = `${Deno.pid}-${crypto.randomUUID().slice(0, 4)}`;
    const bridge = `udpchat-${tag}-sw`;
    await segment.#add(bridge);
    for (let link = 0; link < links; link++) {
      await inside(bridge, "link", "add", `br${link}`, "type", "bridge");
      await inside(bridge, "link", "set", `br${link}`, "up");
    }
    for (let host = 1; host <= count; host++) {
      const name = `udpchat-${tag}-${host}`;
      await segment.#add(name);
      for (let link = 0; link < links; link++) {
        const port = portOf(host, link), eth = `eth${link}`, net = 77 + link;
        const pair = ["link", "add", eth, "type", "veth", "peer", port, "netns", bridge];
        await inside(name, ...pair);
        await inside(bridge, "link", "set", port, "master", `br${link}`, "up");
        await inside(name, "addr", "add", `10.${net}.0.${host}/24`, "brd", "+", "dev", eth);
        await inside(name, "link", "set", eth, "up");
        await inside(name, "addr", "add", `fe80::${net}:${host}/64`, "dev", eth, "nodad");
      }
      await inside(name, "route", "add", "default", "dev", "eth0");
    }
    return segment;
  }

  /**
   * The command that runs another one on a host.
   *
   * @param host Its number from 1.
   * @returns The words to put in front.
   */
  on(host: number): string[] {
    return ["ip", "netns", "exec", this.#names[host] ?? ""];
  }

  /**
   * Runs a command to its end.
   *
   * @param host On which host; 0 for where the bridges are.
   * @param command The command, words parted by spaces.
   * @throws {Error} If it fails.
   */
  async run(host: number, command: string): Promise<void> {
    const [first = "", ...args] = [...this.on(host), ...command.split(" ")];
    const { success, stderr } = await new Deno.Command(first, { args }).output();
    if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  }

  /**
   * Puts a host's first interface on another bridge, as a cable into another switch.
   *
   * @param host The host.
   * @param bridge Its name; it is made where it is new.
   */
  async plug(host: number, bridge: string): Promise<void> {
    const sw = this.#names[0] ?? "";
    if (await tryIp("-n", sw, "link", "add", bridge, "type", "bridge")) {
      await inside(sw, "link", "set", bridge, "up");
    }
    await inside(sw, "link", "set", portOf(host, 0), "master", bridge);
  }

  async #add(name: string): Promise<void> {
    await ip("netns", "add", name);
    this.#names.push(name);
    await inside(name, "link", "set", "lo", "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await tryIp("netns", "del", name);
  }
}

function portOf(host: number, link: number): string {
  return link === 0 ? `p${host}` : `p${host}x${link}`;
}

async function inside(namespace: string, ...args: string[]): Promise<void> {
  await ip("-n", namespace, ...args);
}

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function tryIp(...args: string[]): Promise<boolean> {
  try {
    await ip(...args);
    return true;
  } catch {
    return false;
  }
}
