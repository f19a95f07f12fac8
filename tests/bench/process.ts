/**
 * What another process uses, as Linux tells it.
 *
 * @module
 */

/**
 * Processor time that a process has used, of all its threads, user and system.
 *
 * @param pid The process.
 * @returns Microseconds.
 */
export async function processorTime(pid: number): Promise<number> {
  let sum = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const [running] = (await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`)).split(" ");
    sum += Number(running) / 1_000;
  }
  return sum;
}

/**
 * Memory of a process that is in the machine's.
 *
 * @param pid The process.
 * @returns Megabytes.
 */
export async function resident(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
