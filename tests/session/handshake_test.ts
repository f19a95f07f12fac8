import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { decodePacket } from "../../lib/wire/packet.ts";
import { flips, lengthened, truncations, utf8 } from "../crypto/bytes.ts";
import { BareHub, credentialsOf, only, shuttle } from "../support/bare_hub.ts";
import { ANN, BOB } from "../support/session_pair.ts";

const [ANNS, BOBS] = [credentialsOf(1), credentialsOf(2)];
const SECRET = new Uint8Array(32).fill(7);
const SECRETS = [undefined, SECRET];

function pair(secret?: Uint8Array, seed = 1): { ann: BareHub; bob: BareHub } {
  return { ann: new BareHub(ANNS, secret, seed), bob: new BareHub(BOBS, secret, seed + 1_000) };
}

/** Both have one session, and what is said in it arrives. */
function assertTalking(ann: BareHub, bob: BareHub, now: number): void {
  assertEquals([ann.up.length, bob.up.length], [1, 1]);
  for (const [from, to, text] of [[ann, bob, "hello"], [bob, ann, "hi"]] as const) {
    const [session] = from.up;
    assert(session);
    session.write(0, utf8(text));
    from.hub.touch(session);
    const sent = from.send(now);
    if (from === ann) shuttle(ann, bob, sent, now);
    else shuttle(ann, bob, sent.flatMap((bytes) => ann.hear(bytes, BOB, now)), now);
    assertEquals(to.heard, text);
  }
}

/** Silence; or, where the change made a first message of an unknown version, our versions. */
function assertRefused(answers: readonly Uint8Array[], note: string): void {
  assert(answers.every((bytes) => bytes.length === 8 && typeOf(bytes) === "refusal"), note);
}

function typeOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decodePacket(bytes)?.type;
}

for (const secret of SECRETS) {
  const mode = secret ? "with a secret" : "without a secret";

  Deno.test(`Hub makes a session in three messages, ${mode}`, () => {
    const { ann, bob } = pair(secret), init = ann.call(BOB, 0);
    const answer = only(bob.hear(init, ANN, 10)), final = only(ann.hear(answer, BOB, 20));
    assertEquals([init, answer, final].map(typeOf), ["init", "answer", "final"]);
    assertEquals([init.length, answer.length], [256, 226]);
    assertEquals([ann.up.length, bob.up.length, ann.up[0]?.confirmed], [1, 0, false]);
    const confirms = bob.hear(final, ANN, 30);
    assertEquals(bob.up.length, 1);
    assertEquals(typeOf(confirms[0]), "data");
    shuttle(ann, bob, ann.hear(only(confirms), BOB, 40), 40);
    assertEquals(ann.up[0]?.confirmed, true);
    assertTalking(ann, bob, 50);
    const [atAnn, atBob] = [ann.events[0], bob.events[0]];
    assert(atAnn?.type === "up" && atBob?.type === "up");
    assertEquals(atAnn.remote.identity, BOBS.identity.publicKey);
    assertEquals(atBob.remote.identity, ANNS.identity.publicKey);
    assertEquals(atAnn.remote.instance, BOBS.instance);
    assertEquals([atBob.call, atBob.session.initiator], [undefined, false]);
    assert(atAnn.call !== undefined && atAnn.session.initiator);
    assertEquals([ann.hub.unfinished, bob.hub.unfinished], [0, 0]);
  });

  Deno.test(`Hub leads no flipped bit of message 1 to a session, ${mode}`, () => {
    const { ann } = pair(secret), init = ann.call(BOB, 0);
    let bit = 0;
    for (const flipped of flips(init)) {
      const byte = bit++ >> 3, bob = new BareHub(BOBS, secret, 5);
      const answers = bob.hear(flipped, ANN, 1);
      // Index and ephemeral key are anybody's choice, as long as no secret is needed.
      const answered = !secret && byte >= 4 && byte < 40;
      const wanted = byte === 1 ? ["refusal"] : answered ? ["answer"] : [];
      assertEquals(answers.map(typeOf), wanted, `bit ${bit - 1}`);
      for (const answer of answers) {
        assertEquals(ann.hear(answer, BOB, 2), [], `bit ${bit - 1}`);
        // Also when somebody in between puts the right index back.
        const back = Uint8Array.of(0xf9, ...init.subarray(4, 8), ...answer.subarray(5));
        if (byte !== 1) assertEquals(ann.hear(back, BOB, 2), [], `bit ${bit - 1}`);
      }
      assertEquals(bob.hear(init, ANN, 3).map(typeOf), ["answer"], `bit ${bit - 1}`);
    }
    assertEquals(ann.events.filter(({ type }) => type !== "version"), []);
    const bob = new BareHub(BOBS, secret, 6);
    shuttle(ann, bob, [init], 4);
    assertTalking(ann, bob, 5);
  });

  Deno.test(`Hub refuses every flipped bit of message 2, ${mode}`, () => {
    const { ann, bob } = pair(secret), answer = only(bob.hear(ann.call(BOB, 0), ANN, 1));
    const bad = [...flips(answer), ...truncations(answer), lengthened(answer)];
    bad.forEach((each, at) => assertRefused(ann.hear(each, BOB, 2), `change ${at}`));
    assertEquals([ann.events, ann.hub.sessions], [[], []]);
    shuttle(ann, bob, ann.hear(answer, BOB, 3), 3);
    assertTalking(ann, bob, 4);
  });

  Deno.test(`Hub refuses every flipped bit of message 3, ${mode}`, () => {
    const { ann, bob } = pair(secret), answer = only(bob.hear(ann.call(BOB, 0), ANN, 1));
    const final = only(ann.hear(answer, BOB, 2)), handshake = 174 * 8;
    [...flips(final)].slice(0, handshake).forEach((each, bit) => {
      assertRefused(bob.hear(each, ANN, 3), `bit ${bit}`);
    });
    for (const cut of truncations(final.subarray(0, 194))) assertEquals(bob.hear(cut, ANN, 3), []);
    assertEquals(bob.hear(final, { ...ANN, port: 9 }, 3), [], "it is for the address that asked");
    assertEquals([bob.events, bob.hub.sessions], [[], []]);
    shuttle(ann, bob, [final], 4);
    assertTalking(ann, bob, 5);
  });

  Deno.test(`Hub takes no data from a message 3 that was changed after the handshake, ${mode}`, () => {
    const { ann, bob } = pair(secret), init = ann.call(BOB, 0);
    const final = only(ann.hear(only(bob.hear(init, ANN, 1)), BOB, 2)), start = 174 * 8;
    for (let bit = start; bit < final.length * 8; bit++) {
      const again = pair(secret), repeated = again.ann.call(BOB, 0);
      const third = only(again.ann.hear(only(again.bob.hear(repeated, ANN, 1)), BOB, 2));
      assertEquals(third, final, "the same seed gives the same bytes");
      const flipped = third.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ 1 << (bit & 7);
      again.bob.hear(flipped, ANN, 3);
      assertEquals(again.bob.events.filter(({ type }) => type === "session"), [], `bit ${bit}`);
      shuttle(again.ann, again.bob, [third], 4);
      assertTalking(again.ann, again.bob, 5);
    }
  });

  Deno.test(`Hub answers the same message 1 with the same bytes, ${mode}`, () => {
    const { ann, bob } = pair(secret), init = ann.call(BOB, 0);
    const answer = only(bob.hear(init, ANN, 1));
    for (const now of [2, 10, 1_000, 29_000]) assertEquals(bob.hear(init, ANN, now), [answer]);
    assertEquals([bob.hub.computed, bob.hub.unfinished], [1, 1]);
    const elsewhere = only(bob.hear(init, { ...ANN, port: 5 }, 29_500));
    assertNotEquals(elsewhere, answer, "from another address it is another one");
  });
}

Deno.test("Hub is silent to whoever does not know its secret, and to whoever needs one", () => {
  const wrong = new Uint8Array(32).fill(8);
  for (const [hers, his] of [[undefined, SECRET], [wrong, SECRET], [SECRET, undefined]]) {
    const ann = new BareHub(ANNS, hers), bob = new BareHub(BOBS, his);
    assertEquals(bob.hear(ann.call(BOB, 0), ANN, 1), []);
    assertEquals([bob.hub.computed, bob.hub.unfinished, bob.hub.counters.unknown], [0, 0, 1]);
  }
});

Deno.test("Hub cannot be brought from a secret down to none by somebody in between", () => {
  const ann = new BareHub(ANNS, SECRET), eve = new BareHub(BOBS), init = ann.call(BOB, 0);
  const open = init.slice();
  open[2] = 0;
  open.fill(0, 40, 72);
  const answer = only(eve.hear(open, ANN, 1));
  assertEquals(ann.hear(answer, BOB, 2), []);
  assertEquals([ann.events, ann.hub.sessions], [[], []]);
});

Deno.test("Hub refuses a prologue of another version, mode or feature", () => {
  for (const [at, value] of [[1, 0], [1, 2], [1, 255], [2, 1], [2, 2], [3, 1], [3, 128]] as const) {
    const { ann, bob } = pair(), init = ann.call(BOB, 0);
    init[at] = value;
    const answers = bob.hear(init, ANN, 1).map(typeOf);
    assertEquals(answers, at === 1 ? ["refusal"] : [], `byte ${at} = ${value}`);
    assertEquals([bob.hub.computed, bob.hub.unfinished], [0, 0]);
  }
});

Deno.test("Hub answers another version with its own, in 8 bytes, and keeps nothing", () => {
  for (const length of [8, 9, 256, 1_200]) {
    const bob = new BareHub(BOBS), init = new Uint8Array(length).fill(99);
    init.set([0xf8, 2, 0, 0, 1, 2, 3, 4]);
    assertEquals(bob.hear(init, ANN, 0), [Uint8Array.of(0xfb, 2, 1, 2, 3, 4, 1, 1)]);
    assertEquals(bob.hub.unfinished, 0);
  }
  assertEquals(new BareHub(BOBS).hear(Uint8Array.of(0xf8, 2, 0, 0, 1, 2, 3), ANN, 0), []);
});

Deno.test("Hub tells what versions the other side speaks, and goes on calling", () => {
  const { ann, bob } = pair(), init = ann.call(BOB, 0);
  ann.hear(Uint8Array.of(0xfb, 2, ...init.subarray(4, 8), 2, 2, 3), BOB, 1);
  const [event] = ann.events;
  assert(event?.type === "version");
  assertEquals(event.versions, [2, 3]);
  shuttle(ann, bob, [init], 2);
  assertTalking(ann, bob, 3);
});

Deno.test("Hub refuses a certificate that is not good, on both sides", () => {
  const other = credentialsOf(3);
  // Ann's name on a static key that she has not certified.
  const bad = { ...other, identity: { ...other.identity, publicKey: ANNS.identity.publicKey } };
  for (const [hers, his] of [[bad, BOBS], [BOBS, bad]] as const) {
    const ann = new BareHub(hers), bob = new BareHub(his, undefined, 2);
    shuttle(ann, bob, [ann.call(BOB, 0)], 1);
    assertEquals([bob.up.length, bob.hub.sessions.length, ann.heard], [0, 0, ""]);
    assertEquals(ann.up.some((session) => session.confirmed), false);
    assertEquals(bob.hub.unfinished, his === bad ? 1 : 0);
    if (his === bad) assertEquals(ann.events.map(({ type }) => type), ["failed"]);
  }
});

Deno.test("Hub refuses keys of low order", () => {
  const { ann, bob } = pair(), init = ann.call(BOB, 0);
  for (const low of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
    const changed = init.slice();
    changed.set(low, 8);
    const answers = bob.hear(changed, ANN, 1);
    assertEquals(answers.flatMap((answer) => ann.hear(answer, BOB, 2)), []);
  }
  assertEquals(ann.hub.sessions.length + bob.hub.sessions.length, 0);
});

Deno.test("Hub repeats message 1 in two copies after 200, 200, 300 … ms, at most 15 s apart", () => {
  const { ann } = pair(), times: number[] = [], all = new Set<string>();
  ann.hub.call(BOB, false, 0);
  for (let now = 0; now <= 120_000; now = Math.max(now, ann.hub.nextTimeout() ?? Infinity)) {
    for (const bytes of ann.send(now)) {
      times.push(now);
      all.add(bytes.join());
    }
  }
  const expected: number[] = [0, 8, 208, 216];
  for (
    let wait = 200;
    (expected.at(-1) ?? 0) + wait <= 120_000;
    wait = Math.min(wait * 1.5, 15_000)
  ) {
    const at = (expected.at(-1) ?? 0) + wait;
    expected.push(at, at + 8);
  }
  assertEquals(times, expected.filter((at) => at <= 120_000));
  assertEquals(all.size, 1, "the bytes are the same each time");
});

Deno.test("Hub stops calling when it is told to", () => {
  const { ann, bob } = pair(), call = ann.hub.call(BOB, false, 0), init = only(ann.send(0));
  ann.hub.cancel(call);
  assertEquals([ann.send(10_000), ann.hub.nextTimeout(), ann.hub.unfinished], [[], undefined, 0]);
  assertEquals(ann.hear(only(bob.hear(init, ANN, 1)), BOB, 2), []);
});

Deno.test("Hub calls again when message 3 was never answered", () => {
  const { ann, bob } = pair(), answer = only(bob.hear(ann.call(BOB, 0), ANN, 50));
  ann.hear(answer, BOB, 100);
  let now = 100;
  while (!ann.events.some(({ type }) => type === "failed") && now < 5_000) {
    now = Math.max(now + 1, ann.hub.nextTimeout() ?? Infinity);
    ann.hub.tick(now);
    ann.send(now);
  }
  assert(now >= 1_100 && now <= 1_600, `after ${now} ms`);
  assertEquals(ann.hub.sessions, []);
});
