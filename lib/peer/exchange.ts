/**
 * What two people say on a line: records out, records in, and what each of them leads to. It knows
 * nothing of calls. Pure.
 *
 * @module
 */

import { keyTag } from "../crypto/identity.ts";
import { CLOSE } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import type { RecordReader } from "../wire/records.ts";
import { encodeTalk, type TalkRecord } from "../wire/talk.ts";
import { answerEcho } from "./echo.ts";
import { Held } from "./held.ts";
import { type Line, partnerOf } from "./line.ts";
import { Outbox } from "./outbox.ts";
import type { TalkEvent } from "./talk_event.ts";

/** The stream of chat. */
export const CHAT = 0;

/** Messages of both sides, whatever session carries them. */
export class Exchange {
  /** What the other does not hold yet. */
  readonly outbox: Outbox;
  readonly #held = new Held();
  readonly #tell: (event: TalkEvent) => void;
  readonly #touch: (session: Session) => void;

  /**
   * An exchange in which nothing was said.
   *
   * @param log The random number of one's own log, eight bytes.
   * @param tell Takes what happened.
   * @param touch Is told of a session that has something to send.
   */
  constructor(
    log: Uint8Array,
    tell: (event: TalkEvent) => void,
    touch: (session: Session) => void,
  ) {
    this.outbox = new Outbox(log);
    this.#tell = tell;
    this.#touch = touch;
  }

  /** Says one's name. */
  hello(session: Session, name: string): void {
    this.#write(session, { type: "hello", name });
  }

  /** Sends a message of one's own, again where it went out on another session. */
  send(session: Session, number: number): void {
    const message = this.outbox.get(number);
    if (message === undefined) return;
    const { log } = this.outbox, { time, text } = message;
    this.#write(session, { type: "message", log, number, time, text });
    if (message.sent) return;
    message.sent = true;
    this.#tell({ type: "status", id: message.id, state: "sent" });
  }

  /** Takes bytes of a session with the person on the line; it may not be the session of the line. */
  read(line: Line, session: Session, reader: RecordReader<TalkRecord>, bytes: Uint8Array): void {
    for (const record of reader.push(bytes)) this.#record(line, session, record);
    if (reader.broken) this.close(session, CLOSE.protocol, "no records");
  }

  /** Answers a ping. */
  echo(session: Session, bytes: Uint8Array): void {
    if (answerEcho(session, bytes)) this.#touch(session);
  }

  /** Ends a session. */
  close(session: Session, code: number, reason: string): void {
    session.close(code, reason);
    this.#touch(session);
  }

  #record(line: Line, session: Session, record: TalkRecord): void {
    switch (record.type) {
      case "hello": {
        const old = line.name;
        if (record.name === old) return;
        line.name = record.name;
        const first = old === keyTag(line.remote.identity), partner = partnerOf(line);
        return this.#tell(
          first
            ? { type: "presence", partner, state: "here" }
            : { type: "presence", partner, state: "renamed", old },
        );
      }
      case "message": {
        const { log, number, time, text } = record;
        const { isNew, upTo } = this.#held.accept(line.remote.identity, log, number);
        const id = `${keyTag(log)}-${number}`;
        if (isNew) this.#tell({ type: "message", id, partner: partnerOf(line), text, time });
        return this.#write(session, { type: "have", log, number: upTo });
      }
      case "have":
        for (const { id } of this.outbox.held(record.log, record.number)) {
          this.#tell({ type: "status", id, state: "delivered", by: line.remote.identity });
        }
    }
  }

  #write(session: Session, record: TalkRecord): void {
    if (session.closing) return;
    session.write(CHAT, encodeTalk(record));
    this.#touch(session);
  }
}
