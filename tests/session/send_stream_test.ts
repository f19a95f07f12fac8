import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../lib/net/random.ts";
import { ReceiveStream } from "../../lib/session/receive_stream.ts";
import { isBulk, type Piece, SendStream } from "../../lib/session/send_stream.ts";
import { randomBytes, utf8 } from "../crypto/bytes.ts";

Deno.test("isBulk() is true for odd streams", () => {
  assertEquals([0, 1, 2, 3, 1_000_001].map(isBulk), [false, true, false, true, true]);
});

Deno.test("SendStream gives what was written, in pieces that fit, and once", () => {
  const stream = new SendStream(0, 1_000);
  stream.write(utf8("hello "), false);
  stream.write(utf8("world"), true);
  assertEquals(stream.take(4, 1_000), { offset: 0, data: utf8("hell"), fin: false });
  assertEquals(stream.take(99, 3), { offset: 4, data: utf8("o w"), fin: false });
  assertEquals(stream.take(99, 0), undefined, "the session's window is used up");
  assertEquals(stream.take(99, 99), { offset: 7, data: utf8("orld"), fin: true });
  assertEquals([stream.take(99, 99), stream.ready], [undefined, false]);
  assertThrows(() => stream.write(utf8("x"), false), TypeError, "ended");
});

Deno.test("SendStream keeps to the other side's limit", () => {
  const stream = new SendStream(0, 3);
  stream.write(utf8("hello"), false);
  assertEquals(stream.take(99, 99)?.data, utf8("hel"));
  assertEquals(stream.ready, false);
  stream.extend(2);
  assertEquals(stream.ready, false, "a limit never shrinks, and never moves back");
  stream.extend(5);
  assertEquals(stream.take(99, 99)?.data, utf8("lo"));
});

Deno.test("SendStream keeps what it is given, and makes no copy of it", () => {
  const stream = new SendStream(0, 99), bytes = utf8("hello");
  stream.write(bytes, false);
  assertEquals(stream.take(3, 99)?.data.buffer, bytes.buffer);
  stream.acknowledge(0, 3, false);
  assertEquals(stream.held, 2, "what has arrived is not waited for");
  assertEquals(stream.take(99, 99)?.data, utf8("lo"));
});

Deno.test("SendStream repeats only what is lost and did not arrive otherwise", () => {
  const stream = new SendStream(0, 99);
  stream.write(utf8("0123456789"), true);
  stream.take(99, 99);
  stream.acknowledge(3, 4, false);
  stream.lose(0, 10, true);
  assert(stream.repeats && stream.wants(0, 10, true) && !stream.wants(3, 4, false));
  assertEquals(stream.take(99, 99), { offset: 0, data: utf8("012"), fin: false });
  assertEquals(stream.take(99, 99), { offset: 7, data: utf8("789"), fin: true });
  stream.acknowledge(0, 3, false);
  assertEquals(stream.finished, false);
  stream.acknowledge(7, 3, true);
  assertEquals([stream.held, stream.finished, stream.ready], [0, true, false]);
  stream.lose(0, 10, true);
  assertEquals([stream.ready, stream.wants(0, 10, true)], [false, false]);
});

Deno.test("SendStream repeats an end that carried nothing", () => {
  const stream = new SendStream(0, 99);
  stream.write(utf8("x"), false);
  stream.take(99, 99);
  stream.write(new Uint8Array(0), true);
  const end: Piece = { offset: 1, data: new Uint8Array(0), fin: true };
  assertEquals(stream.take(99, 99), end);
  stream.lose(1, 0, true);
  assertEquals(stream.take(99, 99), end);
  stream.acknowledge(1, 0, true);
  assertEquals([stream.finished, stream.held], [false, 1]);
  stream.acknowledge(0, 1, false);
  assertEquals([stream.finished, stream.held], [true, 0]);
});

Deno.test("two halves of a stream carry every byte over a bad network, for 1,500 seeds", () => {
  for (let seed = 0; seed < 1_500; seed++) {
    const random = seededRandom(seed), window = 200 + Math.floor(random() * 400);
    const sender = new SendStream(1, window), receiver = new ReceiveStream(window);
    const all: number[] = [], got: number[] = [], flying: Piece[] = [];
    const loss = random() * 0.5;
    let limit = window, ended = false, writes = Math.floor(random() * 20);
    for (let step = 0; !sender.finished || !ended; step++) {
      if (step > 100_000) throw new Error(`seed ${seed}: stuck at ${got.length} of ${all.length}`);
      if (writes > 0 && random() < 0.3) {
        const bytes = randomBytes(random, Math.floor(random() ** 2 * 500));
        all.push(...bytes);
        sender.write(bytes, --writes === 0 && random() < 0.5);
      } else if (writes === 0) {
        writes = -1;
        try {
          sender.write(new Uint8Array(0), true);
        } catch { /* It has ended already. */ }
      }
      const piece = sender.take(1 + Math.floor(random() * 200), Math.floor(random() * 300));
      if (piece) {
        assert(piece.offset + piece.data.length <= limit, `seed ${seed}: beyond the limit`);
        flying.push(piece);
      }
      // Any of those on their way: arrives, arrives twice, is lost, or is lost and arrives later.
      if (flying.length === 0 || random() < 0.4) continue;
      const [each] = flying.splice(Math.floor(random() * Math.min(8, flying.length)), 1);
      if (!each) continue;
      const { offset, data, fin: last } = each;
      if (random() < loss) {
        sender.lose(offset, data.length, last);
        if (random() < 0.2) flying.push(each);
        continue;
      }
      assert(receiver.accept(offset, data, last), `seed ${seed}`);
      const news = receiver.read();
      if (news) got.push(...news.data);
      if (news?.fin) {
        assert(!ended, `seed ${seed}: ended twice`);
        ended = true;
      }
      limit = receiver.extend() ?? limit;
      sender.extend(limit);
      sender.acknowledge(offset, data.length, last);
      if (random() < 0.1) flying.push(each);
    }
    assertEquals(got, all, `seed ${seed}`);
    assertEquals([sender.held, receiver.held, receiver.finished], [0, 0, true], `seed ${seed}`);
    assertEquals(receiver.largest, all.length);
  }
});
