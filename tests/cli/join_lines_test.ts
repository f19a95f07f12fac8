/**
 * What is typed in a room without a relay, on a simulated network.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { LAN_COMMANDS } from "../../lib/chat/slash.ts";
import { completeRoom, feedRoom, type RoomFeed } from "../../lib/cli/join_lines.ts";
import type { ChatEvent } from "../../lib/cli/event.ts";
import type { Front } from "../../lib/cli/front.ts";
import type { Host } from "../../lib/cli/host.ts";
import { Doubts } from "../../lib/cli/doubts.ts";
import { reportMember } from "../../lib/cli/join_report.ts";
import { Memory } from "../../lib/cli/memory.ts";
import { localTime } from "../../lib/cli/history_lines.ts";
import type { Profile } from "../../lib/cli/profile.ts";
import { keyTag } from "../../lib/crypto/identity.ts";
import type { MemberEvent } from "../../lib/peer/member_event.ts";
import type { Shell } from "../../lib/peer/shell.ts";
import { Contacts } from "../../lib/store/contacts.ts";
import { History } from "../../lib/store/history.ts";
import { gathered, type MeshHost, MeshNet } from "../support/mesh_net.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const ROOM = "tea";

/** People who see each other, and what the first of them sees and types. */
class Table implements Disposable {
  readonly net = new MeshNet();
  readonly people: MeshHost[];
  readonly contacts = new Contacts(undefined);
  readonly history = new History(undefined);
  readonly clock = new VirtualClock();
  readonly memory = new Memory(this.history, this.clock, () => {});
  readonly shown: ChatEvent[] = [];
  /** Lines that were refused, and so count as not delivered. */
  lost = 0;
  #told = 0;
  #doubts: Doubts | undefined;
  #printed: string[] = [];

  constructor(...names: string[]) {
    this.people = names.map((name) => this.net.come(name));
    assert(this.net.runUntil(() => gathered(this.people), 60_000), "they find each other");
    // Names are known a little later.
    this.net.run(this.net.now + 5_000);
    const { machine } = this.me, lose = machine.lose.bind(machine);
    machine.lose = () => (this.lost++, lose());
  }

  get me(): MeshHost {
    return this.people[0] as MeshHost;
  }

  other(at: number): MeshHost {
    return this.people[at] as MeshHost;
  }

  tag(at: number): string {
    return keyTag(this.other(at).credentials.identity.publicKey);
  }

  get #feed(): Omit<RoomFeed, "room"> {
    const { contacts, clock, memory, me: { machine, credentials } } = this;
    const profile = { contacts, credentials, slot: 1, home: undefined } as unknown as Profile;
    const front = {
      reporter: {
        report: (event: ChatEvent) => this.shown.push(event),
        print: (lines: readonly string[]) => this.#printed.push(...lines),
      },
    } as unknown as Front;
    const host = { clock } as unknown as Host;
    return { host, front, machine, profile, memory, options: { commands: true } };
  }

  /** Types lines; what is printed. */
  async type(...lines: string[]): Promise<string[]> {
    const input = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
    let isRead = false;
    const read = (buffer: Uint8Array): Promise<number | null> => {
      if (isRead) return Promise.resolve(null);
      isRead = true;
      buffer.set(input);
      return Promise.resolve(input.length);
    };
    const feed = this.#feed;
    const host = { ...feed.host, console: { input: { read } } } as unknown as Host;
    const shell = {
      feed: async (
        batches: AsyncIterable<readonly string[]>,
        take: (lines: readonly string[], now: number) => void,
      ) => {
        for await (const batch of batches) take(batch, this.net.now);
      },
    } as unknown as Shell<MemberEvent>;
    this.#printed = [];
    await feedRoom({ ...feed, host, room: () => ROOM }, shell, LAN_COMMANDS);
    return this.#printed;
  }

  /** Lets time pass, and shows what happened meanwhile. */
  run(): void {
    this.net.run(this.net.now + 5_000);
    const { told } = this.me, doubts = this.#doubts ??= new Doubts(this.#feed.profile.contacts);
    const report = { ...this.#feed, room: ROOM, doubts };
    for (const event of told.slice(this.#told)) reportMember(report, event);
    this.#told = told.length;
  }

  [Symbol.dispose](): void {
    this.contacts.close();
    this.history.close();
  }
}

Deno.test("/ignore wants a time or forever, and what is no time is no lost message", async () => {
  using table = new Table("ann", "bob", "cem");
  assertMatch((await table.type("/ignore bob soon"))[0] ?? "", /wants a time.*, and not soon$/);
  assertMatch((await table.type("/ignore bob 0"))[0] ?? "", /wants a time/);
  assertEquals(table.lost, 0);
  assertEquals(await table.type("/ignore"), [
    "nobody is ignored (/ignore NAME, or /ignore NAME 2h)",
  ]);
  assertMatch((await table.type("/ignore bob forever"))[0] ?? "", /until \/unignore/);
  await table.type("/ignore cem 2h");
  const end = localTime(table.clock.wall() + 7_200_000);
  assertEquals(await table.type("/ignore"), [
    `bob  ignored until /unignore, key ${table.tag(1)}`,
    `cem  ignored until ${end}, key ${table.tag(2)}`,
  ]);
  await table.clock.advance(7_200_000);
  assertEquals((await table.type("/ignore")).length, 1, "its time is over");
  assertEquals(await table.type("/unignore bob", "/ignore nobody"), [
    "bob is shown again",
    "nobody here is called nobody (/who)",
  ]);
});

Deno.test("/unignore finds whom one ignores though they are in another room", async () => {
  using table = new Table("ann", "bob");
  const key = new Uint8Array(32).fill(7);
  table.contacts.meet(key, "zoe", 0);
  table.contacts.ignore(key, Infinity);
  assertEquals(await table.type("/unignore zoe"), ["zoe is shown again"]);
  assertEquals(table.contacts.ignored(1), []);
});

Deno.test("/who marks whom one has verified and whom one ignores", async () => {
  using table = new Table("ann", "bob", "cem");
  await table.type("/verify bob yes", "/ignore bob", "/verify cem yes");
  assertEquals(await table.type("/who"), [
    `ann  you, key ${table.tag(0)}`,
    `bob  here, key ${table.tag(1)}, verified, ignored`,
    `cem  here, key ${table.tag(2)}, verified`,
  ]);
});

Deno.test("/ignore hides what somebody says, now and in what is shown again, and that they go", async () => {
  using table = new Table("ann", "bob", "cem");
  table.run();
  table.net.say(table.other(1), "one lump");
  table.net.say(table.other(2), "two lumps");
  table.run();
  assertEquals((await table.type("/last", "/search lumps")).length, 2 + 1);
  await table.type("/ignore bob");
  table.shown.length = 0;
  table.net.say(table.other(1), "three lumps");
  table.net.say(table.other(2), "four lumps");
  table.run();
  for (const each of [1, 2]) table.other(each).machine.quit();
  table.run();
  const shown = table.shown.flatMap((event) =>
    event.event === "message"
      ? [event.text]
      : event.event === "presence"
      ? [`${event.who.name} ${event.state}`]
      : []
  );
  assertEquals(shown, ["four lumps", "cem gone"]);
  const again = await table.type("/last", "/search lumps");
  assertEquals(again.map((line) => line.slice("2026-01-01 00:00 ".length)), [
    ...["cem: two lumps", "cem: four lumps"],
    ...["cem: two lumps", "cem: four lumps"],
  ]);
});

Deno.test("/link without a name tells of the way to each, by name", async () => {
  using table = new Table("ann", "bob", "cem");
  const lines = await table.type("/link");
  assertEquals(lines.map((line) => line.split(",")[0]), [
    "bob  10.0.0.2:40000",
    "cem  10.0.0.3:40000",
  ]);
  for (const line of lines) assertMatch(line, /round trip [\d.]+ ms, .*loss 0 % there, .*MTU \d+$/);
  assertMatch((await table.type("/link cem"))[0] ?? "", /^address +10\.0\.0\.3:40000$/);
  using alone = new Table("ann");
  assertEquals(await alone.type("/link"), ["nobody else is here"]);
});

Deno.test("completeRoom() offers others as they are told apart, each once, and not oneself", () => {
  using table = new Table("ann", "bob", "bob", "cem");
  const complete = (line: string) => completeRoom(line, table.me.machine, LAN_COMMANDS)[0].sort();
  const bobs = [1, 2].map((at) => `bob~${table.tag(at).slice(0, 4)}`).sort();
  assertEquals(complete("b"), bobs.map((each) => `${each}: `));
  assertEquals(complete("/msg c"), ["cem "]);
  assertEquals([complete("a"), complete("/msg a")], [[], []]);
  assertEquals(complete("/unig"), ["/unignore "]);
});
