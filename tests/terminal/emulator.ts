/**
 * A terminal without a window, and somebody who sits in front of it: what the screen tests look at.
 *
 * @module
 */

import xterm from "@xterm/headless";
import type { Console, Input } from "../../lib/terminal/console.ts";
import { Output } from "../../lib/terminal/output.ts";
import { Screen, type ScreenOptions } from "../../lib/terminal/screen.ts";
import { quiet } from "../support/virtual_clock.ts";

/** Characters that take two cells (UAX #11, and emoji), as today's terminals have it. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

function cells(code: number): 0 | 1 | 2 {
  const char = String.fromCodePoint(code);
  return NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

/** What comes in: keys, when somebody presses them. */
export class FakeInput implements Input {
  readonly isTerminal: boolean;
  /** Each call of `setRaw`. */
  readonly raw: boolean[] = [];
  readonly #waiting: (Uint8Array | null)[] = [];
  #reader: PromiseWithResolvers<void> | undefined;

  /** @param isTerminal Whether a person types there. */
  constructor(isTerminal = true) {
    this.isTerminal = isTerminal;
  }

  /** Presses keys; they come in one read, null ends the input. */
  push(keys: string | null): void {
    this.#waiting.push(keys === null ? null : new TextEncoder().encode(keys));
    this.#reader?.resolve();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#waiting.length === 0) {
      this.#reader = Promise.withResolvers();
      await this.#reader.promise;
    }
    const [next = null] = this.#waiting;
    if (next === null) return null;
    const count = Math.min(buffer.length, next.length);
    buffer.set(next.subarray(0, count));
    if (count < next.length) this.#waiting[0] = next.subarray(count);
    else this.#waiting.shift();
    return count;
  }

  setRaw(raw: boolean): void {
    this.raw.push(raw);
  }
}

/** A console whose output goes where the test wants it. */
export function fakeConsole(
  input: Input,
  write: (bytes: Uint8Array) => Promise<number>,
  size: () => { columns: number; rows: number } = () => ({ columns: 80, rows: 24 }),
): Console & { readonly errors: string[] } {
  const errors: string[] = [];
  const error = new Output((bytes) => {
    errors.push(new TextDecoder().decode(bytes));
    return Promise.resolve(bytes.length);
  });
  return {
    input,
    output: Object.assign(new Output(write), { isTerminal: input.isTerminal }),
    error: Object.assign(error, { isTerminal: input.isTerminal }),
    restore: () => {},
    size,
    errors,
  };
}

/** A terminal with a screen on it. Use with `await using`. */
export class Sitting implements AsyncDisposable {
  readonly input = new FakeInput();
  readonly screen: Screen;
  /** What was written, one text for each write. */
  readonly writes: string[] = [];
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #console: Console;
  #gate: PromiseWithResolvers<void> | undefined;

  /**
   * @param columns Width.
   * @param rows Height.
   * @param options More for the screen.
   */
  constructor(columns = 40, rows = 10, options: Partial<ScreenOptions> = {}) {
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 100_000,
      allowProposedApi: true,
    });
    this.#terminal.unicode.register({
      version: "today",
      wcwidth: cells,
      charProperties: (code: number, before: number): number => {
        const width = cells(code), joins = width === 0 && before !== 0;
        // Packed as xterm.js does: width in bits 1 and 2, joined to the cell before in bit 0.
        return joins ? (before & 6) | 1 : width << 1;
      },
    });
    this.#terminal.unicode.activeVersion = "today";
    this.#console = fakeConsole(
      this.input,
      (bytes) => this.#write(bytes),
      () => ({ columns: this.#terminal.cols, rows: this.#terminal.rows }),
    );
    this.screen = new Screen(this.#console, { turn: quiet, ...options });
  }

  async #write(bytes: Uint8Array): Promise<number> {
    const copy = bytes.slice();
    this.writes.push(new TextDecoder().decode(copy));
    await this.#gate?.promise;
    await new Promise<void>((done) => this.#terminal.write(copy, done));
    return copy.length;
  }

  /** Presses keys and waits until the screen shows what comes of it. */
  async type(...reads: string[]): Promise<void> {
    for (const keys of reads) this.input.push(keys);
    await this.settle();
  }

  /** Waits until nothing is written any more. */
  async settle(): Promise<void> {
    for (let before = -1; before < this.writes.length;) {
      before = this.writes.length;
      for (let turn = 0; turn < 8; turn++) await quiet();
      if (this.#gate === undefined) await this.#console.output.drain();
      await quiet();
    }
  }

  /** Shows lines and waits until they are there. */
  async show(...lines: string[]): Promise<void> {
    this.screen.show(lines);
    await this.settle();
  }

  /** Makes the window larger or smaller. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#terminal.resize(columns, rows);
    this.screen.resize();
    await this.settle();
  }

  /** The terminal takes nothing (Ctrl-S) until `resume`. */
  stall(): void {
    this.#gate = Promise.withResolvers();
  }

  /** The terminal goes on (Ctrl-Q). */
  async resume(): Promise<void> {
    this.#gate?.resolve();
    this.#gate = undefined;
    await this.settle();
  }

  /** Everything that can be scrolled to, without the empty rows at the end. */
  get text(): string[] {
    const { active } = this.#terminal.buffer, rows: string[] = [];
    for (let row = 0; row < active.length; row++) {
      rows.push(active.getLine(row)?.translateToString(true).trimEnd() ?? "");
    }
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  /** Where the cursor is: column, and row of `text`. */
  get cursor(): [column: number, row: number] {
    const { active } = this.#terminal.buffer;
    return [active.cursorX, active.baseY + active.cursorY];
  }

  /** Whether pastes are marked now. */
  get marksPastes(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** Lines that were typed so far, until there are `count`. */
  async typed(count: number): Promise<(string | undefined)[]> {
    const lines: (string | undefined)[] = [];
    while (lines.length < count) lines.push(await this.screen.next());
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.screen.close();
    this.input.push(null);
    await this.settle();
    this.#terminal.dispose();
  }
}
