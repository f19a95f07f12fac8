import { assert, assertEquals, assertLess } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";
import { joined, SessionPair } from "../support/session_pair.ts";

Deno.test("Session rekeys by request of either side without losing a byte", () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = seededRandom(seed), loss = seed % 5 * 10;
    const pair = new SessionPair({ seed, spec: { delay: 40, jitter: 30, loss } });
    const sent = { ann: [] as number[], bob: [] as number[] };
    for (let turn = 0; turn < 60; turn++) {
      for (const name of ["ann", "bob"] as const) {
        const bytes = randomBytes(random, 1 + Math.floor(random() * 2_000));
        sent[name].push(...bytes);
        pair[name].session.write(turn % 2, bytes);
        if (random() < 0.2) pair[name].session.rekey();
      }
      pair.flush();
      pair.run(pair.now + random() * 400);
    }
    const done = (): boolean => pair.ann.session.held + pair.bob.session.held === 0;
    assert(pair.runUntil(done, pair.now + 120_000), `seed ${seed}`);
    for (const [from, to] of [["ann", "bob"], ["bob", "ann"]] as const) {
      const got = joined(pair[to], 0).length + joined(pair[to], 1).length;
      assertEquals(got, sent[from].length, `seed ${seed}`);
    }
    const { generation } = pair.ann.session.link;
    assert(generation >= 3, `seed ${seed}: generation ${generation}`);
    assert(Math.abs(generation - pair.bob.session.link.generation) <= 1, `seed ${seed}`);
  }
});

Deno.test("Session rekeys in the middle of a bulk transfer without a pause", () => {
  const pair = new SessionPair({ spec: { delay: 20 } });
  const bytes = randomBytes(seededRandom(1), 1_500_000);
  pair.bob.session.write(1, bytes);
  pair.flush();
  for (let turn = 0; turn < 5; turn++) {
    pair.run(pair.now + 120);
    pair.bob.session.rekey();
    pair.flush();
  }
  assert(pair.runUntil(() => pair.bob.session.held === 0, 60_000));
  assertEquals(joined(pair.ann, 1), bytes);
  assertLess(pair.now, 2_000);
  assertLess(pair.wire, bytes.length * 1.1);
  pair.run(pair.now + 1_000);
  assertEquals(pair.bob.session.link.generation, 5);
});

Deno.test("Session is not deaf when the first packet under the new key is lost", () => {
  let down = false;
  const pair = new SessionPair({ spec: { delay: 20 }, filter: () => !down });
  pair.run(16_000);
  pair.ann.session.rekey();
  pair.flush();
  // Ann gets the answer and uses the new key from now on, but what she says is lost for 2 s.
  const from = pair.now;
  pair.run(from + 39);
  down = true;
  pair.run(from + 2_000);
  assertEquals(pair.ann.session.link.generation, 1);
  assertEquals(pair.bob.session.link.generation, 0);
  down = false;
  pair.bob.session.write(0, utf8("can you hear me?"));
  pair.flush();
  const back = pair.now;
  assert(pair.runUntil(() => pair.ann.streams.has(0), back + 60_000), "never heard");
  assertLess(pair.now - back, 3_000);
});
