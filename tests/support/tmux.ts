/**
 * A person at a terminal: the program in tmux, on a server of this test's own.
 *
 * @module
 */

/** Looks at the screen so often before giving up; each look takes some milliseconds. */
const LOOKS = 3_000;

/** One terminal. Use with `await using`. */
export class Terminal implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /**
   * Starts a shell command in a terminal.
   *
   * @param command The command line.
   * @param size Columns and rows.
   * @param env More of the environment.
   */
  static async start(
    command: string,
    size: { columns: number; rows: number } = { columns: 80, rows: 24 },
    env: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(`udpchat-test-${crypto.randomUUID()}`);
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await terminal.#tmux(
      ...["-f", "/dev/null", "-u", "new-session", "-d"],
      ...["-x", `${size.columns}`, "-y", `${size.rows}`, ...variables],
      // The screen stays to be looked at when the command has ended.
      `${command}; exec cat >/dev/null`,
    );
    return terminal;
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** Presses keys by their tmux names: `Enter`, `C-c`, `Tab`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Pastes, with marks where the program has asked for them. */
  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", text);
    await this.#tmux("paste-buffer", "-p");
  }

  /** Changes the size of the window. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** The lines on the screen, without the empty ones at the end. */
  async screen(): Promise<string[]> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd().split("\n");
  }

  /** The screen with its colours, as escape sequences. */
  async colours(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-e");
  }

  /** Where the cursor is: column and row from 0. */
  async cursor(): Promise<[column: number, row: number]> {
    const [x = 0, y = 0] = (await this.#tmux("display-message", "-p", "#{cursor_x} #{cursor_y}"))
      .trim().split(" ").map(Number);
    return [x, y];
  }

  /** The process that the shell of the terminal runs. */
  async pid(): Promise<number> {
    return Number(await this.#tmux("display-message", "-p", "#{pane_pid}"));
  }

  /** Waits until the screen shows something. */
  async shows(what: string | RegExp | ((lines: string[]) => boolean)): Promise<string[]> {
    const fits = typeof what === "function"
      ? what
      : typeof what === "string"
      ? (lines: string[]) => lines.join("\n").includes(what)
      : (lines: string[]) => what.test(lines.join("\n"));
    for (let look = 0; look < LOOKS; look++) {
      const lines = await this.screen();
      if (fits(lines)) return lines;
    }
    throw new Error(
      `the screen never showed ${what}; it shows:\n${(await this.screen()).join("\n")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      env: { LANG: "C.UTF-8" },
    }).output();
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}
