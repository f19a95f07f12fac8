/**
 * What one packet costs on its way out and in, and what a session costs that says nothing.
 *
 * @module
 */

import { nonceOf, open, seal } from "../../lib/crypto/aead.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import { ANN, BOB, SessionPair } from "../support/session_pair.ts";
import { random } from "./hub_end.ts";
import { compare, say } from "./report.ts";

/** Packets in a row: fewer than a receive buffer holds. */
const BATCH = 32;
const BATCHES = 500;
/** The text of a line. */
const LINE = new Uint8Array(80);
/** An hour in ms. */
const HOUR_MS = 3_600_000;

/** Time in us a packet for going out and for coming in, through a real socket. */
interface Cost {
  readonly out: number;
  readonly in: number;
}

async function ours(from: Deno.DatagramConn, to: Deno.DatagramConn): Promise<Cost> {
  const pair = new SessionPair(), buffer = new Uint8Array(2_048);
  const ann = pair.ann.session, bob = pair.bob.session;
  pair.run(1_000);
  const cost = { out: 0, in: 0 };
  for (let batch = 0; batch < BATCHES; batch++) {
    const begin = performance.now();
    for (let each = 0; each < BATCH; each++) {
      ann.datagram(LINE);
      const transmit = ann.poll(pair.now);
      if (transmit) await from.send(transmit.bytes, to.addr as Deno.NetAddr);
    }
    const middle = performance.now();
    for (let each = 0; each < BATCH; each++) {
      const [bytes] = await to.receive(buffer), packet = decodePacket(bytes);
      if (packet?.type === "data") bob.receive(packet, bytes.length, ANN, pair.now);
      bob.events();
    }
    cost.out += middle - begin;
    cost.in += performance.now() - middle;
    // The answers are not counted.
    for (let next = bob.poll(pair.now); next; next = bob.poll(pair.now)) {
      const packet = decodePacket(next.bytes);
      if (packet?.type === "data") ann.receive(packet, next.bytes.length, BOB, pair.now);
    }
    for (let next = ann.poll(pair.now); next; next = ann.poll(pair.now));
  }
  return each(cost);
}

async function bare(from: Deno.DatagramConn, to: Deno.DatagramConn): Promise<Cost> {
  const key = random(32), header = new Uint8Array(7), buffer = new Uint8Array(2_048);
  const cost = { out: 0, in: 0 };
  for (let batch = 0; batch < BATCHES; batch++) {
    const begin = performance.now();
    for (let each = 0; each < BATCH; each++) {
      await from.send(seal(key, nonceOf(each), header, LINE), to.addr as Deno.NetAddr);
    }
    const middle = performance.now();
    for (let each = 0; each < BATCH; each++) {
      const [bytes] = await to.receive(buffer);
      open(key, nonceOf(each), header, bytes);
    }
    cost.out += middle - begin;
    cost.in += performance.now() - middle;
  }
  return each(cost);
}

function each(cost: Cost): Cost {
  const packets = BATCH * BATCHES / 1_000;
  return { out: cost.out / packets, in: cost.in / packets };
}

/** Two rows of the table of sessions. */
export async function packets(): Promise<void> {
  const listen = (): Deno.DatagramConn =>
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const from = listen(), to = listen();
  for (const way of ["out", "in"] as const) {
    await compare({
      name: way === "out"
        ? "an 80-byte packet out: frames, seal, send"
        : "an 80-byte packet in: receive, open, frames",
      unit: "us",
      rounds: 5,
      ours: async () => (await ours(from, to))[way],
      bare: async () => (await bare(from, to))[way],
    });
  }
  from.close();
  to.close();
}

/** An hour of silence, in virtual time: only heartbeats and their answers. */
export function idle(): void {
  const pairs = Array.from({ length: 100 }, (_, seed) => new SessionPair({ seed }));
  for (const pair of pairs) pair.run(60_000);
  const sent = pairs.reduce((sum, pair) => sum + pair.packets, 0), begin = performance.now();
  for (const pair of pairs) pair.run(pair.now + HOUR_MS);
  const ms = (performance.now() - begin) / pairs.length / 2;
  const count = (pairs.reduce((sum, pair) => sum + pair.packets, 0) - sent) / pairs.length / 2;
  say(
    `An idle session sends ${count.toFixed(0)} packets an hour and takes ${ms.toFixed(1)} ms of ` +
      `processor time for it (without the system's part)`,
  );
}
