/**
 * Every (state, event) pair of a session: what it tells the application, what it says to the other
 * side, and whether it is over then.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CLOSE } from "../../lib/session/event.ts";
import { REKEY_MS, SILENCE_MS } from "../../lib/session/session.ts";
import type { Frame } from "../../lib/wire/frame.ts";
import { utf8 } from "../crypto/bytes.ts";
import { EvilPeer } from "../support/evil_peer.ts";

const STREAM: Frame = { type: "stream", id: 0, offset: 0, data: utf8("hi"), fin: false };
const ELSEWHERE = { host: "198.51.100.9", port: 9 };

/** How a session gets into each of its states. */
const STATES: Record<string, () => EvilPeer> = {
  /** Message 3 has not been answered. */
  unconfirmed: () => start(true),
  idle,
  waiting: () => {
    const peer = idle();
    peer.session.write(0, utf8("x"));
    peer.listen();
    return peer;
  },
  stalled: () => {
    const peer = idle();
    peer.session.write(0, utf8("x"));
    peer.wait(peer.now + 3_000);
    return peer;
  },
  silent: () => {
    const peer = idle();
    peer.wait(peer.now + SILENCE_MS + 1_000);
    return peer;
  },
  moving: () => {
    const peer = idle();
    peer.arrive(peer.packet([{ type: "ping" }]), ELSEWHERE);
    peer.listen();
    return peer;
  },
  rekeying: () => {
    const peer = idle();
    peer.session.rekey();
    peer.listen();
    return peer;
  },
  closing: () => {
    const peer = idle();
    peer.session.close(CLOSE.done, "bye");
    return peer;
  },
  closed: () => {
    const peer = idle();
    peer.say({ type: "close", code: 0, reason: "" });
    return peer;
  },
};

function start(initiator: boolean): EvilPeer {
  const peer = new EvilPeer(initiator);
  peer.listen();
  return peer;
}

function idle(): EvilPeer {
  const peer = start(true);
  peer.acknowledge();
  peer.say({ type: "ping" });
  peer.listen();
  return peer;
}

/** All that can happen to a session. */
const EVENTS: Record<string, (peer: EvilPeer) => void> = {
  ping: (peer) => void peer.say({ type: "ping" }),
  padding: (peer) => void peer.say({ type: "padding", length: 3 }),
  ack: (peer) => void peer.acknowledge(),
  "false ack": (peer) =>
    void peer.say({ type: "ack", ranges: [{ first: 9_999, last: 9_999 }], delay: 0 }),
  stream: (peer) => void peer.say(STREAM),
  "stream beyond limit": (peer) => void peer.say({ ...STREAM, offset: 2 ** 40 }),
  maxData: (peer) => void peer.say({ type: "maxData", limit: 2 ** 30 }),
  maxStreamData: (peer) => void peer.say({ type: "maxStreamData", id: 0, limit: 2 ** 30 }),
  reset: (peer) => void peer.say({ type: "reset", id: 0, code: 7, size: 0 }),
  datagram: (peer) => void peer.say({ type: "datagram", data: utf8("hi") }),
  pathChallenge: (peer) => void peer.say({ type: "pathChallenge", data: new Uint8Array(8) }),
  pathResponse: (peer) => void peer.say({ type: "pathResponse", data: new Uint8Array(8) }),
  rekey: (peer) => void peer.say({ type: "rekey", generation: 1, ephemeral: new Uint8Array(32) }),
  rekeyAnswer: (peer) =>
    void peer.say({ type: "rekeyAnswer", generation: 1, ephemeral: new Uint8Array(32).fill(9) }),
  rekeyRequest: (peer) => void peer.say({ type: "rekeyRequest" }),
  close: (peer) => void peer.say({ type: "close", code: 0, reason: "bye" }),
  malformed: (peer) => void peer.arrive(peer.packet(Uint8Array.of(0x7f))),
  forged: (peer) => {
    const bytes = peer.packet([STREAM]);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    peer.arrive(bytes);
  },
  repeated: (peer) => {
    const number = peer.number - 1;
    peer.arrive(peer.packet([STREAM], Math.max(0, number)));
  },
  "from elsewhere": (peer) =>
    void peer.arrive(peer.packet([{ type: "ping" }]), { ...ELSEWHERE, port: 10 }),
  "we write": (peer) => attempt(peer, () => peer.session.write(0, utf8("yo"))),
  "we send a datagram": (peer) => peer.session.datagram(utf8("yo")),
  "we reset": (peer) => peer.session.reset(0, 7),
  "we ping": (peer) => peer.session.ping(),
  "we rekey": (peer) => peer.session.rekey(),
  "we close": (peer) => peer.session.close(CLOSE.done, "bye"),
  "we drop": (peer) => peer.session.drop(),
  "a moment": (peer) => void peer.wait(peer.now + 1),
  "ten minutes": (peer) => void peer.wait(peer.now + REKEY_MS),
};

function attempt(peer: EvilPeer, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    peer.events.push({ type: "closed", by: "us", code: -1, reason: "refused" });
  }
}

/** In short: what is told, `>` what is said at once, `|` whether it is over. */
function cell(state: string, event: string): string {
  const peer = STATES[state]?.();
  if (peer === undefined) throw new Error(state);
  peer.events.length = 0;
  EVENTS[event]?.(peer);
  const said = new Set(peer.listen().flatMap(({ frames }) => frames.map(({ type }) => type)));
  const told = peer.events.map((each) =>
    each.type === "closed"
      ? each.code === -1 ? "refused" : `closed:${each.by}:${each.code}`
      : each.type
  );
  const over = peer.session.closed ? " |" : "";
  return `${told.join(" ")}${said.size > 0 ? " > " : ""}${[...said].sort().join(" ")}${over}`
    .trim();
}

/** What an event does in a state that is open; and where it does something else. */
interface Row {
  readonly open: string;
  /** Nothing of the other side is in it: it confirms nothing, and ends no silence. */
  readonly own?: true;
  readonly but?: Readonly<Record<string, string>>;
}

const GOES = "closed:us:0 > close |", ENDS = "closed:us:2 > close |";

const TABLE: Readonly<Record<string, Row>> = {
  ping: { open: "> ack" },
  padding: { open: "" },
  ack: { open: "" },
  "false ack": { open: ENDS },
  stream: { open: "data > ack", but: { closing: `data ${GOES}` } },
  "stream beyond limit": { open: ENDS },
  maxData: { open: "> ack" },
  maxStreamData: { open: "> ack" },
  reset: { open: "reset > ack", but: { closing: `reset ${GOES}` } },
  datagram: { open: "datagram > ack", but: { closing: `datagram ${GOES}` } },
  pathChallenge: { open: "> ack pathResponse" },
  pathResponse: { open: "> ack" },
  // Only the initiator begins; an answer is for who asked, and what follows has the new key.
  rekey: { open: "> ack" },
  rekeyAnswer: { open: "> ack", but: { rekeying: "" } },
  rekeyRequest: { open: "> ack rekey", but: { rekeying: "> ack" } },
  close: { open: "closed:them:0 |", but: { closing: "closed:them:0 |" } },
  malformed: { open: ENDS },
  forged: { open: "", own: true },
  // To an unconfirmed session number 0 is no repetition.
  repeated: { open: "", own: true, but: { unconfirmed: "confirmed data > ack" } },
  "from elsewhere": { open: "> ack pathChallenge" },
  "we write": {
    open: "> stream",
    own: true,
    but: { closing: "closed:us:0 > close stream |", closed: "refused |" },
  },
  "we send a datagram": { open: "> datagram", own: true },
  "we reset": { open: "", own: true, but: { waiting: "> reset", stalled: "> reset" } },
  "we ping": { open: "> ping", own: true },
  "we rekey": { open: "> rekey", own: true, but: { rekeying: "" } },
  "we close": { open: GOES, own: true },
  "we drop": { open: "|", own: true, but: { closing: "|" } },
  "a moment": { open: "", own: true, but: { closing: "closed:us:0 |" } },
  "ten minutes": {
    open: "stalled silent",
    own: true,
    but: { closing: "closed:us:0 |", stalled: "silent", silent: "" },
  },
};

/** What the table says of a pair. */
function wanted(state: string, event: string): string {
  const { open, own, but } = TABLE[event] ?? { open: "not in the table" };
  const exception = but?.[state] ?? (state === "closed" ? "|" : undefined);
  if (exception !== undefined) return exception;
  if (state === "closing") return GOES;
  const first = own ? "" : { unconfirmed: "confirmed", silent: "back" }[state] ?? "";
  return `${first} ${open}`.trim();
}

Deno.test("Session does what the table says, for every pair of state and event", () => {
  const found: Record<string, string> = {}, table: Record<string, string> = {};
  for (const event of Object.keys(EVENTS)) {
    for (const state of Object.keys(STATES)) {
      found[`${event} while ${state}`] = cell(state, event);
      table[`${event} while ${state}`] = wanted(state, event);
    }
  }
  assertEquals(found, table);
  assertEquals(Object.keys(TABLE), Object.keys(EVENTS));
  assertEquals(Object.keys(found).length, 9 * 29);
});
