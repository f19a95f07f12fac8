/**
 * What a member of a room may do who keeps no rules. Each attack is made with the second implementation
 * of the protocol, which checks nothing of what it says, against a real relay.
 *
 * @module
 */

import type { Random } from "../../lib/net/random.ts";
import { join, utf8 } from "../conformance/bytes.ts";
import { certify, identityOf } from "../conformance/certificate.ts";
import { freshPerson, type Person } from "../conformance/handshake.ts";
import { openRoom } from "../conformance/rooms.ts";
import {
  type Body,
  NO_ENTRY,
  type Run,
  runOf,
  type SignedEntry,
  signEntry,
} from "../conformance/rooms_entries.ts";
import { Member } from "../conformance/rooms_member.ts";
import { encodeRoomRecord, type HeldLog, type RoomRecord } from "../conformance/rooms_records.ts";
import { RoomStore } from "../conformance/rooms_store.ts";
import { LARGEST } from "../conformance/varint.ts";
import { Wire } from "../conformance/wire.ts";
import { hostileLine, hostileWords } from "./hostile_words.ts";

/** Where it is done, and how much of it. */
export interface Field {
  readonly relay: Deno.NetAddr;
  readonly random: Random;
  /** 1 where there is little time. */
  readonly times: number;
}

/** The room that everybody is in. */
export const ROOM = "lobby";

/** So much is written before its acknowledgement is waited for. */
const CHUNK_BYTES = 60_000;
/** The largest time that an entry can have. */
const LAST_TIME = 2 ** 52;

/** What others who are hostile say is no reason to stop. */
class LooseStore extends RoomStore {
  override read(entry: SignedEntry): Body {
    try {
      return super.read(entry);
    } catch {
      return { kind: "other", plain: entry.body };
    }
  }
}

function call(relay: Deno.NetAddr, person: Person): Promise<Member> {
  const room = openRoom(ROOM);
  return Member.call(relay, room, person, new LooseStore(room, person.seed));
}

/** A hostile member that is let in like any other, and has heard what was said before. */
async function enter({ relay }: Field, name = "eve"): Promise<Member> {
  const person = freshPerson();
  const member = await call(relay, person);
  member.join(ROOM);
  member.profile(name, person);
  await member.session.until("was let in", () => member.of("member").length > 0);
  await member.kept();
  return member;
}

/** Bytes by chance. */
function noise(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
}

/** Says records one after the other, no faster than they are taken. */
async function pour(
  member: Member,
  records: Iterable<RoomRecord>,
  stream: 0 | 1 = 0,
): Promise<void> {
  let bytes = 0;
  for (const record of records) {
    if (member.session.closed) return;
    member.say(record, stream);
    bytes += encodeRoomRecord(record).length;
    if (bytes < CHUNK_BYTES) continue;
    bytes = 0;
    await member.session.settled();
  }
  await member.session.settled();
}

/** The relay must end the session, as the sender broke its word. */
async function thrownOut(member: Member): Promise<void> {
  await member.session.until("was thrown out", () => member.session.closed !== undefined);
  const { code } = member.session.closed ?? {};
  if (code !== 2) throw new Error(`closed with ${code}`);
}

/** The relay must still be there for who did nothing that is forbidden. */
async function stillIn(member: Member): Promise<void> {
  const before = member.had[0];
  member.text("still here");
  await member.session.until("kept", () => member.had[0] > before);
  if (member.session.closed) throw new Error(`closed with ${member.session.closed.code}`);
}

/** An entry of somebody's, as it comes. */
function heardOf(member: Member): Run {
  const [heard] = member.heard.filter(({ entry }) => entry.number > 1);
  if (heard === undefined) throw new Error("nobody else said anything");
  return runOf([heard.entry], false);
}

async function forgedAuthor(field: Field): Promise<void> {
  for (const history of [false, true]) {
    await using eve = await enter(field);
    await eve.session.until("heard", () => eve.heard.some(({ entry }) => entry.number > 1));
    const { author, log, first } = heardOf(eve);
    const entry = eve.store.draft({ kind: "text", text: "I am ann" }, { author, log, number: 9e6 });
    eve.say({ ...runOf([entry], history), first: first + 1_000 }, history ? 1 : 0);
    await thrownOut(eve);
  }
}

async function forgedSignature(field: Field): Promise<void> {
  for (let each = 0; each < 8; each++) {
    await using eve = await enter(field);
    const draft = eve.store.draft({ kind: "text", text: "forged" });
    const signature = draft.signature.slice(), at = Math.floor(field.random() * 64);
    signature[at] = (signature[at] ?? 0) ^ 1 << each;
    eve.say(runOf([{ ...draft, signature }], each % 2 === 0), each % 2 === 0 ? 1 : 0);
    await thrownOut(eve);
  }
}

/** What others have said and what she has said herself, again and again, as news and as history. */
async function replay(field: Field): Promise<void> {
  await using eve = await enter(field);
  const own = Array.from({ length: 5 }, (_, line) => eve.text(`once ${line}`));
  await eve.session.until("heard", () => eve.heard.some(({ entry }) => entry.number > 1));
  const others = eve.heard.map(({ entry }) => entry).slice(-20);
  for (const [stream, history] of [[0, false], [1, true], [0, true], [1, false]] as const) {
    const runs = [...own, ...others].map((entry) => runOf([entry], history));
    for (let again = 0; again < 5; again++) await pour(eve, runs, stream);
  }
  await stillIn(eve);
}

/** The largest runs, and the longest lines: full of escapes, and of bytes that are no text. */
async function hugeBatches(field: Field): Promise<void> {
  await using eve = await enter(field);
  const body = (bytes: Uint8Array) => ({
    kind: "other" as const,
    plain: join(Uint8Array.of(1), bytes),
  });
  for (let batch = 0; batch < 2 * field.times; batch++) {
    const run = Array.from({ length: 256 }, (_, line) => eve.store.write(body(utf8(`${line}`))));
    await pour(eve, [runOf(run, true)], 1);
  }
  for (let line = 0; line < 12 * field.times; line++) {
    const bytes = line % 2 === 0 ? hostileLine(65_536) : noise(field.random, 65_536);
    await pour(eve, [runOf([eve.store.write(body(bytes))], false)]);
  }
  await stillIn(eve);
}

/** Entries of people who never were, each with a good signature. */
async function inventedAuthors(field: Field): Promise<void> {
  await using eve = await enter(field);
  const { room } = eve.store;
  function* invented(): Generator<RoomRecord> {
    for (let each = 0; each < 600 * field.times && !eve.session.closed; each++) {
      const seed = noise(field.random, 32), log = noise(field.random, 8), time = Date.now();
      const entry = { room, log, number: 1, previous: NO_ENTRY, clock: time * 1024, time };
      const body = join(Uint8Array.of(1), utf8(`nobody ${each}`));
      yield runOf([signEntry(seed, { ...entry, author: identityOf(seed), body })], true);
    }
  }
  await pour(eve, invented(), 1);
}

/** Every name and every text of the corpus. */
async function hostileText(field: Field): Promise<void> {
  await using eve = await enter(field);
  const { session: { hash }, store } = eve;
  const person = freshPerson();
  await using mallory = await call(field.relay, person);
  mallory.join(ROOM);
  const certificate = certify(person.seed, person.static.public);
  for (const word of hostileWords(field.random, 20 * field.times)) {
    const plain = join(Uint8Array.of(2), person.static.public, certificate, word);
    mallory.write({ kind: "other", plain });
    mallory.write({ kind: "other", plain: join(Uint8Array.of(1), word) });
    eve.write({ kind: "other", plain: join(Uint8Array.of(1), word) });
    // Bodies that are none, and of kinds that nobody knows.
    eve.write({ kind: "other", plain: word.length > 0 ? word : hash });
    await mallory.kept();
    await eve.kept();
  }
  if (store.holds().length === 0) throw new Error("nothing was said");
  await stillIn(mallory);
}

/** Records that cost more to answer than to ask. */
async function recordFlood(field: Field): Promise<void> {
  await using eve = await enter(field);
  const { random } = field, count = 200 * field.times;
  const name = () => ({ author: noise(random, 32), log: noise(random, 8) });
  const ranges = Array.from({ length: 64 }, (_, at) => ({ first: 2 * at + 2, last: 2 * at + 2 }));
  const hold = (): HeldLog => ({ ...name(), floor: 0, ranges, last: noise(random, 32) });
  function* wants(): Generator<RoomRecord> {
    const heard = eve.heard.map(({ entry }) => entry);
    for (let each = 0; each < count; each++) {
      const known = heard[each % heard.length];
      yield { type: "want", ...(known ?? name()), first: 1, last: LARGEST };
      yield { type: "want", ...name(), first: 1, last: LARGEST };
    }
  }
  await pour(eve, wants());
  await pour(
    eve,
    Array.from(
      { length: 100 * field.times },
      () => ({ type: "hold", last: false, logs: [hold()] }),
    ),
  );
  // What is said about other rooms is no concern of hers.
  eve.session.hear = () => {};
  const rooms = Array.from({ length: count }, (): RoomRecord => ({
    type: "room",
    room: noise(random, 32),
  }));
  const also: readonly (readonly RoomRecord[])[] = [
    [],
    [{ type: "join", name: "hole" }],
    [{ type: "leave" }],
    [{ type: "join", name: "hole" }, { type: "leave" }],
  ];
  for (const more of also) await pour(eve, rooms.flatMap((room) => [room, ...more]));
}

/** Questions without end from who reads no answer: somebody must stop. */
async function neverReading(field: Field): Promise<void> {
  await using eve = await enter(field);
  eve.session.reads = false;
  eve.session.hear = () => {};
  function* joins(): Generator<RoomRecord> {
    for (let each = 0; each < 60_000; each++) {
      yield { type: "room", room: noise(field.random, 32) };
      yield { type: "join", name: "" };
    }
  }
  await pour(eve, joins());
  await thrownOut(eve);
}

/** Datagrams that are no packets, or of no session. */
async function junkDatagrams({ relay, random, times }: Field): Promise<void> {
  await using wire = new Wire();
  const pool = Array.from({ length: 200 }, (_, at) => {
    const bytes = noise(random, 1 + Math.floor(random() * 1_400));
    if (at % 4 > 0) bytes[0] = 0xf8 + at % 8;
    return bytes;
  });
  // Whole first messages, too: nobody ever goes on with them.
  for (let each = 0; each < 20; each++) {
    const init = new Uint8Array(256).fill(0, 40);
    init.set(noise(random, 40));
    init.set([0xf8, 1, 0, 0]);
    pool.push(init);
  }
  for (let each = 0; each < 30_000 * times; each++) {
    const bytes = pool[Math.floor(random() * pool.length)];
    if (bytes) await wire.send(bytes, relay);
  }
}

/** Bytes on both streams that are no records. */
async function garbageStreams(field: Field): Promise<void> {
  for (let each = 0; each < 12; each++) {
    await using eve = await enter(field);
    const { session } = eve, stream = each % 2 === 0 ? 0 : 1;
    // The first length is one that cannot be, or the first record one that ends too soon.
    const first = each % 3 === 0
      ? [0x00]
      : each % 3 === 1
      ? [0xc0, 1, 2, 3, 4, 5, 6, 7]
      : [2, 0x12, 1];
    session.record(encodeRoomRecord({ type: "room", room: eve.store.room }), stream);
    session.record(join(Uint8Array.from(first), noise(field.random, 5_000)), stream);
    await thrownOut(eve);
  }
}

/** Times that cannot be: all of it is kept, and nobody's clock follows. */
async function wrongTimes(field: Field): Promise<void> {
  await using eve = await enter(field);
  const now = Date.now(), hour = 3_600_000;
  const clocks = [0, 1, now * 1024 - 1, (now + 2 * hour) * 1024, LARGEST - 1, LARGEST];
  const times = [0, 1, now - 1e12, now + 30 * hour, now + 1e12, LAST_TIME];
  for (let each = 0; each < 80; each++) {
    // Mostly from the future: as many as are shown at once to who comes.
    const clock = each < 12 ? clocks[each % clocks.length] ?? 0 : LARGEST - 100 + each;
    const time = times[each % times.length] ?? 0;
    const changes = { clock, time, log: noise(field.random, 8), number: 1, previous: NO_ENTRY };
    await pour(eve, [runOf([eve.store.draft({ kind: "text", text: `${each}` }, changes)], false)]);
  }
  await eve.kept();
  await stillIn(eve);
}

/** All attacks, by name. */
export const ATTACKS: Readonly<Record<string, (field: Field) => Promise<void>>> = {
  "forged authors": forgedAuthor,
  "forged signatures": forgedSignature,
  "entries again": replay,
  "huge batches": hugeBatches,
  "invented authors": inventedAuthors,
  "hostile names and texts": hostileText,
  "floods of records": recordFlood,
  "questions of who reads nothing": neverReading,
  "junk datagrams": junkDatagrams,
  "garbage on streams": garbageStreams,
  "wrong times": wrongTimes,
};
