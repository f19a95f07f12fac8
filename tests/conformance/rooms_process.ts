/**
 * The real program as a process of its own, known only by its command line, what it prints and its
 * address.
 *
 * @module
 */

import { utf8 } from "./bytes.ts";
import { loopback, PATIENCE_MS } from "./wire.ts";

const ROOT = new URL("../../", import.meta.url);
const COMMAND = ["run", "--unstable-net", "-A", "main.ts"];
const WHERE = ["--host", "127.0.0.1", "--port", "0"];

/** Someone waits for words of the program. */
interface Waiting {
  readonly words: RegExp;
  readonly found: PromiseWithResolvers<RegExpExecArray>;
}

/** One run of the program, which ends with the test. It writes nothing unless it has a home. */
export class RealProgram implements AsyncDisposable {
  /** What it has printed so far, output and errors. */
  printed = "";
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  readonly #reading: Promise<unknown>;
  #waiting: Waiting[] = [];

  constructor(...command: readonly string[]) {
    const home = command.includes("--home") ? [] : ["--ephemeral"];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...COMMAND, ...command, ...WHERE, ...home],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    const { stdout, stderr } = this.#process;
    this.#reading = Promise.all([this.#read(stdout), this.#read(stderr)]);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.printed += text;
      this.#look();
    }
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ words, found }) => {
      const match = words.exec(this.printed);
      if (match) found.resolve(match);
      return !match;
    });
  }

  /** Waits until it has printed something. */
  async prints(words: RegExp): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>();
    this.#waiting.push({ words, found });
    this.#look();
    const late = (): void => found.reject(new Error(`never ${words}: ${this.printed}`));
    const timer = setTimeout(late, PATIENCE_MS);
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Where it listens. */
  async address(): Promise<Deno.NetAddr> {
    const [, port] = await this.prints(/listening on 127\.0\.0\.1:(\d+)\D/);
    return loopback(Number(port));
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#input.write(utf8(`${line}\n`));
  }

  #stop(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop("SIGTERM");
    const timer = setTimeout(() => this.#stop("SIGKILL"), 5_000);
    await this.#process.status;
    clearTimeout(timer);
    await this.#input.close().catch(() => {});
    await this.#reading;
  }
}

/** A relay with these options. */
export function startRelay(...options: readonly string[]): RealProgram {
  return new RealProgram("serve", ...options);
}
