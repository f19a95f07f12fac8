/**
 * Standard input, output and error of this process: the only file that names them.
 *
 * @module
 */

import { MAX_WAITING, Output } from "./output.ts";
import { ESCAPE } from "./theme.ts";

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
  /** Reads some bytes; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
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
      read: (buffer) => Deno.stdin.read(buffer),
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
