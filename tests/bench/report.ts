/**
 * Ratios against something measured in the same run: machines are shared and noisy, so an absolute
 * figure alone says little.
 *
 * @module
 */

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Prints a line. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** What is compared with what. */
export interface Comparison {
  /** What is measured. */
  readonly name: string;
  /** The unit of the figures. */
  readonly unit: string;
  /** Times that each is measured, in turn. */
  readonly rounds: number;
  /** Measures ours once. */
  readonly ours: () => Promise<number>;
  /** Measures the yardstick once. */
  readonly bare: () => Promise<number>;
  /** What to reach, as a ratio. */
  readonly target?: string;
}

/** Measures both in turn and prints one row of a table. */
export async function compare(comparison: Comparison): Promise<void> {
  const { name, unit, rounds, ours, bare, target = "" } = comparison;
  const left: number[] = [], right: number[] = [];
  await ours();
  await bare();
  for (let round = 0; round < rounds; round++) {
    left.push(await ours());
    right.push(await bare());
  }
  const ratios = left.map((value, at) => value / (right[at] ?? NaN));
  const figure = (value: number) => value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  say(
    `| ${name} | ${figure(median(left))} ${unit} | ${figure(median(right))} ${unit} | ` +
      `${median(ratios).toFixed(2)} | ${target} |`,
  );
}

/** The head of the table. */
export function head(): void {
  say("| what | ours | bare loop | ratio | reach for |");
  say("| --- | --- | --- | --- | --- |");
}

/** A server in a process of its own. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts a server that says its port on standard error. */
export async function serve(args: readonly string[]): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--unstable-net", "-A", ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  let text = "";
  while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
  return {
    port: Number(/:(\d+)/.exec(text)?.[1]),
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
