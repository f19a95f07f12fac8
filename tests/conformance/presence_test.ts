/**
 * Who is away (PROTOCOL.md §20.8): between a member that was written from the document alone, one of
 * the real program, and the real relay.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join, Malformed, same } from "./bytes.ts";
import { identityOf } from "./certificate.ts";
import { freshPerson } from "./handshake.ts";
import { decodePresence, encodePresence, roomOfPresence } from "./presence.ts";
import { openRoom, placeOf, secretRoom } from "./rooms.ts";
import { Meeting } from "./rooms_meeting.ts";
import { type Member, together } from "./rooms_member.ts";

const SECRET = crypto.getRandomValues(new Uint8Array(32));

/** What a member has heard last of somebody. */
function latest(member: Member, author: Uint8Array): string | undefined {
  const found = member.presences.findLast((each) => same(each.author, author));
  return found && (found.away ? `away ${found.text}` : "here");
}

for (const hasSecret of [false, true]) {
  const where = hasSecret ? "a room with a secret" : "an open room";

  Deno.test(`rooms: away and back each way, in ${where}`, async () => {
    await using meeting = new Meeting(hasSecret);
    const { member, program, other: { author } } = await meeting.both();
    const { session } = member;
    await program.type("/away zu Tisch");
    await session.until("away", () => latest(member, author) === "away zu Tisch");
    await program.type("/back");
    await session.until("back", () => latest(member, author) === "here");
    member.showAs(meeting.me, true, "käse kaufen");
    await session.settled();
    await program.prints(/"event":"presence".*"name":"konrad".*"state":"away"/);
    await program.prints(/käse kaufen/);
    member.showAs(meeting.me, false);
    await session.settled();
    await program.prints(/"state":"away"[^]*"event":"presence".*"name":"konrad".*"state":"here"/);
  });

  Deno.test(`rooms: who comes later hears who is away, in ${where}`, async () => {
    await using meeting = new Meeting(hasSecret);
    const { member, program, other: { author } } = await meeting.both();
    await program.type("/away zu Tisch");
    await member.session.until("away", () => latest(member, author) !== undefined);
    member.showAs(meeting.me, true, "käse kaufen");
    await member.session.settled();
    const late = await meeting.member(freshPerson());
    const mine = identityOf(meeting.me.seed);
    await late.session.until("heard both", () => {
      return latest(late, author) === "away zu Tisch" && latest(late, mine) === "away käse kaufen";
    });
  });
}

Deno.test("rooms: who went is not away any more for who comes later", async () => {
  await using meeting = new Meeting(false);
  const ann = freshPerson();
  const goes = await meeting.member(ann);
  const stays = await meeting.member(freshPerson());
  await together([goes, stays], "both here", () => goes.of("member").length > 0);
  goes.showAs(ann, true, "gone soon");
  await together([goes, stays], "heard", () => stays.presences.length > 0);
  await goes.session.close(0, "bye");
  await stays.session.until("gone", () => stays.of("member").some(({ here }) => !here));
  const late = await meeting.member(freshPerson());
  late.text("x");
  await late.kept();
  assertEquals(late.presences, []);
});

Deno.test("rooms: of each author the latest good one counts", async () => {
  await using meeting = new Meeting(true);
  const { member, program } = await meeting.both();
  const now = Date.now();
  member.showAs(meeting.me, true, "first", now);
  member.showAs(meeting.me, false, "", now - 1);
  const { place } = member.store;
  const later = encodePresence(place, meeting.me.seed, { away: false, time: now + 2, text: "" });
  member.session.push({ type: "datagram", data: later.with(70, (later[70] ?? 0) ^ 1) });
  member.showAs(meeting.me, true, "second", now + 1);
  await member.session.settled();
  await program.prints(/second/);
  assert(!/"state":"away"[^]*"state":"here"/.test(program.printed));
});

Deno.test("rooms: what is forged is shown to nobody", async () => {
  await using meeting = new Meeting(false);
  const people = [freshPerson(), freshPerson(), freshPerson()];
  const members = await Promise.all(people.map((person) => meeting.member(person)));
  const [ann, bob, eve] = people;
  const [first, second, third] = members;
  assert(ann && bob && eve && first && second && third);
  const isIn = (): boolean => members.every((each) => each.of("hold").length > 0);
  await together(members, "in", isIn);
  const { place } = first.store;
  const away = { away: true, time: Date.now(), text: "forged" };
  const good = encodePresence(place, ann.seed, away);
  const sealed = encodePresence(place, eve.seed, away);
  const wrong = [
    good,
    sealed.with(sealed.length - 1, 0),
    sealed.slice(0, 128),
    encodePresence(placeOf(openRoom("elsewhere")), eve.seed, away),
  ];
  for (const data of wrong) third.session.push({ type: "datagram", data });
  third.showAs(eve, true, "really");
  await together(members, "heard", () => second.presences.length > 0);
  assertEquals(second.presences.map(({ author, text }) => ({ author, text })), [
    { author: identityOf(eve.seed), text: "really" },
  ]);
  assertEquals(third.presences, []);
});

Deno.test("rooms: a presence is read back, and one turned bit is noticed", () => {
  const { seed } = freshPerson();
  for (const place of [placeOf(openRoom("tea")), placeOf(secretRoom(SECRET))]) {
    const said = { away: true, time: 1_767_225_600_000, text: "zu Tisch 🫖" };
    const data = encodePresence(place, seed, said);
    assertEquals(roomOfPresence(data), place.room);
    assertEquals(decodePresence(place, data), { author: identityOf(seed), ...said });
    for (let at = 0; at < data.length; at++) {
      const turned = data.with(at, (data[at] ?? 0) ^ 1);
      assertThrows(() => decodePresence(place, turned), Malformed);
    }
    for (const end of [0, 1, 64, 129, data.length - 1]) {
      assertThrows(() => decodePresence(place, data.slice(0, end)), Malformed);
    }
    assertThrows(() => decodePresence(place, join(data, data)), Malformed);
    const longest = encodePresence(place, seed, { ...said, text: "a".repeat(200) });
    assertEquals(decodePresence(place, longest).text.length, 200);
    const longer = encodePresence(place, seed, { ...said, text: "a".repeat(201) });
    assertThrows(() => decodePresence(place, longer), Malformed);
  }
  assertEquals(roomOfPresence(Uint8Array.of(1, 7)), undefined);
});
