import { assert, assertEquals } from "@std/assert";
import { keyPair } from "../../lib/crypto/x25519.ts";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { SessionKeys } from "../../lib/session/keys.ts";
import { decodePacket } from "../../lib/wire/packet.ts";
import { randomBytes, toHex, utf8 } from "../crypto/bytes.ts";
import { EvilPeer } from "../support/evil_peer.ts";
import { SessionPair } from "../support/session_pair.ts";

const HEADER = Uint8Array.of(1, 2, 3);
const TEXT = utf8("hello");
const KEEP = 300;

interface Sealed {
  readonly phase: 0 | 1;
  readonly number: number;
  readonly bytes: Uint8Array;
}

function pair(seed = 1): { ann: SessionKeys; bob: SessionKeys; random: Random } {
  const random = seededRandom(seed), a = randomBytes(random, 32), b = randomBytes(random, 32);
  return {
    ann: new SessionKeys({ send: a, receive: b }, true),
    bob: new SessionKeys({ send: b, receive: a }, false),
    random,
  };
}

function seal(keys: SessionKeys, number: number): Sealed {
  return {
    phase: (keys.generation & 1) === 0 ? 0 : 1,
    number,
    bytes: keys.seal(number, HEADER, TEXT),
  };
}

function opens(keys: SessionKeys, { phase, number, bytes }: Sealed, now = 0): boolean {
  return keys.open(phase, number, HEADER, bytes, now, KEEP) !== undefined;
}

/** One whole change of keys; the responder follows with the first packet that it opens. */
function rekey(ann: SessionKeys, bob: SessionKeys, random: Random): void {
  const asked = ann.begin(keyPair(randomBytes(random, 32)));
  assert(asked);
  const fresh = () => keyPair(randomBytes(random, 32));
  const answer = bob.answer(asked.generation, asked.ephemeral, fresh);
  assert(answer);
  assertEquals(ann.finish(answer.generation, answer.ephemeral), true);
}

Deno.test("SessionKeys seal for the other side only, and each direction has its own key", () => {
  const { ann, bob } = pair(), { bob: stranger } = pair(2), sealed = seal(ann, 7);
  assertEquals([opens(bob, sealed), opens(ann, sealed), opens(stranger, sealed)], [
    true,
    false,
    false,
  ]);
  assert(opens(ann, seal(bob, 7)));
  for (const wrong of [{ ...sealed, number: 8 }, { ...sealed, phase: 1 as const }]) {
    assertEquals(opens(bob, wrong), false);
  }
});

Deno.test("SessionKeys change in four steps, and no packet on its way becomes unreadable", () => {
  const { ann, bob, random } = pair();
  const old = { ann: seal(ann, 1), bob: seal(bob, 1) };
  rekey(ann, bob, random);
  assertEquals([ann.generation, bob.generation], [1, 0], "the responder waits for a proof");
  const between = seal(bob, 2);
  assertEquals([opens(ann, old.bob, 1e9), opens(ann, between, 1e9)], [true, true], "for any time");
  assert(opens(bob, old.ann));
  assert(opens(bob, seal(ann, 3), 1_000));
  assertEquals(bob.generation, 1);
  assert(opens(bob, old.ann, 1_000 + KEEP - 1), "late packets are still read");
  assert(opens(ann, seal(bob, 4), 2_000));
});

Deno.test("SessionKeys let the old key live exactly as long as they are told", () => {
  for (const forget of [false, true]) {
    const { ann, bob, random } = pair(), old = { ann: seal(ann, 1), bob: seal(bob, 1) };
    rekey(ann, bob, random);
    assertEquals([ann.expiresAt, bob.expiresAt], [undefined, undefined]);
    assert(opens(bob, seal(ann, 2), 1_000) && opens(ann, seal(bob, 2), 2_000));
    assertEquals([bob.expiresAt, ann.expiresAt], [1_000 + KEEP, 2_000 + KEEP]);
    bob.expire(1_000 + KEEP - 1);
    assert(opens(bob, old.ann, 1_000 + KEEP - 1) && opens(ann, old.bob, 2_000 + KEEP - 1));
    if (forget) {
      bob.expire(1_000 + KEEP);
      ann.expire(2_000 + KEEP);
      assertEquals([bob.expiresAt, ann.expiresAt], [undefined, undefined]);
      assertEquals([opens(bob, old.ann, 0), opens(ann, old.bob, 0)], [false, false]);
    }
    assertEquals([opens(bob, old.ann, 1_000 + KEEP), opens(ann, old.bob, 2_000 + KEEP)], [
      false,
      false,
    ]);
    // What comes later under the new key does not lengthen the life of the old one.
    assert(opens(bob, seal(ann, 3), 5_000));
    assertEquals(opens(bob, old.ann, 5_001), false);
  }
});

Deno.test("SessionKeys ignore REKEY out of turn, from the wrong side, and bad keys", () => {
  const { ann, bob, random } = pair();
  const fresh = () => keyPair(randomBytes(random, 32)), good = fresh().publicKey;
  assertEquals(bob.begin(fresh()), undefined, "only the initiator begins");
  assertEquals(ann.answer(1, good, fresh), undefined, "only the responder answers");
  for (const generation of [0, 2, 3, -1, 2 ** 40]) {
    assertEquals(bob.answer(generation, good, fresh), undefined);
  }
  assertEquals(bob.answer(1, new Uint8Array(32), fresh), undefined, "a key of low order");
  assertEquals(ann.finish(1, good), false, "nothing was asked");
  const asked = ann.begin(fresh());
  assert(asked);
  assertEquals(ann.begin(fresh()), undefined, "one at a time");
  for (const generation of [0, 2]) assertEquals(ann.finish(generation, good), false);
  assertEquals(ann.finish(1, new Uint8Array(32)), false);
  const answer = bob.answer(1, asked.ephemeral, fresh);
  assertEquals(bob.answer(1, asked.ephemeral, fresh), answer, "the same question, the same answer");
  assertEquals(bob.answer(1, good, fresh), answer, "another key under the same number: ignored");
  assert(answer && ann.finish(1, answer.ephemeral));
  assertEquals(ann.finish(1, answer.ephemeral), false, "once");
  assert(opens(bob, seal(ann, 0)) && opens(ann, seal(bob, 0)));
  assertEquals([ann.generation, bob.generation], [1, 1]);
});

Deno.test("SessionKeys of different generations share nothing", () => {
  const { ann, bob, random } = pair(), seen = new Set<string>();
  for (let generation = 0; generation < 50; generation++) {
    // The same number, header and text: only another key gives other bytes.
    for (const keys of [ann, bob]) seen.add(toHex(seal(keys, 0).bytes));
    rekey(ann, bob, random);
    assert(opens(bob, seal(ann, 1)) && opens(ann, seal(bob, 1)));
  }
  assertEquals(seen.size, 100);
});

Deno.test("Session numbers a million packets through 1,000 keys without a repetition or a gap", () => {
  // A number that never comes twice is a nonce that never comes twice, whatever the key.
  const peer = new EvilPeer(true, 3), random = seededRandom(3);
  let count = 0;
  const fresh = () => keyPair(randomBytes(random, 32));
  const listen = (): void => {
    for (const { number, frames } of peer.listen()) {
      if (number !== count++) throw new Error(`number ${number}, wanted ${count - 1}`);
      for (const frame of frames) {
        if (frame.type !== "rekey") continue;
        const answer = peer.keys.answer(frame.generation, frame.ephemeral, fresh);
        if (answer) peer.say({ type: "rekeyAnswer", ...answer });
      }
    }
  };
  while (count < 1_000_000) {
    for (let packet = 0; packet < 50; packet++) peer.session.datagram(Uint8Array.of(packet));
    if (count % 900 < 100) peer.session.rekey();
    listen();
    peer.acknowledge(count - 1);
  }
  assert(peer.session.link.generation >= 1_000, `${peer.session.link.generation}`);
});

Deno.test("nonces are unique in both directions while keys change: a Set of (key, number)", () => {
  const seen = new Set<string>();
  let generations = 0;
  for (let seed = 0; seed < 20; seed++) {
    const numbers = new Map<string, number>();
    const session: SessionPair = new SessionPair({
      seed,
      spec: { delay: 10, loss: 20, dup: 10 },
      filter: ({ bytes, from }, now) => {
        // Ciphertexts of one key and nonce would share their key stream; numbers never repeat at all.
        const packet = decodePacket(bytes);
        if (packet?.type !== "data") throw new Error("not a data packet");
        const key = `${seed} ${from.port} ${packet.number.value}`;
        const again = numbers.get(key);
        if (again !== undefined && again !== now) throw new Error(`${key} at ${again} and ${now}`);
        if (again === undefined && seen.has(key)) throw new Error(key);
        numbers.set(key, now);
        seen.add(key);
        return true;
      },
    });
    for (let turn = 0; turn < 400; turn++) {
      session.ann.session.write(0, TEXT);
      session.bob.session.write(1, new Uint8Array(2_000));
      if (turn % 10 === 0) session[turn % 20 === 0 ? "ann" : "bob"].session.rekey();
      session.flush();
      session.run(session.now + 40);
    }
    generations += session.ann.session.link.generation;
  }
  assert(generations > 500 && seen.size > 20_000, `${generations} keys, ${seen.size} packets`);
});
