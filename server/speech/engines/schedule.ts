/** The pool's decisions, without its processes: how many workers, and which one takes a request. */

const MEBIBYTE = 1024 * 1024;

export interface Machine {
  cores: number;
  memoryBytes: number;
}

/**
 * How many whisper-server processes, and how many threads each. A larger model gains more from further threads; a
 * small one gains little beyond two, so more processes serve more sessions. Half of the memory is left to the rest.
 */
export function workerPlan(machine: Machine, modelBytes: number): { workers: number; threads: number } {
  const threadsWanted = modelBytes < 200 * MEBIBYTE ? 2 : modelBytes < 700 * MEBIBYTE ? 4 : 8;
  // Weights, and the caches and scratch buffers beside them.
  const bytesPerWorker = modelBytes * 1.5 + 300 * MEBIBYTE;
  const byMemory = Math.floor(machine.memoryBytes / 2 / bytesPerWorker);
  const workers = Math.max(1, Math.min(Math.floor(machine.cores / threadsWanted), byMemory));
  return { workers, threads: Math.max(1, Math.floor(machine.cores / workers)) };
}

/** Seconds of audio per second: a base-size model on two cores does twenty. */
const SLOW = 10;

export interface Candidate {
  /** Seconds of audio it does per second; undefined until measured. */
  speed: number | undefined;
  /** What it is doing now, if anything. */
  job: { seconds: number; startedAt: number } | undefined;
}

/**
 * The one that would be done first, counting what it still has to do; among equals the first. It may be busy: then
 * waiting for it is better than giving the request to a slower one. One that was never measured is tried at once.
 */
export function chooseWorker<Type extends Candidate>(
  candidates: readonly Type[],
  seconds: number,
  now: number,
): Type | undefined {
  let best: { candidate: Type; done: number } | undefined;
  for (const candidate of candidates) {
    const done = doneInMs(candidate, seconds, now);
    if (best === undefined || done < best.done) best = { candidate, done };
  }
  return best?.candidate;
}

function doneInMs({ speed, job }: Candidate, seconds: number, now: number): number {
  if (speed === undefined) return job === undefined ? 0 : Number.POSITIVE_INFINITY;
  const remaining = job === undefined ? 0 : Math.max(0, job.startedAt + expectedMs(speed, job.seconds) - now);
  // A busy one is never quite as good as an idle one.
  return remaining + expectedMs(speed, seconds) + (job === undefined ? 0 : 1);
}

/** How long a worker needs for so many seconds of audio; one that was never measured is taken for a slow one. */
export function expectedMs(speed: number | undefined, seconds: number): number {
  return (seconds / (speed ?? SLOW)) * 1000;
}

/** Exponentially weighted: follows a machine that slows down without jumping at one odd request. */
export function movingSpeed(before: number | undefined, seconds: number, elapsedMs: number): number {
  const measured = seconds / (Math.max(elapsedMs, 1) / 1000);
  return before === undefined ? measured : before + 0.3 * (measured - before);
}
