/**
 * TCP without a network: a listener and connections that do what a test says, as slowly as it
 * says. Like Deno's own, a write that waits goes on waiting when its connection is closed.
 *
 * @module
 */

const LOCAL: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 2410 };

/** One connection, seen from our side. */
export class FakeConnection {
  readonly localAddr: Deno.NetAddr = LOCAL;
  readonly remoteAddr: Deno.NetAddr;
  /** All bytes that were written, as text. */
  written = "";
  /** How many reads were asked for. */
  reads = 0;
  closed = false;
  /** Whether our half was ended. */
  ended = false;
  /** Most bytes that one write takes. */
  takes: number = Infinity;
  readonly #said: (Uint8Array | null | Error)[] = [];
  #heard = Promise.withResolvers<void>();
  #held: PromiseWithResolvers<void> | undefined;

  constructor(port: number, hostname = "127.0.0.1") {
    this.remoteAddr = { transport: "tcp", hostname, port };
  }

  /** As the type that the endpoint takes. */
  get connection(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }

  /** The other side sends text, ends its half (null), or breaks. */
  say(what: string | null | Error): void {
    this.#said.push(typeof what === "string" ? new TextEncoder().encode(what) : what);
    this.#heard.resolve();
  }

  /** The other side reads nothing from now on. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** The other side reads again. */
  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  setNoDelay(): void {}

  async read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    for (;;) {
      if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
      const next = this.#said.shift();
      if (next === null) return null;
      if (next instanceof Error) throw next;
      if (next !== undefined) {
        buffer.set(next);
        return next.length;
      }
      await this.#heard.promise;
      this.#heard = Promise.withResolvers();
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
    await this.#held?.promise;
    const taken = bytes.subarray(0, Math.min(this.takes, bytes.length));
    this.written += new TextDecoder().decode(taken);
    return taken.length;
  }

  closeWrite(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
    this.closed = true;
    this.#heard.resolve();
  }
}

/** A listener that accepts what it is given. */
export class FakeListener {
  readonly addr: Deno.NetAddr = LOCAL;
  /** When each accept was asked for. */
  readonly asked: number[] = [];
  closed = false;
  readonly #now: () => number;
  readonly #coming: (FakeConnection | Error)[] = [];
  #signal = Promise.withResolvers<void>();

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** As the type that the endpoint takes. */
  get listener(): Deno.TcpListener {
    return this as unknown as Deno.TcpListener;
  }

  /** A connection comes in, or accepting fails. */
  bring(...what: (FakeConnection | Error)[]): void {
    this.#coming.push(...what);
    this.#signal.resolve();
  }

  async accept(): Promise<Deno.TcpConn> {
    this.asked.push(this.#now());
    for (;;) {
      if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
      const next = this.#coming.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) return next.connection;
      await this.#signal.promise;
      this.#signal = Promise.withResolvers();
    }
  }

  close(): void {
    this.closed = true;
    this.#signal.resolve();
  }
}
