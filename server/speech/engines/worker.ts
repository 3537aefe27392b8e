/** What the pool needs of one recogniser, wherever it runs. */
import type { Hypothesis, TranscriptionRequest } from '../engine.ts';

/**
 * `unreachable`: it died, or nothing listens there. `late`: no answer within the deadline. `bad-answer`: it answered
 * something else than a transcription. `start`: it could not be started; the message says why, in one sentence.
 */
export type FaultKind = 'unreachable' | 'late' | 'bad-answer' | 'start';

/** A worker's own failing. The message never holds what was heard (rule C4). */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface EngineWorker {
  /** One at a time. @throws WorkerFault, or the reason of the request's signal. */
  transcribe(request: TranscriptionRequest): Promise<Hypothesis>;
  /** Resolves when it has ended by itself or by `stop`; a remote one never ends by itself. */
  readonly ended: Promise<void>;
  /** Ends it at once, whatever it is doing. */
  stop(): Promise<void>;
}

export interface WorkerFactory {
  /** Told in logs and metrics. */
  readonly name: string;
  /**
   * Resolves when the model is loaded and it can answer. `onLoaded`: how much of the model is loaded, 0 to 1, where
   * the system tells. @throws WorkerFault `start`
   */
  start(signal: AbortSignal, onLoaded: (share: number) => void): Promise<EngineWorker>;
}
