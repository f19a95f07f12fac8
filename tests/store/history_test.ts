import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Random, seededRandom } from "../../lib/net/random.ts";
import { History, type Message, type Search, type SeenMessage } from "../../lib/store/history.ts";
import { using, withDirectory } from "./made_entries.ts";

const AUTHOR = new Uint8Array(32).fill(1);
const WORDS = ["alpha", "Beta", "gamma", "Über", "uber", "größe", "ÉTÉ", "ete", "Привет", "日本語"]
  .concat("near", "NOT", "or", "AND", "a", "42", "naïve", "i", "alphabet", "e\u0301te\u0301");
const MARKS = [
  " ",
  " ",
  " ",
  ", ",
  "-",
  "! ",
  ' "',
  "' ",
  " * ",
  "\n",
  " \u{1f600} ",
  "\0",
  ":)",
  ".",
];
const NAMES = ["ann", "bob", "Ann", "ann ", ""], ROOMS = ["lobby", "den", "Lobby"];

function pick<T>(random: Random, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}

function message(fields: Partial<Message> & Pick<Message, "id">): Message {
  const base = { room: "lobby", author: AUTHOR, name: "ann", text: "hello", sent: 1_000 };
  return { ...base, self: false, private: false, ...fields };
}

function someText(random: Random, most: number): string {
  let text = random() < 0.2 ? pick(random, MARKS) : "";
  for (let left = Math.floor(random() * (most + 1)); left > 0; left--) {
    text += pick(random, WORDS) + pick(random, MARKS);
  }
  return text;
}

function someMessages(random: Random, count: number): Message[] {
  return Array.from({ length: count }, (_, at) =>
    message({
      id: `id ${at}`,
      room: pick(random, ROOMS),
      author: new Uint8Array(32).fill(at),
      name: pick(random, NAMES),
      text: someText(random, 6),
      sent: 1_000 + at + Math.floor(random() * 200),
      self: random() < 0.5,
      private: random() < 0.5,
    }));
}

/** Words as they are compared: without case and accents. */
function tokens(text: string): string[] {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether some words are in others, in a row. */
function holds(text: readonly string[], words: readonly string[]): boolean {
  return text.some((_, at) => words.every((word, more) => text[at + more] === word));
}

/** A search as one would do it by hand. */
function naive(all: readonly SeenMessage[], search: Search): SeenMessage[] {
  const { words = "", room, from, since = -Infinity, until = Infinity, without = [], limit } =
    search;
  const hidden = without.map((key) => key[0]);
  const asked = words.replaceAll("\0", " ").split(/\s+/).filter((word) => word !== "");
  const terms = asked.map(tokens).filter((term) => term.length > 0);
  if (asked.length > 0 && terms.length === 0) return [];
  return all.filter(({ text, name, sent, ...each }) =>
    (room === undefined || each.room === room) && (from === undefined || name === from) &&
    !hidden.includes(each.author[0]) && sent >= since && sent < until && terms.every((term) =>
      holds(tokens(text), term)
    )
  ).sort((a, b) => b.seq - a.seq).slice(0, limit);
}

/** Of those that {@linkcode someMessages} has. */
function someKeys(random: Random): Uint8Array[] {
  const count = Math.floor(random() * 200);
  return Array.from({ length: count }, () => new Uint8Array(32).fill(Math.floor(random() * 256)));
}

function someSearch(random: Random): Search {
  const maybe = <K extends string, V>(key: K, value: V) => random() < 0.4 ? { [key]: value } : {};
  return {
    ...maybe("words", someText(random, 3)),
    ...maybe("room", pick(random, [...ROOMS, "none"])),
    ...maybe("from", pick(random, [...NAMES, "none"])),
    ...maybe("since", Math.floor(random() * 2_500)),
    ...maybe("until", Math.floor(random() * 2_500)),
    ...maybe("without", someKeys(random)),
    limit: pick(random, [1, 5, 50, Infinity]),
  };
}

Deno.test("History.search() finds what one finds by hand", () =>
  using(new History(undefined), (history) => {
    const random = seededRandom(1), messages = someMessages(random, 1_000);
    assertEquals(history.add(messages), 1_000);
    const all = messages.map((each, at) => ({
      ...each,
      text: each.text.replaceAll("\0", "\u2400"),
      seq: at + 1,
    }));
    let found = 0;
    for (let left = 1_500; left > 0; left--) {
      const search = someSearch(random), results = history.search(search);
      assertEquals(results, naive(all, search), JSON.stringify(search));
      found += results.length > 0 ? 1 : 0;
    }
    assert(found > 300, `${found} searches found something`);
    for (const room of [...ROOMS, "none"]) {
      const inRoom = all.filter((each) => each.room === room);
      inRoom.sort((a, b) => a.sent - b.sent || a.seq - b.seq);
      for (const count of [1, 20, Infinity]) {
        assertEquals(history.last(room, count), inRoom.slice(-count));
        const without = someKeys(random), hidden = without.map((key) => key[0]);
        const others = inRoom.filter(({ author }) => !hidden.includes(author[0]));
        assertEquals(history.last(room, count, without), others.slice(-count));
      }
    }
    assertEquals(
      [...history.export()],
      all.toSorted((a, b) => a.sent - b.sent || a.seq - b.seq),
    );
  }));

Deno.test("History.search() takes any words as words", () =>
  using(new History(undefined), (history) => {
    history.add([
      message({ id: "1", text: 'the "quick" brown* fox-trot NEAR and far' }),
      message({ id: "2", text: "quickly" }),
      message({ id: "3", text: "c++ (rust) -go text:hello ^caret" }),
    ]);
    const found = (words: string): string[] =>
      history.search({ words, limit: 9 }).map(({ id }) => id);
    const all = ["3", "2", "1"];
    const cases: [words: string, found: string[]][] = [
      ["", all],
      [" \t\n", all],
      ["\0", all],
      ["quick", ["1"]],
      ["quick*", ["1"]],
      ["qui*", []],
      ['"quick', ["1"]],
      ['quick"', ["1"]],
      ['"""quick" "brown"', ["1"]],
      ["quick AND fox", ["1"]],
      ["quick OR quickly", []],
      ["quick NOT fox", []],
      ["NEAR(quick fox)", []],
      ["NEAR", ["1"]],
      ["near far", ["1"]],
      ["fox-trot", ["1"]],
      ["trot-fox", []],
      ["-go", ["3"]],
      ["- go", ["3"]],
      ["text:hello", ["3"]],
      ["hello text", ["3"]],
      ["^caret", ["3"]],
      ["c++ {rust}", ["3"]],
      ["'; DROP TABLE messages; --", []],
      ['"', []],
      ["*", []],
      ["!? ... \u{1f600}", []],
      ["\ud800", []],
      ["quick \ud800 \udfff", ["1"]],
      ["quick\0brown", ["1"]],
      ["quick ".repeat(2_000), ["1"]],
      ["x".repeat(100_000), []],
    ];
    for (const [words, expected] of cases) {
      assertEquals(found(words), expected, JSON.stringify(words.slice(0, 50)));
    }
    const many = Array.from({ length: 2_000 }, (_, at) => `w${at}`).join(" ");
    assertEquals(found(many), []);
  }));

Deno.test("History gives back what was added, and ignores what is there", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, first = message({ id: "1", self: true });
    const odd = message({
      id: "2",
      room: "the \u{1f600} room",
      name: "a\0b",
      text: "one\0two",
      sent: 1.8e12 + 0.5,
      private: true,
    });
    using(new History(path), (history) => {
      assertEquals(history.add([]), 0);
      assertEquals(history.add([first, odd, first]), 2);
      assertEquals(history.add([message({ id: "1", text: "other" }), message({ id: "3" })]), 1);
    });
    using(new History(path), (history) => {
      assertEquals(history.movedTo, undefined);
      assertEquals([...history.export()].map(({ id }) => id), ["1", "3", "2"]);
      assertEquals(history.last("lobby", 1)[0]?.id, "3");
      const [found] = history.search({ words: "two one", from: "a\0b", limit: 9 });
      const kept = { ...odd, name: "a\u2400b", text: "one\u2400two", sent: 1.8e12 };
      assert(found);
      assertEquals({ ...found, seq: 0 }, { ...kept, seq: 0 });
      assertEquals(Object.getPrototypeOf(found.author), Uint8Array.prototype);
      assertEquals(history.search({ words: "other", limit: 9 }), []);
      assertEquals(history.search({ words: "hello", limit: 9 }).map(({ id }) => id), ["3", "1"]);
    });
  }));

Deno.test("History.add() keeps all or nothing", () =>
  using(new History(undefined), (history) => {
    const wrong = message({ id: "2", sent: NaN });
    assertThrows(() => history.add([message({ id: "1" }), wrong]), Error, "NOT NULL");
    assertEquals([...history.export()], []);
    assertEquals(history.search({ words: "hello", limit: 9 }), []);
    assertEquals(history.add([message({ id: "1" })]), 1);
  }));

Deno.test("History.export() reads on while messages come, and may be left", () =>
  using(new History(undefined), (history) => {
    const add = (first: number, last: number): void => {
      const ids = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      history.add(ids.map((id) => message({ id: `${id}`, sent: id >> 8 })));
    };
    add(1, 2_500);
    const seen: number[] = [];
    for (const { id } of history.export()) {
      seen.push(Number(id));
      if (seen.length === 1_500) add(2_501, 3_000);
    }
    assertEquals(seen, Array.from({ length: 3_000 }, (_, at) => at + 1));
    for (const { id } of history.export()) {
      if (id === "5") break;
    }
    assertEquals(history.add([message({ id: "more" })]), 1);
  }));

Deno.test("History keeps twenty thousand messages, and its index in step with them", () =>
  withDirectory((directory) => {
    const path = `${directory}/a.db`, messages = someMessages(seededRandom(2), 20_000);
    using(new History(path), (history) => {
      for (let from = 0; from < messages.length; from += 1_000) {
        assertEquals(history.add(messages.slice(from, from + 1_000)), 1_000);
      }
    });
    const count = (history: History, words: string): number =>
      history.search({ words, limit: Infinity }).length;
    const expected = (all: readonly Message[], word: string): number =>
      all.filter(({ text }) => tokens(text).includes(word)).length;
    using(new History(path), (history) => {
      assertEquals([...history.export()].length, 20_000);
      for (const word of ["beta", "uber", "ete"]) {
        assertEquals(count(history, word), expected(messages, word));
      }
    });
    using(new DatabaseSync(path), (database) => {
      database.exec("DELETE FROM messages WHERE seq > 15000");
      database.exec("UPDATE messages SET text = 'beta' WHERE seq <= 100");
      // It throws where the index is not what the messages say.
      database.exec("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)");
    });
    const now = messages.slice(0, 15_000).map((each, at) =>
      at < 100 ? { ...each, text: "beta" } : each
    );
    using(new History(path), (history) => {
      for (const word of ["beta", "uber", "ete"]) {
        assertEquals(count(history, word), expected(now, word));
      }
    });
  }));

Deno.test("History.moveTalk() brings what was said with somebody under another name, and nobody else's", () => {
  const history = new History(undefined), ann = new Uint8Array(32).fill(1);
  const bob = new Uint8Array(32).fill(2), own = new Uint8Array(32).fill(3);
  const say = (id: string, room: string, author: Uint8Array): void => {
    const self = author === own, name = room.slice(1);
    history.add([{ id, room, author, name, text: id, sent: Number(id), self, private: false }]);
  };
  const said = (room: string): string[] => history.last(room, 9).map(({ text }) => text);
  try {
    say("1", "@ann", ann);
    say("2", "@ann", own);
    say("3", "tea", ann);
    history.moveTalk(ann, "@annie");
    say("4", "@annie", ann);
    history.moveTalk(ann, "@annie");
    assertEquals([said("@ann"), said("@annie"), said("tea")], [[], ["1", "2", "4"], ["3"]]);
    assertEquals(history.search({ words: "2", limit: 9 }).map(({ room }) => room), ["@annie"]);
    // Two people had this name.
    say("5", "@annie", bob);
    history.moveTalk(bob, "@bob");
    assertEquals([said("@annie").length, said("@bob")], [4, []]);
    history.moveTalk(new Uint8Array(32), "@nobody");
  } finally {
    history.close();
  }
});
