/**
 * A session of a node: the rooms that are talked about on it, and its two streams of records. Pure.
 *
 * @module
 */

import type { EntryStore, StoredEntry } from "../chat/entry_store.ts";
import { type Room, roomKey } from "../chat/room.ts";
import { Sync } from "../chat/sync.ts";
import type { Remote } from "../session/credentials.ts";
import { CLOSE } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { sameBytes } from "../wire/bytes.ts";
import type { RecordReader } from "../wire/records.ts";
import { encodeRoom, roomReader, type RoomRecord } from "../wire/room.ts";
import type { Throttle } from "./throttle.ts";

/** A link that is behind goes on once so little is on its way, in bytes (our choice). */
const WAKE_BYTES = 65_536;

/** More than so much is not written to a caller that does not read: answers, presence and HAVE go
 * beyond what a sync allows itself, and would never end, in bytes (our choice: twice all floors). */
const MAX_HELD_BYTES = 2_097_152;

/** The room that a stream is about. */
interface Heard {
  readonly room: Uint8Array;
  readonly key: string;
}

/** A record and what it is about. */
export interface HeardRecord extends Heard {
  readonly record: RoomRecord;
}

/** One session with one other program. */
export class Link {
  readonly session: Session;
  readonly remote: Remote;
  /** The other side's key as the key of a map. */
  readonly key: string;
  /** What waits as the other side writes too fast; the node's own. */
  throttle: Throttle<unknown> | undefined;
  /** What the other side said and nobody has listened to; undefined once somebody does. */
  unheard: { readonly stream: number; readonly bytes: Uint8Array }[] | undefined;
  /** Whether it called. */
  readonly calledUs: boolean;
  readonly #most: number;
  readonly #readers: readonly [RecordReader<RoomRecord>, RecordReader<RoomRecord>] = [
    roomReader(),
    roomReader(),
  ];
  readonly #syncs = new Map<string, Sync>();
  /** The rooms that the two streams are about now, in and out. */
  readonly #heard: [Heard | undefined, Heard | undefined] = [undefined, undefined];
  readonly #said: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined];

  /**
   * A link on which nothing was said.
   *
   * @param session Its session.
   * @param remote The other side, as it has proved itself.
   * @param calledUs Whether it called.
   */
  constructor(session: Session, remote: Remote, calledUs: boolean) {
    this.calledUs = calledUs;
    this.#most = calledUs ? MAX_HELD_BYTES : Infinity;
    this.session = session;
    this.remote = remote;
    this.key = roomKey(remote.identity);
  }

  /** Whether what comes on a stream cannot be read. */
  get broken(): boolean {
    return this.#readers[0].broken || this.#readers[1].broken;
  }

  /** What is done about each room on this link. */
  get syncs(): Iterable<Sync> {
    return this.#syncs.values();
  }

  /** What is done about a room on this link, by its key; undefined where it has not been joined. */
  sync(key: string): Sync | undefined {
    return this.#syncs.get(key);
  }

  /**
   * Takes part in a room.
   *
   * @param room The room.
   * @param store Where it is kept.
   * @param own Our own key.
   * @param pushes Which entries the other side is told of live.
   * @param mesh Whether all are called, and nobody is a relay.
   */
  join(
    room: Room,
    store: EntryStore,
    own: Uint8Array,
    pushes: (entry: StoredEntry) => boolean,
    mesh: boolean,
  ): Sync {
    const { session } = this;
    const pipe = {
      write: (stream: number, bytes: Uint8Array) => this.write(room.number, stream, bytes),
      get held(): number {
        return session.held;
      },
    };
    const sync = new Sync({
      room,
      store,
      pipe,
      own,
      peer: this.remote.identity,
      owner: this,
      pushes,
      mesh,
    });
    this.#syncs.set(room.key, sync);
    return sync;
  }

  /** Takes no part any more. */
  leave(key: string): void {
    this.#syncs.delete(key);
  }

  /**
   * Writes about a room.
   *
   * @param room The room.
   * @param stream One of the two.
   * @param bytes Whole records.
   */
  write(room: Uint8Array, stream: number, bytes: Uint8Array): void {
    if (this.session.closing) return;
    const side = stream === 0 ? 0 : 1, said = this.#said[side];
    if (said !== room && !(said && sameBytes(said, room))) {
      this.#said[side] = room;
      this.session.write(stream, encodeRoom({ type: "room", room }));
    }
    this.session.write(stream, bytes);
    if (this.session.held > this.#most) this.session.close(CLOSE.protocol, "does not read");
  }

  /**
   * Takes bytes of a stream.
   *
   * @param stream One of the two.
   * @param bytes The bytes, in order.
   * @returns Records, each with the room that it is about.
   */
  read(stream: 0 | 1, bytes: Uint8Array): HeardRecord[] {
    const records: HeardRecord[] = [];
    for (const record of this.#readers[stream].push(bytes)) {
      if (record.type === "room") {
        this.#heard[stream] = { room: record.room, key: roomKey(record.room) };
      } else if (this.#heard[stream] !== undefined) {
        records.push({ ...this.#heard[stream], record });
      }
    }
    return records;
  }

  /** Asks to be told when more can be written, where more waits. */
  wakeIfBehind(): void {
    for (const sync of this.#syncs.values()) {
      if (!sync.caughtUp) return this.session.wake(WAKE_BYTES);
    }
  }
}
