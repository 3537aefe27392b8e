/** One request to one worker, for as long as it may take. */
import type { Clock } from '../../clock.ts';
import type { Hypothesis, TranscriptionRequest } from '../engine.ts';
import { type EngineWorker, WorkerFault } from './worker.ts';

/**
 * `abort` breaks it off, and is what breaks it off after `deadlineMs`: a worker that does not heed the signal must not
 * hold the request. @throws what the worker throws, or the reason of `abort`: WorkerFault `late` after the deadline
 */
export async function hearInTime(
  worker: EngineWorker,
  request: TranscriptionRequest,
  { abort, deadlineMs, clock }: { abort: AbortController; deadlineMs: number; clock: Clock },
): Promise<Hypothesis> {
  const { signal } = abort;
  const late = () => abort.abort(new WorkerFault('late', 'The worker did not answer in time.'));
  const cancelDeadline = clock.after(deadlineMs, late);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([worker.transcribe({ ...request, signal }), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    cancelDeadline();
  }
}
