/**
 * The screen of a chat: messages scroll by above the line that is being edited.
 *
 * Editing is node:readline's. It never touches the terminal itself: it reads keys that we hand it
 * and writes into a frame; the frame and the messages that came meanwhile are written in one piece.
 *
 * ```text
 *   terminal ─▶ PasteFilter ─keys─▶ readline ─▶ frame ┐
 *                     └─paste─▶ one question          ├─ one write a turn ─▶ Output ─▶ terminal
 *   show(lines) ─▶ above ─────────────────────────────┘
 * ```
 *
 * @module
 */

import readline from "node:readline";
import { PassThrough, Writable } from "node:stream";
import type { Console } from "./console.ts";
import { graphemes } from "../wire/graphemes.ts";
import { PasteFilter } from "./paste.ts";
import { ESCAPE, up } from "./theme.ts";
import { wrap } from "./wrap.ts";

/** What the screen needs to know. */
export interface ScreenOptions {
  /** Resolves after one turn of the event loop; frames are drawn then. */
  readonly turn: () => Promise<void>;
  /** What Tab offers for the line up to the cursor. */
  readonly complete?: (line: string) => [string[], string];
  /** Whether notices of the screen itself may be in colour. */
  readonly dim?: (text: string) => string;
}

/** Lines kept while the terminal does not take them; older ones are skipped (our choice). */
const MAX_ABOVE = 2_000;
/** Lines kept above the edited one (our choice: they must leave room for the chat). */
const MAX_PENDING = 6;
/** Lines typed and not taken yet (our choice). */
const MAX_TYPED = 1_000;
/** Lines recalled with the up key (our choice). */
const HISTORY = 500;

/** An emoji that is joined from several. */
const JOINED = /\u200d/;
/** Any character of two cells. */
const WIDE = "\u65e5";

/** What readline does not declare: where text ends on the screen, and the row it was left on. */
type Editor = readline.Interface & {
  prevRows: number;
  _getDisplayPos(text: string): { rows: number; cols: number };
};

/** One screen. Made, used and closed once. */
export class Screen {
  readonly #console: Console;
  readonly #options: ScreenOptions;
  readonly #keys = new PassThrough();
  readonly #paste = new PasteFilter();
  readonly #editor: Editor;
  readonly #sink: Writable & { columns: number; rows: number; isTTY: boolean };
  readonly #typed: string[] = [];
  #signal: PromiseWithResolvers<void> = Promise.withResolvers();
  #frame = "";
  #above: string[] = [];
  #skipped = 0;
  #pending: readonly string[] = [];
  /** Rows on the screen that the pending lines take. */
  #pendingRows = 0;
  #redraw = false;
  #hidden = false;
  #drawing = false;
  #ended = false;
  #closed = false;
  #gone = false;
  #asked: ((key: string) => void) | undefined;
  #prompt = "> ";

  /**
   * Takes over the terminal: raw mode, marked pastes. `close` gives it back.
   *
   * @param console The terminal.
   * @param options What the screen needs to know.
   */
  constructor(console: Console, options: ScreenOptions) {
    this.#console = console;
    this.#options = options;
    this.#sink = Object.assign(
      new Writable({
        decodeStrings: false,
        write: (chunk: string, _encoding, done) => {
          if (!this.#hidden) {
            this.#frame += chunk;
            this.#draw();
          }
          done();
        },
      }),
      { ...console.size(), isTTY: true },
    );
    this.#editor = readline.createInterface({
      input: this.#keys,
      output: this.#sink,
      terminal: true,
      prompt: this.#prompt,
      historySize: HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string) => options.complete?.(line) ?? [[], line],
    }) as Editor;
    this.#keys.on("keypress", () => this.#stand());
    this.#editor.on("line", (line: string) => this.#enter(line));
    this.#editor.on("SIGINT", () => this.#end());
    this.#editor.on("close", () => {
      this.#gone = true;
      this.#end();
    });
    this.#editor.on("SIGTSTP", () => {
      this.show([this.#dim("Ctrl-Z cannot stop this program: use another terminal")]);
    });
    console.input.setRaw(true);
    this.#frame += ESCAPE.pasteOn;
    this.#editor.prompt();
    void this.#read();
  }

  /**
   * Cuts a line between words so that it fits the screen as it is now.
   *
   * @param text Fit for a terminal already.
   * @param indent What each line is to begin with.
   * @returns The lines, with the indent.
   */
  fold(text: string, indent: string): string[] {
    const fits = (line: string): boolean => this.#height(indent + line) === 1;
    return wrap(text, fits).map((line) => indent + line);
  }

  /**
   * Shows lines above the one that is being edited.
   *
   * @param lines Fit for a terminal already; each may be wider than it.
   */
  show(lines: readonly string[]): void {
    if (this.#closed) return;
    this.#above.push(...lines);
    if (this.#above.length > MAX_ABOVE) {
      this.#skipped += this.#above.length - MAX_ABOVE;
      this.#above = this.#above.slice(-MAX_ABOVE);
    }
    this.#draw();
  }

  /**
   * Keeps lines right above the one that is edited, until they are replaced: what is on its way.
   *
   * @param lines Fit for a terminal already.
   */
  setPending(lines: readonly string[]): void {
    if (this.#closed || (lines.length === 0 && this.#pending.length === 0)) return;
    this.#pending = lines.slice(-MAX_PENDING);
    this.#redraw = true;
    this.#draw();
  }

  /**
   * Changes what stands in front of the line.
   *
   * @param prompt Fit for a terminal already; colours are allowed.
   */
  setPrompt(prompt: string): void {
    this.#prompt = prompt;
    this.#editor.setPrompt(prompt);
    if (!this.#closed && !this.#gone) this.#editor.prompt(true);
  }

  /**
   * Asks for something that nobody should read over one's shoulder: what is typed is not shown.
   *
   * @param question What to ask.
   * @returns The answer, or undefined at the end of input.
   */
  async secret(question: string): Promise<string | undefined> {
    this.setPrompt(question);
    this.#hidden = true;
    try {
      return await this.next();
    } finally {
      this.#hidden = false;
    }
  }

  /** The size of the window changed: draw the edited line anew. */
  resize(): void {
    if (this.#closed || this.#gone) return;
    const before = this.#cursorRow();
    Object.assign(this.#sink, this.#console.size());
    this.#editor.prevRows = Math.min(before, this.#cursorRow());
    this.#editor.prompt(true);
  }

  /** The program was stopped and goes on: the terminal may have been given to others meanwhile. */
  resume(): void {
    if (this.#closed || this.#gone) return;
    this.#console.input.setRaw(true);
    this.#frame += ESCAPE.pasteOn;
    this.#editor.prompt(true);
  }

  /** What is typed, line by line, until Ctrl-C, Ctrl-D, `close`, or the terminal goes away. */
  async *lines(): AsyncGenerator<readonly [string]> {
    for (;;) {
      const next = await this.next();
      if (next === undefined) return;
      if (next.trim() !== "") yield [next];
    }
  }

  /** The next line that is typed, blank or not; undefined at the end. */
  async next(): Promise<string | undefined> {
    while (this.#typed.length === 0) {
      if (this.#ended) return undefined;
      this.#signal = Promise.withResolvers();
      await this.#signal.promise;
    }
    return this.#typed.shift();
  }

  /** Gives the terminal back as it was found, with the cursor on a line of its own. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const frame = this.#compose(true) + ESCAPE.pasteOff + ESCAPE.showCursor;
    this.#closed = true;
    this.#end();
    this.#editor.close();
    this.#console.input.setRaw(false);
    this.#console.output.push(frame);
    await this.#console.output.drain();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(4_096), decoder = new TextDecoder();
    while (!this.#ended) {
      const count = await this.#console.input.read(buffer, () => !this.#ended)
        .catch(() => null);
      if (count === null || this.#ended) break;
      const text = decoder.decode(buffer.subarray(0, count), { stream: true });
      for (const typed of this.#paste.push(text)) {
        if (typed.kind === "paste") this.#pasted(typed.text);
        else await this.#key(typed.text);
      }
    }
    this.#end();
  }

  async #key(keys: string): Promise<void> {
    const asked = this.#asked;
    if (asked !== undefined) {
      this.#asked = undefined;
      // deno-lint-ignore no-control-regex -- a key of several characters is one answer
      const [first = ""] = /^(?:\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?|.)/su.exec(keys) ?? [];
      asked(first);
      keys = keys.slice(first.length);
    }
    // Completion takes a turn: keys that came with the Tab are for the completed line.
    for (const piece of keys.split(/(?<=\t)/)) {
      this.#keys.write(piece);
      if (piece.endsWith("\t")) await this.#options.turn();
    }
  }

  #enter(line: string): void {
    // The typed line goes: whoever takes it shows it again as a message, with its time.
    const rows = this.#rows(this.#prompt + line);
    this.#frame += `${up(rows + 1)}\r${ESCAPE.eraseBelow}`;
    this.#editor.prompt();
    this.#take([line]);
  }

  #pasted(text: string): void {
    const lines = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
    if (lines.length === 1) {
      // deno-lint-ignore no-control-regex -- keys that a paste must not press
      this.#editor.write((lines[0] ?? "").replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " "));
      this.#stand();
      return;
    }
    this.#asked?.("");
    const count = [...text].length;
    this.show([this.#dim(
      `Pasted ${lines.length} lines (${count} characters). ` +
        `y sends them as one message, l each line as its own, any other key none`,
    )]);
    this.#asked = (key) => {
      // What is pasted is text, never a command.
      const asText = (line: string) => line.startsWith("/") ? `/${line}` : line;
      if (key === "y" || key === "Y") this.#take([asText(lines.join("\n"))]);
      else if (key === "l" || key === "L") this.#take(lines.map(asText));
      else this.show([this.#dim("Nothing was sent")]);
    };
  }

  #cursorRow(): number {
    return this.#rows(this.#prompt + this.#editor.line.slice(0, this.#editor.cursor));
  }

  /**
   * On how many rows below the first a text ends. Readline takes a joined emoji for as wide as its parts;
   * terminals that join it need two cells. Too many rows would erase messages, too few none.
   */
  #rows(text: string): number {
    return this.#endOf(text).rows;
  }

  /** How many rows a line takes that ends in a line end: one that fills a row needs no other. */
  #height(text: string): number {
    const { rows, cols } = this.#endOf(text);
    return cols === 0 && rows > 0 ? rows : rows + 1;
  }

  #endOf(text: string): { rows: number; cols: number } {
    const narrow = [...graphemes(text)].map((cluster) => JOINED.test(cluster) ? WIDE : cluster);
    return this.#editor._getDisplayPos(narrow.join(""));
  }

  #dim(line: string): string {
    return this.#options.dim?.(line) ?? line;
  }

  /** What was typed may have gone to the next row, and readline does not notice. */
  #stand(): void {
    this.#editor.prevRows = this.#cursorRow();
  }

  #take(lines: readonly string[]): void {
    this.#typed.push(...lines.slice(0, Math.max(0, MAX_TYPED - this.#typed.length)));
    this.#signal.resolve();
  }

  /** No more keys will come; what is shown still goes to the terminal until `close`. */
  #end(): void {
    this.#ended = true;
    this.#signal.resolve();
  }

  /** Draws at the end of this turn, or when the terminal has taken the frame before. */
  async #draw(): Promise<void> {
    if (this.#drawing || this.#closed) return;
    this.#drawing = true;
    await this.#options.turn();
    await this.#console.output.drain();
    this.#drawing = false;
    if (!this.#closed) this.#console.output.push(this.#compose(false));
  }

  /** The frame, with the lines that came meanwhile above the edited one. */
  #compose(last: boolean): string {
    let out = this.#frame;
    this.#frame = "";
    if (this.#above.length > 0 || this.#redraw || last) {
      const skipped = this.#skipped > 0 ? [`… ${this.#skipped} lines skipped …`] : [];
      const lines = [...skipped, ...this.#above];
      out += ESCAPE.hideCursor + up(this.#cursorRow() + this.#pendingRows) +
        `\r${ESCAPE.eraseBelow}`;
      out += [...lines, ...(last ? [] : this.#pending)].map((line) => `${line}\r\n`).join("");
      this.#pendingRows = this.#pending.reduce((sum, line) => sum + this.#height(line), 0);
      this.#redraw = false;
      this.#above = [];
      this.#skipped = 0;
      if (!last && !this.#gone) {
        // Above wrapped input readline would move up by a count that is stale now.
        this.#editor.prevRows = 0;
        this.#drawing = true;
        this.#editor.prompt(true);
        this.#drawing = false;
        out += this.#frame + ESCAPE.showCursor;
        this.#frame = "";
      }
    }
    return out;
  }
}
