/**
 * Makes the test vectors of docs/PROTOCOL.md: `deno run -A tests/vectors/make_wire_vectors.ts`
 * writes `wire.json` beside this file. Nothing in them depends on chance or time.
 *
 * The packets are those of the program itself; the keys are derived here a second time from the
 * private keys, and what the packets carry is opened with them.
 *
 * @module
 */

import { nonceOf, open } from "../../lib/crypto/aead.ts";
import { expand, hkdf, sha256 } from "../../lib/crypto/hash.ts";
import {
  certify,
  type Identity,
  keyTag,
  keyText,
  makeIdentity,
} from "../../lib/crypto/identity.ts";
import { NoiseHandshake } from "../../lib/crypto/noise.ts";
import { safetyNumber } from "../../lib/crypto/safety.ts";
import { newSecret, parseSecret } from "../../lib/crypto/secret.ts";
import { dh, type KeyPair, keyPair } from "../../lib/crypto/x25519.ts";
import { Answerer, LOAD } from "../../lib/session/answerer.ts";
import { Caller, macKey, prologue } from "../../lib/session/caller.ts";
import { type Credentials, encodeCredentials } from "../../lib/session/credentials.ts";
import { Hub } from "../../lib/session/hub.ts";
import type { SessionPacket } from "../../lib/session/event.ts";
import type { Session } from "../../lib/session/session.ts";
import type { RandomBytes } from "../../lib/session/state.ts";
import type { Address } from "../../lib/wire/address.ts";
import { Writer } from "../../lib/wire/bytes.ts";
import { decodeFrames, encodeFrame, type Frame } from "../../lib/wire/frame.ts";
import {
  decodePacket,
  encodeDataHeader,
  encodeInit,
  expandNumber,
  numberBits,
  type Packet,
} from "../../lib/wire/packet.ts";
import { ECHO, encodeEcho } from "../../lib/wire/echo.ts";
import { hex, toHex } from "../crypto/bytes.ts";

/** Anything that JSON can hold. Byte strings are hexadecimal. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

const ANN_ADDRESS: Address = { host: "192.0.2.1", port: 1_001 };
const BOB_ADDRESS: Address = { host: "192.0.2.2", port: 1_002 };
const ANN_INDEX = 0x0a0b0c0d;
const BOB_INDEX = 0x01020304;
const EIGHT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** What is said on stream 0; a session does not look at it. */
const SAID = {
  hello: hex("0401616e6e"),
  answer: hex("0401626f62"),
  more: hex("1402010203040506070801c000019b76daa8006869"),
  end: hex("0a03010203040506070801"),
};

/** 32 bytes that stand for random ones. */
function seed(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(`udpchat/1 vector ${label}`));
}

/** A value that must be there; a vector without it would be wrong. */
function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`Cannot make the vectors: no ${what}`);
  return value;
}

function must32(...keys: (Uint8Array | undefined)[]): Uint8Array[] {
  return keys.map((key) => must(key, "key"));
}

function same(found: Uint8Array, wanted: Uint8Array, what: string): void {
  if (toHex(found) !== toHex(wanted)) throw new Error(`The vectors disagree about the ${what}`);
}

/** Hands out what was laid ready, in order. */
function scripted(...values: readonly Uint8Array[]): RandomBytes {
  const left = [...values];
  return (length) => must(left.shift(), "randomness left").slice(0, length);
}

function packetOf<T extends Packet["type"]>(
  bytes: Uint8Array,
  type: T,
): Extract<Packet, { type: T }> {
  const packet = decodePacket(bytes);
  if (packet?.type !== type) throw new TypeError(`Cannot make the vectors: wanted ${type}`);
  return packet as Extract<Packet, { type: T }>;
}

interface Person {
  readonly name: string;
  readonly seed: Uint8Array;
  readonly identity: Identity;
  readonly credentials: Credentials;
}

function person(name: string): Person {
  const identity = makeIdentity(seed(`${name} identity`));
  const credentials = {
    identity,
    staticKey: keyPair(seed(`${name} static`)),
    instance: seed(`${name} instance`).slice(0, 8),
  };
  return { name, seed: seed(`${name} identity`), identity, credentials };
}

function personJson({ name, seed, identity, credentials }: Person): Json {
  return {
    name,
    identity_seed: toHex(seed),
    identity: toHex(identity.publicKey),
    static_private: toHex(credentials.staticKey.privateKey),
    static_public: toHex(credentials.staticKey.publicKey),
    certificate: toHex(certify(identity, credentials.staticKey.publicKey)),
    instance: toHex(credentials.instance),
    key_text: keyText(identity.publicKey),
    key_tag: keyTag(identity.publicKey),
  };
}

/** The keys of one generation, derived here. */
interface Generation {
  readonly root: Uint8Array;
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

function generationJson(number: number, { root, initiator, responder }: Generation): Json {
  return {
    generation: number,
    root: toHex(root),
    initiator_key: toHex(initiator),
    responder_key: toHex(responder),
  };
}

/** Both ends of a session after a handshake, and what was derived beside them. */
interface Pair {
  readonly ann: Session;
  readonly bob: Session;
  readonly generations: Generation[];
  readonly packets: Json[];
}

/** Takes all that one side sends now to the other side, and writes it down. */
function carry(pair: Pair, from: "ann" | "bob", now: number): Frame[] {
  const [sender, receiver] = from === "ann" ? [pair.ann, pair.bob] : [pair.bob, pair.ann];
  const address = from === "ann" ? ANN_ADDRESS : BOB_ADDRESS, all: Frame[] = [];
  let newest = pair.packets.filter((packet) => (packet as { from: string }).from === from).length -
    1;
  for (let next = sender.poll(now); next; next = sender.poll(now)) {
    const packet = decodePacket(next.bytes);
    if (packet?.type !== "data" && packet?.type !== "final") throw new TypeError("No data packet");
    const { clear, generation } = opened(pair, from, packet, newest + 1);
    all.push(...must(decodeFrames(clear), "frames"));
    pair.packets.push({
      from,
      type: packet.type,
      number: ++newest,
      generation,
      nonce: toHex(nonceOf(newest)),
      header: toHex(packet.header),
      frames: toHex(clear),
      packet: toHex(next.bytes),
    });
    // After the first CLOSE the other side is gone.
    if (!receiver.receive(packet, next.bytes.length, address, now) && !receiver.closed) {
      throw new TypeError("Cannot make the vectors: a packet was not taken");
    }
    receiver.events();
    sender.events();
  }
  return all;
}

function opened(
  pair: Pair,
  from: "ann" | "bob",
  packet: SessionPacket,
  number: number,
): { clear: Uint8Array; generation: number } {
  for (const [generation, keys] of pair.generations.entries()) {
    const key = from === "ann" ? keys.initiator : keys.responder;
    const clear = open(key, nonceOf(number), packet.header, packet.sealed);
    if (clear !== undefined) return { clear, generation };
  }
  throw new TypeError("Cannot make the vectors: a packet does not open with the derived keys");
}

/** A whole session: handshake, a line each way, a rekey, a line each way, the end. */
function session(label: string, psk: Uint8Array | undefined, ann: Person, bob: Person): Json {
  const ephemerals = {
    ann: seed(`${label} ann ephemeral`),
    bob: seed(`${label} bob ephemeral`),
    annRekey: seed(`${label} ann rekey`),
    bobRekey: seed(`${label} bob rekey`),
  };
  const caller = new Caller({
    credentials: ann.credentials,
    secret: psk,
    to: BOB_ADDRESS,
    index: ANN_INDEX,
    replaces: false,
    random: scripted(ephemerals.ann, ephemerals.annRekey),
    now: 0,
  });
  const answerer = new Answerer({
    credentials: bob.credentials,
    secret: psk,
    random: scripted(seed("cookie"), ephemerals.bob, ephemerals.bobRekey),
    index: () => BOB_INDEX,
  });
  const init = must(caller.poll(0), "INIT"), asked = packetOf(init, "init");
  const answer = must(answerer.asked(asked, ANN_ADDRESS, 0), "ANSWER");
  const answered = packetOf(answer, "answer");
  const first = must(caller.answered(answered, BOB_ADDRESS, 0), "session").session;
  first.write(0, SAID.hello);
  const final = must(first.poll(0), "FINAL").bytes;
  const told = packetOf(final, "final");
  const second = must(answerer.finished(told, ANN_ADDRESS, 0), "session").session;

  const shadow = shadowed(psk, ann, bob, ephemerals, asked.head);
  same(shadow.messages[0], asked.head.subarray(8, psk ? 56 : 40), "first message");
  same(shadow.messages[1], answered.noise, "second message");
  same(shadow.messages[2], told.noise, "third message");
  const root = sha256(new TextEncoder().encode("udpchat/1 root"), shadow.k1, shadow.k2);
  const generations = [{ root, initiator: shadow.k1, responder: shadow.k2 }];
  const pair: Pair = { ann: first, bob: second, generations, packets: [] };
  const clear = must(open(shadow.k1, nonceOf(0), told.header, told.sealed), "first frames");
  pair.packets.push({
    from: "ann",
    type: "final",
    number: 0,
    generation: 0,
    nonce: toHex(nonceOf(0)),
    header: toHex(told.header),
    frames: toHex(clear),
    packet: toHex(final),
  });
  second.receive(told, final.length, ANN_ADDRESS, 0);

  second.write(0, SAID.answer);
  carry(pair, "bob", 1_000);
  first.write(0, SAID.more);
  carry(pair, "ann", 2_000);
  second.write(0, SAID.end);
  carry(pair, "bob", 3_000);

  const own = keyPair(ephemerals.annRekey), others = keyPair(ephemerals.bobRekey);
  const shared = must(dh(own, others.publicKey), "shared secret");
  const [nextRoot, k1, k2] = must32(...hkdf(root, shared, 3));
  first.rekey();
  carry(pair, "ann", 4_000);
  generations.push({
    root: must(nextRoot, "root"),
    initiator: must(k1, "key"),
    responder: must(k2, "key"),
  });
  carry(pair, "bob", 5_000);
  carry(pair, "ann", 6_000);
  second.datagram(encodeEcho(ECHO.ask, 7));
  carry(pair, "bob", 7_000);
  first.close(0, "bye");
  carry(pair, "ann", 8_000);

  return {
    noise_protocol: `Noise_${psk ? "XXpsk3" : "XX"}_25519_ChaChaPoly_SHA256`,
    mode: psk ? 1 : 0,
    initiator: ann.name,
    responder: bob.name,
    initiator_index: ANN_INDEX,
    responder_index: BOB_INDEX,
    initiator_ephemeral_private: toHex(ephemerals.ann),
    responder_ephemeral_private: toHex(ephemerals.bob),
    psk: psk ? toHex(psk) : null,
    mac_key: psk ? toHex(must(macKey(psk), "mac key")) : null,
    prologue: toHex(prologue(asked.head)),
    payload_2: toHex(shadow.payloads[0]),
    payload_3: toHex(shadow.payloads[1]),
    init: toHex(init),
    answer: toHex(answer),
    handshake_hash: toHex(shadow.hash),
    rekey: {
      initiator_ephemeral_private: toHex(ephemerals.annRekey),
      responder_ephemeral_private: toHex(ephemerals.bobRekey),
      shared: toHex(shared),
    },
    keys: generations.map((keys, number) => generationJson(number, keys)),
    packets: pair.packets,
  };
}

interface Shadow {
  readonly messages: readonly [Uint8Array, Uint8Array, Uint8Array];
  readonly payloads: readonly [Uint8Array, Uint8Array];
  readonly k1: Uint8Array;
  readonly k2: Uint8Array;
  readonly hash: Uint8Array;
}

/** The same handshake once more, to have the keys that a session does not show. */
function shadowed(
  psk: Uint8Array | undefined,
  ann: Person,
  bob: Person,
  seeds: { ann: Uint8Array; bob: Uint8Array },
  head: Uint8Array,
): Shadow {
  const make = (initiator: boolean, ephemeral: KeyPair, own: Person): NoiseHandshake =>
    new NoiseHandshake({
      pattern: psk ? "XXpsk3" : "XX",
      initiator,
      prologue: prologue(head),
      ephemeral,
      static: own.credentials.staticKey,
      ...(psk ? { psks: [psk] } : {}),
    });
  const initiator = make(true, keyPair(seeds.ann), ann);
  const responder = make(false, keyPair(seeds.bob), bob);
  const second = encodeCredentials(bob.credentials, false, BOB_INDEX);
  const third = encodeCredentials(ann.credentials, false);
  const message1 = initiator.writeMessage(new Uint8Array(0));
  responder.readMessage(message1);
  const message2 = responder.writeMessage(second);
  initiator.readMessage(message2);
  const message3 = initiator.writeMessage(third);
  responder.readMessage(message3);
  const { send, receive } = initiator.split();
  return {
    messages: [message1, message2, message3],
    payloads: [second, third],
    k1: send,
    k2: receive,
    hash: initiator.handshakeHash,
  };
}

/** An answerer under load: it asks for a cookie, and takes it. */
function cookieRefusal(ann: Person, bob: Person): Json {
  const ephemerals = Array.from({ length: LOAD + 1 }, (_, at) => seed(`load ${at}`));
  let index = 100;
  const answerer = new Answerer({
    credentials: bob.credentials,
    random: scripted(seed("cookie"), ...ephemerals),
    index: () => ++index,
  });
  const call = (at: number): Caller =>
    new Caller({
      credentials: ann.credentials,
      to: BOB_ADDRESS,
      index: ANN_INDEX + at,
      replaces: false,
      random: scripted(seed(`load ann ${at}`)),
      now: 0,
    });
  for (let at = 0; at < LOAD; at++) {
    answerer.asked(packetOf(must(call(at).poll(0), "INIT"), "init"), ANN_ADDRESS, 0);
  }
  const caller = call(LOAD), init = must(caller.poll(0), "INIT");
  const refusal = must(answerer.asked(packetOf(init, "init"), ANN_ADDRESS, 0), "refusal");
  const packet = packetOf(refusal, "refusal");
  if (packet.kind !== "cookie") throw new TypeError("Cannot make the vectors: no cookie");
  caller.cookie(packet.cookie, 0);
  const again = must(caller.poll(0), "INIT with a cookie");
  const answer = must(answerer.asked(packetOf(again, "init"), ANN_ADDRESS, 0), "ANSWER");
  return {
    cookie_secret: toHex(seed("cookie")),
    address: "192.0.2.1:1001",
    init: toHex(init),
    refusal: toHex(refusal),
    init_with_cookie: toHex(again),
    answer_bytes: answer.length,
  };
}

/** What a first message of another version gets. */
function versionRefusal(ann: Person): Json {
  const hub = new Hub({ credentials: ann.credentials, random: scripted() });
  const short = Uint8Array.of(0xf8, 2, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d);
  const long = encodeInit(short, new Uint8Array(16), new Uint8Array(16));
  return [short, long].map((init) => {
    hub.receive(init, BOB_ADDRESS, 0);
    return { init: toHex(init), refusal: toHex(must(hub.poll(0), "refusal").bytes) };
  });
}

/** Each kind of frame, once as the last of a packet and once not, where that makes a difference. */
function frames(): Json {
  const data = new TextEncoder().encode("hello"), eight = EIGHT, key = seed("frame key");
  const cases: readonly (readonly [string, Frame, boolean])[] = [
    ["padding of 3", { type: "padding", length: 3 }, true],
    ["ping", { type: "ping" }, true],
    ["ack of 0", { type: "ack", ranges: [{ first: 0, last: 0 }], delay: 0 }, true],
    ["ack of 70-100", { type: "ack", ranges: [{ first: 70, last: 100 }], delay: 0 }, true],
    [
      "ack of 70-100, 12.5 ms ago",
      { type: "ack", ranges: [{ first: 70, last: 100 }], delay: 12.5 },
      true,
    ],
    [
      "ack of 90-100, 80-85 and 3, at once",
      {
        type: "ack",
        ranges: [{ first: 90, last: 100 }, { first: 80, last: 85 }, { first: 3, last: 3 }],
        delay: 0,
      },
      true,
    ],
    ["stream 0, last", { type: "stream", id: 0, offset: 0, data, fin: false }, true],
    ["stream 0, not last", { type: "stream", id: 0, offset: 0, data, fin: false }, false],
    ["stream 1 at 300, last", { type: "stream", id: 1, offset: 300, data, fin: false }, true],
    ["stream 1 at 300, fin", { type: "stream", id: 1, offset: 300, data, fin: true }, false],
    [
      "stream 2 at 5, only fin",
      { type: "stream", id: 2, offset: 5, data: new Uint8Array(0), fin: true },
      true,
    ],
    ["max data", { type: "maxData", limit: 1_572_864 }, true],
    ["max stream data", { type: "maxStreamData", id: 4, limit: 393_216 }, true],
    ["reset", { type: "reset", id: 3, code: 1, size: 16_384 }, true],
    ["path challenge", { type: "pathChallenge", data: eight }, true],
    ["path response", { type: "pathResponse", data: eight }, true],
    ["rekey", { type: "rekey", generation: 1, ephemeral: key }, true],
    ["rekey answer", { type: "rekeyAnswer", generation: 64, ephemeral: key }, true],
    ["rekey request", { type: "rekeyRequest" }, true],
    ["close", { type: "close", code: 1, reason: "another session stays" }, true],
    ["datagram, last", { type: "datagram", data }, true],
    ["datagram, not last", { type: "datagram", data }, false],
  ];
  return cases.map(([name, frame, last]) => {
    const writer = new Writer(200);
    encodeFrame(writer, frame, last);
    const bytes = writer.finish();
    must(decodeFrames(bytes), "frames");
    return { name, bytes: toHex(bytes) };
  });
}

/** What must be refused. */
function malformedFrames(): Json {
  const cases: readonly (readonly [string, string])[] = [
    ["unknown type", "04"],
    ["padding that is not zero", "000001"],
    ["ack below 0", "020506"],
    ["ack with 64 more ranges", `0343e8004040${"00".repeat(129)}`],
    ["stream cut", "0a000568656c6c"],
    ["number above 2^53 - 1", "10c020000000000000"],
    ["challenge cut", "1301020304050607"],
    ["close with 129 bytes", `18004081${"61".repeat(129)}`],
  ];
  return cases.map(([name, bytes]) => {
    const raw = Uint8Array.from(bytes.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    if (decodeFrames(raw) !== undefined) throw new TypeError(`Not malformed: ${name}`);
    return { name, bytes };
  });
}

function varints(): Json {
  const values = [0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, Number.MAX_SAFE_INTEGER];
  return values.map((value) => ({ value, bytes: toHex(new Writer(8).varint(value).finish()) }));
}

/** How numbers are cut, and found again. */
function packetNumbers(): Json {
  const lengths: readonly (readonly [number, number | undefined])[] = [
    [0, undefined],
    [32_766, undefined],
    [32_767, undefined],
    [40_000, 7_233],
    [40_000, 7_232],
    [70_000, 69_999],
  ];
  const expansions: readonly (readonly [number, number, 16 | 32])[] = [
    [-1, 0, 16],
    [-1, 65_535, 16],
    [65_535, 0, 16],
    [65_536, 65_535, 16],
    [32_766, 65_535, 16],
    [32_767, 0, 16],
    [32_768, 0, 16],
    [0xa82f30ea, 0x9b32, 16],
    [2 ** 32 - 1, 0, 32],
    [2 ** 32, 0xffff_fffe, 32],
  ];
  return {
    length: lengths.map(([number, acknowledged]) => {
      const bits = numberBits(number, acknowledged);
      const header = toHex(encodeDataHeader(BOB_INDEX, 0, number, bits));
      return { number, acknowledged: acknowledged ?? null, bits, header };
    }),
    expand: expansions.map(([largest, value, bits]) => ({
      largest,
      value,
      bits,
      number: expandNumber(largest, { value, bits }),
    })),
  };
}

function echo(): Json {
  return [
    { name: "ask 7", bytes: toHex(encodeEcho(ECHO.ask, 7)) },
    { name: "answer 300", bytes: toHex(encodeEcho(ECHO.answer, 300)) },
  ];
}

function secretText(): Json {
  const random = seed("secret").slice(0, 20), text = newSecret(random), psk = parseSecret(text);
  return {
    random: toHex(random),
    text,
    psk: toHex(psk),
    mac_key: toHex(expand(psk, "udpchat/1 mac1", 32)),
    same: [text.toLowerCase(), text.replaceAll("-", " ")],
    refused: ["ABCDEFGH", "AAAABBBBAAAABBBBAAAABBBBAAAABBBB", `${text.slice(0, -1)}1`],
  };
}

/** All vectors. */
export function makeWireVectors(): { readonly [key: string]: Json } {
  const ann = person("ann"), bob = person("bob");
  const psk = parseSecret(newSecret(seed("secret").slice(0, 20)));
  return {
    about: "Test vectors of docs/PROTOCOL.md. Byte strings are hexadecimal.",
    people: [personJson(ann), personJson(bob)],
    safety_number: safetyNumber(ann.identity.publicKey, bob.identity.publicKey),
    secret: secretText(),
    varints: varints(),
    frames: frames(),
    malformed_frames: malformedFrames(),
    packet_numbers: packetNumbers(),
    echo: echo(),
    sessions: { xx: session("xx", undefined, ann, bob), xxpsk3: session("psk", psk, ann, bob) },
    cookie_refusal: cookieRefusal(ann, bob),
    version_refusal: versionRefusal(ann),
  };
}

if (import.meta.main) {
  const text = JSON.stringify(makeWireVectors(), undefined, 2);
  await Deno.writeTextFile(new URL("wire.json", import.meta.url), `${text}\n`);
}
