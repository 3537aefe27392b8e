/**
 * Finishing as a durable job (rule F1). The corpus is its queue: a `finish.requested` without its answer is the job,
 * `finish.started` counts the tries, also those that a crash cut short, and `finish.completed` or a final
 * `finish.failed` is the answer. So a request and its job cannot come apart, and a restart finds what is owed.
 */
import type { FinalResult, NewEvent } from '../../shared/events.ts';
import type { Clock } from '../clock.ts';

/** Tries of one request; the pauses between them grow fourfold. */
const TRIES = 3;
const FIRST_PAUSE_MS = 2_000;

/** A request to finish, as the session's events tell it. */
export interface FinishRecord {
  request: string;
  by: string;
  numSpeakers?: number;
  /** Tries begun. */
  attempts: number;
  outcome: 'pending' | 'completed' | 'failed';
  /** Address of the `FinalResult` when completed. */
  result?: string;
}

export interface FinishJob {
  /** The request that stands; its `attempts` counts the tries begun before. */
  finish: FinishRecord;
  clock: Clock;
  append(event: NewEvent): Promise<unknown>;
  /** One try, from whatever the tries before have left. */
  attempt(): Promise<FinalResult>;
  encodeResult(result: FinalResult): Uint8Array;
  onFailedTry(error: unknown, attempt: number): void;
}

/** Runs the request to its answer. Rejects only where the answer cannot be stored: the next start then goes on. */
export async function runFinishJob(job: FinishJob): Promise<FinalResult | undefined> {
  const { request } = job.finish;
  for (let attempt = job.finish.attempts + 1; attempt <= TRIES; attempt += 1) {
    await job.append({ type: 'finish.started', data: { request, attempt } });
    try {
      const result = await job.attempt();
      await job.append(finishCompleted(result, job.encodeResult(result)));
      return result;
    } catch (error) {
      job.onFailedTry(error, attempt);
      const final = attempt === TRIES;
      await job.append(failed(request, attempt, final));
      if (!final) await pause(job.clock, FIRST_PAUSE_MS * 4 ** (attempt - 1));
    }
  }
  // Three tries were cut short by a crash: whatever makes finishing crash is not given a fourth.
  if (job.finish.attempts >= TRIES) await job.append(failed(request, job.finish.attempts, true));
  return undefined;
}

export function finishCompleted(
  result: FinalResult,
  blob: Uint8Array,
  only: { sameSpeakers?: true } = {},
): NewEvent {
  return {
    type: 'finish.completed',
    data: {
      request: result.request,
      warnings: result.warnings.map((warning) => warning.code),
      speakers: result.speakers.length,
      words: result.segments.reduce((sum, segment) => sum + segment.words.length, 0),
      ...only,
    },
    blob,
  };
}

function failed(request: string, attempt: number, final: boolean): NewEvent {
  const reason = final ? `gave up after ${attempt} tries` : 'will be tried again';
  return { type: 'finish.failed', data: { request, attempt, code: 'FINALIZE_FAILED', reason, final } };
}

function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}
