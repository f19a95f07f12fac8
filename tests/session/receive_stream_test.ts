import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { ReceiveStream } from "../../lib/session/receive_stream.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";

Deno.test("ReceiveStream gives bytes in order, whatever the order they came in", () => {
  const stream = new ReceiveStream(100);
  assertEquals(stream.read(), undefined);
  assert(stream.accept(6, utf8("world"), true));
  assertEquals([stream.read(), stream.held], [undefined, 5]);
  assert(stream.accept(0, utf8("hello "), false));
  assertEquals(stream.read(), { data: utf8("hello world"), fin: true });
  assertEquals([stream.held, stream.finished, stream.read()], [0, true, undefined]);
});

Deno.test("ReceiveStream gives an end that carries nothing, once", () => {
  const stream = new ReceiveStream(100);
  assert(stream.accept(0, utf8("a"), false));
  assertEquals(stream.read(), { data: utf8("a"), fin: false });
  assert(stream.accept(1, new Uint8Array(0), true));
  assertEquals(stream.read(), { data: new Uint8Array(0), fin: true });
  assert(stream.accept(1, new Uint8Array(0), true));
  assertEquals(stream.read(), undefined);
  const empty = new ReceiveStream(100);
  assert(empty.accept(0, new Uint8Array(0), true));
  assertEquals(empty.read(), { data: new Uint8Array(0), fin: true });
});

Deno.test("ReceiveStream refuses bytes beyond its limit and a second end", () => {
  const stream = new ReceiveStream(10);
  assertEquals(stream.accept(10, utf8("x"), false), false);
  assertEquals(stream.accept(9, utf8("x"), false), true);
  assertEquals(stream.accept(5, new Uint8Array(0), true), false, "an end before bytes that came");
  assertEquals(stream.accept(10, new Uint8Array(0), true), true);
  assertEquals(stream.accept(10, new Uint8Array(0), true), true, "the same end again");
  assertEquals(stream.accept(0, utf8("0123456789"), false), true);
  const ended = new ReceiveStream(10);
  assertEquals(ended.accept(0, utf8("abc"), true), true);
  assertEquals([ended.accept(3, utf8("d"), false), ended.accept(0, utf8("ab"), true)], [
    false,
    false,
  ]);
});

Deno.test("ReceiveStream moves its limit when half of the window is used, and not after the end", () => {
  const stream = new ReceiveStream(100);
  assert(stream.accept(0, new Uint8Array(49), false));
  stream.read();
  assertEquals([stream.extend(), stream.limit], [undefined, 100]);
  assert(stream.accept(49, new Uint8Array(1), false));
  stream.read();
  assertEquals([stream.extend(), stream.limit], [150, 150]);
  assertEquals(stream.extend(), undefined);
  assert(stream.accept(50, new Uint8Array(100), true));
  stream.read();
  assertEquals(stream.extend(), undefined);
});

Deno.test("ReceiveStream keeps its own copy of what waits", () => {
  const stream = new ReceiveStream(100), bytes = utf8("bc");
  stream.accept(1, bytes, false);
  bytes.fill(0);
  stream.accept(0, utf8("a"), false);
  assertEquals(stream.read()?.data, utf8("abc"));
});

Deno.test("ReceiveStream does what an array of bytes does, for 2,000 seeds", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = seededRandom(seed), size = 1 + Math.floor(random() * 600);
    const all = randomBytes(random, size), stream = new ReceiveStream(size);
    const have = new Array<boolean>(size).fill(false), got: number[] = [];
    let fin = false, finCame = false;
    for (let step = 0; step < 10_000 && !fin; step++) {
      const offset = Math.floor(random() * (size + 1));
      const end = Math.min(size, offset + Math.floor(random() ** 2 * 80));
      const last = end === size && random() < 0.5;
      finCame ||= last;
      assert(stream.accept(offset, all.slice(offset, end), last), `seed ${seed}`);
      for (let at = offset; at < end; at++) have[at] = true;
      const missing = have.indexOf(false), prefix = missing < 0 ? size : missing;
      const news = stream.read();
      if (news) got.push(...news.data);
      fin = news?.fin ?? false;
      if (got.length !== prefix) throw new Error(`seed ${seed}: ${got.length}, wanted ${prefix}`);
      const waits = have.filter((there) => there).length - prefix;
      assertEquals([stream.held, fin], [waits, finCame && prefix === size], `seed ${seed}`);
    }
    assert(fin, `seed ${seed}`);
    assertEquals(got, [...all], `seed ${seed}`);
  }
});
