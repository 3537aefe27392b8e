/**
 * Background work waits here until the machine has time for it: on average over a window, at least a threshold of the
 * CPU idle. Live transcription shows as load here; that the next slice may be near, the engine tells.
 */
import type { Clock } from '../clock.ts';
import { createWaitingRoom } from '../waiting-room.ts';

/** Totals since boot over all cores, in any one unit. */
export interface CpuTimes {
  idle: number;
  total: number;
}

export interface IdleGateOptions {
  clock: Clock;
  readCpuTimes(): CpuTimes;
  /** Percent of the CPU that must be idle. */
  threshold: number;
  /** Over how long it is averaged. */
  windowSeconds: number;
}

export interface IdleGate {
  /** Resolves as soon as there is room; at once while there is. Rejects with the signal's reason when aborted. */
  whenIdle(signal?: AbortSignal): Promise<void>;
  /** Percent idle over the window, or undefined until one sample period has passed. */
  readonly idlePercent: number | undefined;
  close(): void;
}

const SAMPLES_PER_WINDOW = 10;

export function createIdleGate({ clock, readCpuTimes, threshold, windowSeconds }: IdleGateOptions): IdleGate {
  const samples: CpuTimes[] = [readCpuTimes()];
  const room = createWaitingRoom();
  const period = (windowSeconds * 1000) / SAMPLES_PER_WINDOW;
  let cancel = () => {};

  const idlePercent = () => {
    const first = samples[0];
    const last = samples.at(-1);
    if (first === undefined || last === undefined || last.total <= first.total) return undefined;
    return (100 * (last.idle - first.idle)) / (last.total - first.total);
  };
  const isIdle = () => (idlePercent() ?? 0) >= threshold;

  const sample = () => {
    samples.push(readCpuTimes());
    if (samples.length > SAMPLES_PER_WINDOW + 1) samples.shift();
    if (isIdle()) room.release();
    cancel = clock.after(period, sample);
  };
  cancel = clock.after(period, sample);

  return {
    async whenIdle(signal) {
      signal?.throwIfAborted();
      if (!isIdle()) await room.wait(signal);
    },
    get idlePercent() {
      return idlePercent();
    },
    close: () => cancel(),
  };
}
