/**
 * The real program as a process, driven by its pipes. Nothing here sleeps: whoever waits, waits
 * for a line, for an exit or for a file.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Longest wait for anything in an end-to-end test, in ms: generous, so that only hangs fail. */
export const PATIENCE_MS = 60_000;

/** How a program is started. */
export interface ProgramOptions {
  /** The compiled program, or whatever is to run instead of `deno run main.ts`. */
  readonly command?: readonly string[];
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Longest wait for a line or for the end, in ms. */
  readonly patience?: number;
}

/** A stream of lines that one can wait on. */
class Lines {
  readonly all: string[] = [];
  #waiting: { test: (line: string) => boolean; found: (line: string) => void }[] = [];
  #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #from = 0;

  readonly #patience: number;

  constructor(stream: ReadableStream<Uint8Array>, patience: number) {
    this.#patience = patience;
    void this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let partial = "";
    try {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        const pieces = (partial + text).split("\n");
        partial = pieces.pop() ?? "";
        for (const line of pieces) this.#add(line);
      }
    } catch { /* The process is gone. */ }
    if (partial !== "") this.#add(partial);
    this.#closed.resolve();
  }

  #add(line: string): void {
    this.all.push(line);
    const at = this.#waiting.findIndex((each) => each.test(line));
    if (at < 0) return;
    this.#from = this.all.length;
    this.#waiting.splice(at, 1)[0]?.found(line);
  }

  /** The next line that fits; lines before it are not looked at again. */
  async next(what: string | RegExp): Promise<string> {
    const test = (line: string) => typeof what === "string" ? line.includes(what) : what.test(line);
    const at = this.all.findIndex((line, index) => index >= this.#from && test(line));
    if (at >= 0) {
      this.#from = at + 1;
      return this.all[at] ?? "";
    }
    const { promise: found, resolve } = Promise.withResolvers<string>();
    const waiting = { test, found: resolve };
    this.#waiting.push(waiting);
    const ended = this.#closed.promise.then(() => {
      // Thousands may have waited before: what there was is told to who still does.
      if (!this.#waiting.includes(waiting)) return "";
      throw new Error(`ended without ${what}; there was:\n${this.all.join("\n")}`);
    });
    try {
      return await deadline(Promise.race([found, ended]), this.#patience);
    } catch (error) {
      throw new Error(`no ${what} came; there was:\n${this.all.join("\n")}`, { cause: error });
    }
  }

  /** Waits until so many lines have come in all. */
  async atLeast(count: number): Promise<void> {
    while (this.all.length < count) {
      this.#from = this.all.length;
      await this.next("");
    }
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }
}

/** One process. Use with `await using`: it is ended by its own id when the test ends. */
export class Program implements AsyncDisposable {
  readonly out: Lines;
  readonly err: Lines;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #patience: number;
  #ended = false;

  /**
   * @param args Arguments of the program.
   * @param options How to start it.
   */
  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const [command = Deno.execPath(), ...first] = options.command ??
      [Deno.execPath(), "run", "--unstable-net", "-A", MAIN];
    this.#child = new Deno.Command(command, {
      args: [...first, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: {
        NO_COLOR: "1",
        UDPCHAT_NAME: "tester",
        UDPCHAT_HOME: Deno.build.os === "windows" ? "NUL" : "/nonexistent/udpchat-test",
        PYTHONUNBUFFERED: "1",
        ...options.env,
      },
    }).spawn();
    const { patience = PATIENCE_MS } = options;
    this.#patience = patience;
    this.out = new Lines(this.#child.stdout, patience);
    this.err = new Lines(this.#child.stderr, patience);
    this.#writer = this.#child.stdin.getWriter();
    void this.#child.status.then(() => this.#ended = true);
  }

  /** Writes a line to standard input. */
  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends standard input. */
  async endInput(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The exit status, once all its output is here. */
  async exit(): Promise<number> {
    const { code } = await deadline(this.#child.status, this.#patience);
    await Promise.all([this.out.closed, this.err.closed]);
    return code;
  }

  /** The port it says it listens on. */
  async port(): Promise<number> {
    const line = await this.err.next(/listening on/);
    return Number(/:(\d+)$/.exec(line)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endInput();
    if (!this.#ended) {
      try {
        this.#child.kill("SIGKILL");
      } catch { /* It has just ended. */ }
    }
    await this.#child.status;
    await Promise.all([this.out.closed, this.err.closed]);
  }
}

/**
 * Runs the program to its end.
 *
 * @param args Arguments.
 * @param input What is piped in.
 * @param options How to start it.
 * @returns Exit status and output.
 */
export async function runProgram(
  args: readonly string[],
  input = "",
  options: ProgramOptions = {},
): Promise<{ exit: number; out: string; err: string }> {
  await using program = new Program(args, options);
  if (input !== "") await program.type(input.replace(/\n$/, ""));
  await program.endInput();
  const exit = await program.exit();
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  return { exit, out: text(program.out.all), err: text(program.err.all) };
}

/**
 * Whether a program can be run here.
 *
 * @param command Its name.
 * @returns True if it is on the path.
 */
export async function has(command: string): Promise<boolean> {
  try {
    const finder = Deno.build.os === "windows" ? "where" : "which";
    const { success } = await new Deno.Command(finder, {
      args: [command],
      stdout: "null",
      stderr: "null",
    })
      .output();
    return success;
  } catch {
    return false;
  }
}
