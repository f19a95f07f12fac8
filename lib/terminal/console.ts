/**
 * Standard input, output and error of this process: the only file that names them.
 *
 * @module
 */

import { MAX_WAITING, Output } from "./output.ts";
import { ESCAPE } from "./theme.ts";

/** Bytes of one read (our choice). */
const READ_BYTES = 65_536;
/** Between two writes to standard output, in ms: a thousand lines a second are not a thousand writes. */
const REST_MS = 2;

/** The only thing that is asked of a clock here. */
export interface Clock {
  /** Resolves after so many ms. */
  rest(ms: number): Promise<void>;
}

/** Where keys and lines come from. */
export interface Input {
  /** Whether a person types there. */
  readonly isTerminal: boolean;
  /**
   * Reads some bytes; null at the end. A reader that is not wanted any more when something comes leaves it
   * to the next one.
   */
  read(buffer: Uint8Array, isWanted?: () => boolean): Promise<number | null>;
  /** Turns line editing by the system off or on. Does nothing where there is no terminal. */
  setRaw(raw: boolean): void;
}

/** The three standard streams. */
export interface Console {
  /** Standard input. */
  readonly input: Input;
  /** Standard output. */
  readonly output: Output & { readonly isTerminal: boolean };
  /** Standard error. */
  readonly error: Output & { readonly isTerminal: boolean };
  /** Gives a terminal that is still raw back at once: the last resort when the program breaks. */
  restore(): void;
  /** The size of the terminal in characters. */
  size(): { columns: number; rows: number };
}

/**
 * The process's own streams.
 *
 * @param clock For the rest between two writes.
 * @returns The console.
 */
export function openConsole(clock: Clock): Console {
  // The system's read cannot be taken back: one is under way at most, for whoever wants its bytes.
  const gathered = new Uint8Array(READ_BYTES);
  let reading: Promise<number | null> | undefined;
  let left = new Uint8Array(0);
  const read = async (
    buffer: Uint8Array,
    isWanted: () => boolean = () => true,
  ): Promise<number | null> => {
    if (left.length === 0) {
      reading ??= Deno.stdin.read(gathered);
      const count = await reading;
      if (!isWanted()) return null;
      reading = undefined;
      if (count === null) return null;
      left = gathered.slice(0, count);
    }
    const taken = Math.min(left.length, buffer.length);
    buffer.set(left.subarray(0, taken));
    left = left.slice(taken);
    return taken;
  };
  const pause = () => clock.rest(REST_MS);
  let isRaw = false;
  const setRaw = (raw: boolean): void => {
    isRaw = raw;
    try {
      Deno.stdin.setRaw(raw);
    } catch {
      // The terminal is gone: there is nothing to restore.
    }
  };
  return {
    input: {
      isTerminal: Deno.stdin.isTerminal(),
      read,
      setRaw,
    },
    output: Object.assign(new Output((bytes) => Deno.stdout.write(bytes), MAX_WAITING, { pause }), {
      isTerminal: Deno.stdout.isTerminal(),
    }),
    error: Object.assign(new Output((bytes) => Deno.stderr.write(bytes)), {
      isTerminal: Deno.stderr.isTerminal(),
    }),
    restore: () => {
      if (!isRaw) return;
      setRaw(false);
      try {
        Deno.stdout.writeSync(
          new TextEncoder().encode(ESCAPE.pasteOff + ESCAPE.showCursor + "\r\n"),
        );
      } catch {
        // As above.
      }
    },
    size: () => {
      try {
        return Deno.consoleSize();
      } catch {
        return { columns: 80, rows: 24 };
      }
    },
  };
}
