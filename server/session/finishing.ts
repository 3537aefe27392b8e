/** The finish of one session while it runs here: the job, its progress, and what comes of it. */
import type { FinalResult, NewEvent } from '../../shared/events.ts';
import type { ServerMessage } from '../../shared/protocol.ts';
import { type FinishRecord, runFinishJob } from '../finalize/finish-job.ts';
import { type FinishParts, finishSession } from '../finalize/finish-session.ts';
import { encodeResult } from '../finalize/result-codec.ts';
import type { SessionServices } from './services.ts';

export type Progress = Extract<ServerMessage, { type: 'progress' }>;

export interface FinishingOptions {
  services: Pick<SessionServices, 'clock' | 'log' | 'metrics'>;
  session: string;
  append(events: NewEvent[]): Promise<void>;
  onProgress(progress: Progress): void;
  /** No result: three tries have failed. */
  onEnd(result: FinalResult | undefined): void;
}

export interface Finishing {
  /** While it runs. */
  readonly progress: Progress | undefined;
  /** The newest that was made here; whether it is on disk yet the corpus tells. */
  readonly result: FinalResult | undefined;
  /** Does nothing while one runs. */
  begin(finish: FinishRecord, parts: FinishParts): void;
}

export function createFinishing(options: FinishingOptions): Finishing {
  const { append, session } = options;
  const { clock, log, metrics } = options.services;
  let progress: Progress | undefined;
  let made: FinalResult | undefined;

  const report = (stage: Progress['stage'], ratio: number) => {
    progress = { type: 'progress', stage, ratio };
    options.onProgress(progress);
  };

  const run = async (finish: FinishRecord, parts: FinishParts) => {
    const begun = clock.now();
    try {
      const result = await runFinishJob({
        finish,
        clock,
        append: (event) => append([event]),
        async attempt() {
          made = await finishSession(parts, report);
          return made;
        },
        encodeResult,
        onFailedTry: (error, attempt) =>
          log.error({ session, attempt, err: error }, 'a try at finishing failed'),
      });
      metrics.finished(result === undefined ? 'failed' : 'completed', (clock.now() - begun) / 1000);
      if (result !== undefined) report('done', 1);
      progress = undefined;
      options.onEnd(result);
    } catch (error) {
      // The answer did not reach the disk: the request still stands there and the next start goes on with it.
      progress = undefined;
      log.warn({ session, err: error }, 'finishing was interrupted');
    }
  };

  return {
    get progress() {
      return progress;
    },
    get result() {
      return made;
    },
    begin(finish, parts) {
      if (progress !== undefined) return;
      report('queued', 0);
      void run(finish, parts);
    },
  };
}
