/**
 * What one says to single people of a room: with each of them a room of two, on the same relay.
 *
 * @module
 */

import type { Room } from "../chat/room.ts";
import { PrivateKey } from "../crypto/private_key.ts";
import { privateRoomNumber } from "../crypto/room_key.ts";
import { MAX_PRIVATES } from "../wire/room.ts";
import { Conversation, type ConversationOptions } from "./conversation.ts";
import type { Link } from "./link.ts";

/** What is said with one person. */
export interface Private {
  /** Their Ed25519 key. */
  readonly partner: Uint8Array;
  readonly conversation: Conversation;
}

/** All rooms of two of one member of a room. */
export class Privates {
  readonly #options: ConversationOptions;
  readonly #parent: Conversation;
  readonly #own: Uint8Array;
  readonly #all = new Map<string, Private>();

  /**
   * Nothing is read before it is asked for.
   *
   * @param options What conversations are made of; its room is where people meet.
   * @param parent What is said there.
   */
  constructor(options: ConversationOptions, parent: Conversation) {
    this.#options = options;
    this.#parent = parent;
    this.#own = options.hub.credentials.identity.publicKey;
  }

  /** All that were opened. */
  get all(): Iterable<Private> {
    return this.#all.values();
  }

  /** The one whose room it is; undefined where it is another room. */
  of({ key }: Pick<Room, "key">): Private | undefined {
    return this.#all.get(key);
  }

  /** Whether somebody's X25519 key is known, so that something can be sealed for them. */
  reaches(partner: Uint8Array): boolean {
    return this.#parent.people.staticKeyOf(partner) !== undefined;
  }

  /**
   * Opens what is said with somebody.
   *
   * @param partner Their Ed25519 key.
   * @throws {Error} If it cannot be kept.
   */
  with(partner: Uint8Array): Private {
    const { node, store, hub } = this.#options, parent = this.#options.room.number;
    const number = privateRoomNumber(parent, this.#own, partner), room = node.room(number);
    const known = this.of(room);
    if (known !== undefined) return known;
    store.addPair(number, { parent, one: this.#own, other: partner });
    const seal = new PrivateKey({
      room: number,
      own: this.#own,
      ownStatic: hub.credentials.staticKey,
      otherStatic: () =>
        this.#parent.people.staticKeyOf(partner) ?? opened.conversation.people.staticKeyOf(partner),
    });
    const opened: Private = {
      partner,
      conversation: new Conversation({ ...this.#options, room, seal }),
    };
    this.#all.set(room.key, opened);
    return opened;
  }

  /** Those with whom something was said before, as far as it is held here. */
  known(): Uint8Array[] {
    return this.#options.store.pairsOf(this.#options.room.number, this.#own, MAX_PRIVATES);
  }

  /**
   * Takes part in a room of two over a link, if that is not done yet.
   *
   * @param link The relay.
   * @param of The room.
   */
  join(link: Link, { partner, conversation: { room } }: Private): void {
    if (link.sync(room.key) !== undefined) return;
    const { node } = this.#options, parent = this.#options.room.number;
    node.tell(link, room.number, { type: "private", parent, author: partner });
    node.join(link, room).begin();
    node.pump(link);
  }
}
