import { assertEquals } from "@std/assert";
import { RECEIPT_MS, Receipts, type Teller } from "../../lib/peer/receipts.ts";

/** Says what it is told, and when. */
class Log implements Teller {
  toldAt = -Infinity;
  readonly said: number[][] = [];

  kept(stream: number, count: number, now: number): void {
    this.toldAt = now;
    this.said.push([stream, count, now]);
  }
}

Deno.test("Receipts tells a lone sender at once, and nobody before it is kept", () => {
  const receipts = new Receipts<string>(), ann = new Log();
  receipts.take(ann, "ann", 0);
  receipts.tell(5);
  assertEquals(ann.said, []);
  receipts.keep();
  assertEquals(receipts.tell(6), ["ann"]);
  assertEquals(ann.said, [[0, 1, 6]]);
  assertEquals(receipts.tell(99), [], "nothing is owed any more");
  assertEquals(receipts.at, Infinity);
});

Deno.test("Receipts tells who sends much together, as soon as its time has come", () => {
  const receipts = new Receipts<string>(), ann = new Log(), bob = new Log();
  const take = (who: Log, stream: 0 | 1, now: number): void => {
    receipts.take(who, who === ann ? "ann" : "bob", stream);
    receipts.keep();
    receipts.tell(now);
  };
  take(ann, 0, 100);
  take(ann, 0, 105);
  take(ann, 1, 110);
  take(bob, 0, 112);
  assertEquals(ann.said, [[0, 1, 100]]);
  assertEquals(bob.said, [[0, 1, 112]], "nobody waits for another");
  assertEquals(receipts.at, 100 + RECEIPT_MS);
  assertEquals(receipts.tell(100 + RECEIPT_MS), ["ann"]);
  assertEquals(ann.said.slice(1), [[0, 1, 100 + RECEIPT_MS], [1, 1, 100 + RECEIPT_MS]]);
  assertEquals(receipts.at, Infinity);
});

Deno.test("Receipts never tells of what is not kept yet, nor who is gone", () => {
  const receipts = new Receipts<string>(), ann = new Log(), bob = new Log();
  for (const who of [ann, bob]) receipts.take(who, "", 0);
  receipts.keep();
  receipts.take(ann, "", 0);
  receipts.forget(bob);
  receipts.tell(1);
  assertEquals([ann.said, bob.said], [[[0, 1, 1]], []]);
  receipts.keep();
  receipts.tell(1 + RECEIPT_MS);
  assertEquals(ann.said.slice(1), [[0, 1, 1 + RECEIPT_MS]]);
});
