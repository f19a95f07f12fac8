/**
 * The relay in Python that the others are measured beside: plain datagrams to everybody who has sent one,
 * no security, no storage.
 *
 * @module
 */

import { systemClock } from "../../lib/net/system_clock.ts";
import { processorTime } from "./process.ts";
import type { Server } from "./report.ts";

const PYTHON_RELAY = new URL("relay_plain.py", import.meta.url).pathname;
/** What is sent to be known, in ms to wait for it. */
const QUIET_MS = 200;

/** Whether there is any Python. */
export async function hasPython(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("python3", { args: ["--version"] }).output();
    return success;
  } catch {
    return false;
  }
}

/** Members of a relay in Python, and the relay. */
export class PythonRoom implements AsyncDisposable {
  /** So many datagrams came, in all. */
  heard = 0;
  /** A datagram came. */
  onHeard: (bytes: Uint8Array) => void = () => {};
  readonly #server: Server;
  readonly #sockets: readonly Deno.DatagramConn[];

  private constructor(server: Server, sockets: readonly Deno.DatagramConn[]) {
    this.#server = server;
    this.#sockets = sockets;
    for (const socket of sockets) void this.#listen(socket);
  }

  /** Starts a relay with so many members. */
  static async open(size: number): Promise<PythonRoom> {
    const sockets = Array.from(
      { length: size },
      () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
    );
    const room = new PythonRoom(await startPython(), sockets);
    for (let at = 0; at < size; at++) await room.say(at, Uint8Array.of(0));
    await pause(QUIET_MS);
    return room;
  }

  /** One member says something. */
  async say(member: number, line: Uint8Array): Promise<void> {
    const to = { transport: "udp", hostname: "127.0.0.1", port: this.#server.port } as const;
    await this.#sockets[member]?.send(line, to);
  }

  /** Each says so many lines; processor time of the relay for a delivery, in us. */
  async cost(line: Uint8Array, lines: number): Promise<number> {
    this.heard = 0;
    const before = await processorTime(this.#server.pid);
    for (let round = 0; round < lines; round++) {
      // No faster than the receivers take it, or datagrams are lost: it has no acknowledgements.
      for (let at = 0; at < this.#sockets.length; at++) {
        await this.say(at, line);
        if (this.heard % 7 === 0) await systemClock.turn();
      }
      await pause(2);
    }
    await pause(QUIET_MS);
    return (await processorTime(this.#server.pid) - before) / this.heard;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#server[Symbol.asyncDispose]();
  }

  async #listen(socket: Deno.DatagramConn): Promise<void> {
    const buffer = new Uint8Array(2_048);
    for (;;) {
      try {
        const [bytes] = await socket.receive(buffer);
        this.heard++;
        this.onHeard(bytes);
      } catch {
        return; // Closed.
      }
    }
  }
}

async function startPython(): Promise<Server> {
  const child = new Deno.Command("python3", {
    args: [PYTHON_RELAY],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  const text = new TextDecoder().decode((await reader.read()).value);
  return {
    port: Number(/:(\d+)/.exec(text)?.[1]),
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** Waits so many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
