/**
 * `udpchat join`: a room on a relay.
 *
 * @module
 */

import { LOBBY, relayHash, type RoomLink } from "../chat/link.ts";
import { JOIN_COMMANDS } from "../chat/slash.ts";
import { equal } from "../crypto/hash.ts";
import { keyText } from "../crypto/identity.ts";
import { openRoomNumber, RoomKey } from "../crypto/room_key.ts";
import { bindUdp } from "../net/bind.ts";
import { NetError } from "../net/endpoint.ts";
import { Member } from "../peer/member.ts";
import type { MemberEvent, RoomPlace } from "../peer/member_event.ts";
import type { Shell } from "../peer/shell.ts";
import type { Entries } from "../store/entries.ts";
import type { JoinedRoom } from "../store/contacts.ts";
import type { History } from "../store/history.ts";
import { askedRoom } from "./joined.ts";
import { formatAddress } from "../wire/address.ts";
import { promptOf } from "./chat_lines.ts";
import type { Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { Doubts } from "./doubts.ts";
import { type Front, hasScreen, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { completeRoom, feedRoom } from "./join_lines.ts";
import { reportMember } from "./join_report.ts";
import { openMemory } from "./memory.ts";
import { bindingOf, type Options } from "./options.ts";
import { passphraseRoom } from "./passphrase.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { openProfile, type Profile, storeError } from "./profile.ts";
import { readRoom, WANTED_ROOM } from "./room_link.ts";
import { runMachine } from "./run_machine.ts";
import { openStores } from "./stores.ts";
import { resolveAll } from "./talk.ts";

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host: world, options, words }: Invocation): Promise<number> {
  const asked = await askedRoom(world, options, words[0]), { host } = asked;
  const link = readRoom(asked.link, asked.hidden);
  const wantsPassphrase = asked.passphrase || options.passphraseFile !== undefined;
  if (link.secret && wantsPassphrase) {
    throw new UsageError("Cannot use a passphrase with a link: the link has the secret in it");
  }
  const profile = await openProfile(host, options);
  try {
    const to = await resolveAll(link, options).catch((error) => {
      throw asked.hidden ? unknownHost(error) : error;
    });
    const typed = formatAddress(link), known = profile.contacts.pinned(typed);
    const room = wantsPassphrase
      ? await passphraseRoom({ host, options, link, to, known })
      : roomOf(link);
    const stores = openStores(profile), { store, history } = stores;
    try {
      return await converse({
        host,
        options,
        profile,
        link,
        typed,
        known,
        room,
        store,
        history,
        to,
        joined: { link: asked.link, passphrase: wantsPassphrase },
      });
    } catch (error) {
      throw storeError(stores.file, error);
    } finally {
      stores.close();
    }
  } finally {
    profile.close();
  }
}

/** Whatever was taken for a host may be a secret that was pasted alone: it is not repeated. */
function unknownHost(error: unknown): unknown {
  if (!(error instanceof NetError)) return error;
  return new NetError(error.code, `Cannot find the host of that room: wanted ${WANTED_ROOM}`);
}

function roomOf({ room: name, secret }: RoomLink): RoomPlace {
  if (secret === undefined) return { name, number: openRoomNumber(name) };
  const key = new RoomKey(secret);
  return { name, number: key.room, key };
}

interface Conversation {
  readonly host: Host;
  readonly options: Options;
  readonly profile: Profile;
  readonly link: RoomLink;
  readonly typed: string;
  readonly known: Uint8Array | undefined;
  readonly room: RoomPlace;
  readonly store: Entries;
  readonly history: History;
  readonly to: Awaited<ReturnType<typeof resolveAll>>;
  readonly joined: JoinedRoom;
}

async function converse(conversation: Conversation): Promise<number> {
  const { host, options, profile, link, typed, known, room, store, history, to } = conversation;
  const endpoint = await bindUdp(host.clock, { ...bindingOf(options), port: options.port ?? 0 });
  const { credentials } = profile, own = credentials.identity.publicKey;
  const onScreen = hasScreen(host, options);
  const machine = new Member({
    hub: { credentials, random: (size) => host.randomBytes(size) },
    store,
    wall: () => host.clock.wall(),
    name: profile.name,
    room,
    to,
    pinned: known,
    expects: link.relay && ((key) => equal(relayHash(key), link.relay ?? key)),
    acceptNewKey: options.acceptNewKey ?? false,
    asks: options.commands === true || onScreen,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    // Whoever sits there says when it is over.
    stay: options.stay ?? onScreen,
  }, host.clock.now());
  const front = await openFront(
    host,
    options,
    true,
    (line) => completeRoom(line, machine, JOIN_COMMANDS),
  );
  const memory = openMemory(history, host, front, profile.contacts);
  greet(front, machine, typed, room);
  for (const text of profile.notes) {
    front.reporter.report({ event: "notice", level: "warning", code: "profile", text });
  }
  const doubts = new Doubts(profile.contacts);
  const report = { host, front, profile, typed, room: room.name, machine, memory, doubts };
  return await runMachine<MemberEvent>({
    host,
    options,
    front,
    machine,
    endpoint,
    ready: { mode: "join", key: keyText(own) },
    report: (event, shell) => {
      if (event.type === "resolve") void resolveAgain(conversation, machine, shell);
      else reportMember(report, event);
      if (event.type === "up" && !event.again) {
        profile.contacts.join(conversation.joined, host.clock.wall());
      }
    },
    last: () => memory.flush(),
    feed: (shell) => {
      const name = (): string => room.name;
      const feed = { host, options, front, profile, machine, memory, room: name };
      return feedRoom(feed, shell, JOIN_COMMANDS);
    },
  });
}

/** The relay is away: its name may stand for another address by now. */
async function resolveAgain(
  { link, options }: Conversation,
  machine: Member,
  shell: Shell<MemberEvent>,
): Promise<void> {
  const to = await resolveAll(link, options).catch(() => []);
  shell.act((now) => machine.move(to, now));
}

function greet(front: Front, machine: Member, typed: string, room: RoomPlace): void {
  if (!front.screen) return;
  front.screen.setPrompt(promptOf(machine));
  const name = room.name === LOBBY && !room.key ? "the lobby" : room.name;
  front.reporter.print([
    `joining ${name} at ${typed}`,
    room.key
      ? "only those who have the secret can read this room"
      : "the relay can read this room (udpchat invite makes one that it cannot read)",
    "/help lists commands, /quit leaves",
  ]);
}
