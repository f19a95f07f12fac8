import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fates, notices, presence, read, TalkNet, told } from "../support/talk_net.ts";
import type { Person } from "../support/talk_net.ts";

const ANN = "192.0.2.1", BOB = "192.0.2.2";
const TO_BOB = [{ host: BOB, port: 2410 }], TO_ANN = [{ host: ANN, port: 2410 }];
const HOME = { delay: 50, jitter: 10 };

function end(net: TalkNet, person: Person): void {
  net.act(person, (talk, now) => talk.endInput(now));
}

Deno.test("Talk leaves with 0 after the end of input, and only once all is delivered", () => {
  for (let seed = 0; seed < 200; seed++) {
    const net = new TalkNet({ ...HOME, loss: seed % 4 * 10 }, seed);
    const ann = net.add("ann", ANN, { to: TO_BOB, timeout: 60_000 }), bob = net.add("bob", BOB);
    for (const text of ["one", "two", "three"]) net.say(ann, text);
    end(net, ann);
    assert(net.runUntil(() => ann.talk.done !== undefined, 70_000), `seed ${seed}`);
    assertEquals(ann.talk.done, { status: 0, reason: "end of input" }, `seed ${seed}`);
    assertEquals(read(bob), ["one", "two", "three"], `seed ${seed}`);
    for (const fate of Object.values(fates(ann))) {
      assertEquals(fate, ["own", "sent", "delivered"], `seed ${seed}`);
    }
    assertEquals(ann.talk.nextTimeout(), undefined, "nothing is left to do");
  }
});

Deno.test("Talk leaves with 0 where nothing was typed and somebody answered", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  net.add("bob", BOB);
  end(net, ann);
  net.run(5_000);
  assertEquals(ann.talk.done, { status: 0, reason: "end of input" });
});

Deno.test("Talk that waits leaves at once where nothing was typed", () => {
  const net = new TalkNet(HOME), bob = net.add("bob", BOB);
  end(net, bob);
  assertEquals(bob.talk.done, { status: 0, reason: "end of input" });
});

Deno.test("Talk leaves with 3 where nobody ever answered, and names what was not delivered", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB, timeout: 10_000 });
  for (const text of ["first line", "second line"]) net.say(ann, text);
  net.run(2_000);
  end(net, ann);
  net.run(11_999);
  assertEquals(ann.talk.done, undefined);
  net.run(12_001);
  assertEquals(ann.talk.done, { status: 3, reason: "no answer" });
  assertEquals(fates(ann), {
    "first line": ["own", "failed"],
    "second line": ["own", "failed"],
  });
  assertEquals(notices(ann), ["no-answer", "undelivered"]);
  const text = told(ann, "notice")[1]?.text ?? "";
  for (const wanted of ["2 messages not delivered", "first line", "second line"]) {
    assertStringIncludes(text, wanted);
  }
});

Deno.test("Talk leaves with 3 where nobody answered, also when nothing was typed", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB, timeout: 10_000 });
  end(net, ann);
  net.run(11_000);
  assertEquals(ann.talk.done, { status: 3, reason: "no answer" });
});

Deno.test("Talk leaves with 4 where somebody was there, and names only what was not delivered", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB, timeout: 5_000 });
  const bob = net.add("bob", BOB);
  net.say(ann, "arrives");
  net.run(2_000);
  bob.off = true;
  net.say(ann, "too late");
  end(net, ann);
  net.run(10_000);
  assertEquals(ann.talk.done, { status: 4, reason: "not delivered" });
  assertEquals(fates(ann), {
    "arrives": ["own", "sent", "delivered"],
    "too late": ["own", "sent", "failed"],
  });
  const text = told(ann, "notice").at(-1)?.text ?? "";
  assertStringIncludes(text, "1 message not delivered");
  assertStringIncludes(text, "too late");
  assert(!text.includes("arrives"));
});

Deno.test("Talk leaves with 4 where a line was refused before it was sent", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  net.add("bob", BOB);
  net.say(ann, "fine");
  net.act(ann, (talk) => talk.lose());
  end(net, ann);
  net.run(5_000);
  assertEquals(ann.talk.done, { status: 4, reason: "not delivered" });
});

Deno.test("Talk says nothing any more after the end of input", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  net.say(ann, "one");
  end(net, ann);
  net.say(ann, "two");
  assertEquals(told(ann, "own").map(({ text }) => text), ["one"]);
});

Deno.test("Talk stays after the end of input where that was asked for", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB, stay: true });
  const bob = net.add("bob", BOB);
  net.say(ann, "one");
  end(net, ann);
  net.run(60_000);
  net.say(bob, "still there?");
  net.run(61_000);
  assertEquals([ann.talk.done, read(ann), read(bob)], [undefined, ["still there?"], ["one"]]);
});

Deno.test("Talk tells the other at once when the person leaves", () => {
  const net = new TalkNet({ delay: 50 }), ann = net.add("ann", ANN, { to: TO_BOB });
  const bob = net.add("bob", BOB);
  net.run(2_000);
  net.act(ann, (talk) => talk.quit());
  assertEquals(ann.talk.done, { status: 0, reason: "quit" });
  net.run(2_051);
  assertEquals(presence(bob), ["here", "gone"]);
  assertEquals(told(bob, "presence").at(-1)?.partner.name, "ann");
  assertEquals(bob.talk.done, undefined);
  net.run(60_000);
  assertEquals(net.log.filter(({ at }) => at > 2_051), [], "and then all is quiet");
});

Deno.test("Talk leaves with 4 when the person leaves before all is delivered", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  net.add("bob", BOB);
  net.run(2_000);
  net.say(ann, "quick");
  net.act(ann, (talk) => talk.quit());
  assertEquals(ann.talk.done, { status: 4, reason: "not delivered" });
  assertEquals(notices(ann), ["undelivered"]);
});

Deno.test("Talk leaves once: a second time changes nothing", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  net.act(ann, (talk) => talk.leave(130, "interrupted"));
  net.act(ann, (talk) => talk.quit());
  end(net, ann);
  net.say(ann, "too late");
  assertEquals(ann.talk.done, { status: 130, reason: "interrupted" });
  assertEquals([told(ann, "own"), notices(ann)], [[], []]);
});

Deno.test("Talk reads no more lines for now while a thousand wait", () => {
  const net = new TalkNet(HOME), ann = net.add("ann", ANN, { to: TO_BOB });
  for (let at = 0; at < 999; at++) net.say(ann, `line ${at}`);
  assertEquals(ann.talk.full, false);
  net.say(ann, "line 999");
  assertEquals(ann.talk.full, true);
  const bob = net.add("bob", BOB);
  assert(net.runUntil(() => !ann.talk.full, 10_000));
  net.run(net.now + 10_000);
  assertEquals(read(bob).length, 1_000);
});

Deno.test("Talk that ends on both sides at once leaves with 0 on both, for 200 seeds", () => {
  for (let seed = 0; seed < 200; seed++) {
    const net = new TalkNet({ delay: 20, jitter: 10, loss: seed % 3 === 0 ? 10 : 0 }, seed + 1);
    const ann = net.add("ann", ANN, { to: TO_BOB }), bob = net.add("bob", BOB, { to: TO_ANN });
    net.say(ann, "from ann");
    net.say(bob, "from bob");
    for (const each of [ann, bob]) net.act(each, (talk, now) => talk.endInput(now));
    net.run(net.now + 30_000);
    if (seed % 3 !== 0) {
      assertEquals([ann.talk.done?.status, bob.talk.done?.status], [0, 0], `seed ${seed}`);
    }
  }
});
