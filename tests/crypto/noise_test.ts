import { assert, assertEquals, assertFalse, assertNotEquals, assertThrows } from "@std/assert";
import { nonceOf, open, seal } from "../../lib/crypto/aead.ts";
import { NoiseHandshake, type NoiseOptions, type PatternName } from "../../lib/crypto/noise.ts";
import { type KeyPair, keyPair } from "../../lib/crypto/x25519.ts";
import { seededRandom } from "../../lib/net/random.ts";
import noise from "../vectors/noise.json" with { type: "json" };
import { flips, hex, lengthened, randomBytes, toHex, truncations, utf8 } from "./bytes.ts";

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_ephemeral: string;
  readonly init_static?: string;
  readonly init_remote_static?: string;
  readonly init_psks?: readonly string[];
  readonly resp_prologue: string;
  readonly resp_ephemeral?: string;
  readonly resp_static?: string;
  readonly resp_remote_static?: string;
  readonly resp_psks?: readonly string[];
  readonly handshake_hash: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const vectors: readonly Vector[] = noise.vectors;
const NONE = new Uint8Array(0);

/** The options of one side of a vector. */
function side(vector: Vector, initiator: boolean): NoiseOptions {
  const prefix = initiator ? "init" : "resp";
  const { [`${prefix}_ephemeral` as const]: ephemeral, [`${prefix}_static` as const]: own } =
    vector;
  const { [`${prefix}_remote_static` as const]: remote, [`${prefix}_psks` as const]: psks } =
    vector;
  return {
    pattern: vector.protocol_name.split("_")[1] as PatternName,
    initiator,
    prologue: hex(vector[`${prefix}_prologue`]),
    ...(ephemeral && { ephemeral: keyPair(hex(ephemeral)) }),
    ...(own && { static: keyPair(hex(own)) }),
    ...(remote && { remoteStatic: hex(remote) }),
    ...(psks && { psks: psks.map(hex) }),
  };
}

/** Sends a vector's handshake through both sides; gives how many messages that were. */
function shakeHands(vector: Vector, ann: NoiseHandshake, bob: NoiseHandshake): number {
  let done = 0;
  for (const { payload, ciphertext } of vector.messages) {
    if (ann.finished) break;
    const [writer, reader] = done % 2 === 0 ? [ann, bob] : [bob, ann];
    assertEquals(toHex(writer.writeMessage(hex(payload))), ciphertext);
    assertEquals(reader.readMessage(hex(ciphertext)), hex(payload));
    done++;
  }
  return done;
}

for (const vector of vectors) {
  Deno.test(`NoiseHandshake gives every byte of the vector ${vector.protocol_name}`, () => {
    const ann = new NoiseHandshake(side(vector, true));
    const bob = new NoiseHandshake(side(vector, false));
    const done = shakeHands(vector, ann, bob);
    assert(ann.finished && bob.finished);
    assertEquals(toHex(ann.handshakeHash), vector.handshake_hash);
    assertEquals(toHex(bob.handshakeHash), vector.handshake_hash);
    const annKeys = ann.split(), bobKeys = bob.split();
    assertEquals([annKeys.send, annKeys.receive], [bobKeys.receive, bobKeys.send]);
    const oneWay = done === 1, counters = { ann: 0, bob: 0 };
    vector.messages.slice(done).forEach(({ payload, ciphertext }, index) => {
      const name = oneWay || (done + index) % 2 === 0 ? "ann" : "bob";
      const [keys, others] = name === "ann" ? [annKeys, bobKeys] : [bobKeys, annKeys];
      const nonce = nonceOf(counters[name]++);
      assertEquals(toHex(seal(keys.send, nonce, NONE, hex(payload))), ciphertext);
      assertEquals(open(others.receive, nonce, NONE, hex(ciphertext)), hex(payload));
    });
    assert(vector.messages.length > done, "there are transport messages");
  });
}

Deno.test("noise.json holds the vectors that were chosen", () => {
  const names = vectors.map((vector) => vector.protocol_name.split("_")[1]).join(" ");
  assertEquals(
    names,
    "NN NK KK XK IK XX IX N K X NNpsk0 NNpsk2 XKpsk3 XXpsk3 KKpsk0 KKpsk2 IKpsk1 IKpsk2",
  );
});

/** One byte longer than a handshake message may be. */
function long(message: Uint8Array): Uint8Array {
  const lengthened = new Uint8Array(65_536);
  lengthened.set(message);
  return lengthened;
}

interface Pair {
  readonly ann: NoiseHandshake;
  readonly bob: NoiseHandshake;
}

const random = seededRandom(1);
const keys: readonly KeyPair[] = Array.from({ length: 4 }, () => keyPair(randomBytes(random, 32)));
const psk = randomBytes(random, 32);
const PAYLOADS = ["first", "second", "third"].map(utf8);

/** Two sides of XX or XXpsk3, always with the same keys, so always with the same messages. */
function pair(pattern: "XX" | "XXpsk3", differing: Partial<NoiseOptions> = {}): Pair {
  const [annKey, annOnce, bobKey, bobOnce] = keys;
  assert(annKey && annOnce && bobKey && bobOnce);
  const both = { pattern, prologue: utf8("test"), ...(pattern === "XXpsk3" && { psks: [psk] }) };
  const bob = { ...both, initiator: false, ephemeral: bobOnce, static: bobKey, ...differing };
  return {
    ann: new NoiseHandshake({ ...both, initiator: true, ephemeral: annOnce, static: annKey }),
    bob: new NoiseHandshake(bob),
  };
}

/** Sends up to `count` messages as they should be; gives the next one, and who is to read it. */
function upTo({ ann, bob }: Pair, count: number): { message: Uint8Array; reader: NoiseHandshake } {
  for (let turn = 0;; turn++) {
    const [writer, reader] = turn % 2 === 0 ? [ann, bob] : [bob, ann];
    const payload = PAYLOADS[turn] ?? NONE, message = writer.writeMessage(payload);
    if (turn === count) return { message, reader };
    assertEquals(reader.readMessage(message), payload);
  }
}

/** Finishes a handshake in which `turn` messages were read and the next is known. */
function finish({ ann, bob }: Pair, message: Uint8Array, turn: number): void {
  let next = message;
  for (let at = turn; at < 3; at++) {
    const [writer, reader] = at % 2 === 0 ? [ann, bob] : [bob, ann];
    if (at > turn) next = writer.writeMessage(PAYLOADS[at] ?? NONE);
    assertEquals(reader.readMessage(next), PAYLOADS[at]);
  }
  assertEquals(ann.handshakeHash, bob.handshakeHash);
  assertEquals(ann.split().send, bob.split().receive);
  assertEquals(ann.split().receive, bob.split().send);
}

for (const pattern of ["XX", "XXpsk3"] as const) {
  Deno.test(`NoiseHandshake ${pattern}: a changed first message gives no session`, () => {
    const { message } = upTo(pair(pattern), 0);
    for (const flipped of flips(message)) {
      // Nothing is authenticated yet: Bob may take it, but then Ann does not take his answer.
      const { ann, bob } = pair(pattern), victim = pair(pattern);
      ann.writeMessage(PAYLOADS[0] ?? NONE);
      if (victim.bob.readMessage(flipped) === undefined) {
        finish({ ann, bob: victim.bob }, message, 0);
        continue;
      }
      const answer = victim.bob.writeMessage(PAYLOADS[1] ?? NONE);
      assertEquals(ann.readMessage(answer), undefined);
      assertEquals([ann.finished, ann.remoteStatic, ann.remoteEphemeral], [
        false,
        undefined,
        undefined,
      ]);
      finish({ ann, bob }, message, 0);
    }
  });

  for (const turn of [1, 2]) {
    Deno.test(`NoiseHandshake ${pattern}: a changed message ${turn + 1} changes nothing`, () => {
      for (const flipped of flips(upTo(pair(pattern), turn).message)) {
        const both = pair(pattern), { message, reader } = upTo(both, turn);
        const before = [reader.finished, reader.remoteStatic, reader.remoteEphemeral];
        assertEquals(reader.readMessage(flipped), undefined);
        assertEquals([reader.finished, reader.remoteStatic, reader.remoteEphemeral], before);
        finish(both, message, turn);
      }
    });
  }

  Deno.test(`NoiseHandshake ${pattern}: a message cut short or lengthened is refused`, () => {
    for (const turn of [0, 1, 2]) {
      const both = pair(pattern), { message, reader } = upTo(both, turn);
      // In the clear, and of any length; with a secret even this has a tag (Noise rev 34 §9.2).
      const clear = turn === 0 && pattern === "XX";
      for (const cut of truncations(message)) {
        if (clear && cut.length >= 32) continue;
        assertEquals(reader.readMessage(cut), undefined);
      }
      if (!clear) assertEquals(reader.readMessage(lengthened(message)), undefined);
      assertEquals(reader.readMessage(long(message)), undefined);
      finish(both, message, turn);
    }
  });

  Deno.test(`NoiseHandshake ${pattern}: another prologue gives no session`, () => {
    const { ann, bob } = pair(pattern, { prologue: utf8("tesu") });
    const payload = bob.readMessage(ann.writeMessage(NONE));
    assertEquals(payload, pattern === "XX" ? NONE : undefined);
    if (payload) assertEquals(ann.readMessage(bob.writeMessage(NONE)), undefined);
  });
}

Deno.test("NoiseHandshake XXpsk3: another secret is refused in the third message", () => {
  for (const other of flips(psk)) {
    const { message, reader } = upTo(pair("XXpsk3", { psks: [other] }), 2);
    assertEquals(reader.readMessage(message), undefined);
    assertFalse(reader.finished);
  }
});

Deno.test("NoiseHandshake says who the other is, once that is sure", () => {
  const both = pair("XX"), { ann, bob } = both, [annKey, annOnce, bobKey, bobOnce] = keys;
  assertEquals([ann.remoteStatic, ann.remoteEphemeral], [undefined, undefined]);
  const { message } = upTo(both, 1);
  assertEquals([bob.remoteStatic, bob.remoteEphemeral], [undefined, annOnce?.publicKey]);
  ann.readMessage(message);
  assertEquals([ann.remoteStatic, ann.remoteEphemeral], [bobKey?.publicKey, bobOnce?.publicKey]);
  bob.readMessage(ann.writeMessage(NONE));
  assertEquals(bob.remoteStatic, annKey?.publicKey);
  assertNotEquals(ann.split().send, ann.split().receive);
});

Deno.test("NoiseHandshake keeps nothing of the buffer a message was read from", () => {
  const both = pair("XX"), { ann, bob } = both, buffer = new Uint8Array(500);
  const read = (reader: NoiseHandshake, message: Uint8Array): Uint8Array | undefined => {
    buffer.set(message);
    const payload = reader.readMessage(buffer.subarray(0, message.length));
    buffer.fill(0);
    return payload;
  };
  const payload = utf8("hello");
  assertEquals(read(bob, ann.writeMessage(payload)), payload);
  assertEquals(read(ann, bob.writeMessage(payload)), payload);
  assertEquals(read(bob, ann.writeMessage(payload)), payload);
  assertEquals(ann.split().send, bob.split().receive);
  assertEquals(bob.remoteStatic, keys[0]?.publicKey);
});

Deno.test("NoiseHandshake refuses a key of low order in a message, and goes on", () => {
  const both = pair("XX"), { message, reader } = upTo(both, 0);
  for (const low of ["00".repeat(32), `01${"00".repeat(31)}`, `ed${"ff".repeat(30)}7f`]) {
    assertEquals(reader.readMessage(Uint8Array.of(...hex(low), ...message.slice(32))), undefined);
  }
  finish(both, message, 0);
});

Deno.test("NoiseHandshake takes messages in turn only", () => {
  const { ann, bob } = pair("XX");
  assertThrows(() => bob.writeMessage(NONE), TypeError, "the other's turn");
  assertThrows(() => ann.readMessage(NONE), TypeError, "the other's turn");
  const message = ann.writeMessage(NONE);
  assertThrows(() => ann.writeMessage(NONE), TypeError, "the other's turn");
  for (const early of [() => ann.split(), () => ann.handshakeHash]) {
    assertThrows(early, TypeError, "not finished");
  }
  bob.readMessage(message);
  ann.readMessage(bob.writeMessage(NONE));
  bob.readMessage(ann.writeMessage(NONE));
  for (const each of [ann, bob]) {
    assertThrows(() => each.writeMessage(NONE), TypeError, "is over");
    assertThrows(() => each.readMessage(NONE), TypeError, "is over");
  }
});

Deno.test("NoiseHandshake sends up to 65,535 bytes, and after an attempt at more still does", () => {
  const both = pair("XX"), { ann, bob } = both, most = new Uint8Array(65_535 - 32);
  assertThrows(() => ann.writeMessage(new Uint8Array(65_504)), RangeError, "wanted <= 65535");
  const message = ann.writeMessage(most);
  assertEquals(message.length, 65_535);
  assertEquals(bob.readMessage(message), most);
  assertEquals(ann.readMessage(bob.writeMessage(NONE)), NONE);
});

Deno.test("NoiseHandshake begins with the keys its pattern needs and no others", () => {
  const [own, once] = keys, remoteStatic = keys[2]?.publicKey;
  assert(own && once && remoteStatic);
  const prologue = NONE, mine = { prologue, ephemeral: once, static: own };
  const cases: readonly (readonly [NoiseOptions, string])[] = [
    [{ prologue, pattern: "XX", initiator: true, static: own }, "ephemeral key"],
    [{ prologue, pattern: "XX", initiator: false, ephemeral: once }, "one's own static key"],
    [{ prologue, pattern: "NK", initiator: false, ephemeral: once }, "one's own static key"],
    [{ ...mine, pattern: "IK", initiator: true }, "the other's static key"],
    [{ ...mine, pattern: "KK", initiator: false }, "the other's static key"],
    [{ ...mine, pattern: "XX", initiator: true, remoteStatic }, "beforehand"],
    [{ ...mine, pattern: "IK", initiator: false, remoteStatic }, "beforehand"],
    [{ ...mine, pattern: "XXpsk3", initiator: true }, "one pre-shared key"],
    [{ ...mine, pattern: "XXpsk3", initiator: true, psks: [psk, psk] }, "one pre-shared key"],
    [{ ...mine, pattern: "XX", initiator: true, psks: [psk] }, "takes no pre-shared key"],
    [{ ...mine, pattern: "NNpsk3", initiator: true, psks: [psk] }, "none of that name"],
    [{ ...mine, pattern: "YY" as PatternName, initiator: true }, "none of that name"],
    [{ ...mine, pattern: "toString" as PatternName, initiator: true }, "none of that name"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => new NoiseHandshake(options), TypeError, message);
  }
  const short = { ...mine, pattern: "XXpsk3", initiator: true, psks: [psk.slice(1)] } as const;
  assertThrows(() => new NoiseHandshake(short), RangeError, "of 32 bytes");
  for (const wrong of [new Uint8Array(32), remoteStatic.slice(1)]) {
    const options = { ...mine, pattern: "IK", initiator: true, remoteStatic: wrong } as const;
    assertThrows(() => new NoiseHandshake(options), RangeError, "not a usable one");
  }
});
