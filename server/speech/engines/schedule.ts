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
    const done = expectedMs(candidate, seconds, now);
    if (best === undefined || done < best.done) best = { candidate, done };
  }
  return best?.candidate;
}

function expectedMs({ speed, job }: Candidate, seconds: number, now: number): number {
  if (speed === undefined) return job === undefined ? 0 : Number.POSITIVE_INFINITY;
  const remaining = job === undefined ? 0 : Math.max(0, job.startedAt + (job.seconds / speed) * 1000 - now);
  // A busy one is never quite as good as an idle one.
  return remaining + (seconds / speed) * 1000 + (job === undefined ? 0 : 1);
}

/** A live answer is often followed by another request of the same session at once: milliseconds. */
const AFTER_LIVE_MS = 100;
/** The next slice is due three seconds after the last, whose answer took up to half a second. */
const NEXT_SLICE_MS = 2_500;
/** No slice has come for longer than they lie apart: nobody is speaking. */
const NOBODY_SPEAKS_MS = 3_500;

/**
 * How long background work that takes `durationMs` waits for the last free worker, in milliseconds: it begins just
 * after a live answer, when the next slice is farthest away, and only if it is done before that is due, since neither
 * a model's encoder nor a speakers' window can be broken off. 0: it may begin.
 */
export function backgroundWaitMs(now: number, lastLiveAnswer: number, durationMs: number): number {
  const since = now - lastLiveAnswer;
  if (since < AFTER_LIVE_MS) return AFTER_LIVE_MS - since;
  return since + durationMs <= NEXT_SLICE_MS ? 0 : Math.max(0, NOBODY_SPEAKS_MS - since);
}

/** Exponentially weighted: follows a machine that slows down without jumping at one odd request. */
export function movingSpeed(before: number | undefined, seconds: number, elapsedMs: number): number {
  const measured = seconds / (Math.max(elapsedMs, 1) / 1000);
  return before === undefined ? measured : before + 0.3 * (measured - before);
}
