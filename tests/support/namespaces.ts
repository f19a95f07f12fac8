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

/** A segment with hosts 10.77.0.1 and fe80::77:1, 10.77.0.2 and fe80::77:2 … Use with `await using`. */
export class Segment implements AsyncDisposable {
  readonly #names: string[] = [];

  /**
   * Makes the hosts. The bridge is in a namespace of its own, so that nothing can leave.
   *
   * @param count How many hosts.
   */
  static async make(count: number): Promise<Segment> {
    const segment = new Segment(), tag = `${Deno.pid}-${crypto.randomUUID().slice(0, 4)}`;
    const bridge = `udpchat-${tag}-sw`;
    await segment.#add(bridge);
    await inside(bridge, "link", "add", "br0", "type", "bridge");
    await inside(bridge, "link", "set", "br0", "up");
    for (let host = 1; host <= count; host++) {
      const name = `udpchat-${tag}-${host}`;
      await segment.#add(name);
      await ip(
        "-n",
        name,
        "link",
        "add",
        "eth0",
        "type",
        "veth",
        "peer",
        `p${host}`,
        "netns",
        bridge,
      );
      await inside(bridge, "link", "set", `p${host}`, "master", "br0", "up");
      await inside(name, "addr", "add", `10.77.0.${host}/24`, "brd", "+", "dev", "eth0");
      await inside(name, "link", "set", "eth0", "up");
      await inside(name, "addr", "add", `fe80::77:${host}/64`, "dev", "eth0", "nodad");
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

  async #add(name: string): Promise<void> {
    await ip("netns", "add", name);
    this.#names.push(name);
    await inside(name, "link", "set", "lo", "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await tryIp("netns", "del", name);
  }
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
