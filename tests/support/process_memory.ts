/**
 * What another process has in memory, as Linux tells it.
 *
 * @module
 */

/** Whether it can be told here. */
export const TELLS_MEMORY: boolean = Deno.build.os === "linux";

/** Memory of a process that is in use (RSS), in MB. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
