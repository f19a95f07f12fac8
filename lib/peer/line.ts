/**
 * Who is on a line, and who would like to be. Pure.
 *
 * @module
 */

import type { Remote } from "../session/credentials.ts";
import type { Session } from "../session/session.ts";
import type { RecordReader } from "../wire/records.ts";
import type { TalkRecord } from "../wire/talk.ts";
import type { Partner } from "./talk_event.ts";

/** The session with the person at the other end. */
export interface Line {
  readonly remote: Remote;
  name: string;
  readonly session: Session;
  readonly reader: RecordReader<TalkRecord>;
  /** It is one that we called. */
  readonly called: boolean;
  /** They were told to be away or gone. */
  away: boolean;
}

/** A session that is not the line, or not yet. */
export interface Guest {
  readonly remote: Remote;
  readonly reader: RecordReader<TalkRecord>;
  /** It is one that we called. */
  readonly called: boolean;
  /** It was the line before: what is said there counts. */
  readonly friend: boolean;
  /** What was said there so far. */
  readonly bytes: Uint8Array[];
  /** Its key is not the one that we expect: the person must say yes. */
  waits: boolean;
}

/**
 * The person at the other end of a line.
 *
 * @param line The line.
 * @returns Key, name and address.
 */
export function partnerOf(line: Line): Partner {
  return { key: line.remote.identity, name: line.name, address: line.session.address };
}
