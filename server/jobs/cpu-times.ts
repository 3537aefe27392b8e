import { cpus } from 'node:os';
import type { CpuTimes } from './idle-gate.ts';

/** Milliseconds since boot over all cores. */
export function readCpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (pick: (time: (typeof times)[number]) => number) =>
    times.reduce((total, time) => total + pick(time), 0);
  const idle = sum((time) => time.idle);
  return { idle, total: idle + sum((time) => time.user + time.nice + time.sys + time.irq) };
}
