import { readFile } from 'node:fs/promises';

/**
 * How much of a file of `bytes` a process that loads it has read, 0 to 1. Undefined where the system does not tell:
 * only Linux counts what a process reads (`/proc/PID/io`, proc(5)).
 */
export async function loadedShare(pid: number | undefined, bytes: number): Promise<number | undefined> {
  if (pid === undefined || bytes <= 0) return undefined;
  const counts = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  const read = /^rchar: (\d+)$/m.exec(counts)?.[1];
  return read === undefined ? undefined : Math.min(1, Number(read) / bytes);
}
