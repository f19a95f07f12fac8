/**
 * Where a chat keeps what was said.
 *
 * @module
 */

import { Entries } from "../store/entries.ts";
import { History } from "../store/history.ts";
import { historyFile } from "./history.ts";
import { homeError, type Profile } from "./profile.ts";

/** What a chat keeps things in. */
export interface Stores {
  /** Entries as they were signed. */
  readonly store: Entries;
  /** Messages as they were read. */
  readonly history: History;
  /** Where the entries are; undefined where nothing is kept. */
  readonly file: string | undefined;
  /** Closes both. */
  close(): void;
}

/**
 * Opens them. Entries are of one program; what was read is of all programs of this home.
 *
 * @param profile Who we are, and where; it is told what was damaged.
 * @returns Both.
 * @throws {NetError} If the directory cannot be used.
 */
export function openStores({ home, slot, notes }: Profile): Stores {
  const file = home && `${home}/${slot === 1 ? "rooms" : `rooms-${slot}`}.db`;
  try {
    const store = new Entries(file), history = new History(home && historyFile(home));
    for (const { movedTo } of [store, history]) {
      if (movedTo) notes.push(`a damaged file was moved to ${movedTo}`);
    }
    return {
      store,
      history,
      file,
      close: () => {
        store.close();
        history.close();
      },
    };
  } catch (error) {
    throw homeError(home ?? "", error);
  }
}
