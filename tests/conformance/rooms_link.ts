/**
 * All rooms of one session: which of them a record or a datagram is about (PROTOCOL.md §20.4,
 * §20.8).
 *
 * @module
 */

import { same, toHex } from "./bytes.ts";
import { roomOfPresence } from "./presence.ts";
import { encodeRoomRecord, type RoomRecord, RoomRecordReader } from "./rooms_records.ts";
import type { Session } from "./session.ts";

/** Takes what is said about one room. */
export interface Listener {
  readonly room: Uint8Array;
  /** A record about the room. */
  hear(stream: 0 | 1, record: RoomRecord): void;
  /** All that came at once was heard. */
  pause(): void;
  /** A datagram about the room. */
  hearDatagram(data: Uint8Array): void;
}

/** The streams of a session, shared by rooms. */
export class RoomLink {
  readonly session: Session;
  readonly #readers: readonly [RoomRecordReader, RoomRecordReader];
  readonly #listeners: Listener[] = [];
  /** What the records are about that I say on each stream. */
  readonly #about: (Uint8Array | undefined)[] = [undefined, undefined];

  constructor(session: Session) {
    this.session = session;
    this.#readers = [new RoomRecordReader(), new RoomRecordReader()];
  }

  /** Another room on this session. */
  add(listener: Listener): void {
    this.#listeners.push(listener);
    this.session.hear = (stream, bytes) => this.#hear(stream === 1 ? 1 : 0, bytes);
    this.session.hearDatagram = (data) => {
      const room = roomOfPresence(data);
      if (room) this.#find(room)?.hearDatagram(data);
    };
  }

  /** Says a record about a room. */
  say(room: Uint8Array, record: RoomRecord, stream: 0 | 1): void {
    const about = this.#about[stream];
    if (!about || !same(about, room)) {
      this.#about[stream] = room;
      this.session.record(encodeRoomRecord({ type: "room", room }), stream);
    }
    this.session.record(encodeRoomRecord(record), stream);
  }

  /** Who is called must say nothing about rooms that I am not in; who calls may try. */
  #find(room: Uint8Array): Listener | undefined {
    const found = this.#listeners.find((each) => same(each.room, room));
    if (!found && this.session.hasCalled) throw new Error(`about another room: ${toHex(room)}`);
    return found;
  }

  #hear(stream: 0 | 1, bytes: Uint8Array): void {
    for (const { room, record } of this.#readers[stream].push(bytes)) {
      this.#find(room)?.hear(stream, record);
    }
    for (const each of this.#listeners) each.pause();
  }
}
