/**
 * `udpchat` and `udpchat lan`: everybody on this network, no server.
 *
 * @module
 */

import { LOBBY } from "../chat/link.ts";
import { printable } from "../chat/printable.ts";
import { LAN_COMMANDS } from "../chat/slash.ts";
import { NEWEST } from "../chat/sync.ts";
import { expand } from "../crypto/hash.ts";
import { keyText } from "../crypto/identity.ts";
import { newSecret } from "../crypto/secret.ts";
import { openRoomNumber, RoomKey } from "../crypto/room_key.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { checkInterface } from "../net/interfaces.ts";
import { EVERYBODY, LanEndpoint } from "../net/lan.ts";
import type { MemberEvent, RoomPlace } from "../peer/member_event.ts";
import { Mesh } from "../peer/mesh.ts";
import { type Address, parseTarget } from "../wire/address.ts";
import { promptOf } from "./chat_lines.ts";
import type { Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { Doubts } from "./doubts.ts";
import { type Front, hasScreen, openFront } from "./front.ts";
import type { Host } from "./host.ts";
import { completeRoom, feedRoom } from "./join_lines.ts";
import { reportMember } from "./join_report.ts";
import { aloneText } from "./lan_alone.ts";
import { openMemory } from "./memory.ts";
import { bindingOf, type Options } from "./options.ts";
import { lanPassphrase } from "./passphrase.ts";
import { DEFAULT_TIMEOUT } from "./plain.ts";
import { openProfile, type Profile, storeError } from "./profile.ts";
import { reachOf } from "./reach.ts";
import { runMachine } from "./run_machine.ts";
import { openStores, type Stores } from "./stores.ts";
import { printOut } from "./print.ts";
import { bindTalk, resolveAll, secretOf, TALK_PORT } from "./talk.ts";

/** After so long alone it is said what to do, in ms (our choice). */
const ALONE_MS = 4_000;

/** A room on a network, and what its members must know to be answered. */
interface LanRoom extends RoomPlace {
  readonly psk?: Uint8Array;
}

/**
 * Runs the command.
 *
 * @param invocation World, words and options.
 * @returns The exit status.
 */
export async function run({ host, options }: Invocation): Promise<number> {
  if (options.newSecret) return await printOut(host, `${newSecret(host.randomBytes(20))}\n`);
  const room = await roomOf(host, options);
  const profile = await openProfile(host, options);
  try {
    const stores = openStores(profile);
    try {
      const peers = await peersOf(options);
      const sessions = await bindTalk(host, options);
      const endpoint = openLan(host, options, sessions);
      return await gather({ host, options, profile, stores, room, endpoint, peers });
    } catch (error) {
      throw storeError(stores.file, error);
    } finally {
      stores.close();
    }
  } finally {
    profile.close();
  }
}

/** A secret of both kinds makes another room of the same name. */
async function roomOf(host: Host, options: Options): Promise<LanRoom> {
  const name = options.room ?? LOBBY;
  if (/[\s/#@]/u.test(name) || [...name].length > 64) {
    throw new UsageError(
      `Cannot use "${name}" as a room: wanted 1 to 64 characters without white space, /, # and @`,
    );
  }
  const wantsPassphrase = options.passphrase || options.passphraseFile !== undefined;
  const secret = wantsPassphrase
    ? await lanPassphrase(host, options, name)
    : await secretOf(host, options);
  if (secret === undefined) return { name, number: openRoomNumber(name) };
  const key = new RoomKey(expand(secret, `udpchat/1 lan room ${name}`, 32));
  return { name, number: key.room, key, psk: expand(secret, "udpchat/1 lan psk", 32) };
}

async function peersOf(options: Options): Promise<Address[]> {
  const peers: Address[] = [];
  for (const text of options.peer ?? []) {
    const { host, port = TALK_PORT } = parseTarget(text);
    peers.push(...await resolveAll({ host, port }, options));
  }
  return peers;
}

function openLan(host: Host, options: Options, sessions: Endpoint): LanEndpoint {
  const { interface: only } = options;
  try {
    if (only !== undefined) checkInterface(only);
  } catch (error) {
    sessions.close();
    throw error;
  }
  return new LanEndpoint({
    clock: host.clock,
    sessions,
    only,
    host: sessions.addresses[0] && boundTo(sessions.addresses[0].host),
    family: bindingOf(options).family,
  });
}

/** The address that sessions are bound to; undefined where it is all. */
function boundTo(host: string): string | undefined {
  return host === "::" || host === "0.0.0.0" ? undefined : host;
}

interface Gathering {
  readonly host: Host;
  readonly options: Options;
  readonly profile: Profile;
  readonly stores: Stores;
  readonly room: LanRoom;
  readonly endpoint: LanEndpoint;
  readonly peers: readonly Address[];
}

async function gather(gathering: Gathering): Promise<number> {
  const { host, options, profile, stores, room, endpoint, peers } = gathering;
  const { credentials } = profile, onScreen = hasScreen(host, options);
  const machine = new Mesh({
    hub: { credentials, secret: room.psk, random: (size) => host.randomBytes(size) },
    store: stores.store,
    wall: () => host.clock.wall(),
    name: profile.name,
    room,
    everybody: EVERYBODY,
    port: endpoint.addresses[0]?.port ?? TALK_PORT,
    peers,
    random: host.random,
    // Whoever reads lines wants each; a person a screen of them.
    shown: onScreen ? NEWEST : undefined,
    timeout: (options.timeout ?? DEFAULT_TIMEOUT) * 1000,
    // Whoever sits there says when it is over.
    stay: options.stay ?? onScreen,
  }, host.clock.now());
  const front = await openFront(
    host,
    options,
    true,
    (line) => completeRoom(line, machine, LAN_COMMANDS),
  );
  const memory = openMemory(stores.history, host, front, profile.contacts);
  greet(front, machine, room);
  for (const text of profile.notes) notice(front, "warning", "profile", text);
  if (!endpoint.hears && !options.ipv6) notice(front, "warning", "beacons", DEAF);
  const alone = host.clock.wake(host.clock.now() + ALONE_MS, () => {
    if (machine.size > 0) return;
    const reach = reachOf(endpoint, TALK_PORT, options.interface);
    notice(front, "info", "alone", aloneText(reach, options));
  });
  const address = endpoint.addresses[0];
  const doubts = new Doubts(profile.contacts);
  const report = { host, front, profile, room: room.name, machine, memory, doubts, address };
  try {
    return await runMachine<MemberEvent>({
      host,
      options,
      front,
      machine,
      endpoint,
      ready: { mode: "lan", key: keyText(credentials.identity.publicKey) },
      report: (event) => reportMember(report, event),
      last: () => memory.flush(),
      feed: (shell) => {
        const name = (): string => room.name;
        const feed = { host, options, front, profile, machine, memory, room: name };
        return feedRoom(feed, shell, LAN_COMMANDS);
      },
    });
  } finally {
    alone();
  }
}

const DEAF = "another program holds port 2411 and does not share it: beacons of others cannot be " +
  "heard by IPv4 (udpchat doctor tells more)";

function notice(front: Front, level: "info" | "warning", code: string, text: string): void {
  front.reporter.report({ event: "notice", level, code, text });
}

function greet(front: Front, machine: Mesh, room: LanRoom): void {
  if (!front.screen) return;
  front.screen.setPrompt(promptOf(machine));
  const name = room.name === LOBBY ? "the lobby" : printable(room.name);
  front.reporter.print([
    `everybody on this network, in ${name}`,
    room.key
      ? "only those who have the secret see that you are here"
      : "encrypted; anybody on this network can join",
    "/help lists commands, /quit leaves",
  ]);
}
